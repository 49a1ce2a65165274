from __future__ import annotations

import json

import pytest

from lib.errors import GuardViolation
from lib.guards.sqs_queue import guarded_sqs_queue


def test_builds_a_queue_under_the_key_that_refuses_clear_text(concern, key, tags, sealed):
    guarded_sqs_queue(concern, "dead_letters", key=key, tags=tags)
    resources = sealed()["resource"]
    queue = resources["aws_sqs_queue"]["dead_letters"]
    assert queue["kms_master_key_id"] == "${aws_kms_key.stream.arn}"
    assert queue["name"] == "sensor-dead-letters-dev"
    assert queue["tags"]["EnvironmentSuffix"] == "dev"
    policy = json.loads(resources["aws_sqs_queue_policy"]["dead_letters_policy"]["policy"])
    assert policy["Statement"][-1]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("retention_seconds", [59, 1_209_601, True, "60"])
def test_refuses_retention_outside_the_aws_bounds(concern, key, tags, retention_seconds):
    with pytest.raises(GuardViolation, match="retention_seconds"):
        guarded_sqs_queue(concern, "raw", key=key, tags=tags, retention_seconds=retention_seconds)


@pytest.mark.parametrize("wrong", [None, "alias/aws/sqs", "arn:aws:kms:eu-west-1:123456789012:key/1"])
def test_refuses_any_key_that_no_guard_built(concern, tags, wrong):
    with pytest.raises(GuardViolation, match="PG_ENC_SQS"):
        guarded_sqs_queue(concern, "raw", key=wrong, tags=tags)


def test_one_violation_lists_everything_that_is_wrong(concern):
    wrong = {"kms_master_key_id": "alias/aws/sqs", "region": "us-east-1", "tags": {}, "colour": "red"}
    with pytest.raises(GuardViolation) as caught:
        guarded_sqs_queue(concern, "Raw!", key=None, tags=None, retention_seconds=1, overrides=wrong)
    refused = {refusal.argument for refusal in caught.value.refusals}
    assert {"id_", "key", "tags", "retention_seconds", "overrides[kms_master_key_id]", "overrides[region]"} <= refused
    assert {"overrides[tags]", "overrides[colour]"} <= refused
