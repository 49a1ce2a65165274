from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from lib.emulator.aws.iot_rules import select, topic_matches
from lib.emulator.aws.patching import Unsupported

Client = Any
OURS = "*, topic(2) AS sensor_id, timestamp() AS received_at"


@pytest.mark.parametrize(
    ("topic", "topic_filter", "matches"),
    [
        ("factory/s1/readings", "factory/+/readings", True),
        ("factory/s1/x/readings", "factory/+/readings", False),
        ("factory/s1", "factory/#", True),
        ("plant/s1", "factory/#", False),
        ("factory/s1/readings/more", "factory/+/readings", False),
    ],
)
def test_a_filter_takes_in_its_topics(topic: str, topic_filter: str, matches: bool) -> None:
    assert topic_matches(topic, topic_filter) is matches


def test_a_selection_has_the_payload_the_topics_level_and_the_time() -> None:
    assert select(OURS, "factory/s1/readings", {"celsius": 20}, 1234.5) == {
        "celsius": 20,
        "sensor_id": "s1",
        "received_at": 1234,
    }


def test_a_function_that_is_not_emulated_is_not_passed_over() -> None:
    with pytest.raises(Unsupported, match="newuuid"):
        select("newuuid() AS id", "t", {}, 0)


def rule(aws: Client, name: str, *, stream: str, error_queue: str | None = None) -> None:
    role = "arn:aws:iam::123456789012:role/r"
    payload: dict[str, Any] = {
        "sql": f"SELECT {OURS} FROM '{name}/+/readings'",
        "actions": [{"kinesis": {"roleArn": role, "streamName": stream, "partitionKey": "${topic(2)}"}}],
    }
    if error_queue:
        payload["errorAction"] = {"sqs": {"roleArn": role, "queueUrl": error_queue, "useBase64": True}}
    aws("iot").create_topic_rule(ruleName=name, topicRulePayload=payload)


def records(aws: Client, stream: str) -> list[dict[str, Any]]:
    kinesis = aws("kinesis")
    shard = kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    found: list[dict[str, Any]] = kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    return found


def test_what_a_sensor_publishes_is_on_the_stream(aws: Client) -> None:
    aws("kinesis").create_stream(StreamName="published", ShardCount=1)
    rule(aws, "published", stream="published")
    aws("iot-data").publish(topic="published/s1/readings", payload=json.dumps({"celsius": 20}))
    (record,) = records(aws, "published")
    assert record["PartitionKey"] == "s1"
    content = json.loads(record["Data"])
    assert (content["celsius"], content["sensor_id"], type(content["received_at"])) == (20, "s1", int)


def test_what_could_not_be_delivered_is_in_the_error_queue(aws: Client) -> None:
    url = aws("sqs").create_queue(QueueName="undelivered")["QueueUrl"]
    rule(aws, "undelivered", stream="no-such-stream", error_queue=url)
    aws("iot-data").publish(topic="undelivered/s1/readings", payload=b'{"celsius": 20}')
    (message,) = aws("sqs").receive_message(QueueUrl=url)["Messages"]
    report = json.loads(base64.b64decode(message["Body"]))
    assert (report["ruleName"], base64.b64decode(report["base64OriginalPayload"])) == (
        "undelivered",
        b'{"celsius": 20}',
    )


def test_a_disabled_rule_takes_nothing(aws: Client) -> None:
    aws("kinesis").create_stream(StreamName="disabled", ShardCount=1)
    rule(aws, "disabled", stream="disabled")
    aws("iot").disable_topic_rule(ruleName="disabled")
    aws("iot-data").publish(topic="disabled/s1/readings", payload=b"{}")
    assert records(aws, "disabled") == []
