"""IAM.kms-policy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.accounts import is_caller
from policies.base import Policy, Violation
from policies.iam import Statement, statements
from policies.principals import ANYONE, CALLER_KEYS, FOREIGN, SERVICE, SOURCE_KEYS, pinned, standing
from policies.terraform import Arguments, CannotDecide

KEYS = ("aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key")
ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:DeleteImportedKeyMaterial",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
)
USE = ("kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom")
SERVICE_KEYS = SOURCE_KEYS | {"kms:encryptioncontext:", "kms:calleraccount"}
"""Conditions that name our account in a request of an AWS service."""
ADMITTED_KEYS = CALLER_KEYS | {"aws:principalorgid"}
EXACT = ("StringEquals", "StringLike")
GRANT_LIMITS = {"kms:grantisforawsresource": ("true",)}


class IamKmsPolicy(Policy):
    """Whoever writes a key's policy and also decrypts with it can read all data and hide who else may.

    The statement for the account root with kms:* is AWS's documented default and accepted: without it a key whose
    administrators are gone is lost, and it grants nothing before an IAM policy does. `*` as Resource means this key.
    """

    id = "PG_IAM_KMS_POLICY"
    name = "Ensure key policies separate administration from use"
    severity = "HIGH"
    resources = (*KEYS, "aws_kms_grant")
    controls = {
        "aws-fsbp": ("KMS.5",),
        "cis-aws-7.0": ("2.21",),
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 2.1", "SR 2.1 RE 1"),
        "iso27001-2022": ("A.5.15", "A.5.18", "A.8.2", "A.8.24", "A.5.3"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("9.2.c.iv", "11.2.2.a"),
        "nist-800-53-r5": ("AC-3", "AC-5", "AC-6", "SC-12"),
        "nist-csf-2.0": ("PR.AA-05",),
        "pci-dss-4.0": ("3.6.1", "3.6.1.3", "7.2.1"),
        "soc2": ("CC6.3",),
    }
    fix = "give guarded_kms_key its users as roles; condition services on aws:SourceAccount or the encryption context"
    source = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """The policy is explicit, for our account only, and nobody but the account root both administers and uses."""
        if conf.block.type == "aws_kms_grant":
            yield from _granted(conf)
            return
        found = [*statements(conf), *(s for policy in _separate(conf) for s in statements(policy))]
        granting = [statement for statement in found if statement.allows]
        if not granting:
            yield Violation("policy", None, "an explicit key policy; the default lets IAM policies alone decide")
        for holder in (conf, *_separate(conf)):
            if holder.flag("bypass_policy_lockout_safety_check"):
                path = "bypass_policy_lockout_safety_check"
                yield Violation(path if holder is conf else f"{holder.address}.{path}", True, "false")
        for statement in granting:
            yield from _admitted(conf, statement)
        yield from _both(conf, granting)


def _granted(conf: Arguments) -> Iterator[Violation]:
    """A grant is a key policy by another name, and needs no change of the policy."""
    for argument in ("grantee_principal", "retiring_principal"):
        principal = conf.text(argument)
        if principal and standing(conf, "AWS", principal, argument) in (ANYONE, FOREIGN):
            yield Violation(argument, principal, "a role of our account")


def _separate(conf: Arguments) -> Iterator[Arguments]:
    """The aws_kms_key_policy that replaces this key's own policy."""
    for policy in conf.resources("aws_kms_key_policy"):
        raw = policy.values.get("key_id")
        target = conf.target(raw, *KEYS)
        if target is None:
            raise CannotDecide(f"{policy.address}.key_id", raw, f"a reference; it may mean {conf.address}")
        if target is conf.block:
            yield policy


def _admitted(conf: Arguments, statement: Statement) -> Iterator[Violation]:
    path = f"{statement.path}.Principal"
    if not statement.principals:
        yield Violation(path, "NotPrincipal" if statement.not_principals else None, "named principals")
    for kind, value in statement.principals:
        found = standing(conf, kind, value, path)
        if found == SERVICE:
            if not (pinned(conf, statement.conditions, SERVICE_KEYS) or _via_service(statement)):
                yield Violation(f"{statement.path}.Condition", value, "a condition that names our account")
        elif found == FOREIGN or (found == ANYONE and not pinned(conf, statement.conditions, ADMITTED_KEYS)):
            yield Violation(path, f"{kind}: {value} ({found})", "roles of our account, or kms:CallerAccount")


def _via_service(statement: Statement) -> bool:
    """kms:ViaService is set only where a service forwards one of our principals' requests, so it admits no stranger."""
    named = [c.values for c in statement.conditions if c.key == "kms:viaservice" and c.operator in EXACT]
    return any(values and all(re.match(r"[\w-]", value) for value in values) for values in named)


def _both(conf: Arguments, granting: list[Statement]) -> Iterator[Violation]:
    held: dict[str, list[Statement]] = {}
    for statement in granting:
        for _, value in statement.principals:
            held.setdefault(value, []).append(statement)
    for principal, theirs in held.items():
        administers = any(s.grants(action) for s in theirs for action in ADMINISTRATION)
        uses = any(s.grants(action) for s in theirs for action in USE) or any(_lends(s) for s in theirs)
        if administers and uses and not _is_root(conf, principal):
            yield Violation(theirs[0].path, f"{principal} administers and uses the key", "one role for each")


def _lends(statement: Statement) -> bool:
    """Whether it may create any grant, one for its own use of the key included."""
    limited = any(c.operator == "Bool" and GRANT_LIMITS.get(c.key) == c.values for c in statement.conditions)
    return statement.grants("kms:CreateGrant") and not limited


def _is_root(conf: Arguments, principal: str) -> bool:
    """Whether it is an account as a whole; whose, was asked before."""
    return principal.endswith(":root") or principal.isdigit() or is_caller(conf, principal)
