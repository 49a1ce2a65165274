"""Where readings arrive: an IoT rule into the stream, and a queue for what could not be taken."""

from __future__ import annotations

from dataclasses import dataclass

from lib.guards.guarded import Concern, Guarded
from lib.guards.iam_document import Statement
from lib.guards.iam_role import GuardedRole, guarded_iam_role
from lib.guards.iot import guarded_iot_policy, guarded_iot_topic_rule
from lib.guards.kinesis_stream import GuardedStream, guarded_kinesis_stream
from lib.guards.naming import rule_name
from lib.guards.sqs_queue import GuardedQueue, guarded_sqs_queue
from lib.guards.stack import GuardedStack
from lib.settings import Settings
from lib.stack.keys import Keys

SELECT = "SELECT *, topic(2) AS sensor_id, timestamp() AS received_at"
"""A reading as the device sent it, with the name of its thing and the time of arrival (ms since 1970, UTC)."""


@dataclass(frozen=True)
class Ingest:
    """The stream, the dead letters, and the IoT rule and device policy where the settings ask for them."""

    stream: GuardedStream
    dead_letters: GuardedQueue
    rule: Guarded | None
    device_policy: Guarded | None


def add_ingest(stack: GuardedStack, settings: Settings, keys: Keys) -> Ingest:
    """Stream and dead letters always; the IoT part if `iot_rule_enabled`."""
    concern = stack.concern("ingest")
    stream = guarded_kinesis_stream(
        concern,
        "readings",
        key=keys.stream,
        tags=stack.tags,
        mode=settings.stream_mode,
        shard_count=settings.shard_count,
        retention_hours=settings.stream_retention_hours,
    )
    dead_letters = guarded_sqs_queue(concern, "dead_letters", key=keys.queue, tags=stack.tags)
    if not settings.iot_rule_enabled:
        return Ingest(stream, dead_letters, None, None)
    rule = _add_rule(concern, stack, settings, keys, stream, dead_letters)
    device_policy = guarded_iot_policy(
        concern, "device", tags=stack.tags, account_id=settings.account_id, topic_prefix=settings.sensor_topic_prefix
    )
    return Ingest(stream, dead_letters, rule, device_policy)


def _add_rule(
    concern: Concern,
    stack: GuardedStack,
    settings: Settings,
    keys: Keys,
    stream: GuardedStream,
    dead_letters: GuardedQueue,
) -> Guarded:
    iot = f"arn:aws:iot:{settings.region}:{settings.account_id}"

    def role(id_: str, description: str, *grants: Statement) -> GuardedRole:
        return guarded_iam_role(
            concern,
            id_,
            tags=stack.tags,
            service="iot.amazonaws.com",
            account_id=settings.account_id,
            description=description,
            source_arn=f"{iot}:rule/{rule_name('readings_rule', stack.tags)}",
            grants=grants,
        )

    return guarded_iot_topic_rule(
        concern,
        "readings_rule",
        tags=stack.tags,
        sql=f"{SELECT} FROM '{settings.sensor_topic_prefix}/+/readings'",
        stream=stream,
        partition_key="$${topic(2)}",
        role=role(
            "iot_rule",
            "Puts readings into the stream",
            Statement("PutReadings", ("kinesis:PutRecord",), (stream.arn,)),
            Statement("EncryptReadings", ("kms:GenerateDataKey",), (keys.stream.arn,)),
        ),
        error_queue=dead_letters,
        error_role=role(
            "iot_errors",
            "Keeps readings that the rule could not deliver",
            Statement("KeepFailures", ("sqs:SendMessage",), (dead_letters.arn,)),
            Statement("EncryptFailures", ("kms:Decrypt", "kms:GenerateDataKey"), (keys.queue.arn,)),
        ),
        description="Readings of all sensors into the stream",
    )
