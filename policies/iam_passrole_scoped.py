"""IAM.passrole-scoped."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.arns import INTERPOLATION, fields, meant, names_resource, plain, wild
from policies.base import Policy, Violation
from policies.gaps import certain, decided, first, refuse_gap, together
from policies.iam import IDENTITY_POLICIES, Condition, Statement, identity_statements
from policies.terraform import Arguments

PASS_ROLE = "iam:PassRole"
ROLES = frozenset({"aws_iam_role", "data.aws_iam_role"})
SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.amazonaws\.com(?:\.cn)?")


class IamPassroleScoped(Policy):
    """Whoever passes any role to any service runs code under the most powerful role of the account.

    `...IfExists`, `ForAllValues:` and a `*` as the service are no condition: they hold for a request without the key.
    """

    id = "PG_IAM_PASSROLE_SCOPED"
    name = "Ensure iam:PassRole names roles and the service they go to"
    severity = "HIGH"
    resources = ("aws_iam_role", *IDENTITY_POLICIES)
    data = ("aws_iam_policy_document",)
    controls = {
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 2.1", "SR 2.1 RE 1"),
        "iso27001-2022": ("A.5.15", "A.5.18", "A.8.2"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.2.2.a",),
        "nist-800-53-r5": ("AC-3", "AC-6", "AC-6(1)"),
        "nist-csf-2.0": ("PR.AA-05",),
        "pci-dss-4.0": ("7.2.1", "7.2.2"),
        "soc2": ("CC6.3",),
    }
    confidence = "high"
    fix = 'name the role ARNs and add StringEquals "iam:PassedToService" = "<service>.amazonaws.com"'
    source = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Each Allow of iam:PassRole has fixed role ARNs and a fixed service."""
        found = identity_statements(conf)
        yield from together(part for statement in found for part in (_roles(conf, statement), _services(statement)))


def _roles(conf: Arguments, statement: Statement) -> Iterator[Violation]:
    if statement.grants(PASS_ROLE):
        path = f"{statement.path}.Resource"
        named = decided(statement.resources, lambda resource: (resource, _is_role(conf, resource, path)))
        loose = [resource for resource, is_role in certain(named) if not is_role]
        if loose or not named:
            yield Violation(path, ", ".join(loose) or None, "ARNs of roles, without * or ?")
        refuse_gap(named)


def _services(statement: Statement) -> Iterator[Violation]:
    if statement.grants(PASS_ROLE) and first(statement.conditions, _names_service) is None:
        got = ", ".join(f"{c.operator} {c.key}" for c in statement.conditions) or None
        yield Violation(f"{statement.path}.Condition", got, "StringEquals iam:PassedToService on services")


def _is_role(conf: Arguments, resource: str, path: str) -> bool:
    """Whether it is one role: by reference, or by an ARN in which only references take the place of text."""
    found = meant(conf, resource)
    if found is not None:
        return found[0].label in ROLES and found[1] == "arn"
    if INTERPOLATION.match(resource) or wild(plain(conf, resource, path)) or "$${" in resource:
        return False
    service, _, _, name = fields(resource)[2:] if names_resource(conf, resource, path) else ("", "", "", "")
    return service == "iam" and name.startswith("role/")


def _names_service(condition: Condition) -> bool:
    if condition.key != "iam:passedtoservice" or condition.operator not in ("StringEquals", "StringLike"):
        return False
    return bool(condition.values) and all(SERVICE.fullmatch(value) for value in condition.values)
