"""IAM.kms-policy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.accounts import is_caller
from policies.base import Policy, Violation
from policies.gaps import Items, certain, collected, decided, first, refuse_gap, together
from policies.iam import Condition, Statement, statements
from policies.principals import (
    ANYONE,
    CALLER_KEYS,
    FOREIGN,
    LIMITED,
    SERVICE,
    SOURCE_KEYS,
    pinned,
    standing,
    unlimiting,
    via_service,
)
from policies.profiles import SENSOR_PLATFORM
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
SERVICES = re.compile(r"(?:cloudwatch|events|events\.rds|fargate|iot|logs(?:\.[a-z0-9-]+)?|rds)\.amazonaws\.com$")
"""What of AWS uses a key in its own name here; the others do so for one of our roles."""
GRANT_LIMITS = {"kms:grantisforawsresource": ("true",)}


class IamKmsPolicy(Policy):
    """Whoever writes a key's policy and also decrypts with it can read all data and hide who else may.

    The statement for the account root with kms:* is AWS's documented default and accepted: without it a key whose
    administrators are gone is lost, and it grants nothing before an IAM policy does. `*` as Resource means this key.
    A service that may make grants is told which. In sensor-platform no service is admitted that nothing here uses.
    A condition on an account or a service that holds for any other too (`...IfExists`, `*`) limits nothing: refused.
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
    confidence = "high"
    fix = "give guarded_kms_key its users as roles; condition services on aws:SourceAccount or the encryption context"
    source = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """The policy is explicit, for our account only, and nobody but the account root both administers and uses."""
        if conf.block.type == "aws_kms_grant":
            yield from _granted(conf)
            return
        separate = collected(_separate(conf))
        found = collected(together((statements(conf), together(statements(policy) for policy in separate))))
        checks = (_explicit(found), *(_bypass(conf, holder) for holder in (conf, *certain(separate))))
        yield from together((*checks, *(_admitted(conf, s) for s in certain(found)), _both(conf, found)))


def _explicit(found: Items[Statement]) -> Iterator[Violation]:
    if first(found, lambda statement: statement.allows) is None:
        yield Violation("policy", None, "an explicit key policy; the default lets IAM policies alone decide")


def _bypass(conf: Arguments, holder: Arguments) -> Iterator[Violation]:
    path = "bypass_policy_lockout_safety_check"
    if holder.flag(path):
        yield Violation(path if holder is conf else f"{holder.address}.{path}", True, "false")


def _granted(conf: Arguments) -> Iterator[Violation]:
    """A grant is a key policy by another name, and needs no change of the policy."""
    for argument in ("grantee_principal", "retiring_principal"):
        principal = conf.text(argument)
        if principal and standing(conf, "AWS", principal, argument) in (ANYONE, FOREIGN):
            yield Violation(argument, principal, "a role of our account")


def _separate(conf: Arguments) -> Iterator[Arguments]:
    """The aws_kms_key_policy that replaces this key's own policy."""
    yield from together(_if_of(conf, policy) for policy in conf.resources("aws_kms_key_policy"))


def _if_of(conf: Arguments, policy: Arguments) -> Iterator[Arguments]:
    raw = policy.values.get("key_id")
    target = conf.target(raw, *KEYS)
    if target is None:
        raise CannotDecide(f"{policy.address}.key_id", raw, f"a reference; it may mean {conf.address}")
    if target is conf.block:
        yield policy


def _admitted(conf: Arguments, statement: Statement) -> Iterator[Violation]:
    for loose in unlimiting(conf, statement):
        yield Violation(f"{statement.path}.Condition", loose, LIMITED)
    if statement.allows and not statement.principals:
        got = "NotPrincipal" if statement.not_principals else None
        yield Violation(f"{statement.path}.Principal", got, "named principals")
    principals = statement.principals if statement.allows else ()
    yield from together(_admits(conf, statement, *principal) for principal in principals)


def _admits(conf: Arguments, statement: Statement, kind: str, value: str) -> Iterator[Violation]:
    path = f"{statement.path}.Principal"
    found = standing(conf, kind, value, path)
    if found == SERVICE:
        if not (pinned(conf, statement.conditions, SERVICE_KEYS) or via_service(statement)):
            yield Violation(f"{statement.path}.Condition", value, "a condition that names our account")
        if _lends(statement) and not any(map(_names_operations, statement.conditions)):
            requires = "kms:GrantOperations, or Bool kms:GrantIsForAWSResource, beside kms:CreateGrant"
            yield Violation(f"{statement.path}.Condition", value, requires)
        if conf.profile.name == SENSOR_PLATFORM.name and not SERVICES.match(value):
            yield Violation(path, value, "a service that this platform lets use a key")
    elif found == FOREIGN or (found == ANYONE and not pinned(conf, statement.conditions, ADMITTED_KEYS)):
        yield Violation(path, f"{kind}: {value} ({found})", "roles of our account, or kms:CallerAccount")


def _both(conf: Arguments, found: Items[Statement]) -> Iterator[Violation]:
    held: dict[str, list[Statement]] = {}
    granting = decided(found, lambda statement: (statement, statement.allows))
    theirs = [statement for statement, allows in certain(granting) if allows]
    for statement in theirs:
        for _, value in certain(statement.principals):
            held.setdefault(value, []).append(statement)
    yield from together(_separated(conf, principal, statements) for principal, statements in held.items())
    refuse_gap(granting)
    for statement in theirs:
        refuse_gap(statement.principals)


def _separated(conf: Arguments, principal: str, theirs: list[Statement]) -> Iterator[Violation]:
    administers = first(theirs, lambda s: first(ADMINISTRATION, s.grants) is not None)
    uses = first(theirs, lambda s: first(USE, s.grants) is not None or _lends(s))
    if administers and uses and not _is_root(conf, principal):
        yield Violation(theirs[0].path, f"{principal} administers and uses the key", "one role for each")


def _lends(statement: Statement) -> bool:
    """Whether it may create any grant, one for its own use of the key included."""
    if not statement.grants("kms:CreateGrant"):
        return False
    return not any(c.operator == "Bool" and GRANT_LIMITS.get(c.key) == c.values for c in statement.conditions)


def _names_operations(condition: Condition) -> bool:
    """Whether it says what a grant may lend; with ForAllValues as well, since every request for a grant has the key."""
    exact = condition.operator.rpartition(":")[2] == "StringEquals"
    return exact and condition.key == "kms:grantoperations" and bool(condition.values)


def _is_root(conf: Arguments, principal: str) -> bool:
    """Whether it is an account as a whole; whose, was asked before."""
    return principal.endswith(":root") or principal.isdigit() or is_caller(conf, principal)
