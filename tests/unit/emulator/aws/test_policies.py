from __future__ import annotations

from typing import Any

import pytest

from lib.emulator.aws.policies import allows

STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/readings"
FACTS = {"aws:RequestedRegion": "eu-west-1"}


def policy(**statement: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **statement}]}


READ = policy(Action=["kinesis:Get*"], Resource=STREAM)
OTHER_REGIONS = policy(Effect="Deny", Action="*", Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}})


@pytest.mark.parametrize(
    ("policies", "action", "resource", "allowed"),
    [
        ([READ], "kinesis:GetRecords", STREAM, True),
        ([READ], "KINESIS:getrecords", STREAM, True),
        ([READ], "kinesis:GetRecords", STREAM + "-other", False),
        ([READ], "kinesis:GetRecords", None, True),
        ([READ], "kinesis:PutRecord", STREAM, False),
        ([], "kinesis:GetRecords", STREAM, False),
        ([READ, policy(Effect="Deny", Action="kinesis:*")], "kinesis:GetRecords", STREAM, False),
        ([READ, policy(Effect="Deny", Action="*", Resource=STREAM)], "kinesis:GetRecords", None, True),
        ([READ, OTHER_REGIONS], "kinesis:GetRecords", STREAM, True),
        ([policy(NotAction="iam:*")], "kinesis:GetRecords", STREAM, True),
        ([policy(NotAction="kinesis:*")], "kinesis:GetRecords", STREAM, False),
        ([policy(Action="*", NotResource=STREAM)], "kinesis:GetRecords", STREAM, False),
        ([policy(Action="*", Condition={"StringEquals": {"kms:ViaService": "x"}})], "kms:Decrypt", None, True),
        ([policy(Action="s3:Get[A]")], "s3:GetA", None, False),
    ],
)
def test_a_call_is_allowed_as_its_policies_say(
    policies: list[Any], action: str, resource: str | None, allowed: bool
) -> None:
    assert allows(policies, action, resource, FACTS) is allowed


def test_a_denied_region_is_denied() -> None:
    assert not allows([READ, OTHER_REGIONS], "kinesis:GetRecords", STREAM, {"aws:RequestedRegion": "us-east-1"})
