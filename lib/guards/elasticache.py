"""ElastiCache for Redis: who may log in, with which parameters it runs, and the replication group itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lib.guards.cloudwatch import GuardedLogGroup
from lib.guards.guarded import Concern, Guarded
from lib.guards.kms_key import GuardedKey
from lib.guards.refusal import Call
from lib.guards.tags import Tags
from policies.requirements import CACHE_SNAPSHOT_DAYS

ENGINE, ENGINE_VERSION, FAMILY = "redis", "7.1", "redis7"
DEFAULT_USER, DISABLED = "default", "off -@all"
LONGEST_SNAPSHOT_DAYS = 35
MOST_REPLICAS = 5
ID_LENGTH = 40
"""Of a replication group's id; users and user groups keep to it as well."""
NODE_TYPE = r"cache\.(t3|t4g|m5|m6g|m7g|r5|r6g|r7g)\.(micro|small|medium|large|\d*xlarge)"
UNLIMITED = frozenset(
    (
        "~*",
        "%RW~*",
        "%R~*",
        "%W~*",
        "allkeys",
        "&*",
        "allchannels",
        "+@all",
        "allcommands",
        "+@admin",
        "+@dangerous",
        "nopass",
        "resetpass",
        "reset",
    )
)
"""Rules that give a user every key, channel or command, or a way in without a credential."""
CREDENTIAL = re.compile(r"[><#!]")
NEVER = (
    "auth_token",
    "auth_token_update_strategy",
    "cluster_mode",
    "data_tiering_enabled",
    "final_snapshot_identifier",
    "global_replication_group_id",
    "node_group_configuration",
    # ElastiCache cannot publish to an encrypted topic: AWS takes the ARN and calls the topic inactive.
    "notification_topic_arn",
    "num_node_groups",
    "preferred_cache_cluster_azs",
    "replicas_per_node_group",
    "security_group_names",
    "snapshot_arns",
    "snapshot_name",
)
"""What would copy data out or in, keep some of it on destroy, or authenticate by a password that the state holds.

Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ElastiCacheSNS.html
"""


class GuardedCache(Guarded):
    """A replication group that answers over TLS only, and only to users of its own group."""

    @property
    def name(self) -> str:
        """The physical name that was derived for it: its id."""
        return self.replication_group_id

    @property
    def replication_group_id(self) -> str:
        """Its id; its nodes are called `<id>-001`, `<id>-002`, ..."""
        return str(self.arguments["replication_group_id"])


def guarded_elasticache_subnet_group(
    scope: Concern, id_: str, *, tags: Tags, subnets: Sequence[Guarded], overrides: Mapping[str, Any] | None = None
) -> Guarded:
    """Where the nodes may stand: private subnets, two at least so that they spread over zones.

    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/SubnetGroups.html
    """
    call = Call(scope, id_, "aws_elasticache_subnet_group")
    owned = {
        "name": call.name(tags, 255),
        "description": "Private subnets of the cache",
        "subnet_ids": call.refs("subnets", subnets, "aws_subnet", "PG_NET_PRIVATE_SUBNETS", least=2),
    }
    return call.build(Guarded, tags=tags, overrides=overrides, owned=owned)


def guarded_elasticache_parameter_group(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    family: str,
    parameters: Mapping[str, str],
    overrides: Mapping[str, Any] | None = None,
) -> Guarded:
    """The parameters of a replication group, of the one family that its engine runs with.

    family: `redis7`. parameters: name -> value, as ElastiCache spells them.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html
    """
    call = Call(scope, id_, "aws_elasticache_parameter_group")
    call.one_of("family", family, (FAMILY,), "PG_BKP_PATCHING")
    for name, value in parameters.items():
        call.matches(f"parameters[{name}]", value, r"\S.*", "its value, as text", "Terraform")
    # Off: a clustered group has another endpoint and needs another kind of client.
    enabled = parameters.get("cluster-enabled", "no")
    call.one_of("parameters[cluster-enabled]", enabled, ("no",), "PG_BKP_REDIS_FAILOVER")
    owned = {
        "name": call.name(tags, 255),
        "description": "Parameters of the cache",
        "family": family,
        "parameter": [{"name": name, "value": parameters[name]} for name in sorted(parameters)] or None,
    }
    return call.build(Guarded, tags=tags, overrides=overrides, owned=owned)


