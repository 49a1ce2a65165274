"""`main.py local` as a user types it."""

import json

import pytest


@pytest.fixture
def local(cli, tmp_path):
    """Runs `main.py local <verb>` in a project of its own, with this project's settings; down afterwards."""

    def run(verb, *arguments):
        return cli("local", verb, *arguments)

    yield run
    run("down")


@pytest.mark.slow
def test_up_status_and_down(local, tmp_path):
    code, said, progress = local("up", "--set", "database_secret_name=factory/other")
    assert code == 0
    assert [step.partition(":")[0] for step in progress.splitlines() if "answers" in step] == [
        "PostgreSQL",
        "Valkey",
        "AWS",
    ]
    assert local("status") == (0, said, "")
    session = json.loads((tmp_path / ".local" / "session.json").read_text())
    assert session["settings"]["database_secret_name"] == "factory/other"
    assert local("down")[0] == 0
    assert local("status")[0] == 1


def test_down_without_up_is_no_error(local):
    assert local("down") == (0, "", "the embedded AWS is not up\n")


def test_status_says_down_and_how_to_come_up(local):
    assert local("status") == (1, "down: the embedded AWS is not up; fix: python main.py local up\n", "")


def test_a_wrong_port_is_wrong_usage(local):
    assert local("up", "--port", "70000")[0] == 2


def test_what_stands_in_the_way_is_exit_code_4(local, tmp_path):
    (tmp_path / ".local").write_text("in the way")
    code, _, said = local("up")
    assert code == 4
    assert said.startswith("EmulatorError: ")
    (tmp_path / ".local").unlink()
