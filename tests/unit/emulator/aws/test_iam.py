from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lib.emulator.aws.running import RUNNING
from tests.unit.emulator.aws.test_services import TRUST, function, invoke

Client = Any
ARN = "arn:aws:kinesis:eu-west-1:123456789012:stream/"


@pytest.fixture
def enforced(url: str) -> Iterator[None]:
    RUNNING.enforce_iam = True
    yield
    RUNNING.enforce_iam = False


def grant(aws: Client, role: str, *actions: str, resource: str = "*") -> None:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("iam").put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=document)


def session(aws: Client, role: str, *actions: str, resource: str = "*") -> dict[str, str]:
    """Credentials of a role that may do `actions` on `resource`."""
    arn = aws("iam").create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    grant(aws, role, *actions, resource=resource)
    keys = aws("sts").assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
    return {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }


def test_a_role_may_do_what_its_policy_grants(aws: Client, enforced: None) -> None:
    aws("kinesis").create_stream(StreamName="own", ShardCount=1)
    keys = session(aws, "reader", "kinesis:DescribeStreamSummary", resource=f"{ARN}own")
    assert aws("kinesis", **keys).describe_stream_summary(StreamName="own")["StreamDescriptionSummary"]


def test_a_role_may_not_do_anything_else(aws: Client, enforced: None) -> None:
    aws("kinesis").create_stream(StreamName="others", ShardCount=1)
    keys = session(aws, "limited", "kinesis:DescribeStreamSummary", resource=f"{ARN}own")
    with pytest.raises(ClientError, match=r"AccessDenied.*kinesis:DescribeStreamSummary"):
        aws("kinesis", **keys).describe_stream_summary(StreamName="others")
    with pytest.raises(ClientError, match=r"AccessDenied.*rds:DescribeDBInstances"):
        aws("rds", **keys).describe_db_instances()


def test_a_shard_iterator_leads_to_its_stream(aws: Client, enforced: None) -> None:
    aws("kinesis").create_stream(StreamName="iterated", ShardCount=1)
    shard = aws("kinesis").list_shards(StreamName="iterated")["Shards"][0]["ShardId"]
    iterator = aws("kinesis").get_shard_iterator(StreamName="iterated", ShardId=shard, ShardIteratorType="LATEST")
    keys = session(aws, "iterates", "kinesis:GetRecords", resource=f"{ARN}another")
    with pytest.raises(ClientError, match="AccessDenied"):
        aws("kinesis", **keys).get_records(ShardIterator=iterator["ShardIterator"])


def test_the_administrators_keys_may_do_everything(aws: Client, enforced: None) -> None:
    assert aws("kinesis").list_streams()["StreamNames"] is not None


def test_a_function_may_do_what_its_role_may(aws: Client, enforced: None) -> None:
    source = (
        "import boto3\ndef handler(event, context):\n    return boto3.client('sqs').list_queues()['ResponseMetadata']"
    )
    function(aws, "granted", source)
    assert invoke(aws, "granted", {})[1]["errorType"] == "ClientError"
    grant(aws, "granted", "sqs:ListQueues")
    assert invoke(aws, "granted", {})[0] is None


def test_a_rules_role_needs_the_right_to_deliver(aws: Client, enforced: None) -> None:
    aws("kinesis").create_stream(StreamName="delivered", ShardCount=1)
    role = aws("iam").create_role(RoleName="delivers", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    action = {"kinesis": {"roleArn": role, "streamName": "delivered", "partitionKey": "k"}}
    payload = {"sql": "SELECT * FROM 'delivered'", "actions": [action]}
    aws("iot").create_topic_rule(ruleName="delivers", topicRulePayload=payload)

    def arrived() -> int:
        aws("iot-data").publish(topic="delivered", payload=b"{}")
        shard = aws("kinesis").list_shards(StreamName="delivered")["Shards"][0]["ShardId"]
        start = {"ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
        iterator = aws("kinesis").get_shard_iterator(StreamName="delivered", **start)["ShardIterator"]
        return len(aws("kinesis").get_records(ShardIterator=iterator)["Records"])

    assert arrived() == 0
    grant(aws, "delivers", "kinesis:PutRecord", resource=f"{ARN}delivered")
    assert arrived() == 1
