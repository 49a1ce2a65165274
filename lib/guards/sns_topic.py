"""SNS topics, their policies and their subscriptions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lib.guards.guarded import Concern, Guarded
from lib.guards.iam_document import Statement, deny_without_tls, document
from lib.guards.kms_key import GuardedKey
from lib.guards.refusal import Call
from lib.guards.tags import Tags

TOPIC_ACTIONS = (
    "sns:AddPermission",
    "sns:DeleteTopic",
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "sns:Publish",
    "sns:RemovePermission",
    "sns:SetTopicAttributes",
    "sns:Subscribe",
)
"""What a topic's policy may name; SNS refuses `sns:*` there, because not every action of the service is about a topic.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
"""
SOURCES = {
    "aws:SourceAccount": ("StringEquals",),
    "aws:SourceArn": ("ArnEquals", "ArnLike", "StringEquals", "StringLike"),
}
"""The condition keys that say on whose behalf a service acts, each with the operators that hold it to a value."""
ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)|^\$\{aws_")
"""An account's number, in an ARN or alone, or a reference to a resource of this stack."""
EMAIL = re.compile(r"[^@\s:/]{1,64}@[^@\s:/]{1,255}")


@dataclass(frozen=True)
class GuardedTopic(Guarded):
    """A topic under a customer managed key. services: those that its policy lets publish."""

    services: frozenset[str] = field(default=frozenset(), compare=False)


def guarded_sns_topic(
    scope: Concern,
    id_: str,
    *,
    key: GuardedKey,
    tags: Tags,
    publishers: Sequence[Statement] = (),
    subscribers: Sequence[str] = (),
    overrides: Mapping[str, Any] | None = None,
) -> GuardedTopic:
    """A topic encrypted with `key`, its policy (the publishers' statements, no request without TLS), its subscribers.

    publishers: each allows `sns:Publish` on the topic itself, which does not exist yet: write its reference out, as in
    `Statement("Alarms", ("sns:Publish",), ("${aws_sns_topic.<id_>.arn}",), principals=..., conditions=...)`. A service
    needs a condition on aws:SourceAccount or aws:SourceArn. subscribers: email addresses and https URLs.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html
    """
    call = Call(scope, id_, "aws_sns_topic")
    for index, statement in enumerate(publishers):
        _check_publisher(call, f"publishers[{index}]", statement)
    for index, subscriber in enumerate(subscribers):
        _check_subscriber(call, f"subscribers[{index}]", subscriber)
    call.unless(
        len(set(subscribers)) == len(subscribers),
        "subscribers",
        f"{len(subscribers)} given",
        "each once",
        "PG_LOG_ALARMS",
    )
    topic = call.build(
        GuardedTopic,
        tags=tags,
        overrides=overrides,
        owned={
            "name": call.name(tags, 256),
            "name_prefix": None,
            "kms_master_key_id": call.ref("key", key, "aws_kms_key", "PG_ENC_SNS"),
            "policy": None,
            "signature_version": 2,
        },
    )
    policy = Call(scope, f"{id_}_policy", "aws_sns_topic_policy")
    statements = [*publishers, deny_without_tls("DenyClearText", TOPIC_ACTIONS, (topic.arn,))]
    policy.build(Guarded, owned={"arn": topic.arn, "policy": document(statements)})
    for index, subscriber in enumerate(subscribers):
        subscription = Call(scope, f"{id_}_subscriber_{index}", "aws_sns_topic_subscription")
        subscription.build(
            Guarded, owned={"topic_arn": topic.arn, "protocol": _protocol(subscriber), "endpoint": subscriber}
        )
    services = (service for statement in publishers for service in statement.principals.get("Service", ()))
    return replace(topic, services=frozenset(services))


def topic_arn(call: Call, topic: object, service: str, policy: str) -> str:
    """Reference to a topic that `service` may publish to; one that it may not would lose every message in silence."""
    arn = call.ref("topic", topic, "aws_sns_topic", policy)
    if isinstance(topic, GuardedTopic):
        fix = "add its statement to publishers= of guarded_sns_topic"
        call.unless(
            service in topic.services, "topic", topic.address, f"a topic that {service} may publish to", policy, fix
        )
    return arn


def _check_publisher(call: Call, argument: str, statement: Statement) -> None:
    itself = (f"${{aws_sns_topic.{call.id}.arn}}",)
    call.unless(statement.effect == "Allow", f"{argument}.effect", statement.effect, "Allow", "PG_TLS_RESOURCE_POLICY")
    call.unless(
        statement.actions == ("sns:Publish",),
        f"{argument}.actions",
        statement.actions,
        "sns:Publish alone",
        "PG_IAM_NO_WILDCARD_ACTION",
    )
    call.unless(
        statement.resources == itself,
        f"{argument}.resources",
        statement.resources,
        f"{itself[0]} alone",
        "PG_IAM_NO_WILDCARD_RESOURCE",
    )
    call.unless(
        bool(statement.principals), f"{argument}.principals", None, "whom it allows", "PG_IAM_NO_PUBLIC_PRINCIPAL"
    )
    call.unless(
        "Service" not in statement.principals or _names_account(statement.conditions),
        f"{argument}.conditions",
        dict(statement.conditions),
        "aws:SourceAccount or aws:SourceArn with an account: the service publishes for strangers too",
        "PG_IAM_TRUST_CONFUSED_DEPUTY",
    )


def _names_account(conditions: Mapping[str, Mapping[str, str | Sequence[str]]]) -> bool:
    for operator, keys in conditions.items():
        for key, value in keys.items():
            values = (value,) if isinstance(value, str) else value
            if operator in SOURCES.get(key, ()) and values and all(ACCOUNT.search(one) for one in values):
                return True
    return False


def _check_subscriber(call: Call, argument: str, subscriber: str) -> None:
    # The rest of a webhook's URL is as good as a password.
    shown = re.sub(r"(?<=://).*", "...", subscriber)
    known = subscriber.startswith("https://") or EMAIL.fullmatch(subscriber) is not None
    call.unless(known, argument, shown, "an email address or an https URL", "PG_TLS_SNS_HTTPS")


def _protocol(subscriber: str) -> str:
    return "https" if subscriber.startswith("https://") else "email"
