from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

Client = Any


def users(aws: Client, *names: str) -> list[str]:
    """Ids of new users; the first is called `default`."""
    cache = aws("elasticache")
    for index, name in enumerate(names):
        cache.create_user(
            UserId=name,
            UserName=name if index else "default",
            Engine="redis",
            AccessString="on ~* +@read" if index else "off -@all",
            AuthenticationMode={"Type": "iam" if index else "no-password-required"},
        )
    return list(names)


def replication_group(aws: Client, name: str, **arguments: Any) -> dict[str, Any]:
    group: dict[str, Any] = aws("elasticache").create_replication_group(
        ReplicationGroupId=name,
        ReplicationGroupDescription="d",
        Engine="redis",
        EngineVersion="7.1",
        CacheNodeType="cache.t4g.small",
        NumCacheClusters=2,
        Port=6399,
        **arguments,
    )["ReplicationGroup"]
    return group


def test_a_parameter_group_gives_back_what_was_set_and_nothing_after_a_reset(aws: Client) -> None:
    cache = aws("elasticache")
    cache.create_cache_parameter_group(
        CacheParameterGroupName="p1",
        CacheParameterGroupFamily="redis7",
        Description="d",
        Tags=[{"Key": "a", "Value": "b"}],
    )
    setting = [{"ParameterName": "maxmemory-policy", "ParameterValue": "volatile-ttl"}]
    cache.modify_cache_parameter_group(CacheParameterGroupName="p1", ParameterNameValues=setting)
    found = cache.describe_cache_parameters(CacheParameterGroupName="p1", Source="user")["Parameters"]
    assert [(p["ParameterName"], p["ParameterValue"]) for p in found] == [("maxmemory-policy", "volatile-ttl")]
    cache.reset_cache_parameter_group(CacheParameterGroupName="p1", ParameterNameValues=setting)
    assert cache.describe_cache_parameters(CacheParameterGroupName="p1")["Parameters"] == []


def test_a_parameter_group_has_tags(aws: Client) -> None:
    cache, tags = aws("elasticache"), [{"Key": "Owner", "Value": "team"}]
    arn = cache.create_cache_parameter_group(
        CacheParameterGroupName="p2", CacheParameterGroupFamily="redis7", Description="d", Tags=tags
    )["CacheParameterGroup"]["ARN"]
    assert cache.list_tags_for_resource(ResourceName=arn)["TagList"] == tags


def test_a_deleted_parameter_group_is_not_found(aws: Client) -> None:
    cache = aws("elasticache")
    cache.create_cache_parameter_group(
        CacheParameterGroupName="p3", CacheParameterGroupFamily="redis7", Description="d"
    )
    cache.delete_cache_parameter_group(CacheParameterGroupName="p3")
    with pytest.raises(ClientError, match="CacheParameterGroupNotFound"):
        cache.describe_cache_parameter_groups(CacheParameterGroupName="p3")


def test_a_user_group_names_its_users_and_they_name_it(aws: Client) -> None:
    cache = aws("elasticache")
    cache.create_user_group(UserGroupId="g1", Engine="redis", UserIds=users(aws, "g1-nobody", "g1-reader"))
    assert cache.describe_user_groups(UserGroupId="g1")["UserGroups"][0]["UserIds"] == ["g1-nobody", "g1-reader"]
    assert cache.describe_users(UserId="g1-reader")["Users"][0]["UserGroupIds"] == ["g1"]


def test_a_user_group_of_redis_needs_a_user_named_default(aws: Client) -> None:
    users(aws, "g2-nobody", "g2-reader")
    with pytest.raises(ClientError, match="DefaultUserRequired"):
        aws("elasticache").create_user_group(UserGroupId="g2", Engine="redis", UserIds=["g2-reader"])


def test_a_user_group_changes_its_users(aws: Client) -> None:
    cache = aws("elasticache")
    cache.create_user_group(UserGroupId="g3", Engine="redis", UserIds=users(aws, "g3-nobody", "g3-a", "g3-b")[:2])
    cache.modify_user_group(UserGroupId="g3", UserIdsToAdd=["g3-b"], UserIdsToRemove=["g3-a"])
    assert cache.describe_user_groups(UserGroupId="g3")["UserGroups"][0]["UserIds"] == ["g3-nobody", "g3-b"]


def test_a_deleted_user_group_is_not_found(aws: Client) -> None:
    cache = aws("elasticache")
    cache.create_user_group(UserGroupId="g4", Engine="redis", UserIds=users(aws, "g4-nobody"))
    cache.delete_user_group(UserGroupId="g4")
    with pytest.raises(ClientError, match="UserGroupNotFound"):
        cache.describe_user_groups(UserGroupId="g4")


def test_a_deleted_user_is_in_no_group(aws: Client) -> None:
    cache = aws("elasticache")
    cache.create_user_group(UserGroupId="g5", Engine="redis", UserIds=users(aws, "g5-nobody", "g5-reader"))
    cache.delete_user(UserId="g5-reader")
    assert cache.describe_user_groups(UserGroupId="g5")["UserGroups"][0]["UserIds"] == ["g5-nobody"]


def test_a_modified_user_may_do_what_it_was_told_last(aws: Client) -> None:
    cache = aws("elasticache")
    users(aws, "m-nobody", "m-reader")
    cache.modify_user(UserId="m-reader", AccessString="on ~x:* +get")
    assert cache.describe_users(UserId="m-reader")["Users"][0]["AccessString"] == "on ~x:* +get"


