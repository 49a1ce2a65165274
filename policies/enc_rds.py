"""ENC.rds."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.keys import customer_managed_key
from policies.terraform import Arguments

ENCRYPTION = {
    "aws_db_instance": ("storage_encrypted", "kms_key_id"),
    "aws_docdb_cluster": ("storage_encrypted", "kms_key_id"),
    "aws_neptune_cluster": ("storage_encrypted", "kms_key_arn"),
    "aws_rds_cluster": ("storage_encrypted", "kms_key_id"),
    "aws_redshift_cluster": ("encrypted", "kms_key_id"),
}
"""Type -> the switch, and the argument that names the key."""


class EncRds(Policy):
    """The database keeps every reading for years, in backups as well: both inherit the key of the storage.

    Storage cannot be encrypted later without a restore, so a database that starts in the clear stays in the clear. A
    read replica without arguments of its own is encrypted as its source is. The members of a global cluster are
    encrypted as that says, under keys of their own.
    """

    id = "PG_ENC_RDS"
    name = "Ensure RDS storage is encrypted with a customer managed key"
    severity = "HIGH"
    waivable = False
    resources = (*ENCRYPTION, "aws_rds_global_cluster")
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
    confidence = "high"
    fix = "pass key= to guarded_db_instance; in Terraform: storage_encrypted = true and kms_key_id"
    source = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Encryption on (AWS's default is off), under a key that this configuration declares."""
        switch, key = ENCRYPTION.get(conf.block.type, ("storage_encrypted", None))
        if not conf.has(switch) and conf.target(conf.values.get("replicate_source_db"), "aws_db_instance"):
            source = conf.follow("replicate_source_db", "aws_db_instance")
            if source and source.flag(switch):
                return
        yield from in_turn((_encrypts(conf, switch), customer_managed_key(conf, key) if key else ()))


def _encrypts(conf: Arguments, switch: str) -> Iterator[Violation]:
    encrypted = conf.flag(switch)
    if encrypted is not True:
        yield Violation(switch, encrypted, "true")
