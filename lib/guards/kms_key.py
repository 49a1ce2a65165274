"""KMS keys: one customer managed key per kind of data, rotated yearly, usable by named principals only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lib.guards.guarded import Concern, Guarded
from lib.guards.iam_document import Statement, document
from lib.guards.naming import physical_name
from lib.guards.refusal import Call
from lib.guards.tags import Tags
from policies.requirements import KEY_DELETION_WINDOW_DAYS, KEY_ROTATION_DAYS


class GuardedKey(Guarded):
    """A customer managed key. Nothing else is one, so a factory that takes it cannot get a wrong key."""


def guarded_kms_key(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    account_id: str,
    description: str,
    users: Sequence[Statement],
    rotation_days: int = KEY_ROTATION_DAYS,
    overrides: Mapping[str, Any] | None = None,
) -> GuardedKey:
    """A symmetric, single-region key with its alias `alias/sensor-<id>-<suffix>`.

    users: the statements that allow use; administration stays with the account's own IAM.
    rotation_days: 90 to 365.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    call = Call(scope, id_, "aws_kms_key")
    call.between("rotation_days", rotation_days, 90, KEY_ROTATION_DAYS, "PG_ROT_KMS_KEY")
    call.matches("account_id", account_id, r"\d{12}", "12 digits", "PG_IAM_KMS_POLICY")
    call.unless(bool(users), "users", users, "at least one statement: a key that nobody may use", "PG_IAM_KMS_POLICY")
    for index, user in enumerate(users):
        call.unless(
            "kms:*" not in user.actions and "*" not in user.actions,
            f"users[{index}].actions",
            user.actions,
            "named actions",
            "PG_IAM_KMS_POLICY",
        )
    key = call.build(
        GuardedKey,
        tags=tags,
        overrides=overrides,
        owned={
            "description": description,
            "enable_key_rotation": True,
            "rotation_period_in_days": rotation_days,
            "is_enabled": True,
            "multi_region": False,
            "key_usage": "ENCRYPT_DECRYPT",
            "customer_master_key_spec": "SYMMETRIC_DEFAULT",
            "bypass_policy_lockout_safety_check": False,
            "deletion_window_in_days": KEY_DELETION_WINDOW_DAYS,
            "policy": document([_administration(account_id), *users]),
        },
    )
    alias = Call(scope, f"{id_}_alias", "aws_kms_alias")
    alias.build(Guarded, owned={"name": f"alias/{physical_name(id_, tags)}", "target_key_id": key.ref("key_id")})
    return key


def _administration(account_id: str) -> Statement:
    """Without it, a key whose users are gone can never be managed or deleted again."""
    return Statement(
        sid="AccountAdministration",
        actions=("kms:*",),
        resources=("*",),
        principals={"AWS": (f"arn:aws:iam::{account_id}:root",)},
    )