def guarded_elasticache_user(
    scope: Concern, id_: str, *, tags: Tags, access: str, iam: bool = True, overrides: Mapping[str, Any] | None = None
) -> Guarded:
    """A user that logs in with a token of its IAM role, valid for 15 minutes; so its id and its name are one.

    access: an ACL, `on` first, then `-@all`, then what is allowed on which keys. iam: True; a password would be in the
    state, because ElastiCache has no write-only one.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
    """
    call = Call(scope, id_, "aws_elasticache_user")
    call.unless(iam is True, "iam", iam, "True: a password would stand in the state", "PG_SEC_NOT_IN_STATE")
    _check_access(call, access)
    name = call.name(tags, ID_LENGTH)
    owned = {
        "user_id": name,
        "user_name": name,
        "engine": ENGINE,
        "access_string": access,
        "authentication_mode": {"type": "iam"},
        "passwords": None,
        "no_password_required": None,
    }
    return call.build(Guarded, tags=tags, overrides=overrides, owned=owned)


def guarded_elasticache_default_user(
    scope: Concern, id_: str, *, tags: Tags, overrides: Mapping[str, Any] | None = None
) -> Guarded:
    """The user `default` that each group must have, switched off: AWS's own may do everything without a password.

    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html
    """
    call = Call(scope, id_, "aws_elasticache_user")
    owned = {
        "user_id": call.name(tags, ID_LENGTH),
        "user_name": DEFAULT_USER,
        "engine": ENGINE,
        "access_string": DISABLED,
        # Nobody gets in with it, and no password of a user that is off has to be kept anywhere.
        "authentication_mode": {"type": "no-password-required"},
        "passwords": None,
        "no_password_required": None,
    }
    return call.build(Guarded, tags=tags, overrides=overrides, owned=owned)


def guarded_elasticache_user_group(
    scope: Concern, id_: str, *, tags: Tags, users: Sequence[Guarded], overrides: Mapping[str, Any] | None = None
) -> Guarded:
    """Who may log in to a replication group.

    users: exactly one of them the disabled default user, which takes the place of AWS's all-powerful one.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html
    """
    call = Call(scope, id_, "aws_elasticache_user_group")
    policy = "PG_IAM_REDIS_AUTH"
    user_ids = call.refs("users", users, "aws_elasticache_user", policy, attribute="user_id", least=2)
    known = [user.arguments for user in users if isinstance(user, Guarded)]
    defaults = [user.get("access_string") for user in known if user.get("user_name") == DEFAULT_USER]
    fix = "add guarded_elasticache_default_user"
    call.unless(defaults == [DISABLED], "users", defaults, "one default user, switched off", policy, fix)
    owned = {"user_group_id": call.name(tags, ID_LENGTH), "engine": ENGINE, "user_ids": user_ids}
    return call.build(Guarded, tags=tags, overrides=overrides, owned=owned)


