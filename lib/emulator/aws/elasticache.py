"""ElastiCache: replication groups with their clusters, and subnet groups that can be changed and deleted."""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.exceptions import ElastiCacheException
from moto.elasticache.models import CacheSubnetGroup, ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from lib.emulator.aws import elasticache_parameters, elasticache_users
from lib.emulator.aws.elasticache_clusters import drop_clusters, make_clusters
from lib.emulator.aws.patching import Original, add, wrap
from lib.emulator.aws.running import RUNNING

# What a replication group and its clusters keep under the name of the argument (in snake case).
PLAIN_ARGUMENTS = {
    "ReplicationGroupDescription": "description",
    "CacheNodeType": "cache_node_type",
    "Engine": "engine",
    "EngineVersion": "engine_version",
    "CacheParameterGroupName": "cache_parameter_group_name",
    "SecurityGroupIds": "security_group_ids",
    "PreferredMaintenanceWindow": "preferred_maintenance_window",
    "NotificationTopicArn": "notification_topic_arn",
    "SnapshotRetentionLimit": "snapshot_retention_limit",
    "SnapshotWindow": "snapshot_window",
    "TransitEncryptionMode": "transit_encryption_mode",
    "IpDiscovery": "ip_discovery",
}


def install() -> None:
    """aws_elasticache_replication_group and _subnet_group; parameter groups and users have modules of their own."""
    wrap(ElastiCacheBackend, "__init__", _backend)
    wrap(ElastiCacheBackend, "create_replication_group", _create_replication_group)
    wrap(ElastiCacheBackend, "delete_replication_group", _delete_replication_group)
    wrap(ElastiCacheResponse, "modify_replication_group", _modify_replication_group)
    add(ElastiCacheResponse, increase_replica_count, decrease_replica_count)
    add(ElastiCacheResponse, modify_cache_subnet_group, delete_cache_subnet_group)
    elasticache_parameters.install()
    elasticache_users.install()


def _backend(original: Original, self: Any, *args: Any, **kwargs: Any) -> None:
    """Room for what moto does not have; its pattern of ARNs with tags leaves two kinds out."""
    original(self, *args, **kwargs)
    self.parameter_groups, self.parameters, self.user_groups, self.users_told = {}, {}, {}, ()
    self.arn_regex = re.compile(self.arn_regex.pattern.replace("|user)", "|user|usergroup|parametergroup)"))


def _create_replication_group(original: Original, self: Any, **arguments: Any) -> Any:
    """moto ignores NumCacheClusters, has no member clusters, and no reader endpoint."""
    if not arguments.get("num_node_groups") and arguments.get("num_cache_clusters"):
        arguments["replicas_per_node_group"] = arguments["num_cache_clusters"] - 1
    arguments["auto_minor_version_upgrade"] = _truth(arguments.get("auto_minor_version_upgrade"), default=True)
    arguments["preferred_cache_cluster_azs"] = arguments.get("preferred_cache_cluster_azs") or [
        f"{self.region_name}{letter}" for letter in "abc"
    ]
    for name in arguments.get("user_group_ids") or []:
        if name not in self.user_groups:
            raise ElastiCacheException("UserGroupNotFound", f"User group {name} not found.")
    group = original(self, **arguments)
    _lead_to_store(group)
    make_clusters(self, group)
    elasticache_users.tell_users(self)
    return group


def _delete_replication_group(original: Original, self: Any, replication_group_id: str, **kwargs: Any) -> Any:
    """moto leaves the group `deleting` for ever."""
    group = original(self, replication_group_id=replication_group_id, **kwargs)
    drop_clusters(self, replication_group_id)
    self.tagging_service.delete_all_tags_for_resource(group.arn)
    del self.replication_groups[replication_group_id]
    elasticache_users.tell_users(self)
    return group


