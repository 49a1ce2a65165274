"""IAM.no-privilege-escalation."""

from __future__ import annotations

from collections.abc import Iterator

from policies.arns import names_resource
from policies.base import Policy, Violation
from policies.escalations import COMBINATIONS
from policies.gaps import Items, certain, collected, first, refuse_gap, together
from policies.iam import IDENTITY_POLICIES, Statement, identity_statements
from policies.roles import ATTACHMENTS, HOLDERS, held_statements, stray_statements
from policies.terraform import Arguments

Held = Items[tuple[str, Statement]]
"""Statements, each with the address it stands in."""


class IamNoPrivilegeEscalation(Policy):
    """A harmless-looking pair of grants, perhaps in two policies, lets a stolen credential make itself administrator.

    So all policies of a role, user or group are judged together, those of one declared elsewhere included. Neither
    a condition, a narrow resource, a Deny nor a permissions boundary excuses a combination: no workload here
    deploys, and the two that pass alone may be widened later.
    """

    id = "PG_IAM_NO_PRIVILEGE_ESCALATION"
    name = "Ensure no role can widen its own rights"
    severity = "CRITICAL"
    waivable = False
    resources = (*HOLDERS, *IDENTITY_POLICIES, *sorted({type_ for _, type_, _, _ in ATTACHMENTS}))
    data = ("aws_iam_policy_document",)
    controls = {
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 2.1", "SR 2.1 RE 1"),
        "iso27001-2022": ("A.5.15", "A.5.18", "A.8.2"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.2.2.a", "11.3.2.c"),
        "nist-800-53-r5": ("AC-3", "AC-6", "AC-6(10)", "AC-6(1)"),
        "nist-csf-2.0": ("PR.AA-05",),
        "pci-dss-4.0": ("7.2.1", "7.2.2"),
        "soc2": ("CC6.3",),
    }
    confidence = "high"
    fix = "take the combination apart: leave deploying, IAM and remote commands to the pipeline's role"
    source = "https://rhinosecuritylabs.com/aws/aws-privilege-escalation-methods-mitigation/"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """No combination in what a holder has altogether, or in one policy."""
        if conf.block.type in HOLDERS:
            yield from _escalates(conf, collected(held_statements(conf)))
            return
        own = collected((conf.address, statement) for statement in identity_statements(conf))
        strays: dict[str, list[tuple[str, Statement]]] = {}
        found = collected(stray_statements(conf))
        for holder, held in certain(found):
            strays.setdefault(holder, []).append(held)
        yield from together(_escalates(conf, held_there) for held_there in (own, *map(tuple, strays.values())))
        refuse_gap(found)


def _escalates(conf: Arguments, held: Held) -> Iterator[Violation]:
    """Combinations that statements give together; one of which no statement is certain is not asked for."""
    combinations = COMBINATIONS if held else ()
    combined = (_combined(conf, held, combination) for combination in combinations)
    yield from together((*combined, *(_assumes(conf, *pair) for pair in certain(held))))


def _combined(conf: Arguments, held: Held, combination: tuple[str, ...]) -> Iterator[Violation]:
    giving = [_giving(held, action) for action in combination]
    if all(giving) and (last := giving[-1]):
        yield _violation(conf, " + ".join(combination), *last)


def _giving(held: Held, action: str) -> tuple[str, Statement] | None:
    return first(held, lambda pair: pair[1].grants(action))


def _assumes(conf: Arguments, address: str, statement: Statement) -> Iterator[Violation]:
    if statement.grants("sts:AssumeRole"):
        path = f"{statement.path}.Resource"
        unnamed = first(statement.resources, lambda resource: not names_resource(conf, resource, path))
        if unnamed is not None or statement.not_resources:
            yield _violation(conf, "sts:AssumeRole of any role", address, statement)


def _violation(conf: Arguments, combination: str, address: str, statement: Statement) -> Violation:
    where = statement.path if address == conf.address else f"{address}.{statement.path}"
    return Violation(where, combination, "no combination that lends or adds rights")
