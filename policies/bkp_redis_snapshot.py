"""BKP.redis-snapshot."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.requirements import CACHE_SNAPSHOT_DAYS
from policies.terraform import Arguments


class BkpRedisSnapshot(Policy):
    """Failover copies a mistake to every node at once; only a snapshot goes back behind a flushed or poisoned cache.

    Absent and 0 both mean none. The number is that of the stricter rule sets, and holds in every class.
    """

    id = "PG_BKP_REDIS_SNAPSHOT"
    name = "Ensure cache keeps daily snapshots"
    severity = "LOW"
    resources = (
        "aws_elasticache_replication_group",
        "aws_elasticache_cluster",
        "aws_elasticache_serverless_cache",
    )
    controls = {
        "aws-fsbp": ("ElastiCache.1",),
        "eu-cra": ("Annex I Part I (2)(h)",),
        "gdpr": ("Art.32(1)(c)",),
        "iec-62443-3-3": ("SR 7.3",),
        "iso27001-2022": ("A.8.13",),
        "nis2": ("Art.21(2)(c)",),
        "nis2-ir-2024-2690": ("4.1.2.g",),
        "nist-800-53-r5": ("CP-9",),
        "nist-csf-2.0": ("PR.DS-11",),
        "soc2": ("A1.2",),
    }
    confidence = "high"
    fix = f"snapshot_retention_limit = {CACHE_SNAPSHOT_DAYS} or more (Settings.cache_snapshot_retention_days)"
    source = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups-automatic.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type == "aws_elasticache_cluster" and conf.text("replication_group_id"):
            return  # a member node: the replication group takes the snapshots
        if conf.block.type == "aws_elasticache_cluster" and conf.text("engine") == "memcached":
            return  # has none to keep
        days = conf.number("snapshot_retention_limit")
        least = conf.profile.cache_snapshot_days
        if days is None or not days >= least:
            yield Violation("snapshot_retention_limit", days, f"{least} days or more")
