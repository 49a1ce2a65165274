"""ElastiCache: the clusters of a replication group, one a node."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

SHARED = (
    "at_rest_encryption_enabled",
    "auth_token_enabled",
    "auto_minor_version_upgrade",
    "cache_node_type",
    "cache_subnet_group_name",
    "engine",
    "engine_version",
    "ip_discovery",
    "network_type",
    "preferred_maintenance_window",
    "snapshot_retention_limit",
    "snapshot_window",
    "transit_encryption_enabled",
    "transit_encryption_mode",
)
"""What a cluster has of its group."""


def make_clusters(backend: Any, group: Any) -> None:
    """The provider reads versions, security groups and the parameter group from the clusters; moto makes none."""
    drop_clusters(backend, group.replication_group_id)
    for node_group in group.node_groups:
        for member in node_group["node_group_members"]:
            backend.cache_clusters[member["cache_cluster_id"]] = _cluster(backend, group, member)


def drop_clusters(backend: Any, replication_group_id: str) -> None:
    """Those of one group; a cluster of its own belongs to none."""
    for name, cluster in list(backend.cache_clusters.items()):
        if getattr(cluster, "replication_group_id", None) == replication_group_id:
            del backend.cache_clusters[name]


def _cluster(backend: Any, group: Any, member: dict[str, Any]) -> SimpleNamespace:
    name = member["cache_cluster_id"]
    return SimpleNamespace(
        arn=f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:cluster:{name}",
        cache_cluster_id=name,
        cache_cluster_status="available",
        status="available",
        cache_cluster_create_time=group.replication_group_create_time,
        replication_group_id=group.replication_group_id,
        num_cache_nodes=1,
        port=group.port,
        preferred_availability_zone=member["preferred_availability_zone"],
        cache_nodes=[
            {
                "CacheNodeId": "0001",
                "CacheNodeStatus": "available",
                "CustomerAvailabilityZone": member["preferred_availability_zone"],
                "Endpoint": member.get("read_endpoint"),
            }
        ],
        cache_parameter_group={"CacheParameterGroupName": group.cache_parameter_group_name},
        security_groups=[{"SecurityGroupId": id_, "Status": "active"} for id_ in group.security_group_ids or []],
        notification_configuration={"TopicArn": group.notification_topic_arn} if group.notification_topic_arn else None,
        **{attribute: getattr(group, attribute) for attribute in SHARED},
    )
