from __future__ import annotations

import json

import pytest

from lib.errors import GuardViolation
from lib.guards.iam_document import Statement
from lib.guards.sns_topic import guarded_sns_topic

ACCOUNT = "123456789012"
ITSELF = ("${aws_sns_topic.alarms.arn}",)
CLOUDWATCH = {"Service": ("cloudwatch.amazonaws.com",)}
PINNED = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def publisher(**changes):
    given = {"actions": ("sns:Publish",), "resources": ITSELF, "principals": CLOUDWATCH, "conditions": PINNED}
    return Statement("Alarms", **{**given, **changes})


def test_builds_a_topic_under_the_key_whose_policy_refuses_clear_text(concern, key, tags, sealed):
    topic = guarded_sns_topic(concern, "alarms", key=key, tags=tags, publishers=[publisher()])
    resources = sealed()["resource"]
    built = resources["aws_sns_topic"]["alarms"]
    assert (built["name"], built["signature_version"]) == ("sensor-alarms-dev", 2)
    assert built["kms_master_key_id"] == "${aws_kms_key.stream.arn}"
    allow, deny = json.loads(resources["aws_sns_topic_policy"]["alarms_policy"]["policy"])["Statement"]
    assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert (deny["Effect"], deny["Principal"], deny["Resource"]) == ("Deny", "*", ITSELF[0])
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert "sns:Publish" in deny["Action"] and "sns:*" not in deny["Action"]
    assert topic.services == {"cloudwatch.amazonaws.com"}


def test_subscribes_addresses_by_email_and_urls_by_https(concern, key, tags, sealed):
    guarded_sns_topic(concern, "alarms", key=key, tags=tags, subscribers=["a@example.com", "https://example.com/x"])
    built = sealed()["resource"]["aws_sns_topic_subscription"]
    assert [one["protocol"] for one in built.values()] == ["email", "https"]
    assert built["alarms_subscriber_1"]["topic_arn"] == "${aws_sns_topic.alarms.arn}"


@pytest.mark.parametrize("wrong", [None, "alias/aws/sns"])
def test_refuses_any_key_that_no_guard_built(concern, tags, wrong):
    with pytest.raises(GuardViolation, match="PG_ENC_SNS"):
        guarded_sns_topic(concern, "alarms", key=wrong, tags=tags)


@pytest.mark.parametrize("subscriber", ["http://example.com/hook", "HTTPS://example.com", "+353861234567", "a@b@c", ""])
def test_refuses_subscribers_that_are_neither_email_nor_https(concern, key, tags, subscriber):
    with pytest.raises(GuardViolation, match="PG_TLS_SNS_HTTPS"):
        guarded_sns_topic(concern, "alarms", key=key, tags=tags, subscribers=[subscriber])


def test_refuses_a_subscriber_given_twice(concern, key, tags):
    with pytest.raises(GuardViolation, match="each once"):
        guarded_sns_topic(concern, "alarms", key=key, tags=tags, subscribers=["a@example.com", "a@example.com"])


def test_keeps_the_path_of_a_webhook_out_of_the_refusal(concern, key, tags):
    with pytest.raises(GuardViolation) as caught:
        guarded_sns_topic(concern, "alarms", key=key, tags=tags, subscribers=["http://hooks.example.com/T0/B0/canary"])
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"effect": "Deny"}, "effect"),
        ({"actions": ("sns:Publish", "sns:Subscribe")}, "actions"),
        ({"resources": ("${aws_sns_topic.other.arn}",)}, "resources"),
        ({"principals": {}}, "principals"),
        ({"conditions": {}}, "conditions"),
        ({"conditions": {"StringLike": {"aws:SourceAccount": ACCOUNT}}}, "conditions"),
        ({"conditions": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:*:alarm:*"}}}, "conditions"),
        ({"conditions": {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}}, "conditions"),
        ({"conditions": {"StringEquals": {"aws:SourceAccount": ()}}}, "conditions"),
    ],
)
def test_refuses_a_publisher_that_may_do_more_or_is_not_pinned(concern, key, tags, change, argument):
    with pytest.raises(GuardViolation, match=rf"publishers\[0\]\.{argument}"):
        guarded_sns_topic(concern, "alarms", key=key, tags=tags, publishers=[publisher(**change)])


@pytest.mark.parametrize(
    "conditions",
    [
        {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:*"}},
        {"ArnEquals": {"aws:SourceArn": "${aws_cloudwatch_event_rule.rotation.arn}"}},
        {"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:SourceAccount": [ACCOUNT]}},
    ],
)
def test_takes_every_condition_that_names_the_account(concern, key, tags, conditions):
    topic = guarded_sns_topic(concern, "alarms", key=key, tags=tags, publishers=[publisher(conditions=conditions)])
    assert topic.services == {"cloudwatch.amazonaws.com"}


@pytest.mark.parametrize("argument", ["kms_master_key_id", "policy", "name_prefix", "signature_version"])
def test_refuses_to_be_weakened_by_an_override(concern, key, tags, argument):
    with pytest.raises(GuardViolation, match="which the guard owns"):
        guarded_sns_topic(concern, "alarms", key=key, tags=tags, overrides={argument: "1"})


def test_one_violation_lists_everything_that_is_wrong(concern):
    wrong = publisher(actions=("sns:Subscribe",), conditions={})
    with pytest.raises(GuardViolation) as caught:
        guarded_sns_topic(concern, "Alarms!", key=None, tags=None, publishers=[wrong], subscribers=["ftp://x"])
    refused = {refusal.argument for refusal in caught.value.refusals}
    assert {"id_", "key", "tags", "subscribers[0]", "publishers[0].actions", "publishers[0].conditions"} <= refused
