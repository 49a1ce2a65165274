"""Plan, deploy, outputs, drift, destroy: the whole way, with real Terraform and provider."""

from __future__ import annotations

import boto3
import pytest

from lib.deploy.planning import deployed_outputs
from tests.unit.deploy.conftest import STACK, configuration

pytestmark = pytest.mark.slow


def ssm(url):
    return boto3.client("ssm", "eu-west-1", endpoint_url=url, aws_access_key_id="t", aws_secret_access_key="t")


def test_what_was_planned_is_deployed_and_planned_again_shows_no_difference(world):
    world.root.mkdir()
    planned = world.plan()
    assert planned.verdict.findings == ()
    assert planned.plan and (planned.changes.add, planned.changes.change, planned.changes.destroy) == (1, 0, 0)
    deployed = world.deploy()
    assert deployed.outputs == {"line_name": "/line-dev"}
    assert ssm(world.place.target.endpoint).get_parameter(Name="/line-dev")["Parameter"]["Value"] == "one"
    (record,) = world.records()
    assert (record["result"], record["done"], record["total"], record["run"]) == ("applied", 1, 1, planned.run.name)
    assert world.plan().changes.none
    assert deployed_outputs(world.place, world.configure(configuration())) == (deployed.outputs, ())
    assert (world.reports / STACK / "latest").exists()