def _modify_replication_group(original: Original, self: Any) -> Any:
    """moto knows six of the arguments."""
    answer, backend = original(self), self.elasticache_backend
    group = backend.replication_groups[self._get_param("ReplicationGroupId")]
    for argument, attribute in PLAIN_ARGUMENTS.items():
        if self._get_param(argument) is not None:
            setattr(group, attribute, self._get_param(argument))
    group.snapshot_retention_limit = int(group.snapshot_retention_limit)
    if self._get_param("AutoMinorVersionUpgrade") is not None:
        group.auto_minor_version_upgrade = _truth(self._get_param("AutoMinorVersionUpgrade"), default=True)
    removed = self._get_param("UserGroupIdsToRemove") or []
    kept = (
        [] if self._get_bool_param("RemoveUserGroups") else [id_ for id_ in group.user_group_ids if id_ not in removed]
    )
    group.user_group_ids = [*kept, *(self._get_param("UserGroupIdsToAdd") or [])]
    _change_logs(group, self._get_param("LogDeliveryConfigurations") or [])
    make_clusters(backend, group)
    elasticache_users.tell_users(backend)
    return answer


def increase_replica_count(self: Any) -> Any:
    """IncreaseReplicaCount, which the provider calls for a higher num_cache_clusters."""
    return _change_replica_count(self)


def decrease_replica_count(self: Any) -> Any:
    """DecreaseReplicaCount, which the provider calls for a lower num_cache_clusters."""
    return _change_replica_count(self)


def _change_replica_count(self: Any) -> Any:
    backend, wanted = self.elasticache_backend, 1 + int(self._get_param("NewReplicaCount"))
    (group,) = backend.describe_replication_groups(self._get_param("ReplicationGroupId"))
    for node_group in group.node_groups:
        members = node_group["node_group_members"]
        for number in range(len(members) + 1, wanted + 1):
            zone = f"{backend.region_name}{'abc'[(number - 1) % 3]}"
            name = f"{group.replication_group_id}-{number:03}"
            members.append({**members[0], "cache_cluster_id": name, "current_role": "replica"})
            members[-1]["preferred_availability_zone"] = zone
        del members[wanted:]
    group.member_clusters = [
        member["cache_cluster_id"] for node in group.node_groups for member in node["node_group_members"]
    ]
    make_clusters(backend, group)
    return ActionResult({"ReplicationGroup": group})


def _change_logs(group: Any, wanted: list[dict[str, Any]]) -> None:
    for change in wanted:
        others = [log for log in group.log_delivery_configurations if log["LogType"] != change["LogType"]]
        enabled = _truth(change.get("Enabled"), default=True)
        group.log_delivery_configurations = [
            *others,
            *(group._get_log_delivery_configurations([change]) if enabled else []),
        ]


def _lead_to_store(group: Any) -> None:
    """The port stays the group's own: another one would make the provider replace the group."""
    stores = RUNNING.stores
    for node_group in group.node_groups:
        if "primary_endpoint" in node_group:
            reader = {**node_group["primary_endpoint"], "address": node_group["reader_endpoint_address"]}
            node_group["reader_endpoint"] = reader
        for name in ("primary_endpoint", "reader_endpoint"):
            if stores and name in node_group:
                node_group[name] = {"address": stores.valkey[0], "port": group.port}


def modify_cache_subnet_group(self: Any) -> Any:
    """ModifyCacheSubnetGroup."""
    backend, former = self.elasticache_backend, _subnet_group(self)
    changed = CacheSubnetGroup(
        backend.account_id,
        backend.region_name,
        former.cache_subnet_group_name,
        self._get_param("CacheSubnetGroupDescription") or former.cache_subnet_group_description,
        self._get_param("SubnetIds") or former.subnet_ids,
        former.tags,
    )
    backend.cache_subnet_groups[former.cache_subnet_group_name] = changed
    return ActionResult({"CacheSubnetGroup": changed})


def delete_cache_subnet_group(self: Any) -> Any:
    """DeleteCacheSubnetGroup; AWS refuses while a cache is in it."""
    backend, group = self.elasticache_backend, _subnet_group(self)
    name = group.cache_subnet_group_name
    if any(used.cache_subnet_group_name == name for used in backend.replication_groups.values()):
        raise ElastiCacheException("CacheSubnetGroupInUse", f"Cache subnet group {name} is in use.")
    backend.tagging_service.delete_all_tags_for_resource(group.arn)
    del backend.cache_subnet_groups[name]
    return EmptyResult()


def _subnet_group(self: Any) -> Any:
    (group,) = self.elasticache_backend.describe_cache_subnet_groups(self._get_param("CacheSubnetGroupName"))
    return group


def _truth(value: Any, *, default: bool) -> bool:
    return default if value is None else str(value).lower() == "true"
