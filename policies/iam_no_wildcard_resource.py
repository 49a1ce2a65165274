"""IAM.no-wildcard-resource."""

from __future__ import annotations

from collections.abc import Iterator

from policies.arns import names_resource
from policies.base import Policy, Violation
from policies.iam import IDENTITY_POLICIES, Statement, identity_statements
from policies.requirements import UNSCOPABLE_ACTIONS
from policies.terraform import Arguments

UNSCOPABLE = frozenset(action.lower() for action in UNSCOPABLE_ACTIONS)


class IamNoWildcardResource(Policy):
    """With `*` as its resource, a grant for our queue is one for every queue of the account, other teams' included.

    `role/*`, `secret:*` or `arn:aws:sqs:*:*:*` name nothing either: they differ from `*` in looks only. The actions
    AWS cannot scope are a reviewed list, not a lookup, so that a new action is a decision and not an update's effect.
    """

    id = "PG_IAM_NO_WILDCARD_RESOURCE"
    name = "Ensure Allow statements name their resources"
    severity = "HIGH"
    resources = ("aws_iam_role", *IDENTITY_POLICIES)
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
    fix = "give the ARNs the workload uses; move actions that take no resource into a statement of their own"
    source = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Every resource of an Allow is named, unless none of its actions can be scoped."""
        for statement in identity_statements(conf):
            if statement.allows:
                yield from _unnamed(statement)


def _unnamed(statement: Statement) -> Iterator[Violation]:
    path = f"{statement.path}.Resource"
    scopable = [action for action in statement.actions if action.lower() not in UNSCOPABLE]
    if not scopable and not statement.not_actions:
        return
    unnamed = [resource for resource in statement.resources if not names_resource(resource, path)]
    if unnamed or not statement.resources:
        got = f"{', '.join(unnamed) or 'none'} for {', '.join(scopable) or 'NotAction'}"
        yield Violation(path, got, "ARNs with a region, an account and a name; * only for actions AWS cannot scope")
