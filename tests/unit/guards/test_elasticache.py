from __future__ import annotations

import pytest

from lib.errors import GuardViolation
from lib.guards.cloudwatch import guarded_cloudwatch_log_group
from lib.guards.elasticache import (
    guarded_elasticache_default_user,
    guarded_elasticache_parameter_group,
    guarded_elasticache_replication_group,
    guarded_elasticache_subnet_group,
    guarded_elasticache_user,
    guarded_elasticache_user_group,
)
from lib.guards.guarded import Guarded
from lib.guards.refusal import Call

ACCESS = "on ~sensor:* -@all +@read +@write"
SIZES = {"node_type": "cache.t4g.small", "replica_count": 1, "snapshot_retention_days": 15, "port": 6379}


@pytest.fixture
def subnets(concern, tags):
    vpc = Call(concern, "plant", "aws_vpc").build(Guarded, tags=tags, owned={"cidr_block": "10.20.0.0/16"})
    return [
        Call(concern, f"private_{zone}", "aws_subnet").build(Guarded, tags=tags, owned={"vpc_id": vpc.ref("id")})
        for zone in "ab"
    ]


@pytest.fixture
def users(concern, tags):
    login = guarded_elasticache_user(concern, "processor_login", tags=tags, access=ACCESS)
    return guarded_elasticache_default_user(concern, "nobody", tags=tags), login


@pytest.fixture
def parts(concern, key, tags, subnets, users):
    """Everything a replication group is built from, beside its sizes."""

    def log_group(kind):
        where = {"prefix": "/aws/elasticache/", "owner_name": "sensor-cache-dev", "tail": f"/{kind}"}
        return guarded_cloudwatch_log_group(concern, kind, key=key, tags=tags, **where, retention_days=365)

    policy = {"maxmemory-policy": "volatile-ttl"}
    return {
        "key": key,
        "tags": tags,
        "description": "State of sensors",
        "subnet_group": guarded_elasticache_subnet_group(concern, "subnets", tags=tags, subnets=subnets),
        "parameter_group": guarded_elasticache_parameter_group(
            concern, "parameters", tags=tags, family="redis7", parameters=policy
        ),
        "user_group": guarded_elasticache_user_group(concern, "users", tags=tags, users=users),
        "security_groups": [
            Call(concern, "cache_group", "aws_security_group").build(Guarded, tags=tags, owned={"name": "cache"})
        ],
        "log_group_slow": log_group("slow"),
        "log_group_engine": log_group("engine"),
    }


def test_builds_a_group_that_is_encrypted_everywhere_and_fails_over(concern, parts, sealed):
    cache = guarded_elasticache_replication_group(concern, "cache", **parts, **SIZES)
    built = sealed()["resource"]["aws_elasticache_replication_group"]["cache"]
    assert built["replication_group_id"] == cache.replication_group_id == cache.name == "sensor-cache-dev"
    assert (built["engine"], built["engine_version"], built["num_cache_clusters"]) == ("redis", "7.1", 2)
    assert (built["at_rest_encryption_enabled"], built["kms_key_id"]) == ("true", "${aws_kms_key.stream.arn}")
    assert (built["transit_encryption_enabled"], built["transit_encryption_mode"]) == (True, "required")
    assert built["automatic_failover_enabled"] is built["multi_az_enabled"] is True
    assert built["auto_minor_version_upgrade"] == "true"


def test_puts_the_group_among_its_own_users_subnets_and_logs(concern, parts, sealed):
    guarded_elasticache_replication_group(concern, "cache", **parts, **SIZES)
    built = sealed()["resource"]["aws_elasticache_replication_group"]["cache"]
    assert built["user_group_ids"] == ["${aws_elasticache_user_group.users.user_group_id}"]
    assert built["subnet_group_name"] == "${aws_elasticache_subnet_group.subnets.name}"
    assert built["parameter_group_name"] == "${aws_elasticache_parameter_group.parameters.name}"
    assert built["security_group_ids"] == ["${aws_security_group.cache_group.id}"]
    logs = {one["log_type"]: one["destination"] for one in built["log_delivery_configuration"]}
    assert logs == {
        "slow-log": "${aws_cloudwatch_log_group.slow.name}",
        "engine-log": "${aws_cloudwatch_log_group.engine.name}",
    }


def test_leaves_nothing_behind_and_names_no_topic_that_could_not_be_told(concern, parts, sealed):
    guarded_elasticache_replication_group(concern, "cache", **parts, **SIZES)
    built = sealed()["resource"]["aws_elasticache_replication_group"]["cache"]
    assert not {"final_snapshot_identifier", "auth_token", "notification_topic_arn"} & set(built)


