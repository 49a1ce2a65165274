"""TLS.redis."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.terraform import Arguments


class TlsRedis(Policy):
    """The cache holds the readings of the last minutes, and its clients send it a credential with every connection.

    Mode `preferred` answers clear text as well, so one client without TLS leaks both unnoticed. The mode must be
    stated: where it is absent, a group once set to `preferred` keeps it. A cluster of its own cannot require TLS
    for Redis at all; a member of a replication group takes what the group says. MemoryDB has TLS unless it says no.
    """

    id = "PG_TLS_REDIS"
    name = "Ensure Redis accepts TLS connections only"
    severity = "HIGH"
    resources = ("aws_elasticache_replication_group", "aws_elasticache_cluster", "aws_memorydb_cluster")
    controls = {
        "aws-fsbp": ("ElastiCache.5",),
        "eu-cra": ("Annex I Part I (2)(e)", "Annex I Part I (2)(f)"),
        "gdpr": ("Art.32(1)(a)", "Art.5(1)(f)"),
        "iec-62443-3-3": ("SR 3.1", "SR 3.1 RE 1", "SR 4.1", "SR 4.1 RE 1", "SR 4.3"),
        "iso27001-2022": ("A.8.24", "A.5.14"),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.a", "6.7.2.i"),
        "nist-800-53-r5": ("SC-8", "SC-8(1)", "SC-13"),
        "nist-csf-2.0": ("PR.DS-02",),
        "pci-dss-4.0": ("4.2.1",),
        "soc2": ("CC6.7",),
    }
    confidence = "high"
    fix = 'on a replication group: transit_encryption_enabled = true, transit_encryption_mode = "required"'
    source = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/in-transit-encryption.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type == "aws_memorydb_cluster":
            if conf.flag("tls_enabled") is False:
                yield Violation("tls_enabled", False, "true")
            return
        alone = conf.block.type == "aws_elasticache_cluster"
        if alone and conf.text("replication_group_id"):
            return
        yield from in_turn((_encrypts(conf), () if alone else _refuses_clear_text(conf)))


def _encrypts(conf: Arguments) -> Iterator[Violation]:
    enabled = conf.flag("transit_encryption_enabled")
    if not enabled:
        yield Violation("transit_encryption_enabled", enabled, "true")


def _refuses_clear_text(conf: Arguments) -> Iterator[Violation]:
    mode = conf.text("transit_encryption_mode")
    if mode != "required":
        yield Violation("transit_encryption_mode", mode, '"required"')