def test_a_replication_group_has_the_clusters_it_asked_for(aws: Client) -> None:
    replication_group(aws, "r1", CacheParameterGroupName="default.redis7", SecurityGroupIds=["sg-1"])
    found = aws("elasticache").describe_cache_clusters(CacheClusterId="r1-002")["CacheClusters"][0]
    assert (found["EngineVersion"], found["SecurityGroups"][0]["SecurityGroupId"]) == ("7.1", "sg-1")
    assert found["CacheParameterGroup"]["CacheParameterGroupName"] == "default.redis7"


def test_a_replication_group_has_a_reader_endpoint_on_its_own_port(aws: Client) -> None:
    node_group = replication_group(aws, "r2")["NodeGroups"][0]
    assert node_group["ReaderEndpoint"]["Port"] == node_group["PrimaryEndpoint"]["Port"] == 6399


def test_a_modified_replication_group_and_its_clusters_agree(aws: Client) -> None:
    cache = aws("elasticache")
    replication_group(aws, "r3", TransitEncryptionEnabled=True, TransitEncryptionMode="preferred")
    cache.modify_replication_group(
        ReplicationGroupId="r3",
        TransitEncryptionMode="required",
        SnapshotWindow="02:00-03:00",
        SnapshotRetentionLimit=20,
        AutoMinorVersionUpgrade=False,
    )
    group = cache.describe_replication_groups(ReplicationGroupId="r3")["ReplicationGroups"][0]
    cluster = cache.describe_cache_clusters(CacheClusterId="r3-001")["CacheClusters"][0]
    for found in (group, cluster):
        assert (found["SnapshotWindow"], found["SnapshotRetentionLimit"]) == ("02:00-03:00", 20)
        assert (found["TransitEncryptionMode"], found["AutoMinorVersionUpgrade"]) == ("required", False)


def test_logs_of_a_replication_group_are_replaced_by_kind(aws: Client) -> None:
    def log(kind: str, name: str, enabled: bool = True) -> dict[str, Any]:
        target = {"CloudWatchLogsDetails": {"LogGroup": name}}
        return {
            "LogType": kind,
            "DestinationType": "cloudwatch-logs",
            "DestinationDetails": target,
            "LogFormat": "json",
            "Enabled": enabled,
        }

    replication_group(aws, "r4", LogDeliveryConfigurations=[log("slow-log", "a"), log("engine-log", "b")])
    group = aws("elasticache").modify_replication_group(
        ReplicationGroupId="r4", LogDeliveryConfigurations=[log("slow-log", "c"), log("engine-log", "b", enabled=False)]
    )["ReplicationGroup"]
    (only,) = group["LogDeliveryConfigurations"]
    assert (only["LogType"], only["DestinationDetails"]["CloudWatchLogsDetails"]["LogGroup"]) == ("slow-log", "c")


@pytest.mark.parametrize(("change", "count", "left"), [("increase", 3, 4), ("decrease", 0, 1)])
def test_replicas_come_and_go(aws: Client, change: str, count: int, left: int) -> None:
    cache = aws("elasticache")
    replication_group(aws, f"r5-{change}")
    call = cache.increase_replica_count if change == "increase" else cache.decrease_replica_count
    call(ReplicationGroupId=f"r5-{change}", NewReplicaCount=count, ApplyImmediately=True)
    group = cache.describe_replication_groups(ReplicationGroupId=f"r5-{change}")["ReplicationGroups"][0]
    assert group["MemberClusters"] == [f"r5-{change}-{number:03}" for number in range(1, left + 1)]


def test_a_deleted_replication_group_takes_its_clusters_along(aws: Client) -> None:
    cache = aws("elasticache")
    replication_group(aws, "r6")
    cache.delete_replication_group(ReplicationGroupId="r6")
    with pytest.raises(ClientError, match="ReplicationGroupNotFound"):
        cache.describe_replication_groups(ReplicationGroupId="r6")
    with pytest.raises(ClientError, match="CacheClusterNotFound"):
        cache.describe_cache_clusters(CacheClusterId="r6-001")


def test_a_subnet_group_is_changed_and_deleted(aws: Client) -> None:
    cache, ec2 = aws("elasticache"), aws("ec2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]]
    cache.create_cache_subnet_group(CacheSubnetGroupName="s1", CacheSubnetGroupDescription="d", SubnetIds=subnets[:1])
    changed = cache.modify_cache_subnet_group(CacheSubnetGroupName="s1", SubnetIds=subnets[:2])
    assert [s["SubnetIdentifier"] for s in changed["CacheSubnetGroup"]["Subnets"]] == subnets[:2]
    cache.delete_cache_subnet_group(CacheSubnetGroupName="s1")
    with pytest.raises(ClientError, match="CacheSubnetGroupNotFound"):
        cache.describe_cache_subnet_groups(CacheSubnetGroupName="s1")


def test_with_stores_a_replication_group_leads_to_valkey(aws: Client, told: list[Any]) -> None:
    endpoint = replication_group(aws, "r7")["NodeGroups"][0]["PrimaryEndpoint"]
    assert endpoint == {"Address": "localhost", "Port": 6399}


def test_valkey_is_told_the_users_that_a_replication_group_admits(aws: Client, told: list[Any]) -> None:
    cache = aws("elasticache")
    cache.create_user_group(UserGroupId="g8", Engine="redis", UserIds=users(aws, "g8-nobody", "g8-reader"))
    assert told == []  # nobody admits them yet
    replication_group(aws, "r8", UserGroupIds=["g8"])
    assert [(user.name, user.access_string, user.enabled) for user in told[-1]] == [
        ("default", "off -@all", False),
        ("g8-reader", "on ~* +@read", True),
    ]
    cache.modify_user(UserId="g8-reader", AccessString="off -@all")
    assert told[-1][1].enabled is False
    cache.delete_replication_group(ReplicationGroupId="r8")
    assert told[-1] == ()
