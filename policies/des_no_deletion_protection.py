"""DES.no-deletion-protection."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.environment import is_ephemeral
from policies.terraform import Arguments

ARGUMENTS = {
    "aws_alb": "enable_deletion_protection",
    "aws_cloudwatch_log_group": "deletion_protection_enabled",
    "aws_cognito_user_pool": "deletion_protection",
    "aws_db_instance": "deletion_protection",
    "aws_docdb_cluster": "deletion_protection",
    "aws_dsql_cluster": "deletion_protection_enabled",
    "aws_dynamodb_table": "deletion_protection_enabled",
    "aws_eks_cluster": "deletion_protection",
    "aws_instance": "disable_api_termination",
    "aws_launch_template": "disable_api_termination",
    "aws_lb": "enable_deletion_protection",
    "aws_neptune_cluster": "deletion_protection",
    "aws_networkfirewall_firewall": "delete_protection",
    "aws_rds_cluster": "deletion_protection",
    "aws_rds_global_cluster": "deletion_protection",
}
"""Terraform type -> what protects it from deletion. Absent is off for each."""
OFF = (None, "false", "INACTIVE")


class DesNoDeletionProtection(Policy):
    """An environment that a pipeline cannot remove goes on costing money and holding data that nobody looks after.

    RDS.8 and the like demand the opposite: they mean data that must last. Ephemeral data is a copy with an end, and
    DES.class-guard demands protection for every other class.
    """

    id = "PG_DES_NO_DELETION_PROTECTION"
    name = "Ensure ephemeral resources have no deletion protection"
    severity = "MEDIUM"
    resources = tuple(ARGUMENTS)
    profiles = ("sensor-platform",)
    controls = {
        "gdpr": ("Art.5(1)(e)",),
        "iso27001-2022": ("A.8.31", "A.8.10"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("12.2.2.b", "12.2.2.a"),
        "nist-800-53-r5": ("SI-12", "SI-12(3)"),
        "nist-csf-2.0": ("ID.AM-08",),
        "soc2": ("C1.2",),
    }
    strength = "internal"
    conflicts = {"aws-fsbp": ("RDS.8",), "nist-800-53-r5": ("CP-2(5)", "SC-5(2)"), "soc2": ("C1.1",)}
    fix = "deletion_protection = false, in environments of the ephemeral class"
    source = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        argument = ARGUMENTS[conf.block.type]
        value = conf.text(argument)
        if is_ephemeral(conf) and value not in OFF:
            yield Violation(argument, value, "false")
