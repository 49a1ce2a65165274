"""A guarded stack to build into, and the check that what was built is what would be deployed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cdktf import App

from lib.guards.guarded import Concern, Guarded
from lib.guards.iam_document import Statement
from lib.guards.kms_key import GuardedKey, guarded_kms_key
from lib.guards.provider import start_kernel
from lib.guards.refusal import Call
from lib.guards.seal import verify_seal
from lib.guards.stack import GuardedStack
from lib.guards.tags import Tags
from lib.guards.vpc import GuardedSubnet, GuardedVpc, guarded_subnet, guarded_vpc

ACCOUNT = "123456789012"


@pytest.fixture(scope="session", autouse=True)
def kernel() -> None:
    start_kernel()


@pytest.fixture
def tags() -> Tags:
    return Tags("factory-platform", "CC-4711", "confidential", "factory-sensors", "test", "dev")


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(outdir=str(tmp_path))


@pytest.fixture
def stack(app: App, tags: Tags) -> GuardedStack:
    backend = {"local": {"path": "terraform.tfstate"}}
    return GuardedStack(app, "sensor-dev", tags=tags, account_id=ACCOUNT, backend=backend)


@pytest.fixture
def concern(stack: GuardedStack) -> Concern:
    return stack.concern("ingest")


@pytest.fixture
def key(concern: Concern, tags: Tags) -> GuardedKey:
    use = Statement("Use", ("kms:Decrypt",), ("*",), principals={"AWS": (f"arn:aws:iam::{ACCOUNT}:role/reader",)})
    return guarded_kms_key(concern, "stream", tags=tags, account_id=ACCOUNT, description="Readings", users=[use])


@pytest.fixture
def vpc(concern: Concern, tags: Tags) -> GuardedVpc:
    return guarded_vpc(concern, "network", tags=tags, cidr="10.20.0.0/16")


@pytest.fixture
def subnets(concern: Concern, tags: Tags, vpc: GuardedVpc) -> list[GuardedSubnet]:
    zones = {"a": "10.20.0.0/24", "b": "10.20.1.0/24"}
    return [
        guarded_subnet(concern, f"private_{z}", tags=tags, vpc=vpc, cidr=cidr, availability_zone=f"eu-west-1{z}")
        for z, cidr in zones.items()
    ]


@pytest.fixture
def built(concern: Concern, tags: Tags) -> Callable[..., Guarded]:
    """Stands in for a factory whose own tests are elsewhere: `built("aws_sqs_queue", "dead_letters", name="...")`."""

    def build(type_: str, id_: str, **arguments: object) -> Guarded:
        return Call(concern, id_, type_).build(Guarded, tags=tags, owned=arguments)

    return build


@pytest.fixture
def sealed(app: App, stack: GuardedStack, tmp_path: Path) -> Callable[[], dict[str, Any]]:
    """Synthesizes, verifies the seal, and gives the Terraform JSON."""

    def synthesize() -> dict[str, Any]:
        app.synth()
        document: dict[str, Any] = json.loads((tmp_path / "stacks" / "sensor-dev" / "cdk.tf.json").read_text())
        verify_seal(document, stack.ledger)
        return document

    return synthesize
