"""IoT Core: the rule that takes readings into the stream, and what a device may do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from lib.guards.guarded import Concern, Guarded
from lib.guards.iam_document import Statement
from lib.guards.iam_role import GuardedRole
from lib.guards.kinesis_stream import GuardedStream
from lib.guards.naming import rule_name
from lib.guards.refusal import Call
from lib.guards.sqs_queue import GuardedQueue
from lib.guards.tags import Tags
from policies.requirements import REGION

SQL_VERSION = "2016-03-23"
OTHER_TARGETS = (
    "cloudwatch_alarm",
    "cloudwatch_logs",
    "cloudwatch_metric",
    "dynamodb",
    "dynamodbv2",
    "elasticsearch",
    "firehose",
    "http",
    "iot_analytics",
    "iot_events",
    "kafka",
    "lambda_",
    "republish",
    "s3",
    "sns",
    "sqs",
    "step_functions",
    "timestream",
)
"""Where a rule could also send readings; none of them is encrypted, alarmed and scoped as the stream is."""
SCOPE = "PG_IAM_IOT_SCOPE"
THING = "$${iot:Connection.Thing.ThingName}"
"""IoT's policy variable for the thing that is connected, escaped for Terraform."""


def guarded_iot_topic_rule(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    sql: str,
    stream: GuardedStream,
    partition_key: str,
    role: GuardedRole,
    error_queue: GuardedQueue,
    error_role: GuardedRole,
    description: str,
    overrides: Mapping[str, Any] | None = None,
) -> Guarded:
    """A rule that puts what its SQL selects into `stream`, and what it cannot deliver into `error_queue`.

    sql: SELECT ... FROM a topic filter that begins with a literal level. partition_key: an expression, `$${topic(2)}`.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/iot/latest/developerguide/iot-create-rule.html
    """
    call = Call(scope, id_, "aws_iot_topic_rule")
    topic = re.search(r"\bFROM\s+'([^']*)'", sql if isinstance(sql, str) else "")
    narrow = bool(topic and re.match(r"[A-Za-z0-9_-]+/", topic[1]) and "#" not in topic[1] and "${" not in sql)
    call.unless(narrow, "sql", sql, "SELECT ... FROM '<level>/...' without # and ${", SCOPE)
    call.matches("description", description, r"[ -~]{1,256}", "what it does, in 1 to 256 characters", "PG_NAM_VALID")
    call.matches(
        "partition_key", partition_key, r"\$\$\{[^{}]+\}", "an expression that differs by sensor", "PG_BKP_CAPACITY"
    )
    roles = [
        call.ref(name, value, "aws_iam_role", SCOPE) for name, value in (("role", role), ("error_role", error_role))
    ]
    call.unless(
        roles[0] != roles[1] or not roles[0],
        "error_role",
        roles[1],
        "another role than role",
        "PG_IAM_ROLE_PER_WORKLOAD",
    )
    return call.build(
        Guarded,
        tags=tags,
        overrides=overrides,
        owned={
            "name": call.name(tags, 128, rule_name),
            "description": description,
            "enabled": True,
            "sql": sql,
            "sql_version": SQL_VERSION,
            "kinesis": [
                {
                    "role_arn": roles[0],
                    "stream_name": call.ref("stream", stream, "aws_kinesis_stream", SCOPE, attribute="name"),
                    "partition_key": partition_key,
                }
            ],
            "error_action": {
                "sqs": {
                    "role_arn": roles[1],
                    "queue_url": call.ref(
                        "error_queue", error_queue, "aws_sqs_queue", "PG_LOG_IOT_ERRORS", attribute="url"
                    ),
                    "use_base64": True,
                }
            },
            **dict.fromkeys(OTHER_TARGETS),
        },
    )


def guarded_iot_policy(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    account_id: str,
    topic_prefix: str,
    overrides: Mapping[str, Any] | None = None,
) -> Guarded:
    """What a sensor's certificate may do: connect as its own thing, publish its own readings.

    topic_prefix: first MQTT level. Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html
    """
    call = Call(scope, id_, "aws_iot_policy")
    call.matches("account_id", account_id, r"\d{12}", "12 digits", SCOPE)
    call.matches("topic_prefix", topic_prefix, r"[A-Za-z0-9_-]{1,64}", "one MQTT level", SCOPE)
    arn = f"arn:aws:iot:{REGION}:{account_id}"
    statements = [
        Statement(
            "ConnectAsItself",
            ("iot:Connect",),
            (f"{arn}:client/{THING}",),
            conditions={"Bool": {"iot:Connection.Thing.IsAttached": "true"}},
        ),
        Statement("PublishOwnReadings", ("iot:Publish",), (f"{arn}:topic/{topic_prefix}/{THING}/readings",)),
    ]
    # IoT's own policy language: of a statement's elements it documents all that are used here, but no Sid.
    body = [{name: value for name, value in one.as_json().items() if name != "Sid"} for one in statements]
    policy = json.dumps({"Version": "2012-10-17", "Statement": body}, separators=(",", ":"))
    owned = {"name": call.name(tags, 128), "policy": policy}
    return call.build(Guarded, tags=tags, overrides=overrides, owned=owned)
