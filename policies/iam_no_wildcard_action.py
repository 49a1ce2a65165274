"""IAM.no-wildcard-action."""

from __future__ import annotations

from collections.abc import Iterator

from policies.arns import wild
from policies.base import Policy, Violation
from policies.gaps import certain, refuse_gap, together
from policies.iam import IDENTITY_POLICIES, Statement, identity_statements, is_of_a_key, statements
from policies.resource_policies import RESOURCE_POLICIES, resource_statements
from policies.terraform import Arguments

OWNED_ELSEWHERE = ("aws_kms", "aws_vpc_endpoint")
"""Key policies are IAM.kms-policy's; an endpoint policy grants nothing, it narrows what others grant."""
JUDGED = tuple(type_ for type_ in RESOURCE_POLICIES if not type_.startswith(OWNED_ELSEWHERE))
PERMISSIONS = ("aws_lambda_layer_version_permission", "aws_lambda_permission")
"""Types that grant one action without a document."""


class IamNoWildcardAction(Policy):
    """A wildcard grants actions that AWS has not invented yet: what was reviewed is not what is granted next year.

    Any `*` or `?` in an Allow is refused, partial ones (`s3:Get*`) included: nobody sees by looking at `s3:Get*` that
    it reads bucket policies, and a list is what least privilege means. Deny statements may be as wide as they like.
    """

    id = "PG_IAM_NO_WILDCARD_ACTION"
    name = "Ensure Allow statements list their actions"
    severity = "HIGH"
    resources = ("aws_iam_role", *IDENTITY_POLICIES, *JUDGED, *PERMISSIONS)
    data = ("aws_iam_policy_document",)
    controls = {
        "aws-fsbp": ("IAM.21",),
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 2.1", "SR 2.1 RE 1", "SR 7.7"),
        "iso27001-2022": ("A.5.15", "A.5.18", "A.8.2"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.2.2.a",),
        "nist-800-53-r5": ("AC-3", "AC-6", "CM-7"),
        "nist-csf-2.0": ("PR.AA-05",),
        "pci-dss-4.0": ("7.2.1", "7.2.2"),
        "soc2": ("CC6.3",),
    }
    confidence = "high"
    fix = "replace the wildcard by the actions that the workload calls"
    source = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """No wildcard in any Allow of an identity, trust or resource policy."""
        if conf.block.type in PERMISSIONS and wild(conf.text("action") or "*"):
            yield Violation("action", conf.text("action"), "an action without * or ?")
        yield from together(map(_wild, _statements(conf)))


def _wild(statement: Statement) -> Iterator[Violation]:
    if statement.allows and not is_of_a_key(statement):
        found = [action for action in certain(statement.actions) if wild(action)]
        if found:
            yield Violation(f"{statement.path}.Action", ", ".join(found), "actions without * or ?")
        refuse_gap(statement.actions)


def _statements(conf: Arguments) -> Iterator[Statement]:
    yield from identity_statements(conf)
    if conf.block.type == "aws_iam_role":
        yield from statements(conf, "assume_role_policy")
    yield from resource_statements(conf)