@pytest.mark.parametrize(
    ("change", "policy"),
    [
        ({"key": None}, "PG_ENC_ELASTICACHE"),
        ({"key": "alias/aws/elasticache"}, "PG_ENC_ELASTICACHE"),
        ({"description": ""}, "PG_NAM_VALID"),
        ({"node_type": "cache.t2.small"}, "PG_BKP_PATCHING"),
        ({"node_type": None}, "PG_BKP_PATCHING"),
        ({"replica_count": 0}, "PG_BKP_REDIS_FAILOVER"),
        ({"replica_count": 6}, "PG_BKP_REDIS_FAILOVER"),
        ({"replica_count": None}, "PG_BKP_REDIS_FAILOVER"),
        ({"snapshot_retention_days": 14}, "PG_BKP_REDIS_SNAPSHOT"),
        ({"snapshot_retention_days": 36}, "PG_BKP_REDIS_SNAPSHOT"),
        ({"port": 80}, "PG_NET_SG_REFERENCE"),
        ({"security_groups": []}, "PG_NET_SG_REFERENCE"),
        ({"security_groups": ["sg-123"]}, "PG_NET_SG_REFERENCE"),
        ({"subnet_group": "default"}, "PG_NET_PRIVATE_SUBNETS"),
        ({"parameter_group": "default.redis7"}, "PG_BKP_PATCHING"),
        ({"user_group": None}, "PG_IAM_REDIS_AUTH"),
        ({"log_group_slow": None}, "PG_LOG_REDIS"),
        ({"log_group_engine": "/aws/elasticache/x"}, "PG_LOG_REDIS"),
    ],
)
def test_refuses_a_group_with_one_thing_wrong(concern, parts, change, policy):
    with pytest.raises(GuardViolation) as caught:
        guarded_elasticache_replication_group(concern, "cache", **{**parts, **SIZES, **change})
    assert [refusal.policy for refusal in caught.value.refusals] == [policy]


def test_refuses_an_id_beyond_the_40_characters_of_elasticache(concern, parts):
    with pytest.raises(GuardViolation, match="at most 40 characters"):
        guarded_elasticache_replication_group(concern, "cache_of_all_the_sensors_in_the_plant", **parts, **SIZES)


@pytest.mark.parametrize(
    "wrong",
    [
        {"transit_encryption_mode": "preferred"},
        {"transit_encryption_enabled": False},
        {"at_rest_encryption_enabled": "false"},
        {"user_group_ids": []},
        {"final_snapshot_identifier": "kept"},
        {"snapshot_arns": ["arn:aws:s3:::elsewhere/dump.rdb"]},
        {"notification_topic_arn": "arn:aws:sns:eu-west-1:123456789012:x"},
        {"engine_version": "6.2"},
    ],
)
def test_refuses_a_group_weakened_by_an_override(concern, parts, wrong):
    with pytest.raises(GuardViolation, match="which the guard owns"):
        guarded_elasticache_replication_group(concern, "cache", **parts, **SIZES, overrides=wrong)


def test_does_not_repeat_a_password_that_it_refuses(concern, parts):
    with pytest.raises(GuardViolation, match=r"overrides\[auth_token\]") as caught:
        guarded_elasticache_replication_group(
            concern, "cache", **parts, **SIZES, overrides={"auth_token": "canary-canary-canary"}
        )
    assert "canary" not in str(caught.value)


def test_lets_a_caller_move_the_windows(concern, parts, sealed):
    window = {"snapshot_window": "05:00-06:00"}
    guarded_elasticache_replication_group(concern, "cache", **parts, **SIZES, overrides=window)
    built = sealed()["resource"]["aws_elasticache_replication_group"]["cache"]
    assert (built["snapshot_window"], built["maintenance_window"]) == ("05:00-06:00", "sun:03:00-sun:04:00")


def test_one_violation_lists_everything_that_is_wrong_with_a_group(concern):
    arguments = dict.fromkeys(
        ("key", "tags", "description", "subnet_group", "parameter_group", "user_group", "node_type", "replica_count")
    )
    logs = dict.fromkeys(("log_group_slow", "log_group_engine", "snapshot_retention_days", "port"))
    with pytest.raises(GuardViolation) as caught:
        guarded_elasticache_replication_group(concern, "Cache", **arguments, **logs, security_groups=())
    refused = {refusal.argument for refusal in caught.value.refusals}
    assert refused == {"id_", *arguments, *logs, "security_groups"}


def test_builds_a_user_that_logs_in_by_iam_under_one_name(concern, tags, sealed):
    guarded_elasticache_user(concern, "processor_login", tags=tags, access=ACCESS)
    built = sealed()["resource"]["aws_elasticache_user"]["processor_login"]
    assert built["user_id"] == built["user_name"] == "sensor-processor-login-dev"
    assert (built["authentication_mode"], built["access_string"]) == ({"type": "iam"}, ACCESS)


@pytest.mark.parametrize(
    "access",
    [
        "on ~* +@all",
        "on ~* -@all +get",
        "on ~sensor:* +@all",
        "on ~sensor:* +get",
        "on ~sensor:* +get -@all",
        "~sensor:* -@all +get",
        "on off ~sensor:* -@all +get",
        "on allkeys -@all +get",
        "on %RW~* -@all +get",
        "on ~sensor:* &* -@all +get",
        "on nopass ~sensor:* -@all +get",
        "on ~sensor:* -@all +@admin",
        "",
        None,
    ],
)
def test_refuses_a_user_that_may_do_everything_somewhere(concern, tags, access):
    with pytest.raises(GuardViolation, match="PG_IAM_REDIS_AUTH"):
        guarded_elasticache_user(concern, "login", tags=tags, access=access)


