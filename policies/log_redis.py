"""LOG.redis."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.destinations import declared_log_group
from policies.terraform import Arguments

LOG_TYPES = ("engine-log", "slow-log")


class LogRedis(Policy):
    """The engine log tells of failed logins and of failovers, the slow log of a client that drowns the cache."""

    id = "PG_LOG_REDIS"
    name = "Ensure Redis delivers its engine log and slow log to declared log groups"
    severity = "LOW"
    resources = ("aws_elasticache_replication_group", "aws_elasticache_cluster")
    controls = {
        "eu-cra": ("Annex I Part I (2)(l)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 2.8",),
        "iso27001-2022": ("A.8.15",),
        "nis2": ("Art.21(2)(b)",),
        "nis2-ir-2024-2690": ("3.2.3.c",),
        "nist-800-53-r5": ("AU-2", "AU-12"),
        "nist-csf-2.0": ("PR.PS-04",),
        "pci-dss-4.0": ("10.2.1",),
        "soc2": ("CC7.2",),
    }
    fix = "one log_delivery_configuration for engine-log and one for slow-log, each to a declared log group"
    source = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Log_Delivery.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type == "aws_elasticache_cluster" and (
            conf.text("engine") == "memcached" or conf.text("replication_group_id")
        ):
            return  # memcached has no such logs; a member's are those of its group
        delivered = {item.text("log_type"): item for item in conf.blocks("log_delivery_configuration")}
        yield from in_turn(_delivery(delivered.get(log_type), log_type) for log_type in LOG_TYPES)


def _delivery(delivery: Arguments | None, log_type: str) -> Iterator[Violation]:
    if delivery is None:
        yield Violation("log_delivery_configuration", None, f"a delivery of the {log_type}")
    elif (kind := delivery.text("destination_type")) != "cloudwatch-logs":
        yield Violation(delivery.name_of("destination_type"), kind, "cloudwatch-logs")
    else:
        yield from declared_log_group(delivery, "destination")
