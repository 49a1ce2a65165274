"""A deployed stack: what was deployed, where it is, and the verbs that work on it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from lib.emulator.session import Session, read_session

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("lib", "policies", "main.py", "plantguard.toml", "pyproject.toml", "requirements.lock")
REGION = "eu-west-1"
OUTPUTS = "cfn-outputs/flat-outputs.json"
LONGEST_S = 900


@dataclass(frozen=True)
class Resource:
    """One resource of the state."""

    address: str
    type: str
    values: Mapping[str, Any]


@dataclass
class Deployment:
    """environ: what the verbs and boto3 are given. session: of the embedded AWS; None on a real account.

    times: seconds of each verb, the last time it ran. said: all that the verbs have printed. passwords: that the
    database has had. at_first: what was live before the stack.
    """

    project: Path
    suffix: str
    environ: Mapping[str, str]
    session: Session | None = None
    times: dict[str, float] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    at_first: Mapping[str, Any] = field(default_factory=dict)

    @property
    def outputs(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.project / OUTPUTS).read_text())
        return found

    @property
    def resources(self) -> list[Resource]:
        """All that Terraform made, as its state has it; on a real account as the state in this checkout has it."""
        where = ".deploy/*-local/terraform.tfstate" if self.session else f"terraform.*-{self.suffix}.tfstate"
        states = [*self.project.glob(where)]
        if not states and self.session is None:
            pytest.skip("the state is not in this checkout")
        (state,) = states
        return [
            Resource(f"{each['type']}.{each['name']}", each["type"], instance["attributes"])
            for each in json.loads(state.read_text())["resources"]
            if each["mode"] == "managed"
            for instance in each["instances"]
        ]

    def named(self, type_: str, argument: str = "name") -> list[str]:
        """What the resources of a type are called."""
        return [each.values[argument] for each in self.resources if each.type == type_]

    def client(self, service: str) -> Any:
        """Of boto3, for the AWS that is deployed to."""
        if self.session is None:
            return boto3.client(service, region_name=REGION)
        keys = self.session.environ
        made = boto3.Session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], region_name=REGION)
        return made.client(service, endpoint_url=self.session.url)

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """One verb of main.py, timed."""
        begun = time.monotonic()
        ended = subprocess.run(
            [sys.executable, str(self.project / "main.py"), *arguments],
            cwd=self.project,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_S,
        )
        self.times[" ".join(arguments)] = time.monotonic() - begun
        self.said += [ended.stdout, ended.stderr]
        return ended

    def done(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A verb that has to succeed."""
        ended = self.run(*arguments)
        assert ended.returncode == 0, f"{arguments}: {ended.stdout[-3000:]}{ended.stderr[-3000:]}"
        return ended

    def inventory(self) -> dict[str, Any]:
        """What is in the embedded AWS, and what it keeps of what was deleted."""
        assert self.session
        with urllib.request.urlopen(f"{self.session.url}/_emulator/inventory") as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def secret(self) -> dict[str, Any]:
        """The database's login, as Secrets Manager has it now."""
        assert self.session
        name = str(self.session.settings["database_secret_name"])
        value: dict[str, Any] = json.loads(
            self.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
        )
        if value["password"] not in self.passwords:
            self.passwords.append(value["password"])
        return value


def copied_product(project: Path) -> None:
    """A project of its own: a user's own plans, outputs and embedded AWS are not touched."""
    project.mkdir()
    for name in PRODUCT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / name, project / name)


def deployed(project: Path, environ: Mapping[str, str], suffix: str) -> Iterator[Deployment]:
    """The stack on an embedded AWS that is up until the generator ends."""
    copied_product(project)
    foreign = ("AWS_", "TF_", "PLANTGUARD_", "CDKTF_")
    own = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    made = Deployment(project, suffix, {**own, **environ, "ENVIRONMENT_SUFFIX": suffix})
    try:
        made.done("local", "up")
        made.session = read_session(project)
        made.secret()
        made.at_first = made.inventory()["live"]
        made.done("plan")
        made.done("deploy")
        yield made
    finally:
        made.run("local", "down")
