from __future__ import annotations

import pytest

from lib.errors import GuardViolation
from lib.guards.stack import GuardedStack

KEY = "arn:aws:kms:eu-west-1:123456789012:key/5f1f9b1a-0000-4000-8000-000000000000"
S3 = {"bucket": "b", "key": "k", "region": "eu-west-1", "encrypt": True, "kms_key_id": KEY, "use_lockfile": True}


def test_pins_region_account_versions_and_default_tags(stack, sealed):
    document = sealed()
    provider = document["provider"]["aws"][0]
    assert provider["region"] == "eu-west-1"
    assert provider["allowed_account_ids"] == ["123456789012"]
    assert provider["default_tags"][0]["tags"]["Owner"] == "factory-platform"
    assert document["terraform"]["required_providers"]["aws"]["version"] == ">= 5.100.0, < 7.0.0"
    assert document["terraform"]["required_version"] == ">= 1.11.0"


def test_a_remote_state_replaces_the_local_one(app, tags, tmp_path):
    from json import loads

    stack = GuardedStack(app, "sensor-dev", tags=tags, account_id="123456789012", backend={"s3": S3})
    app.synth()
    backend = loads((tmp_path / "stacks" / stack.name / "cdk.tf.json").read_text())["terraform"]["backend"]
    assert backend == {"s3": S3}


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("encrypt", False),
        ("encrypt", None),
        ("use_lockfile", False),
        ("region", "us-east-1"),
        ("kms_key_id", None),
        ("kms_key_id", "alias/aws/s3"),
    ],
)
def test_refuses_a_remote_state_that_is_weaker(app, tags, argument, value):
    with pytest.raises(GuardViolation, match=argument):
        GuardedStack(app, "s", tags=tags, account_id="123456789012", backend={"s3": {**S3, argument: value}})


@pytest.mark.parametrize("backend", [{}, {"http": {}}, {"s3": S3, "local": {}}])
def test_refuses_any_other_backend(app, tags, backend):
    with pytest.raises(GuardViolation, match="s3 or local"):
        GuardedStack(app, "s", tags=tags, account_id="123456789012", backend=backend)


def test_builds_outputs_and_ephemeral_reads_that_the_seal_knows(stack, sealed):
    stack.output("database_secret_arn", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x", "where it is")
    secret = stack.ephemeral("aws_secretsmanager_secret_version", "database", {"secret_id": "x"})
    document = sealed()
    assert document["output"]["database_secret_arn"]["description"] == "where it is"
    assert document["ephemeral"]["aws_secretsmanager_secret_version"]["database"] == {"secret_id": "x"}
    assert secret.ref("secret_string") == "${ephemeral.aws_secretsmanager_secret_version.database.secret_string}"


@pytest.mark.parametrize(
    ("id_", "value"),
    [
        ("database_password", "x"),
        ("api_token", "x"),
        ("harmless", "${ephemeral.aws_secretsmanager_secret_version.database.secret_string}"),
        ("harmless", "${data.aws_secretsmanager_secret_version.x.secret_string}"),
    ],
)
def test_refuses_an_output_that_could_show_a_secret(stack, id_, value):
    with pytest.raises(GuardViolation, match="PG_SEC_NO_OUTPUT_LEAK"):
        stack.output(id_, value, "")
