"""LOG.integrity."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.gaps import certain, decided, refuse_gap, together
from policies.iam import IDENTITY_POLICIES, Statement, identity_statements, statements
from policies.requirements import REVIEWED_MANAGED_POLICIES
from policies.terraform import Arguments, CannotDecide

TAMPERING = (
    "logs:DeleteLogGroup",
    "logs:DeleteLogStream",
    "logs:DeleteRetentionPolicy",
    "logs:DisassociateKmsKey",
    "logs:PutRetentionPolicy",
    "ec2:DeleteFlowLogs",
    "cloudtrail:DeleteTrail",
    "cloudtrail:StopLogging",
)
"""Actions that remove records, or let them expire early or lie unencrypted."""
LOG_RESOURCE_POLICIES = {
    "aws_cloudwatch_log_resource_policy": "policy_document",
    "aws_cloudwatch_log_destination_policy": "access_policy",
}
ATTACHMENTS = (
    "aws_iam_role_policy_attachment",
    "aws_iam_user_policy_attachment",
    "aws_iam_group_policy_attachment",
    "aws_iam_policy_attachment",
)
MANAGED_TAMPERING = frozenset(
    f"arn:aws:iam::aws:policy/{name}"
    for name in (
        "AdministratorAccess",
        "CloudWatchFullAccess",
        "CloudWatchFullAccessV2",
        "CloudWatchLogsFullAccess",
        "PowerUserAccess",
    )
)
"""AWS managed policies that grant one of them (reviewed 2026-11)."""


class LogIntegrity(Policy):
    """The first thing an intruder does with a workload's role is to remove the records of how it was taken.

    Whoever may delete a log group, or shorten its retention to a day, can do that; nothing we run needs to. A log
    resource policy with a public principal lets any account flood the groups, so that the true records drown.
    """

    id = "PG_LOG_INTEGRITY"
    name = "Ensure no role can delete or shorten logs and no log resource policy is public"
    severity = "HIGH"
    resources = (*IDENTITY_POLICIES, "aws_iam_role", *ATTACHMENTS, *LOG_RESOURCE_POLICIES)
    controls = {
        "eu-cra": ("Annex I Part I (2)(f)", "Annex I Part I (2)(l)"),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 3.9",),
        "iso27001-2022": ("A.8.15",),
        "nis2": ("Art.21(2)(b)",),
        "nis2-ir-2024-2690": ("3.2.5",),
        "nist-800-53-r5": ("AU-9",),
        "nist-csf-2.0": ("PR.PS-04",),
        "pci-dss-4.0": ("10.3.1", "10.3.2"),
        "soc2": ("CC7.2", "CC6.1"),
    }
    fix = "grant logs:CreateLogStream and logs:PutLogEvents alone; name each principal of a resource policy"
    source = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        type_ = conf.block.type
        attached = type_ == "aws_iam_role" or type_ in ATTACHMENTS
        managed = _managed(conf, "managed_policy_arns" if type_ == "aws_iam_role" else "policy_arn") if attached else ()
        open_to = statements(conf, LOG_RESOURCE_POLICIES[type_]) if type_ in LOG_RESOURCE_POLICIES else ()
        of_resource = (part for statement in open_to for part in (_tampering(statement), _public(statement)))
        yield from together((managed, together(map(_tampering, identity_statements(conf))), together(of_resource)))


def _tampering(statement: Statement) -> Iterator[Violation]:
    """An Allow that covers one of the actions; a Deny elsewhere does not excuse it, for it may go without notice."""
    granted = decided(TAMPERING, lambda action: action if statement.grants(action) else "")
    actions = [action for action in certain(granted) if action]
    if actions:
        yield Violation(statement.path, ", ".join(actions), "no action that deletes or shortens logs")
    refuse_gap(granted)


def _public(statement: Statement) -> Iterator[Violation]:
    if not statement.allows:
        return
    named = [f"{kind}: {value}" for kind, value in certain(statement.principals)]
    public = ["NotPrincipal"] if statement.not_principals else [principal for principal in named if "*" in principal]
    if public:
        wanted = "named principals; a Condition does not replace them"
        yield Violation(f"{statement.path}.Principal", public[0], wanted)
    refuse_gap(statement.principals)


def _managed(conf: Arguments, name: str) -> Iterator[Violation]:
    unknown = []
    for arn in conf.strings(name):
        if arn in MANAGED_TAMPERING:
            yield Violation(name, arn, "a policy that cannot delete or shorten logs")
        elif arn not in REVIEWED_MANAGED_POLICIES and conf.target(arn, "aws_iam_policy") is None:
            unknown.append(arn)
    if unknown:
        raise CannotDecide(name, unknown[0], "a policy that this configuration declares, or a reviewed one of AWS")
