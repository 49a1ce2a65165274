"""ENC.elasticache."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.keys import customer_managed_key
from policies.terraform import Arguments

KEY_ARGUMENTS = {"aws_elasticache_serverless_cache": "kms_key_id", "aws_memorydb_cluster": "kms_key_arn"}
"""Types that AWS always encrypts at rest, with the argument that names whose key does it."""


class EncElasticache(Policy):
    """The cache writes readings to disk when it swaps, replicates and takes snapshots.

    Encryption can be chosen only when the group is created. A cluster outside a replication group has no argument
    for it at all, so it is refused whatever else it says.
    """

    id = "PG_ENC_ELASTICACHE"
    name = "Ensure Redis data at rest is encrypted with a customer managed key"
    severity = "HIGH"
    resources = ("aws_elasticache_replication_group", "aws_elasticache_cluster", *KEY_ARGUMENTS)
    controls = {
        "aws-fsbp": ("ElastiCache.4",),
        "eu-cra": ("Annex I Part I (2)(e)",),
        "gdpr": ("Art.32(1)(a)", "Art.5(1)(f)"),
        "iec-62443-3-3": ("SR 4.1", "SR 4.1 RE 1", "SR 4.3"),
        "iso27001-2022": ("A.8.24",),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.a",),
        "nist-800-53-r5": ("SC-28", "SC-28(1)", "SC-12"),
        "nist-csf-2.0": ("PR.DS-01",),
        "pci-dss-4.0": ("3.5.1",),
        "soc2": ("CC6.1", "C1.1"),
    }
    confidence = "high"
    fix = "pass key= to guarded_replication_group; in Terraform: at_rest_encryption_enabled = true and kms_key_id"
    source = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/at-rest-encryption.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Encryption on, under a declared key. A member of a declared group is encrypted as the group is."""
        if conf.block.type == "aws_elasticache_cluster":
            if conf.follow("replication_group_id", "aws_elasticache_replication_group") is None:
                yield Violation("replication_group_id", None, "a replication group: only groups encrypt at rest")
            return
        key = customer_managed_key(conf, KEY_ARGUMENTS.get(conf.block.type, "kms_key_id"))
        yield from in_turn((_encrypts(conf), key))


def _encrypts(conf: Arguments) -> Iterator[Violation]:
    if conf.block.type == "aws_elasticache_replication_group":
        encrypted = conf.flag("at_rest_encryption_enabled")
        if encrypted is not True:
            yield Violation("at_rest_encryption_enabled", encrypted, "true")
