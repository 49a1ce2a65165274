"""SEC.resource-policy."""

from __future__ import annotations

from collections.abc import Iterator

from policies.arns import fields, meant, wild
from policies.base import Policy, Violation
from policies.gaps import collected, together
from policies.iam import Statement, statements
from policies.profiles import SENSOR_PLATFORM
from policies.terraform import Arguments

POLICY = "aws_secretsmanager_secret_policy"
READERS = frozenset({"aws_iam_role", "aws_iam_user", "data.aws_iam_role", "data.aws_iam_user"})


class SecResourcePolicy(Policy):
    """A secret without a policy of its own is open to whatever any identity policy of the account allows.

    A condition does not excuse a wildcard principal: the next condition key that AWS adds may undo it. The account
    root is no reader: it stands for every principal of the account.
    In generic a secret may do without a policy, as most do: no other account can read it then. One that has a policy
    is judged by it.
    """

    id = "PG_SEC_RESOURCE_POLICY"
    name = "Ensure owned secrets have a restrictive resource policy"
    severity = "MEDIUM"
    resources = ("aws_secretsmanager_secret",)
    controls = {
        "cis-aws-7.0": ("2.21",),
        "eu-cra": ("Annex I Part I (2)(d)", "Annex I Part I (2)(e)"),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 2.1", "SR 1.5"),
        "iso27001-2022": ("A.5.15", "A.5.17"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("9.2.c.iv", "11.2.2.a"),
        "nist-800-53-r5": ("AC-3", "AC-6", "IA-5"),
        "nist-csf-2.0": ("PR.AA-05",),
        "pci-dss-4.0": ("7.2.5", "8.3.2"),
        "soc2": ("CC6.1",),
    }
    fix = f"add {POLICY} with block_public_policy = true and the roles that read the secret as principals"
    source = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """A policy resource that blocks public policies and whose Allow statements name roles or users."""
        policies = conf.referred_by(POLICY, "secret_arn")
        if not policies and conf.profile.name == SENSOR_PLATFORM.name:
            yield Violation("policy", None, f"an {POLICY} whose secret_arn refers to this secret")
        yield from together(part for policy in policies for part in (_blocks(policy), _restricts(policy)))


def _blocks(policy: Arguments) -> Iterator[Violation]:
    blocked = policy.flag("block_public_policy")
    if blocked is not True:
        yield Violation(f"{policy.address}.block_public_policy", blocked, "true")


def _restricts(policy: Arguments) -> Iterator[Violation]:
    found = collected(statements(policy))
    if not found:
        yield Violation(f"{policy.address}.policy", "no statement", "the readers as principals")
    yield from together(_readers(policy, statement) for statement in found)


def _readers(policy: Arguments, statement: Statement) -> Iterator[Violation]:
    if not statement.allows:
        return
    path = f"{policy.address}.{statement.path}.Principal"
    if statement.not_principals or not statement.principals:
        yield Violation(path, None, "the ARNs of the readers, not who is left out")
    for kind, principal in statement.principals:
        if kind != "AWS" or not _names_reader(policy, principal):
            yield Violation(path, f"{kind}: {principal}", "the ARN of a role or user")


def _names_reader(policy: Arguments, principal: str) -> bool:
    found = meant(policy, principal)
    if found is not None:
        return found[0].label in READERS and found[1] == "arn"
    parts = fields(principal)
    named = len(parts) == 6 and parts[2] == "iam" and parts[5].startswith(("role/", "user/"))
    return named and not wild(principal)
