"""IoT rules as far as our stack writes them: SELECT of fields, topic() and timestamp(), into Kinesis and SQS."""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from moto.core.utils import unix_time_millis
from moto.iotdata.models import IoTDataPlaneBackend
from moto.kinesis.models import kinesis_backends
from moto.sqs.models import sqs_backends

from lib.emulator.aws import iam
from lib.emulator.aws.patching import Original, Unsupported, wrap

LOG = logging.getLogger(__name__)
STATEMENT = re.compile(r"\s*SELECT\s+(?P<items>.+?)\s+FROM\s+'(?P<filter>[^']+)'\s*", re.IGNORECASE | re.DOTALL)
ITEM = re.compile(
    r"\s*(?:(?P<all>\*)|topic\((?P<level>\d*)\)|(?P<time>timestamp\(\))|(?P<field>\w+))(?:\s+AS\s+(?P<name>\w+))?\s*",
    re.IGNORECASE,
)


def install() -> None:
    """moto stores what is published, and no rule ever sees it."""
    wrap(IoTDataPlaneBackend, "publish", _publish)


def _publish(original: Original, self: Any, topic: str, payload: bytes | str) -> None:
    original(self, topic, payload)
    content = payload.encode() if isinstance(payload, str) else payload
    for rule in self.iot_backend.rules.values():
        statement = STATEMENT.fullmatch(rule.sql)
        if statement is None:
            raise Unsupported(f"the statement of IoT rule {rule.rule_name}: {rule.sql}")
        if not rule.rule_disabled and topic_matches(topic, statement["filter"]):
            _run(rule, topic, content, statement["items"])


def _run(rule: Any, topic: str, payload: bytes, items: str) -> None:
    try:
        selected = json.dumps(select(items, topic, json.loads(payload), unix_time_millis())).encode()
    except ValueError:
        LOG.warning("IoT rule %s takes nothing from %s: the payload is no JSON object", rule.rule_name, topic)
        return
    for action in rule.actions:
        try:
            _act(rule, action, topic, selected)
        except Exception as failure:
            LOG.warning("IoT rule %s could not deliver: %s", rule.rule_name, failure)
            if rule.error_action:
                _act(rule, rule.error_action, topic, _report(rule, topic, payload, failure))


def topic_matches(topic: str, topic_filter: str) -> bool:
    """Whether an MQTT filter with `+` (one level) and `#` (the rest) takes in `topic`."""
    levels, wanted = topic.split("/"), topic_filter.split("/")
    if wanted[-1] == "#":
        levels, wanted = levels[: len(wanted) - 1], wanted[:-1]
    return len(levels) == len(wanted) and all(want in ("+", level) for level, want in zip(levels, wanted, strict=True))


def select(items: str, topic: str, payload: Mapping[str, Any], now_ms: float) -> dict[str, Any]:
    """What the items of a SELECT take from `payload`. Raises: ValueError where it is no object."""
    if not isinstance(payload, Mapping):
        raise ValueError("not an object")
    chosen: dict[str, Any] = {}
    for text in items.split(","):
        item = ITEM.fullmatch(text)
        if item is None:
            raise Unsupported(f"SELECT {text}")
        if item["all"]:
            chosen |= payload
        elif item["time"]:
            chosen[item["name"] or "timestamp"] = int(now_ms)
        elif item["level"] is not None:
            chosen[item["name"] or "topic"] = _level(topic, item["level"])
        elif item["field"] in payload:
            chosen[item["name"] or item["field"]] = payload[item["field"]]
    return chosen


def _level(topic: str, number: str) -> str:
    return topic.split("/")[int(number) - 1] if number else topic


def _act(rule: Any, action: Mapping[str, Any], topic: str, content: bytes) -> None:
    """Carry out one action as its role. Raises: PermissionError, and what the service refuses."""
    account, region = rule.account_id, rule.region_name
    if target := action.get("kinesis"):
        stream = kinesis_backends[account][region].describe_stream(None, target["streamName"])
        _require(target["roleArn"], "kinesis:PutRecord", stream.arn, region)
        key = re.sub(r"\$\{topic\((\d*)\)\}", lambda found: _level(topic, found[1]), target.get("partitionKey", ""))
        stream.put_record(key, None, base64.b64encode(content).decode())
    elif target := action.get("sqs"):
        name = target["queueUrl"].rsplit("/", 1)[-1]
        _require(target["roleArn"], "sqs:SendMessage", f"arn:aws:sqs:{region}:{account}:{name}", region)
        body = base64.b64encode(content).decode() if target.get("useBase64") else content.decode()
        sqs_backends[account][region].send_message(name, body)
    else:
        raise Unsupported(f"action {', '.join(action)} of IoT rule {rule.rule_name}")


def _require(role_arn: str, action: str, resource: str, region: str) -> None:
    if not iam.role_may(role_arn, action, resource, region):
        raise PermissionError(f"{role_arn} is not authorized to perform: {action} on {resource}")


def _report(rule: Any, topic: str, payload: bytes, failure: Exception) -> bytes:
    """What an error action receives.

    Source: https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html
    """
    return json.dumps(
        {
            "ruleName": rule.rule_name,
            "topic": topic,
            "base64OriginalPayload": base64.b64encode(payload).decode(),
            "failures": [{"errorMessage": str(failure)}],
        }
    ).encode()
