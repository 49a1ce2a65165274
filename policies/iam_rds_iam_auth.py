"""IAM.rds-iam-auth."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.terraform import Arguments

GROUPS = {
    "aws_db_instance": ("parameter_group_name", "aws_db_parameter_group"),
    "aws_rds_cluster": ("db_cluster_parameter_group_name", "aws_rds_cluster_parameter_group"),
}
PARAMETER, SECURE = "password_encryption", "scram-sha-256"


class IamRdsIamAuth(Policy):
    """A database password that leaks works until it rotates; an IAM token works for 15 minutes, for one role.

    Aurora keeps the switch at the cluster, Multi-AZ clusters have it there as well: both types are judged. Passwords
    that stay must be kept as SCRAM: an MD5 hash is as good as the password. PostgreSQL's own default is SCRAM.
    """

    id = "PG_IAM_RDS_IAM_AUTH"
    name = "Ensure IAM database authentication is enabled"
    severity = "MEDIUM"
    resources = ("aws_db_instance", "aws_rds_cluster")
    controls = {
        "aws-fsbp": ("RDS.10",),
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 1.2", "SR 1.3"),
        "iso27001-2022": ("A.8.5", "A.5.16"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.4.2.c",),
        "nist-800-53-r5": ("AC-2(1)", "IA-5"),
        "nist-csf-2.0": ("PR.AA-03",),
        "pci-dss-4.0": ("7.2.1", "7.3.1"),
        "soc2": ("CC6.3",),
    }
    confidence = "high"
    fix = "set iam_database_authentication_enabled = true"
    source = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Set and true: AWS's default is false."""
        enabled = conf.flag("iam_database_authentication_enabled")
        if not enabled:
            yield Violation("iam_database_authentication_enabled", enabled, "true")
        argument, type_ = GROUPS[conf.block.type]
        group = conf.follow(argument, type_) if conf.target(conf.values.get(argument), type_) else None
        for parameter in group.blocks("parameter") if group else ():
            if (parameter.text("name") or "").lower() == PARAMETER and parameter.text("value") != SECURE:
                yield Violation(f"{argument}: {PARAMETER}", parameter.text("value"), SECURE)
