"""IAM.no-public-principal."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.iam import RESOURCE_POLICIES, Condition, Statement, statements
from policies.principals import (
    ANYONE,
    CALLER_KEYS,
    FEDERATED,
    FOREIGN,
    ORGANISATION_KEYS,
    SOURCE_KEYS,
    pinned,
    standing,
)
from policies.terraform import Arguments

DOCUMENTS = {"aws_iam_role": "assume_role_policy", **RESOURCE_POLICIES}
del DOCUMENTS["aws_vpc_endpoint"]  # grants nothing: it narrows what others grant to whoever is inside the VPC
PINNING_KEYS = CALLER_KEYS | ORGANISATION_KEYS | SOURCE_KEYS
SUBJECT_KEYS = (":sub", "saml:aud", "cognito-identity.amazonaws.com:aud")
"""Keys that say which of an identity provider's identities is meant."""


class IamNoPublicPrincipal(Policy):
    """`*` is everyone with an AWS account, and for a queue or a topic everyone with a browser.

    A condition on the network (aws:SourceIp, aws:SourceVpce) is not enough: it says where a caller is, not whose he
    is. The account of another team or customer is refused as well: the platform shares nothing.
    """

    id = "PG_IAM_NO_PUBLIC_PRINCIPAL"
    name = "Ensure no policy admits anyone outside the account"
    severity = "CRITICAL"
    waivable = False
    resources = ("aws_lambda_permission", "aws_lambda_function_url", *DOCUMENTS)
    controls = {
        "aws-fsbp": ("KMS.5", "Lambda.1", "SNS.4", "SQS.3"),
        "cis-aws-7.0": ("2.21",),
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 2.1", "SR 2.1 RE 1"),
        "iso27001-2022": ("A.5.15", "A.5.18", "A.8.2"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.2.2.a",),
        "nist-800-53-r5": ("AC-3", "AC-6", "AC-4", "SC-7(5)"),
        "nist-csf-2.0": ("PR.AA-05",),
        "pci-dss-4.0": ("7.2.1", "7.2.2"),
        "soc2": ("CC6.3", "CC6.1", "CC6.6"),
    }
    fix = "name roles of our account, or add aws:PrincipalAccount / aws:PrincipalOrgID under StringEquals"
    source = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Each Allow is for principals of our account, or pinned to it."""
        if conf.block.type == "aws_lambda_permission":
            yield from _lambda_permission(conf)
        elif conf.block.type == "aws_lambda_function_url":
            kind = conf.text("authorization_type")
            if kind != "AWS_IAM":
                yield Violation("authorization_type", kind, '"AWS_IAM"')
        else:
            for statement in statements(conf, DOCUMENTS[conf.block.type]):
                if statement.allows and not pinned(conf, statement.conditions, PINNING_KEYS):
                    yield from _strangers(conf, statement)


def _strangers(conf: Arguments, statement: Statement) -> Iterator[Violation]:
    path = f"{statement.path}.Principal"
    if statement.not_principals:
        yield Violation(f"{statement.path}.NotPrincipal", "everyone else", "principals of our account")
    for kind, value in statement.principals:
        found = standing(conf, kind, value, path)
        if found in (ANYONE, FOREIGN):
            yield Violation(path, f"{kind}: {value} ({found})", "principals of our account, or a condition on it")
        elif found == FEDERATED and not any(_names_subject(condition) for condition in statement.conditions):
            yield Violation(path, f"{kind}: {value}", "a condition that names the subject (`<provider>:sub`)")


def _names_subject(condition: Condition) -> bool:
    fixed = bool(condition.values) and all(value[:1] not in ("", "*", "?") for value in condition.values)
    return condition.operator in ("StringEquals", "StringLike") and condition.key.endswith(SUBJECT_KEYS) and fixed


def _lambda_permission(conf: Arguments) -> Iterator[Violation]:
    principal, organisation = conf.text("principal") or "", conf.text("principal_org_id")
    kind = "Service" if principal.endswith((".amazonaws.com", ".amazon.com")) else "AWS"
    found = standing(conf, kind, principal, "principal")
    if found in (ANYONE, FOREIGN) and not (organisation or "").startswith("o-"):
        yield Violation("principal", f"{principal} ({found})", "a service, our account, or principal_org_id")
