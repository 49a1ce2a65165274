"""IAM.no-not-action."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.gaps import certain, decided, together
from policies.iam import IDENTITY_POLICIES, Statement, identity_statements, statements
from policies.resource_policies import RESOURCE_POLICIES, resource_statements
from policies.terraform import Arguments


class IamNoNotAction(Policy):
    """An inverted Allow grants everything but what its author thought of; each new AWS service joins it unseen.

    Deny with NotAction stays allowed: that is how other regions are denied without breaking global services.
    """

    id = "PG_IAM_NO_NOT_ACTION"
    name = "Ensure Allow statements are not inverted"
    severity = "HIGH"
    resources = ("aws_iam_role", *IDENTITY_POLICIES, *RESOURCE_POLICIES)
    data = ("aws_iam_policy_document",)
    controls = {
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 2.1", "SR 2.1 RE 1"),
        "iso27001-2022": ("A.5.15", "A.5.18", "A.8.2"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.2.2.a",),
        "nist-800-53-r5": ("AC-3", "AC-6"),
        "nist-csf-2.0": ("PR.AA-05",),
        "pci-dss-4.0": ("7.2.1", "7.2.2"),
        "soc2": ("CC6.3",),
    }
    fix = "write Action, Resource and Principal instead of NotAction, NotResource and NotPrincipal"
    source = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """No NotAction, NotResource or NotPrincipal in any Allow."""
        yield from together(map(_inverted, _statements(conf)))


def _inverted(statement: Statement) -> Iterator[Violation]:
    inverted = {
        "NotAction": statement.not_actions,
        "NotResource": statement.not_resources,
        "NotPrincipal": decided(statement.not_principals, ": ".join),
    }
    for element, values in inverted.items() if statement.allows else ():
        if values:
            got = ", ".join(certain(values)) or "a value that is not known"
            yield Violation(f"{statement.path}.{element}", got, f"no {element} in an Allow")


def _statements(conf: Arguments) -> Iterator[Statement]:
    yield from identity_statements(conf)
    if conf.block.type == "aws_iam_role":
        yield from statements(conf, "assume_role_policy")
    yield from resource_statements(conf)
