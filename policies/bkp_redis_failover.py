"""BKP.redis-failover."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.terraform import Arguments

GROUP = "subnet_group_name"


class BkpRedisFailover(Policy):
    """A cache of one node takes the readings that are not yet in the database with it.

    Asked of every class: the platform offers no smaller cache, and what is tested is then what fails over. A Redis
    cluster outside a replication group has no replica at all.
    """

    id = "PG_BKP_REDIS_FAILOVER"
    name = "Ensure Redis fails over to a node in another zone"
    severity = "MEDIUM"
    resources = ("aws_elasticache_replication_group", "aws_elasticache_cluster")
    controls = {
        "aws-fsbp": ("ElastiCache.3",),
        "eu-cra": ("Annex I Part I (2)(h)",),
        "gdpr": ("Art.32(1)(b)",),
        "iso27001-2022": ("A.8.14",),
        "nis2": ("Art.21(2)(c)",),
        "nis2-ir-2024-2690": ("4.1.2.g",),
        "nist-800-53-r5": ("CP-10", "SC-36"),
        "nist-csf-2.0": ("PR.IR-03", "PR.IR-04"),
        "soc2": ("A1.2",),
    }
    confidence = "high"
    fix = "automatic_failover_enabled = true, multi_az_enabled = true, num_cache_clusters = 2 or more"
    source = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoFailover.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type == "aws_elasticache_cluster":
            if not conf.text("replication_group_id") and conf.text("engine") != "memcached":
                yield Violation("replication_group_id", None, "a replication group with two nodes or more")
            return
        switches = (_on(conf, argument) for argument in ("automatic_failover_enabled", "multi_az_enabled"))
        yield from in_turn((*switches, _nodes(conf), _subnets(conf)))


def _on(conf: Arguments, argument: str) -> Iterator[Violation]:
    stated = conf.flag(argument)
    if not stated:
        yield Violation(argument, stated, "true")


def _nodes(conf: Arguments) -> Iterator[Violation]:
    nodes, replicas = conf.number("num_cache_clusters"), conf.number("replicas_per_node_group")
    if not (nodes or 0) >= 2 and not (replicas or 0) >= 1:
        yield Violation("num_cache_clusters", nodes, "2 or more, or replicas_per_node_group of 1 or more")


def _subnets(conf: Arguments) -> Iterator[Violation]:
    if conf.target(conf.values.get(GROUP), "aws_elasticache_subnet_group"):
        group = conf.follow(GROUP, "aws_elasticache_subnet_group")
        listed = group.strings("subnet_ids") if group else []
        if len(set(listed)) < 2:
            yield Violation(GROUP, ", ".join(listed) or None, "a group of two subnets or more")
