"""ENC.rds."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.keys import customer_managed_key
from policies.terraform import Arguments


class EncRds(Policy):
    """The database keeps every reading for years, in backups as well: both inherit the key of the storage.

    Storage cannot be encrypted later without a restore, so a database that starts in the clear stays in the clear.
    """

    id = "PG_ENC_RDS"
    name = "Ensure RDS storage is encrypted with a customer managed key"
    severity = "HIGH"
    waivable = False
    resources = ("aws_db_instance", "aws_rds_cluster")
    controls = {
        "aws-fsbp": ("RDS.3",),
        "cis-aws-7.0": ("3.2.1",),
        "eu-cra": ("Annex I Part I (2)(e)",),
        "gdpr": ("Art.32(1)(a)", "Art.5(1)(f)"),
        "iec-62443-3-3": ("SR 4.1", "SR 4.1 RE 1", "SR 4.3"),
        "iso27001-2022": ("A.8.24",),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.a",),
        "nist-800-53-r5": ("SC-28", "SC-28(1)", "SC-12", "CP-9(8)"),
        "nist-csf-2.0": ("PR.DS-01",),
        "pci-dss-4.0": ("3.5.1",),
        "soc2": ("CC6.1", "C1.1"),
    }
    fix = "pass key= to guarded_db_instance; in Terraform: storage_encrypted = true and kms_key_id"
    source = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Encryption on (AWS's default is off), under a key that this configuration declares."""
        encrypted = conf.flag("storage_encrypted")
        if encrypted is not True:
            yield Violation("storage_encrypted", encrypted, "true")
        yield from customer_managed_key(conf, "kms_key_id")
