"""Redis, for the state of sensors between readings: nothing in it must outlive a failover."""

from __future__ import annotations

from dataclasses import dataclass

from lib.guards.cloudwatch import guarded_cloudwatch_log_group
from lib.guards.elasticache import (
    GuardedCache,
    guarded_elasticache_default_user,
    guarded_elasticache_parameter_group,
    guarded_elasticache_replication_group,
    guarded_elasticache_subnet_group,
    guarded_elasticache_user,
    guarded_elasticache_user_group,
)
from lib.guards.guarded import Guarded
from lib.guards.naming import physical_name
from lib.guards.stack import GuardedStack
from lib.settings import Settings
from lib.stack.keys import Keys
from lib.stack.network import Network

FAMILY = "redis7"
ACCESS = "on ~sensor:* -@all +@read +@write +@connection +@transaction -@dangerous"
"""The processor's own keys, and no command that manages the server."""


@dataclass(frozen=True)
class Cache:
    """The replication group, and the user that the processor logs in as by IAM."""

    group: GuardedCache
    user: Guarded


def add_cache(stack: GuardedStack, settings: Settings, keys: Keys, network: Network) -> Cache:
    """The replication group with its users, groups and logs.

    Its events cannot go to the alarm topic: ElastiCache publishes to no encrypted topic, so alarms watch the links.
    Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ElastiCacheSNS.html
    """
    concern, tags = stack.concern("cache"), stack.tags
    user = guarded_elasticache_user(concern, "processor_login", tags=tags, access=ACCESS)
    nobody = guarded_elasticache_default_user(concern, "nobody", tags=tags)
    logs = {
        kind: guarded_cloudwatch_log_group(
            concern,
            f"cache_{kind}",
            key=keys.logs,
            tags=tags,
            prefix="/aws/elasticache/",
            owner_name=physical_name("cache", tags),
            tail=f"/{kind}",
            retention_days=settings.log_retention_days,
        )
        for kind in ("slow", "engine")
    }
    group = guarded_elasticache_replication_group(
        concern,
        "cache",
        key=keys.cache,
        tags=tags,
        description="State of sensors between readings",
        subnet_group=guarded_elasticache_subnet_group(concern, "cache_subnets", tags=tags, subnets=network.subnets),
        parameter_group=guarded_elasticache_parameter_group(
            concern, "cache_parameters", tags=tags, family=FAMILY, parameters={"maxmemory-policy": "volatile-ttl"}
        ),
        user_group=guarded_elasticache_user_group(concern, "cache_users", tags=tags, users=(nobody, user)),
        security_groups=(network.cache,),
        node_type=settings.cache_node_type,
        replica_count=settings.cache_replica_count,
        snapshot_retention_days=settings.cache_snapshot_retention_days,
        port=settings.cache_port,
        log_group_slow=logs["slow"],
        log_group_engine=logs["engine"],
    )
    return Cache(group, user)
