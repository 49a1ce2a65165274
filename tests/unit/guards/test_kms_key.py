from __future__ import annotations

import json

import pytest

from lib.errors import GuardViolation
from lib.guards.iam_document import Statement
from lib.guards.kms_key import guarded_kms_key

ACCOUNT = "123456789012"
READER = {"AWS": (f"arn:aws:iam::{ACCOUNT}:role/reader",)}
USE = Statement("Use", ("kms:Decrypt",), ("*",), principals=READER)


def build(concern, wanted, **changes):
    arguments = {"tags": wanted, "account_id": ACCOUNT, "description": "Readings", "users": [USE], **changes}
    return guarded_kms_key(concern, "stream", **arguments)


def test_builds_a_rotating_single_region_key_with_its_alias(concern, tags, sealed):
    build(concern, tags, rotation_days=90)
    resources = sealed()["resource"]
    made = resources["aws_kms_key"]["stream"]
    assert made["enable_key_rotation"] is True
    assert made["rotation_period_in_days"] == 90
    assert made["multi_region"] is False
    assert made["deletion_window_in_days"] == 7
    alias = resources["aws_kms_alias"]["stream_alias"]
    assert alias["name"] == "alias/sensor-stream-dev"
    assert alias["target_key_id"] == "${aws_kms_key.stream.key_id}"


def test_administration_stays_with_the_account_and_use_with_the_named(concern, tags, sealed):
    build(concern, tags)
    policy = json.loads(sealed()["resource"]["aws_kms_key"]["stream"]["policy"])
    administration, use = policy["Statement"]
    assert administration["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert use["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:role/reader"}
    assert use["Action"] == "kms:Decrypt"


@pytest.mark.parametrize(
    ("argument", "value", "policy"),
    [
        ("rotation_days", 89, "PG_ROT_KMS_KEY"),
        ("rotation_days", 366, "PG_ROT_KMS_KEY"),
        ("account_id", "12345", "PG_IAM_KMS_POLICY"),
        ("users", [], "PG_IAM_KMS_POLICY"),
        ("tags", None, "PG_TAG_MANDATORY"),
        ("overrides", {"enable_key_rotation": False}, "enable_key_rotation"),
        ("overrides", {"deletion_window_in_days": 30}, "deletion_window_in_days"),
        ("overrides", {"lifecycle": {"prevent_destroy": True}}, "PG_DES_NO_PREVENT_DESTROY"),
    ],
)
def test_refuses(concern, tags, argument, value, policy):
    with pytest.raises(GuardViolation, match=policy):
        build(concern, tags, **{argument: value})


def test_refuses_to_give_everything_to_a_user(concern, tags):
    root = {"AWS": (f"arn:aws:iam::{ACCOUNT}:root",)}
    everything = Statement("All", ("kms:*",), ("*",), principals=root)
    with pytest.raises(GuardViolation, match="named actions"):
        build(concern, tags, users=[everything])