def guarded_elasticache_replication_group(
    scope: Concern,
    id_: str,
    *,
    key: GuardedKey,
    tags: Tags,
    description: str,
    subnet_group: Guarded,
    parameter_group: Guarded,
    user_group: Guarded,
    security_groups: Sequence[Guarded],
    node_type: str,
    replica_count: int,
    snapshot_retention_days: int,
    port: int,
    log_group_slow: GuardedLogGroup,
    log_group_engine: GuardedLogGroup,
    overrides: Mapping[str, Any] | None = None,
) -> GuardedCache:
    """One primary and its replicas in two zones or more, encrypted with `key`, which `destroy` removes with its data.

    replica_count: 1 to 5. snapshot_retention_days: 15 to 35. port: 1024 to 65535.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html
    """
    call = Call(scope, id_, "aws_elasticache_replication_group")
    call.matches("description", description, r"\S.{2,254}", "3 to 255 characters", "PG_NAM_VALID")
    call.matches("node_type", node_type, NODE_TYPE, "a current node type, such as cache.t4g.small", "PG_BKP_PATCHING")
    call.between("replica_count", replica_count, 1, MOST_REPLICAS, "PG_BKP_REDIS_FAILOVER")
    limits = (CACHE_SNAPSHOT_DAYS, LONGEST_SNAPSHOT_DAYS)
    call.between("snapshot_retention_days", snapshot_retention_days, *limits, "PG_BKP_REDIS_SNAPSHOT")
    call.between("port", port, 1024, 65535, "PG_NET_SG_REFERENCE")
    logs = {
        log_type: call.ref(argument, log_group, "aws_cloudwatch_log_group", "PG_LOG_REDIS", attribute="name")
        for argument, log_group, log_type in (
            ("log_group_slow", log_group_slow, "slow-log"),
            ("log_group_engine", log_group_engine, "engine-log"),
        )
    }
    groups = {"user_group": user_group, "subnet_group": subnet_group, "parameter_group": parameter_group}
    return call.build(
        GuardedCache,
        tags=tags,
        overrides=overrides,
        defaults={"snapshot_window": "01:00-02:00", "maintenance_window": "sun:03:00-sun:04:00"},
        owned={
            **dict.fromkeys(NEVER),
            "replication_group_id": call.name(tags, ID_LENGTH),
            "description": description,
            "engine": ENGINE,
            "engine_version": ENGINE_VERSION,
            "node_type": node_type,
            "num_cache_clusters": replica_count + 1 if isinstance(replica_count, int) else replica_count,
            "automatic_failover_enabled": True,
            "multi_az_enabled": True,
            # Text, because the provider's later major version takes these two as text.
            "at_rest_encryption_enabled": "true",
            "auto_minor_version_upgrade": "true",
            "kms_key_id": call.ref("key", key, "aws_kms_key", "PG_ENC_ELASTICACHE"),
            "transit_encryption_enabled": True,
            "transit_encryption_mode": "required",
            "port": port,
            **_placement(call, groups, security_groups),
            "snapshot_retention_limit": snapshot_retention_days,
            "apply_immediately": True,
            "log_delivery_configuration": [_delivery(log_type, name) for log_type, name in logs.items()],
        },
    )


def _placement(call: Call, groups: Mapping[str, Guarded], security_groups: Sequence[Guarded]) -> dict[str, Any]:
    def named(argument: str, policy: str, attribute: str = "name") -> str:
        return call.ref(argument, groups[argument], f"aws_elasticache_{argument}", policy, attribute=attribute)

    return {
        "user_group_ids": [named("user_group", "PG_IAM_REDIS_AUTH", "user_group_id")],
        "subnet_group_name": named("subnet_group", "PG_NET_PRIVATE_SUBNETS"),
        "parameter_group_name": named("parameter_group", "PG_BKP_PATCHING"),
        "security_group_ids": call.refs(
            "security_groups", security_groups, "aws_security_group", "PG_NET_SG_REFERENCE"
        ),
    }


def _delivery(log_type: str, log_group_name: str) -> dict[str, str]:
    return {
        "destination": log_group_name,
        "destination_type": "cloudwatch-logs",
        "log_format": "json",
        "log_type": log_type,
    }


def _check_access(call: Call, access: object) -> None:
    policy = "PG_IAM_REDIS_AUTH"
    rules = access.split() if isinstance(access, str) else []
    credentials = any(CREDENTIAL.match(rule) for rule in rules)
    call.unless(not credentials, "access", "a rule with a password (not shown)", "no password", "PG_SEC_NOT_IN_STATE")
    shown = "(not shown)" if credentials else access
    first_allowed = next((rules.index(rule) for rule in rules if rule.startswith("+")), len(rules))
    fine = rules[:1] == ["on"] and "-@all" in rules[:first_allowed] and "off" not in rules
    call.unless(fine, "access", shown, "`on` first, and `-@all` before what is allowed", policy)
    for rule in sorted(UNLIMITED.intersection(rules)):
        call.refuse("access", rule, "named keys, and the commands that the workload needs", policy)
