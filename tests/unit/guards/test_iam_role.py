from __future__ import annotations

import json

import pytest

from lib.errors import GuardViolation
from lib.guards.iam_document import Statement
from lib.guards.iam_role import guarded_iam_role

ACCOUNT = "123456789012"
STREAM = f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/sensor-readings-dev"
READ = Statement("Read", ("kinesis:GetRecords",), (STREAM,))


def refused(caught) -> set[str]:
    return {refusal.argument for refusal in caught.value.refusals}


@pytest.fixture
def role(tags):
    """The arguments of a role."""
    return {
        "tags": tags,
        "service": "ecs-tasks.amazonaws.com",
        "account_id": ACCOUNT,
        "description": "The processor",
        "grants": [READ],
    }


def test_a_role_is_assumed_for_the_account_only(concern, role, sealed):
    guarded_iam_role(concern, "processor", **role)
    body = sealed()["resource"]["aws_iam_role"]["processor"]
    (trust,) = json.loads(body["assume_role_policy"])["Statement"]
    assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert "Resource" not in trust
    assert (body["name"], body["max_session_duration"]) == ("sensor-processor-dev", 3600)
    assert body["force_detach_policies"] is True


def test_a_role_is_assumed_for_the_named_resources_only(concern, role, sealed):
    source = f"arn:aws:ecs:eu-west-1:{ACCOUNT}:*"
    guarded_iam_role(concern, "processor", **role, source_arn=source)
    trust = json.loads(sealed()["resource"]["aws_iam_role"]["processor"]["assume_role_policy"])
    assert trust["Statement"][0]["Condition"]["ArnLike"] == {"aws:SourceArn": source}


def test_all_grants_stand_in_one_policy_that_ends_at_the_region(concern, role, sealed):
    guarded_iam_role(concern, "processor", **role)
    grants = sealed()["resource"]["aws_iam_role_policy"]["processor_grants"]
    assert (grants["role"], grants["name"]) == ("${aws_iam_role.processor.id}", "sensor-processor-grants-dev")
    allow, deny = json.loads(grants["policy"])["Statement"]
    assert allow == {"Sid": "Read", "Effect": "Allow", "Action": "kinesis:GetRecords", "Resource": STREAM}
    assert (deny["Effect"], deny["Action"], deny["Resource"]) == ("Deny", "*", "*")
    assert deny["Condition"] == {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}


@pytest.mark.parametrize(
    "source",
    [
        "*",
        "arn:aws:ecs:us-east-1:123456789012:*",
        "arn:aws:ecs:eu-west-1:999999999999:*",
        "arn:aws:ecs:eu-west-1:*:cluster/x",
        "arn:aws:ecs:*:123456789012:*",
        "",
        7,
    ],
)
def test_a_role_refuses_to_be_assumed_for_foreign_resources(concern, role, source):
    with pytest.raises(GuardViolation, match="PG_IAM_TRUST_CONFUSED_DEPUTY"):
        guarded_iam_role(concern, "processor", **role, source_arn=source)


@pytest.mark.parametrize(
    "service", ["*", "*.amazonaws.com", "ecs-tasks.amazonaws.com.example.org", "arn:aws:iam::1", None]
)
def test_a_role_refuses_a_principal_that_is_no_service(concern, role, service):
    with pytest.raises(GuardViolation, match="PG_IAM_NO_PUBLIC_PRINCIPAL"):
        guarded_iam_role(concern, "processor", **{**role, "service": service})


@pytest.mark.parametrize("account", ["*", "12345678901", None, 123456789012])
def test_a_role_refuses_an_account_that_is_none(concern, role, account):
    with pytest.raises(GuardViolation, match="12 digits"):
        guarded_iam_role(concern, "processor", **{**role, "account_id": account})


@pytest.mark.parametrize(
    "arn", ["arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/ReadOnlyAccess"]
)
def test_a_role_refuses_every_managed_policy(concern, role, arn):
    with pytest.raises(GuardViolation, match="PG_IAM_NO_ADMIN"):
        guarded_iam_role(concern, "processor", **role, managed_policies=[arn])


@pytest.mark.parametrize(
    "action",
    ["iam:PassRole", "IAM:CreatePolicyVersion", "sts:AssumeRole", "lambda:UpdateFunctionCode", "kms:PutKeyPolicy"],
)
def test_a_role_refuses_to_widen_its_own_rights(concern, role, action):
    grant = Statement("Widen", (action,), ("arn:aws:iam::123456789012:role/other",))
    with pytest.raises(GuardViolation, match="PG_IAM_NO_PRIVILEGE_ESCALATION"):
        guarded_iam_role(concern, "processor", **{**role, "grants": [grant]})


@pytest.mark.parametrize("action", ["logs:DeleteLogGroup", "logs:DeleteLogStream", "logs:PutRetentionPolicy"])
def test_a_role_refuses_to_remove_logs(concern, role, action):
    grant = Statement("Erase", (action,), (f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:a",))
    with pytest.raises(GuardViolation, match="PG_LOG_INTEGRITY"):
        guarded_iam_role(concern, "processor", **{**role, "grants": [grant]})


def test_a_role_refuses_grants_that_iam_would_not_take(concern, role):
    trusting = Statement("Trust", ("kinesis:GetRecords",), (STREAM,), principals={"Service": ("iot.amazonaws.com",)})
    long = Statement("Long", ("kinesis:GetRecords",), tuple(f"{STREAM}-{n}" for n in range(200)))
    with pytest.raises(GuardViolation) as caught:
        guarded_iam_role(concern, "processor", **{**role, "grants": [READ, READ, trusting, long]})
    messages = str(caught.value)
    assert refused(caught) == {"grants", "grants[2].principals"}
    assert "a sid of its own" in messages and "at most 10240" in messages


def test_a_role_refuses_a_name_that_iam_would_cut_off(concern, role):
    with pytest.raises(GuardViolation, match="at most 64 characters"):
        guarded_iam_role(concern, "p" * 60, **role)


@pytest.mark.parametrize(
    "wider", [{"inline_policy": [{"policy": "{}"}]}, {"managed_policy_arns": ["x"]}, {"name": "mine"}]
)
def test_a_role_refuses_rights_and_names_from_elsewhere(concern, role, wider):
    with pytest.raises(GuardViolation, match="which the guard owns"):
        guarded_iam_role(concern, "processor", **role, overrides=wider)


def test_a_role_lists_everything_that_is_wrong(concern):
    with pytest.raises(GuardViolation) as caught:
        guarded_iam_role(
            concern,
            "processor",
            tags=None,
            service="*",
            account_id="1",
            description="",
            source_arn="*",
            managed_policies=["x"],
            overrides={"max_session_duration": 43_200},
        )
    assert refused(caught) == {
        "tags",
        "service",
        "account_id",
        "description",
        "source_arn",
        "managed_policies",
        "overrides[max_session_duration]",
    }
