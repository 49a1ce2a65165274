"""Kinesis data streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lib.guards.guarded import Concern, Guarded
from lib.guards.kms_key import GuardedKey
from lib.guards.refusal import Call
from lib.guards.tags import Tags
from policies.requirements import SHARD_METRICS, STREAM_RETENTION_HOURS

LONGEST_RETENTION_HOURS = 8760
MOST_SHARDS = 200


class GuardedStream(Guarded):
    """A stream under a customer managed key that publishes its shards' metrics."""


def guarded_kinesis_stream(
    scope: Concern,
    id_: str,
    *,
    key: GuardedKey,
    tags: Tags,
    mode: str,
    shard_count: int | None = None,
    retention_hours: int,
    overrides: Mapping[str, Any] | None = None,
) -> GuardedStream:
    """A stream encrypted with `key`, which `destroy` removes together with its registered consumers.

    mode: `ON_DEMAND`, or `PROVISIONED` with 1 to 200 shards. retention_hours: how long a record is kept, 168 to 8760.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html
    """
    call = Call(scope, id_, "aws_kinesis_stream")
    call.one_of("mode", mode, ("ON_DEMAND", "PROVISIONED"), "PG_BKP_CAPACITY")
    if mode == "PROVISIONED":
        call.between("shard_count", shard_count, 1, MOST_SHARDS, "PG_BKP_CAPACITY", "set Settings.shard_count")
    else:
        call.unless(shard_count is None, "shard_count", shard_count, "none: AWS scales the stream", "PG_BKP_CAPACITY")
    fix = "raise Settings.stream_retention_hours"
    limits = (STREAM_RETENTION_HOURS, LONGEST_RETENTION_HOURS)
    call.between("retention_hours", retention_hours, *limits, "PG_BKP_KINESIS_RETENTION", fix)
    return call.build(
        GuardedStream,
        tags=tags,
        overrides=overrides,
        owned={
            "name": call.name(tags, 128),
            "arn": None,
            "encryption_type": "KMS",
            "kms_key_id": call.ref("key", key, "aws_kms_key", "PG_ENC_KINESIS"),
            "retention_period": retention_hours,
            "stream_mode_details": {"stream_mode": mode},
            "shard_count": shard_count,
            "shard_level_metrics": list(SHARD_METRICS),
            "enforce_consumer_deletion": True,
            "max_record_size_in_kib": None,
        },
    )
