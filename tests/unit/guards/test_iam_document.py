from __future__ import annotations

import json

import pytest

from lib.errors import GuardViolation
from lib.guards.iam_document import Statement, deny_without_tls, document

QUEUE = ("arn:aws:sqs:eu-west-1:123456789012:raw",)
ANYONE = {"*": ("*",)}


def test_a_document_is_one_line_of_iam_json():
    text = document([Statement("Send", ("sqs:SendMessage",), QUEUE), deny_without_tls("Tls", ("sqs:*",), QUEUE)])
    send, deny = json.loads(text)["Statement"]
    assert "\n" not in text
    assert send == {"Sid": "Send", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE[0]}
    assert deny["Principal"] == "*"
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("action", ["*", "sqs:*", "sqs:Send*", "sqs:SendMessag?", "SendMessage"])
def test_refuses_an_action_that_is_not_named(action):
    with pytest.raises(GuardViolation, match="PG_IAM_NO_WILDCARD_ACTION"):
        Statement("Wide", (action,), QUEUE)


def test_refuses_a_statement_without_actions():
    with pytest.raises(GuardViolation, match="at least one action"):
        Statement("Empty", (), QUEUE)


def test_refuses_every_resource_for_an_action_that_can_be_scoped():
    with pytest.raises(GuardViolation, match="PG_IAM_NO_WILDCARD_RESOURCE"):
        Statement("Wide", ("sqs:SendMessage",), ("*",))


def test_accepts_every_resource_for_an_action_that_cannot_be_scoped():
    assert Statement("Login", ("ecr:GetAuthorizationToken",), ("*",)).as_json()["Resource"] == "*"


def test_refuses_anyone_unless_the_account_is_pinned():
    with pytest.raises(GuardViolation, match="PG_IAM_NO_PUBLIC_PRINCIPAL"):
        Statement("Public", ("sqs:SendMessage",), QUEUE, principals=ANYONE)
    pinned = {"StringEquals": {"aws:PrincipalAccount": "123456789012"}}
    assert (
        Statement("Ours", ("sqs:SendMessage",), QUEUE, principals=ANYONE, conditions=pinned).as_json()["Principal"]
        == "*"
    )


@pytest.mark.parametrize("operator", ["StringEqualsIfExists", "ForAllValues:StringEquals"])
def test_refuses_conditions_that_hold_where_the_key_is_missing(operator):
    with pytest.raises(GuardViolation, match="fails where the key is missing"):
        Statement("Loose", ("sqs:SendMessage",), QUEUE, conditions={operator: {"aws:SourceAccount": "123456789012"}})
