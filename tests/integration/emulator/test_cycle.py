"""The whole stack through the real provider: what is applied is what is read back, and nothing is left.

One cycle of some six minutes, nearly all of it the provider's own waiting; its claims are asserted in one test, because
each needs the state that the one before left.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from lib.emulator.aws import serve
from lib.settings import load_settings
from lib.synth import synthesize

Terraform = Callable[..., subprocess.CompletedProcess[str]]
SECRET = "factory/database"
CHANGES: dict[str, object] = {
    "cache_replica_count": 2,
    "cache_snapshot_retention_days": 20,
    "database_backup_retention_days": 20,
    "database_secret_version": 2,
    "kms_key_rotation_days": 180,
    "log_retention_days": 545,
    "owner": "another-team",
    "sensor_topic_prefix": "plant",
    "stream_retention_hours": 200,
    "task_count_max": 12,
    "task_cpu_units": 1024,
    "task_memory_mib": 2048,
}
pytestmark = pytest.mark.slow


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server of the AWS API, which Terraform and boto3 find by the environment."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "TF_VAR_"))]:
        monkeypatch.delenv(name)
    served = serve(0, enforce_iam=True)
    for name, value in {
        "AWS_ENDPOINT_URL": served.url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    yield served.url
    served.stop()


def seed() -> str:
    """The existing secret, and the ARN of its key."""
    arn: str = boto3.client("kms", "eu-west-1").create_key()["KeyMetadata"]["Arn"]
    content = json.dumps({"engine": "postgres", "username": "sensor_owner", "password": "at-least-eight"})
    boto3.client("secretsmanager", "eu-west-1").create_secret(Name=SECRET, KmsKeyId=arn, SecretString=content)
    return arn


def inventory(url: str) -> Any:
    with urllib.request.urlopen(f"{url}/_emulator/inventory") as answer:
        return json.load(answer)


def test_the_stack_is_applied_changed_and_destroyed_without_a_difference(
    url: str, terraform: Terraform, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"database_secret_kms_key_arn": seed(), "database_secret_name": SECRET}
    before = inventory(url)
    (tmp_path / "out").mkdir()

    def synth(**changes: object) -> Path:
        wanted = load_settings(overrides={**settings, **changes}, environ={})
        stack = synthesize(wanted, tmp_path / "out").path.parent
        # Without this, the provider repeats for ten minutes what the server does not know.
        (stack / "emulator_override.tf.json").write_text('{"provider": {"aws": {"max_retries": 1}}}')
        return stack

    def run(*arguments: str) -> None:
        begun = time.monotonic()
        ended = terraform(stack, *arguments, "-no-color")
        with capsys.disabled():
            print(f"\nterraform {arguments[0]}: {time.monotonic() - begun:.0f} s", flush=True)
        assert ended.returncode == 0, ended.stdout[-5000:] + ended.stderr[-5000:]

    stack = synth()
    run("init")
    run("apply", "-auto-approve")
    run("plan", "-detailed-exitcode")
    synth(**CHANGES)
    run("apply", "-auto-approve")
    run("plan", "-detailed-exitcode")
    run("destroy", "-auto-approve")
    after = inventory(url)
    assert after["live"] == before["live"]
    assert set(after["kept"]) <= {
        "aws_ecs_cluster",
        "aws_ecs_service",
        "aws_ecs_task_definition",
        "aws_kms_key",
        "aws_vpc_endpoint",
    }
