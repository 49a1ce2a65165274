"""The whole of it, in a process of its own, as `main.py local` runs it."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from lib.emulator import hold, launch, leftovers
from lib.emulator.launch import down, up
from lib.emulator.place import Wanted, refusals
from lib.emulator.session import read_session
from lib.emulator.status import described
from lib.errors import EmulatorError

SECRET = "factory/database"


def start(root, say=print, **ports):
    return up(Wanted(root, SECRET, **ports), os.environ, say)


def processes(session):
    """Those that belong to a session: its owner, and who has its folder among the arguments."""
    return {session.pid, *leftovers._servers(session.paths["data"])}


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def client(session, service):
    environ = session.environ
    return boto3.client(
        service,
        endpoint_url=environ["AWS_ENDPOINT_URL"],
        aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
        region_name=environ["AWS_REGION"],
    )


def secret_of(session):
    value = client(session, "secretsmanager").get_secret_value(SecretId=session.settings["database_secret_name"])
    return json.loads(value["SecretString"])


def wait_until_gone(root):
    pause = threading.Event()
    for _ in range(200):
        if not hold.is_held(root / ".local"):
            return
        pause.wait(0.05)
    raise AssertionError("the process did not end")


# While it is up


def test_the_session_says_what_others_need(running):
    root, session = running
    assert read_session(root) == session
    assert session.environ["AWS_ENDPOINT_URL"] == session.url == f"http://127.0.0.1:{session.ports['aws']}"
    assert session.settings["cache_port"] == session.ports["valkey"]
    assert session.settings["account_id"] == client(session, "sts").get_caller_identity()["Account"]
    assert session.ca.read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert timedelta(0) < datetime.now(UTC) - session.started < timedelta(minutes=10)


def test_the_session_is_its_owners_alone(running):
    root, _ = running
    assert stat.S_IMODE((root / ".local" / "session.json").stat().st_mode) == 0o600


def test_the_database_secret_exists_and_the_stacks_own_login_is_in_it(running):
    _, session = running
    secret = secret_of(session)
    assert (secret["engine"], secret["username"]) == ("postgres", "sensor_owner")
    source = Path(launch.SOURCE, "lib/stack/database.py").read_text()
    assert f'MASTER_USER = "{secret["username"]}"' in source
    described_secret = client(session, "secretsmanager").describe_secret(SecretId=SECRET)
    assert described_secret["KmsKeyId"] == session.settings["database_secret_kms_key_arn"]


def test_the_password_is_in_the_server_alone(running):
    root, session = running
    password = secret_of(session)["password"].encode()
    files = [path for folder in (root, session.paths["data"]) for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 100
    assert [path for path in files if password in path.read_bytes()] == []


def test_no_key_of_the_authority_or_of_a_server_is_readable_by_others(running):
    root, session = running
    files = [path for folder in (root, session.paths["data"]) for path in folder.rglob("*") if path.is_file()]
    keys = [path for path in files if b"PRIVATE KEY" in path.read_bytes()]
    assert [path.name for path in keys] == ["server.key"]
    assert stat.S_IMODE(keys[0].stat().st_mode) == 0o600


def test_everything_listens_on_this_machine_alone(running):
    _, session = running
    tables = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    listening = [row.split()[1].split(":") for table in tables for row in table if row.split()[3] == "0A"]
    ours = {address for address, port in listening if int(port, 16) in session.ports.values()}
    assert ours == {"0100007F"}


def test_up_again_gives_the_same_session(running):
    root, session = running
    said = []
    assert start(root, said.append) == session
    assert "up already" in said[0]


def test_a_second_owner_is_refused(running):
    root, session = running
    second = subprocess.run(
        [sys.executable, "-m", "lib.emulator", str(root)],
        cwd=launch.SOURCE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 4
    assert f"pid {session.pid}" in second.stderr
    assert read_session(root) == session


def test_status_tells_how_to_use_it(running):
    root, session = running
    said, is_up = described(root)
    assert is_up
    for part in (session.url, f"pid {session.pid}", "export AWS_ENDPOINT_URL=", "psql", "valkey-cli", str(session.ca)):
        assert part in said


def test_the_environment_leads_nowhere_else(running):
    _, session = running
    environ = session.over({"AWS_PROFILE": "production", "AWS_ENDPOINT_URL_S3": "https://example.com", "HOME": "/h"})
    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL_S3"} & environ.keys()
    assert (environ["HOME"], environ["AWS_ENDPOINT_URL"]) == ("/h", session.url)


# Its end


@pytest.mark.slow
def test_down_leaves_nothing_behind_and_may_be_said_twice(root):
    session = start(root)
    pids = processes(session)
    assert len(pids) == 3
    down(root, print)
    assert not [pid for pid in pids if alive(pid)]
    assert not session.paths["data"].exists()
    assert list(root.iterdir()) == []
    said = []
    down(root, said.append)
    assert said == ["the embedded AWS is not up"]
    with pytest.raises(EmulatorError, match="local up"):
        read_session(root)


@pytest.mark.slow
def test_what_a_killed_process_leaves_is_cleaned_by_the_next_up(root):
    killed = start(root)
    pids = processes(killed)
    os.kill(killed.pid, signal.SIGKILL)
    wait_until_gone(root)
    with pytest.raises(EmulatorError, match="without notice"):
        read_session(root)
    assert not described(root)[1]
    said = []
    session = start(root, said.append)
    assert "cleaned up" in said[0]
    assert not [pid for pid in pids if alive(pid)]
    assert not killed.paths["data"].exists()
    assert secret_of(session)["username"]


@pytest.mark.slow
def test_what_a_killed_process_leaves_is_cleaned_by_down(root):
    killed = start(root)
    pids = processes(killed)
    os.kill(killed.pid, signal.SIGKILL)
    wait_until_gone(root)
    down(root, print)
    assert not [pid for pid in pids if alive(pid)]
    assert list(root.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything(root, number):
    session = start(root)
    pids = processes(session)
    os.kill(session.pid, number)
    wait_until_gone(root)
    assert not [pid for pid in pids if alive(pid)]
    assert not session.paths["data"].exists()
    assert not (root / ".local" / "session.json").exists()


@pytest.mark.slow
def test_the_death_of_a_store_ends_it_and_is_told(root):
    session = start(root)
    pids = processes(session)
    os.kill(min(pids - {session.pid}), signal.SIGKILL)
    wait_until_gone(root)
    assert not [pid for pid in pids if alive(pid)]
    assert "ended (exit -9)" in described(root)[0]


@pytest.mark.slow
def test_it_ends_when_its_folder_is_removed_and_spares_the_next_one(root):
    session = start(root)
    pids = processes(session)
    shutil.rmtree(root / ".local")
    another = start(root)
    pause = threading.Event()
    for _ in range(200):
        if not any(map(alive, pids)):
            break
        pause.wait(0.05)
    assert not any(map(alive, pids))
    assert not session.paths["data"].exists()
    assert read_session(root) == another
    assert another.ca.is_file()
    assert len([pid for pid in processes(another) if alive(pid)]) == 3


def test_down_spares_what_is_not_ours(root):
    folder = root / ".local"
    folder.mkdir()
    (folder / "share").mkdir()
    (folder / hold.LOCK).touch()
    down(root, print)
    assert [path.name for path in folder.iterdir()] == ["share"]


# What stands in the way


@pytest.mark.slow
@pytest.mark.parametrize("which", ["aws_port", "postgres_port", "cache_port"])
def test_a_port_in_use_is_told_and_nothing_runs(root, which):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EmulatorError, match=f"^port {port}, wanted for .*fix: name another") as refused:
            start(root, **{which: port})
    assert refused.value.exit_code == 4
    assert not hold.is_held(root / ".local")
    assert not (root / ".local" / leftovers.POINTER).exists()


def test_the_extra_is_named_where_it_is_not_installed(root, monkeypatch):
    monkeypatch.setitem(sys.modules, "moto", None)
    with pytest.raises(EmulatorError, match=r"moto cannot be imported.*extra `local`"):
        start(root)
    assert list(root.iterdir()) == []


def test_a_full_disk_is_told():
    with pytest.raises(EmulatorError, match="no space is left"), refusals(Path("folder")):
        Path("/dev/full").write_text("x")


def test_a_process_that_only_names_a_run_folder_is_left_alone(root):
    folder = root / ".local"
    folder.mkdir()
    data = leftovers.make_folder(folder)
    waits = "import sys; sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", waits, str(data)], stdin=subprocess.PIPE) as reader:
        assert leftovers.clean(folder)
        assert reader.poll() is None
        reader.kill()
    assert not data.exists()


def test_too_little_space_is_told(tmp_path):
    with pytest.raises(EmulatorError, match="MB free, requires"):
        leftovers.make_folder(tmp_path, room_bytes=1 << 60)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / ".local").write_text("in the way")
    with pytest.raises(EmulatorError, match=r"\.local"):
        start(tmp_path)


def test_one_that_is_starting_is_not_started_again(root):
    held = hold.take(root / ".local")
    hold.sign(held, os.getpid())
    try:
        with pytest.raises(EmulatorError, match=f"pid {os.getpid()}.*starting"):
            start(root)
    finally:
        os.close(held)


def test_a_pointer_to_somebody_elses_folder_is_refused(root):
    folder, precious = root / ".local", root / "precious"
    precious.mkdir()
    folder.mkdir()
    (folder / leftovers.POINTER).write_text(str(precious))
    with pytest.raises(EmulatorError, match="precious"):
        start(root)
    assert precious.is_dir()
    (folder / leftovers.POINTER).unlink()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"started": 1, "ca": 2, "paths": 3}'])
def test_a_session_that_cannot_be_read_says_how_to_go_on(root, text):
    held = hold.take(root / ".local")
    (root / ".local" / "session.json").write_text(text)
    try:
        with pytest.raises(EmulatorError, match="local up"):
            read_session(root)
    finally:
        os.close(held)
