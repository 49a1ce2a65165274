"""SEC.existing-secret."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.terraform import Arguments

CREATES = ("aws_secretsmanager_secret", "aws_secretsmanager_secret_version")
MANAGED = {
    "aws_db_instance": "manage_master_user_password",
    "aws_docdb_cluster": "manage_master_user_password",
    "aws_rds_cluster": "manage_master_user_password",
    "aws_redshift_cluster": "manage_master_password",
    "aws_redshiftserverless_namespace": "manage_admin_password",
}
"""Types that make AWS create a secret, and the argument that asks for it."""


class SecExistingSecret(Policy):
    """A secret has an owner and a life of its own: an environment that comes and goes must not take it along.

    Rules for RDS recommend manage_master_user_password. It creates a secret together with the database, so we refuse
    it: the password is an existing entry, which we rotate.
    """

    id = "PG_SEC_EXISTING_SECRET"
    name = "Ensure secrets are fetched, not created"
    severity = "HIGH"
    resources = (*CREATES, *MANAGED, "aws_ssm_parameter")
    data = ("aws_secretsmanager_secret",)
    profiles = ("sensor-platform",)
    controls = {
        "eu-cra": ("Annex I Part I (2)(d)", "Annex I Part I (2)(e)"),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 1.5", "SR 4.1"),
        "iso27001-2022": ("A.5.17",),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.6.2.b",),
        "nist-800-53-r5": ("IA-5", "IA-5(7)"),
        "nist-csf-2.0": ("PR.AA-01",),
        "pci-dss-4.0": ("8.3.2", "8.6.2"),
        "soc2": ("CC6.1",),
    }
    strength = "supporting"
    fix = "name the existing secret in Settings.database_secret_name; existing_secret() reads its ARN"
    source = "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/secretsmanager_secret"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Nothing creates a secret, and a data source says which one it means."""
        type_ = conf.block.type
        if conf.block.kind == "data":
            if not (conf.text("name") or conf.text("arn")):
                yield Violation("name", None, "the name or the ARN of an existing secret")
        elif type_ in CREATES:
            yield Violation("", type_, "data.aws_secretsmanager_secret: the secret exists already")
        elif type_ in MANAGED:
            if conf.flag(MANAGED[type_]):
                yield Violation(MANAGED[type_], True, "absent: password_wo, from the existing secret")
        elif conf.text("type") == "SecureString":
            yield Violation("type", "SecureString", "an existing secret, fetched by name or ARN")
