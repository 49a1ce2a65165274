from __future__ import annotations

import pytest

from lib.errors import GuardViolation
from lib.guards.kinesis_stream import guarded_kinesis_stream
from policies.requirements import SHARD_METRICS

ON_DEMAND = {"mode": "ON_DEMAND", "retention_hours": 168}


def test_builds_a_stream_under_the_key_that_can_be_destroyed(concern, key, tags, sealed):
    guarded_kinesis_stream(concern, "readings", key=key, tags=tags, **ON_DEMAND)
    built = sealed()["resource"]["aws_kinesis_stream"]["readings"]
    assert (built["encryption_type"], built["kms_key_id"]) == ("KMS", "${aws_kms_key.stream.arn}")
    assert (built["name"], built["retention_period"]) == ("sensor-readings-dev", 168)
    assert built["shard_level_metrics"] == list(SHARD_METRICS)
    assert built["enforce_consumer_deletion"] is True
    assert built["stream_mode_details"] == {"stream_mode": "ON_DEMAND"}


def test_builds_a_stream_with_a_fixed_number_of_shards(concern, key, tags, sealed):
    guarded_kinesis_stream(
        concern, "readings", key=key, tags=tags, mode="PROVISIONED", shard_count=4, retention_hours=8760
    )
    built = sealed()["resource"]["aws_kinesis_stream"]["readings"]
    assert (built["stream_mode_details"], built["shard_count"]) == ({"stream_mode": "PROVISIONED"}, 4)


@pytest.mark.parametrize("wrong", [None, "alias/aws/kinesis"])
def test_refuses_any_key_that_no_guard_built(concern, tags, wrong):
    with pytest.raises(GuardViolation, match="PG_ENC_KINESIS"):
        guarded_kinesis_stream(concern, "readings", key=wrong, tags=tags, **ON_DEMAND)


@pytest.mark.parametrize(
    ("capacity", "argument"),
    [
        ({"mode": "on_demand"}, "mode"),
        ({"mode": None}, "mode"),
        ({"mode": "ON_DEMAND", "shard_count": 2}, "shard_count"),
        ({"mode": "PROVISIONED"}, "shard_count"),
        ({"mode": "PROVISIONED", "shard_count": 0}, "shard_count"),
        ({"mode": "PROVISIONED", "shard_count": 201}, "shard_count"),
        ({"mode": "PROVISIONED", "shard_count": True}, "shard_count"),
    ],
)
def test_refuses_a_capacity_that_is_not_decided(concern, key, tags, capacity, argument):
    with pytest.raises(GuardViolation) as caught:
        guarded_kinesis_stream(concern, "readings", key=key, tags=tags, retention_hours=168, **capacity)
    assert [(one.argument, one.policy) for one in caught.value.refusals] == [(argument, "PG_BKP_CAPACITY")]


@pytest.mark.parametrize("hours", [24, 167, 8761, True, "168", None])
def test_refuses_a_retention_that_does_not_cover_an_outage(concern, key, tags, hours):
    with pytest.raises(GuardViolation, match="PG_BKP_KINESIS_RETENTION"):
        guarded_kinesis_stream(concern, "readings", key=key, tags=tags, mode="ON_DEMAND", retention_hours=hours)


@pytest.mark.parametrize(
    "wrong",
    [
        {"encryption_type": "NONE"},
        {"shard_level_metrics": []},
        {"enforce_consumer_deletion": False},
        {"arn": "arn:aws:kinesis:eu-west-1:123456789012:stream/other"},
        {"max_record_size_in_kib": 10_240},
    ],
)
def test_refuses_to_be_weakened_by_an_override(concern, key, tags, wrong):
    with pytest.raises(GuardViolation, match="which the guard owns"):
        guarded_kinesis_stream(concern, "readings", key=key, tags=tags, **ON_DEMAND, overrides=wrong)


def test_one_violation_lists_everything_that_is_wrong(concern):
    with pytest.raises(GuardViolation) as caught:
        guarded_kinesis_stream(
            concern, "Readings", key=None, tags=None, mode="x", retention_hours=1, overrides={"region": "eu-west-1"}
        )
    refused = {refusal.argument for refusal in caught.value.refusals}
    assert refused == {"id_", "key", "tags", "mode", "retention_hours", "overrides[region]"}