@pytest.mark.parametrize("rule", [">canary", "#canary", "<canary", "!canary"])
def test_refuses_a_password_in_an_access_string_without_repeating_it(concern, tags, rule):
    with pytest.raises(GuardViolation, match="PG_SEC_NOT_IN_STATE") as caught:
        guarded_elasticache_user(concern, "login", tags=tags, access=f"on {rule} ~sensor:* +get")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("iam", [False, None, 1])
def test_refuses_a_user_whose_password_the_state_would_hold(concern, tags, iam):
    with pytest.raises(GuardViolation, match="PG_SEC_NOT_IN_STATE"):
        guarded_elasticache_user(concern, "login", tags=tags, access=ACCESS, iam=iam)


@pytest.mark.parametrize(
    "wrong",
    [{"passwords": ["canary"]}, {"authentication_mode": {"type": "password", "passwords": ["canary"]}}],
)
def test_refuses_a_password_by_an_override_without_repeating_it(concern, tags, wrong):
    with pytest.raises(GuardViolation, match="which the guard owns") as caught:
        guarded_elasticache_user(concern, "login", tags=tags, access=ACCESS, overrides=wrong)
    assert "canary" not in str(caught.value)


def test_switches_the_default_user_off(concern, tags, sealed):
    guarded_elasticache_default_user(concern, "nobody", tags=tags)
    built = sealed()["resource"]["aws_elasticache_user"]["nobody"]
    assert (built["user_id"], built["user_name"]) == ("sensor-nobody-dev", "default")
    assert built["access_string"] == "off -@all"


def test_refuses_to_switch_the_default_user_on_by_an_override(concern, tags):
    with pytest.raises(GuardViolation, match="which the guard owns"):
        guarded_elasticache_default_user(concern, "nobody", tags=tags, overrides={"access_string": "on ~* +@all"})


def test_builds_a_user_group_with_the_disabled_default_user(concern, tags, users, sealed):
    guarded_elasticache_user_group(concern, "users", tags=tags, users=users)
    built = sealed()["resource"]["aws_elasticache_user_group"]["users"]
    assert built["user_ids"] == [user.ref("user_id") for user in users]
    assert (built["engine"], built["user_group_id"]) == ("redis", "sensor-users-dev")


def test_refuses_a_user_group_without_the_disabled_default_user(concern, tags, users):
    other = guarded_elasticache_user(concern, "other_login", tags=tags, access=ACCESS)
    with pytest.raises(GuardViolation, match="one default user, switched off"):
        guarded_elasticache_user_group(concern, "users", tags=tags, users=[users[1], other])


@pytest.mark.parametrize("members", [[], ["default"], [None, None]])
def test_refuses_a_user_group_of_users_that_no_guard_built(concern, tags, members):
    with pytest.raises(GuardViolation, match="PG_IAM_REDIS_AUTH"):
        guarded_elasticache_user_group(concern, "users", tags=tags, users=members)


def test_builds_a_subnet_group_of_all_its_subnets(concern, tags, subnets, sealed):
    guarded_elasticache_subnet_group(concern, "subnets", tags=tags, subnets=subnets)
    built = sealed()["resource"]["aws_elasticache_subnet_group"]["subnets"]
    assert built["subnet_ids"] == ["${aws_subnet.private_a.id}", "${aws_subnet.private_b.id}"]


def test_refuses_a_subnet_group_in_one_zone_or_of_foreign_subnets(concern, tags, subnets):
    for wrong in (subnets[:1], [subnets[0]] * 2, ["subnet-1", "subnet-2"]):
        with pytest.raises(GuardViolation, match="PG_NET_PRIVATE_SUBNETS"):
            guarded_elasticache_subnet_group(concern, "subnets", tags=tags, subnets=wrong)


def test_builds_a_parameter_group_in_the_order_of_the_names(concern, tags, sealed):
    given = {"timeout": "300", "maxmemory-policy": "volatile-ttl"}
    guarded_elasticache_parameter_group(concern, "parameters", tags=tags, family="redis7", parameters=given)
    guarded_elasticache_parameter_group(concern, "untouched", tags=tags, family="redis7", parameters={})
    built = sealed()["resource"]["aws_elasticache_parameter_group"]
    assert [one["name"] for one in built["parameters"]["parameter"]] == ["maxmemory-policy", "timeout"]
    assert "parameter" not in built["untouched"]


@pytest.mark.parametrize(
    ("family", "parameters"),
    [
        ("redis6.x", {}),
        ("redis7.cluster.on", {}),
        ("redis7", {"timeout": 300}),
        ("redis7", {"timeout": ""}),
        ("redis7", {"cluster-enabled": "yes"}),
    ],
)
def test_refuses_another_family_or_a_parameter_that_is_no_text(concern, tags, family, parameters):
    with pytest.raises(GuardViolation, match=r"family|parameters"):
        guarded_elasticache_parameter_group(concern, "parameters", tags=tags, family=family, parameters=parameters)
