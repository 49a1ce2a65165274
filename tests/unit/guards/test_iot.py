from __future__ import annotations

import json

import pytest

from lib.errors import GuardViolation
from lib.guards.iam_role import guarded_iam_role
from lib.guards.iot import OTHER_TARGETS, guarded_iot_policy, guarded_iot_topic_rule
from lib.guards.kinesis_stream import guarded_kinesis_stream
from lib.guards.sqs_queue import guarded_sqs_queue

ACCOUNT = "123456789012"
SQL = "SELECT *, topic(2) AS sensor_id FROM 'factory/+/readings'"


def refused(caught) -> set[str]:
    return {refusal.argument for refusal in caught.value.refusals}


@pytest.fixture
def rule(concern, tags, key):
    """The arguments of a rule."""
    who = {"tags": tags, "service": "iot.amazonaws.com", "account_id": ACCOUNT, "description": "IoT rule"}
    mode = {"mode": "ON_DEMAND", "retention_hours": 168}
    return {
        "tags": tags,
        "sql": SQL,
        "stream": guarded_kinesis_stream(concern, "readings", key=key, tags=tags, **mode),
        "partition_key": "$${topic(2)}",
        "role": guarded_iam_role(concern, "iot_rule", **who),
        "error_queue": guarded_sqs_queue(concern, "dead_letters", key=key, tags=tags),
        "error_role": guarded_iam_role(concern, "iot_errors", **who),
        "description": "Readings into the stream",
    }


def test_a_rule_puts_readings_into_the_stream_by_sensor(concern, rule, sealed):
    guarded_iot_topic_rule(concern, "readings_rule", **rule)
    body = sealed()["resource"]["aws_iot_topic_rule"]["readings_rule"]
    assert (body["name"], body["sql"], body["sql_version"]) == ("sensor_readings_rule_dev", SQL, "2016-03-23")
    assert body["kinesis"] == [
        {
            "role_arn": "${aws_iam_role.iot_rule.arn}",
            "stream_name": "${aws_kinesis_stream.readings.name}",
            "partition_key": "$${topic(2)}",
        }
    ]


def test_a_rule_keeps_what_it_cannot_deliver(concern, rule, sealed):
    guarded_iot_topic_rule(concern, "readings_rule", **rule)
    sqs = sealed()["resource"]["aws_iot_topic_rule"]["readings_rule"]["error_action"]["sqs"]
    assert (sqs["queue_url"], sqs["role_arn"]) == (
        "${aws_sqs_queue.dead_letters.url}",
        "${aws_iam_role.iot_errors.arn}",
    )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM '#'",
        "SELECT * FROM '+/readings'",
        "SELECT * FROM 'factory/#'",
        "SELECT * FROM '$aws/things/+/shadow/update'",
        "SELECT * FROM 'factory'",
        "SELECT '${aws_x.y.z}' FROM 'factory/+/readings'",
        "",
        None,
    ],
)
def test_a_rule_refuses_to_listen_to_everything(concern, rule, sql):
    with pytest.raises(GuardViolation, match="PG_IAM_IOT_SCOPE"):
        guarded_iot_topic_rule(concern, "r", **{**rule, "sql": sql})


@pytest.mark.parametrize("expression", ["all", "${topic(2)}", "$${}", "$${a}{b}", "", None])
def test_a_rule_refuses_one_partition_for_all_sensors(concern, rule, expression):
    with pytest.raises(GuardViolation, match="differs by sensor"):
        guarded_iot_topic_rule(concern, "r", **{**rule, "partition_key": expression})


def test_a_rule_refuses_one_role_for_both_targets(concern, rule):
    with pytest.raises(GuardViolation, match="PG_IAM_ROLE_PER_WORKLOAD"):
        guarded_iot_topic_rule(concern, "r", **{**rule, "error_role": rule["role"]})


@pytest.mark.parametrize("target", OTHER_TARGETS)
def test_a_rule_refuses_every_other_target(concern, rule, target):
    with pytest.raises(GuardViolation, match="which the guard owns"):
        guarded_iot_topic_rule(concern, "r", **rule, overrides={target: [{"url": "https://example.org"}]})


def test_a_rule_lists_everything_that_is_wrong(concern):
    with pytest.raises(GuardViolation) as caught:
        guarded_iot_topic_rule(
            concern,
            "R",
            tags=None,
            sql="SELECT * FROM '#'",
            stream="s",
            partition_key="p",
            role=None,
            error_queue=None,
            error_role=None,
            description="",
            overrides={"sql_version": "2015-10-08", "enabled": False},
        )
    assert refused(caught) == {
        "id_",
        "tags",
        "sql",
        "stream",
        "partition_key",
        "role",
        "error_queue",
        "error_role",
        "description",
        "overrides[sql_version]",
        "overrides[enabled]",
    }


def test_a_device_speaks_for_itself_only(concern, tags, sealed):
    guarded_iot_policy(concern, "device", tags=tags, account_id=ACCOUNT, topic_prefix="factory")
    body = sealed()["resource"]["aws_iot_policy"]["device"]
    connect, publish = json.loads(body["policy"])["Statement"]
    thing, arn = "$${iot:Connection.Thing.ThingName}", f"arn:aws:iot:eu-west-1:{ACCOUNT}"
    assert (connect["Action"], connect["Resource"]) == ("iot:Connect", f"{arn}:client/{thing}")
    assert connect["Condition"] == {"Bool": {"iot:Connection.Thing.IsAttached": "true"}}
    assert (publish["Action"], publish["Resource"]) == ("iot:Publish", f"{arn}:topic/factory/{thing}/readings")
    assert "Sid" not in connect and body["name"] == "sensor-device-dev"


@pytest.mark.parametrize("prefix", ["#", "+", "a/b", "$aws", "*", "", "x" * 65, None])
def test_a_device_policy_refuses_more_than_one_topic_level(concern, tags, prefix):
    with pytest.raises(GuardViolation, match="topic_prefix"):
        guarded_iot_policy(concern, "device", tags=tags, account_id=ACCOUNT, topic_prefix=prefix)


def test_a_device_policy_lists_everything_that_is_wrong(concern):
    with pytest.raises(GuardViolation) as caught:
        guarded_iot_policy(
            concern, "device", tags=None, account_id="*", topic_prefix="*", overrides={"policy": "{}", "region": "x"}
        )
    assert refused(caught) == {"tags", "account_id", "topic_prefix", "overrides[policy]", "overrides[region]"}
