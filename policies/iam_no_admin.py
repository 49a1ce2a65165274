"""IAM.no-admin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from policies.arns import any_service, matches, names_resource
from policies.base import Policy, Violation
from policies.gaps import Items, certain, collected, first, together
from policies.iam import IDENTITY_POLICIES, Statement, identity_statements
from policies.roles import ATTACHMENTS, HOLDERS, held_statements
from policies.terraform import Arguments

EVERYWHERE = ("ec2:RunInstances", "kms:Decrypt", "lambda:InvokeFunction", "s3:GetObject")
"""Whoever may do all of these may do everything: no list of one workload's actions holds them together."""
IDENTITY = ("iam:AttachRolePolicy", "iam:CreateUser", "iam:PutUserPolicy")
"""Whoever may do all of these is one call away from being an administrator."""
ADMINISTRATOR_POLICIES = ("*administrator*", "*poweruser*", "*fullaccess*")
ATTACHING = {
    "aws_iam_role": "managed_policy_arns",
    "aws_ssoadmin_managed_policy_attachment": "managed_policy_arn",
    **{type_: policies for _, type_, _, policies in ATTACHMENTS},
}
"""Terraform type -> argument that names managed policies."""


class IamNoAdmin(Policy):
    """One stolen task credential with such a grant is the whole account, its backups and its audit trail included.

    A power user (all but IAM), an identity administrator (all of IAM) and AWS's `...FullAccess` policies count as
    administrators: each is one step away. A condition does not excuse such a grant.
    """

    id = "PG_IAM_NO_ADMIN"
    name = "Ensure no policy gives administrator access"
    severity = "CRITICAL"
    waivable = False
    resources = tuple(dict.fromkeys((*IDENTITY_POLICIES, *HOLDERS, *ATTACHING)))
    data = ("aws_iam_policy_document",)
    controls = {
        "aws-fsbp": ("IAM.1",),
        "cis-aws-7.0": ("2.14",),
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 2.1", "SR 2.1 RE 1", "SR 2.1 RE 2"),
        "iso27001-2022": ("A.5.18", "A.8.2"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.2.2.a", "11.3.2.c"),
        "nist-800-53-r5": ("AC-3", "AC-6", "AC-6(10)", "AC-6(2)"),
        "nist-csf-2.0": ("PR.AA-05",),
        "pci-dss-4.0": ("7.2.1", "7.2.2"),
        "soc2": ("CC6.3",),
    }
    confidence = "high"
    fix = "grant the listed actions the workload calls, on the resources it uses"
    source = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """No document, nor all that a holder has, covers all actions, and no administrator policy is attached."""
        raw = conf.values.get(ATTACHING.get(conf.block.type, ""))
        attached = (_attached(conf, item) for item in (raw if isinstance(raw, list) else [raw]))
        declared = conf.block.type in HOLDERS
        held = collected((s for _, s in held_statements(conf)) if declared else identity_statements(conf))
        yield from together((*attached, _all(held, EVERYWHERE, _is_wide), _all(held, IDENTITY, _is_unnamed)))


def _attached(conf: Arguments, item: Any) -> Iterator[Violation]:
    argument = ATTACHING.get(conf.block.type, "")
    if item is None or conf.target(item, "aws_iam_policy"):
        return  # a declared policy is judged where it is declared
    arn = conf.configuration.resolve(item, argument)
    conf.note(argument, arn)
    name = str(arn).rpartition("/")[2]
    if ":iam::aws:" in str(arn) and any(matches(pattern, name) for pattern in ADMINISTRATOR_POLICIES):
        yield Violation(argument, arn, "no policy of AWS that administers a service or the account")
    elif ":iam::aws:" not in str(arn):
        yield Violation(argument, arn, "an aws_iam_policy of the same configuration", undecided=True)


def _all(held: Items[Statement], probes: tuple[str, ...], wide: Callable[[Statement], bool]) -> Iterator[Violation]:
    """Whether statements that are wide enough grant all probes together."""

    def granting(probe: str) -> Statement | None:
        return first(held, lambda statement: statement.grants(probe) and wide(statement))

    if first(probes, lambda probe: granting(probe) is None) is None and (found := granting(probes[0])):
        yield Violation(found.path, _described(found), "the actions and resources of one workload")


def _is_wide(statement: Statement) -> bool:
    return bool(statement.not_resources) or any(any_service(resource) for resource in statement.resources)


def _is_unnamed(statement: Statement) -> bool:
    conf, path = statement.conf, statement.path
    unnamed = first(statement.resources, lambda resource: not names_resource(conf, resource, path))
    return bool(statement.not_resources) or unnamed is not None


def _described(statement: Statement) -> str:
    resources = (*certain(statement.resources), *(f"not {r}" for r in certain(statement.not_resources)))
    return f"{statement.described()} on {', '.join(resources)}"
