"""What goes wrong while Terraform works leaves a usable state, and says how to go on."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from lib.deploy import planning, workspace
from lib.deploy.applying import Job, apply_plan, begun
from lib.deploy.outputs import read_outputs, write_outputs
from lib.deploy.progress import Counted
from lib.deploy.states import begin
from lib.errors import DeployRefused, TerraformFailed
from tests.unit.deploy.conftest import NOW, configuration, sleeping

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
LATER = NOW.replace(hour=13)


def failing(action):
    with pytest.raises(TerraformFailed) as failure:
        action()
    assert failure.value.exit_code == 4
    return str(failure.value)


def on_step(world, text, action):
    """A way to tell progress that acts once when a step is told."""
    done = []

    def tell(progress):
        world.told.append(progress)
        if not done and text in progress.step:
            done.append(1)
            action()

    return tell


def deploying(world, tell):
    return apply_plan(world.place, "", world.demand(), world.recording(), tell)


def client_of(world):
    """How boto3 reaches the same AWS."""
    return {
        "endpoint_url": world.place.target.endpoint,
        "aws_access_key_id": "testing",
        "aws_secret_access_key": "testing",
    }


def names(world):
    client = boto3.client("ssm", "eu-west-1", **client_of(world))
    return sorted(each["Name"] for each in client.describe_parameters()["Parameters"])


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_after_an_interrupt_the_state_holds_what_was_done_and_a_second_deploy_does_the_rest(world):
    world.root.mkdir()
    assert world.plan(configuration(sleeping(20), {})).plan
    started = time.monotonic()
    tell = on_step(world, "create terraform_data.slow", lambda: os.kill(os.getpid(), signal.SIGINT))
    message = failing(lambda: deploying(world, tell))
    assert time.monotonic() - started < 25
    for words in ("interrupted", "1 of 3 steps are done; the state is saved with serial", "go on: python main.py plan"):
        assert words in message
    assert names(world) == ["/first-dev"]
    assert [record["result"] for record in world.records()] == ["interrupted"]
    again = world.plan(configuration(sleeping(0), {}), now=LATER)
    assert (again.changes.add, again.changes.destroy) == (2, 1)  # Terraform makes anew what it could not finish
    world.deploy(now=LATER)
    assert names(world) == ["/first-dev", "/last-dev"]


def test_a_terraform_that_is_killed_leaves_a_state_to_go_on_from(world):
    world.root.mkdir()
    world.plan(configuration(sleeping(20), {}))

    def kill():
        (child,) = (int(pid) for pid in _processes() if _is_our_terraform(pid))
        os.kill(child, signal.SIGKILL)

    message = failing(lambda: deploying(world, on_step(world, "create terraform_data.slow", kill)))
    assert "ended by signal 9" in message
    assert "go on: python main.py plan" in message
    world.plan(configuration(sleeping(0), {}), now=LATER)
    world.deploy(now=LATER)
    assert names(world) == ["/first-dev", "/last-dev"]


def _processes():
    return (path.name for path in Path("/proc").iterdir() if path.name.isdecimal())


def _is_our_terraform(pid):
    try:
        arguments = Path("/proc", pid, "cmdline").read_bytes().split(b"\0")
        parent = Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[1]
    except OSError:
        return False
    return b"apply" in arguments and int(parent) == os.getpid()


def test_if_we_are_killed_terraform_goes_on_alone_and_nobody_else_begins(world, tmp_path):
    world.root.mkdir()
    world.plan(configuration(sleeping(4), {}))
    child = os.fork()
    if child == 0:  # killed below: it never comes back to pytest
        with contextlib.suppress(BaseException):
            deploying(world, on_step(world, "create terraform_data.slow", (tmp_path / "began").touch))
        os._exit(0)
    _wait_for(tmp_path / "began")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with pytest.raises(DeployRefused, match="another plan, deploy or destroy of it is running"):
        world.deploy()
    state = world.place.folder / "terraform.tfstate"
    _wait(lambda: state.exists() and "last" in state.read_text(), "the state to be whole")
    _wait(lambda: _begins(world), "the lock to go")
    assert names(world) == ["/first-dev", "/last-dev"]


def _begins(world):
    try:
        return world.plan(configuration(sleeping(4), {}), now=LATER).changes.none
    except DeployRefused:
        return False


def _wait_for(path):
    _wait(path.exists, str(path))


def _wait(condition, what):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, f"waited for {what}"
        time.sleep(0.1)


@contextlib.contextmanager
def served(port):
    command = [sys.executable, "-c", f"from moto.server import main; main(['-H', '127.0.0.1', '-p', '{port}'])"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        _wait(lambda: _answers(port), "moto")
        try:
            yield server
        finally:
            server.kill()


def _answers(port):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/").status == 200
    except OSError:
        return False


def test_an_aws_that_dies_in_mid_apply_and_comes_back_empty_is_deployed_to_by_a_second_deploy(world_at, tmp_path):
    port = free_port()
    world = world_at(tmp_path / "world", f"http://127.0.0.1:{port}")
    world.root.mkdir()
    with served(port) as server:
        world.plan(configuration(sleeping(1), {}))
        message = failing(lambda: deploying(world, on_step(world, "create terraform_data.slow", server.kill)))
    assert "aws_ssm_parameter.last" in message
    assert "python main.py local up" in message
    assert "2 of 3 steps are done" in message
    with served(port):
        assert world.plan(configuration(sleeping(1), {}), now=LATER).changes.add == 2
        world.deploy(now=LATER)
        assert names(world) == ["/first-dev", "/last-dev"]
        assert world.plan(configuration(sleeping(1), {}), now=LATER).changes.none


def test_an_endpoint_that_does_not_answer_is_told_with_what_to_start(world_at, tmp_path):
    world = world_at(tmp_path / "world", f"http://127.0.0.1:{free_port()}")
    world.root.mkdir()
    assert "python main.py local up" in failing(world.plan)
    assert list(world.place.folder.glob("*/")) == []


def test_a_provider_that_cannot_be_found_is_told_with_where_it_comes_from(world, tmp_path):
    world.root.mkdir()
    (tmp_path / "rc").write_text(f'provider_installation {{ filesystem_mirror {{ path = "{tmp_path}/nowhere" }} }}')
    terraform = world.place.terraform
    environ = {**terraform.environ, "TF_CLI_CONFIG_FILE": str(tmp_path / "rc"), "TF_DATA_DIR": str(tmp_path / "data")}
    world.place = replace(world.place, terraform=replace(terraform, environ=environ))
    message = failing(world.plan)
    assert "hashicorp/aws" in message
    assert "TF_CLI_CONFIG_FILE" in message


def test_a_state_that_somebody_else_locks_is_told_with_who_and_how_to_go_on(world, monkeypatch):
    monkeypatch.setattr(planning, "LOCK_TIMEOUT", "-lock-timeout=0s")
    world.root.mkdir()
    world.place.folder.mkdir(parents=True)
    state = world.place.folder / "terraform.tfstate"
    state.touch()
    info = {
        "ID": "0e6f9c9e-0c2b-0a51-3b2e-7c2f6e5d4c3b",
        "Operation": "OperationTypeApply",
        "Who": "somebody@elsewhere",
    }
    (state.parent / ".terraform.tfstate.lock.info").write_text(json.dumps(info))
    with state.open("r+") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        message = failing(world.plan)
    assert "somebody@elsewhere" in message
    assert f"force-unlock {info['ID']}" in message


SECRET = {
    "data": {"aws_secretsmanager_secret": {"db": {"name": "factory/database"}}},
    "ephemeral": {
        "aws_secretsmanager_secret_version": {"db": {"secret_id": "${data.aws_secretsmanager_secret.db.id}"}}
    },
}
PASSWORD = '${jsondecode(ephemeral.aws_secretsmanager_secret_version.db.secret_string)["password"]}'
WITH_SECRET = {
    "aws_ssm_parameter": {
        "line": {"name": "/line-dev", "type": "String", "value_wo": PASSWORD, "value_wo_version": 1},
    }
}


def secrets(world):
    return boto3.client("secretsmanager", "eu-west-1", **client_of(world))


@pytest.mark.parametrize("content", [None, "", "no JSON", "{}", '{"username": "sensor_owner"}'])
def test_a_secret_that_is_missing_empty_or_without_a_password_is_named_as_the_cause(world, content):
    world.root.mkdir()
    if content is not None:
        secrets(world).create_secret(Name="factory/database", **({"SecretString": content} if content else {}))
    message = failing(lambda: world.plan(configuration(WITH_SECRET, {}, **SECRET)))
    assert "database_secret_name" in message
    assert "password" in message


CANARY = "Zk93canaryDEPLOY51xqQ7"


def test_the_secret_is_in_no_plan_state_output_log_or_report(world, capfd):
    world.root.mkdir()
    key = boto3.client("kms", "eu-west-1", **client_of(world)).create_key()["KeyMetadata"]["Arn"]
    secret = json.dumps({"password": CANARY})
    secrets(world).create_secret(Name="factory/database", SecretString=secret, KmsKeyId=key)
    condition = {"condition": f'${{self.kms_key_id == "{key}"}}', "error_message": "the secret has another key"}
    entry = {"name": "factory/database", "lifecycle": {"postcondition": [condition]}}
    blocks = SECRET | {"data": {"aws_secretsmanager_secret": {"db": entry}}}
    output = {"line_name": {"value": "${aws_ssm_parameter.line.name}"}}
    document = configuration(WITH_SECRET, output, **blocks)
    assert world.plan(document).plan is None  # the gate does not let a parameter hold a secret; its reports are kept
    with workspace.scratch(world.place.folder) as folder:
        shutil.copytree(world.configure(document), folder, dirs_exist_ok=True)
        begin(world.place.terraform, folder)
        shown = planning.planned(world.place.terraform, folder, world.told.append)
        zipfile.ZipFile(folder / "plan.tfplan").extractall(world.root / "plan-parts")
        told = begun("deploy", world.place, world.recording(), planning.changes_of(shown))
        job = Job(world.place.terraform, folder, told, world.recording(), {})
        job.keep(job.carry_out(Counted(world.told.append)))
        write_outputs(world.root / "flat-outputs.json", read_outputs(world.place.terraform, folder)[0])
        before = dict(_contents(world.root))
    assert any(path.endswith("plan.tfplan") for path in before)
    said = {"told": repr(world.told).encode(), "said": "".join(capfd.readouterr()).encode()}
    everything = before | dict(_contents(world.root)) | said
    assert any(path.endswith("terraform.tfstate") for path in everything)
    needles = (CANARY.encode(), base64.b64encode(CANARY.encode())[:24])
    assert [path for path, content in everything.items() if any(needle in content for needle in needles)] == []
    got = boto3.client("ssm", "eu-west-1", **client_of(world))
    assert got.get_parameter(Name="/line-dev", WithDecryption=True)["Parameter"]["Value"] == CANARY


def _contents(root):
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield str(path), path.read_bytes()


def test_on_a_full_disk_the_outputs_that_were_there_stay_whole(tmp_path, monkeypatch):
    file = tmp_path / "flat-outputs.json"
    write_outputs(file, {"a": "old"})

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_outputs(file, {"a": "new" * 1000})
    assert json.loads(file.read_text()) == {"a": "old"}
    assert list(tmp_path.iterdir()) == [file]
