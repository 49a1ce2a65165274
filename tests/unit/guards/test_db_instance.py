from __future__ import annotations

import pytest

from lib.errors import GuardViolation
from lib.guards.cloudwatch import guarded_cloudwatch_log_group
from lib.guards.db_instance import (
    SERVER_PARAMETERS,
    guarded_db_event_subscription,
    guarded_db_instance,
    guarded_db_parameter_group,
    guarded_db_subnet_group,
)
from lib.guards.guarded import Guarded
from lib.guards.iam_document import Statement
from lib.guards.refusal import Call
from lib.guards.sns_topic import guarded_sns_topic

PASSWORD = '${jsondecode(ephemeral.aws_secretsmanager_secret_version.database.secret_string)["password"]}'
SIZES = {
    "engine_version": "16",
    "instance_class": "db.t4g.medium",
    "storage_gib": 50,
    "max_storage_gib": 200,
    "multi_az": True,
    "port": 5432,
    "backup_days": 14,
    "monitoring_interval_seconds": 60,
    "database_name": "sensors",
    "username": "sensor_owner",
    "password_reference": PASSWORD,
    "password_version": 1,
}


@pytest.fixture
def subnets(concern, tags):
    vpc = Call(concern, "plant", "aws_vpc").build(Guarded, tags=tags, owned={"cidr_block": "10.20.0.0/16"})

    def subnet(zone):
        owned = {"vpc_id": vpc.ref("id"), "availability_zone": f"eu-west-1{zone}"}
        return Call(concern, f"private_{zone}", "aws_subnet").build(Guarded, tags=tags, owned=owned)

    return [subnet("a"), subnet("b")]


@pytest.fixture
def log_groups(concern, key, tags):
    where = {"prefix": "/aws/rds/instance/", "owner_name": "sensor-records-dev", "retention_days": 365}
    return [
        guarded_cloudwatch_log_group(concern, f"log_{log}", key=key, tags=tags, **where, tail=f"/{log}")
        for log in ("postgresql", "upgrade")
    ]


@pytest.fixture
def parts(concern, key, tags, subnets, log_groups):
    """Everything an instance is built from, beside its sizes."""
    stack = concern.node.scope
    stack.ephemeral("aws_secretsmanager_secret_version", "database", {"secret_id": "factory/db"})
    group = Call(concern, "database_group", "aws_security_group").build(Guarded, tags=tags, owned={"name": "database"})
    trust = {"name": "sensor-monitoring-dev", "assume_role_policy": "{}"}
    role = Call(concern, "monitoring", "aws_iam_role").build(Guarded, tags=tags, owned=trust)
    return {
        "key": key,
        "insights_key": key,
        "tags": tags,
        "monitoring_role": role,
        "subnet_group": guarded_db_subnet_group(concern, "subnets", tags=tags, subnets=subnets),
        "parameter_group": guarded_db_parameter_group(concern, "parameters", tags=tags, family="postgres16"),
        "security_groups": [group],
        "log_groups": log_groups,
    }


@pytest.fixture
def built(concern, parts, sealed):
    guarded_db_instance(concern, "records", **parts, **SIZES)
    return sealed()["resource"]["aws_db_instance"]["records"]


def test_builds_an_instance_encrypted_with_the_keys(built):
    assert (built["identifier"], built["engine"], built["storage_encrypted"]) == (
        "sensor-records-dev",
        "postgres",
        True,
    )
    assert built["kms_key_id"] == built["performance_insights_kms_key_id"] == "${aws_kms_key.stream.arn}"
    assert built["performance_insights_enabled"] is True


def test_takes_the_password_from_the_ephemeral_secret_and_keeps_none(built):
    assert (built["password_wo"], built["password_wo_version"]) == (PASSWORD, 1)
    assert not {"password", "manage_master_user_password"} & set(built)
    assert built["iam_database_authentication_enabled"] is True


def test_puts_the_instance_into_private_subnets_behind_its_groups(built):
    assert built["publicly_accessible"] is False
    assert built["db_subnet_group_name"] == "${aws_db_subnet_group.subnets.name}"
    assert built["parameter_group_name"] == "${aws_db_parameter_group.parameters.name}"
    assert built["vpc_security_group_ids"] == ["${aws_security_group.database_group.id}"]
    assert built["ca_cert_identifier"] == "rds-ca-rsa2048-g1"
    assert built["port"] == 5432


def test_exports_logs_to_groups_that_exist_first(built):
    assert built["enabled_cloudwatch_logs_exports"] == ["postgresql", "upgrade"]
    assert built["depends_on"] == ["aws_cloudwatch_log_group.log_postgresql", "aws_cloudwatch_log_group.log_upgrade"]
    assert (built["monitoring_interval"], built["monitoring_role_arn"]) == (60, "${aws_iam_role.monitoring.arn}")


def test_keeps_backups_while_it_lives_and_nothing_after(built):
    assert (built["backup_retention_period"], built["multi_az"], built["copy_tags_to_snapshot"]) == (14, True, True)
    assert (built["deletion_protection"], built["skip_final_snapshot"]) == (False, True)
    assert built["delete_automated_backups"] is True
    assert "final_snapshot_identifier" not in built


def test_follows_minor_versions_only(built):
    assert (built["auto_minor_version_upgrade"], built["allow_major_version_upgrade"]) == (True, False)
    assert built["engine_lifecycle_support"] == "open-source-rds-extended-support-disabled"


def test_names_itself_by_its_identifier(concern, parts):
    database = guarded_db_instance(concern, "records", **parts, **{**SIZES, "engine_version": "16.9"})
    assert database.name == database.identifier == "sensor-records-dev"


@pytest.mark.parametrize(
    ("change", "policy"),
    [
        ({"key": None}, "PG_ENC_RDS"),
        ({"key": "alias/aws/rds"}, "PG_ENC_RDS"),
        ({"insights_key": None}, "PG_ENC_RDS_PERFORMANCE_INSIGHTS"),
        ({"engine_version": "15"}, "PG_BKP_PATCHING"),
        ({"engine_version": "17"}, "PG_TLS_POSTGRES_FORCE_SSL"),
        ({"engine_version": None}, "PG_BKP_PATCHING"),
        ({"instance_class": "db.t2.micro"}, "PG_BKP_PATCHING"),
        ({"instance_class": "db.serverless"}, "PG_BKP_PATCHING"),
        ({"storage_gib": 19}, "PG_BKP_CAPACITY"),
        ({"storage_gib": None, "max_storage_gib": 65_536}, "PG_BKP_CAPACITY"),
        ({"max_storage_gib": 54}, "PG_BKP_CAPACITY"),
        ({"max_storage_gib": 65_537}, "PG_BKP_CAPACITY"),
        ({"multi_az": "yes"}, "PG_BKP_MULTI_AZ"),
        ({"port": 1149}, "PG_NET_SG_REFERENCE"),
        ({"port": 65_536}, "PG_NET_SG_REFERENCE"),
        ({"backup_days": 6}, "PG_BKP_RDS_BACKUP"),
        ({"backup_days": 36}, "PG_BKP_RDS_BACKUP"),
        ({"monitoring_interval_seconds": 0}, "PG_LOG_RDS_ENHANCED_MONITORING"),
        ({"monitoring_role": "arn:aws:iam::123456789012:role/x"}, "PG_LOG_RDS_ENHANCED_MONITORING"),
        ({"database_name": "Sensors"}, "PG_NAM_VALID"),
        ({"username": "postgres"}, "PG_IAM_RDS_IAM_AUTH"),
        ({"username": "admin"}, "PG_IAM_RDS_IAM_AUTH"),
        ({"username": None}, "PG_NAM_VALID"),
        ({"password_version": 0}, "PG_SEC_NOT_IN_STATE"),
        ({"subnet_group": "default"}, "PG_NET_PRIVATE_SUBNETS"),
        ({"parameter_group": "default.postgres16"}, "PG_TLS_POSTGRES_FORCE_SSL"),
        ({"security_groups": []}, "PG_NET_SG_REFERENCE"),
    ],
)
def test_refuses_an_instance_with_one_thing_wrong(concern, parts, change, policy):
    with pytest.raises(GuardViolation) as caught:
        guarded_db_instance(concern, "records", **{**parts, **SIZES, **change})
    assert [refusal.policy for refusal in caught.value.refusals] == [policy]


@pytest.mark.parametrize(
    "reference",
    [
        "canary",
        "${var.canary}",
        '${jsondecode(data.aws_secretsmanager_secret_version.canary.secret_string)["password"]}',
        PASSWORD + "canary",
        None,
    ],
)
def test_refuses_a_password_that_would_stay_somewhere_without_repeating_it(concern, parts, reference):
    with pytest.raises(GuardViolation, match="PG_SEC_NOT_IN_STATE") as caught:
        guarded_db_instance(concern, "records", **parts, **{**SIZES, "password_reference": reference})
    assert "canary" not in str(caught.value)


def test_refuses_log_groups_that_rds_would_not_write_to(concern, parts, log_groups):
    for wrong in ([], log_groups[:1], [log_groups[0]] * 2, ["/aws/rds/instance/x", "y"]):
        with pytest.raises(GuardViolation, match="PG_LOG_RDS_EXPORTS"):
            guarded_db_instance(concern, "records", **{**parts, "log_groups": wrong}, **SIZES)
    with pytest.raises(GuardViolation, match="sensor-other-dev/postgresql"):
        guarded_db_instance(concern, "other", **parts, **SIZES)


@pytest.mark.parametrize(
    "wrong",
    [
        {"publicly_accessible": True},
        {"storage_encrypted": False},
        {"deletion_protection": True},
        {"skip_final_snapshot": False},
        {"final_snapshot_identifier": "kept"},
        {"manage_master_user_password": True},
        {"iam_database_authentication_enabled": False},
        {"snapshot_identifier": "foreign"},
        {"replicate_source_db": "foreign"},
        {"enabled_cloudwatch_logs_exports": []},
        {"performance_insights_enabled": False},
        {"ca_cert_identifier": "rds-ca-2019"},
    ],
)
def test_refuses_an_instance_weakened_by_an_override(concern, parts, wrong):
    with pytest.raises(GuardViolation, match="which the guard owns"):
        guarded_db_instance(concern, "records", **parts, **SIZES, overrides=wrong)


def test_does_not_repeat_a_password_that_it_refuses(concern, parts):
    with pytest.raises(GuardViolation, match=r"overrides\[password\]") as caught:
        guarded_db_instance(concern, "records", **parts, **SIZES, overrides={"password": "canary"})
    assert "canary" not in str(caught.value)


def test_refuses_an_identifier_beyond_the_63_characters_of_rds(concern, parts):
    with pytest.raises(GuardViolation, match="at most 63 characters"):
        guarded_db_instance(concern, "_".join(["records"] * 8), **parts, **SIZES)


def test_one_violation_lists_everything_that_is_wrong_with_an_instance(concern):
    arguments = dict.fromkeys(
        [*SIZES, "key", "insights_key", "tags", "monitoring_role", "subnet_group", "parameter_group"]
    )
    with pytest.raises(GuardViolation) as caught:
        guarded_db_instance(concern, "Records", **arguments, security_groups=(), log_groups=())
    refused = {refusal.argument for refusal in caught.value.refusals}
    assert refused == {"id_", *arguments, "security_groups", "log_groups"}


def test_builds_a_subnet_group_over_two_zones(concern, tags, subnets, sealed):
    guarded_db_subnet_group(concern, "subnets", tags=tags, subnets=subnets)
    assert sealed()["resource"]["aws_db_subnet_group"]["subnets"]["subnet_ids"] == [one.ref("id") for one in subnets]


def test_refuses_a_subnet_group_in_one_zone_or_of_foreign_subnets(concern, tags, subnets):
    for wrong in (subnets[:1], [subnets[0]] * 2, ["subnet-1", "subnet-2"]):
        with pytest.raises(GuardViolation, match="PG_NET_PRIVATE_SUBNETS"):
            guarded_db_subnet_group(concern, "subnets", tags=tags, subnets=wrong)


def test_refuses_a_subnet_group_whose_subnets_share_a_zone(concern, tags, subnets):
    owned = dict(subnets[0].arguments)
    owned.pop("tags")
    twin = Call(concern, "twin", "aws_subnet").build(Guarded, tags=tags, owned=owned)
    with pytest.raises(GuardViolation, match="two zones at least"):
        guarded_db_subnet_group(concern, "subnets", tags=tags, subnets=[subnets[0], twin])


def test_builds_a_server_that_enforces_tls_and_records_who_changed_what(concern, tags, sealed):
    more = {"log_min_duration_statement": "1000", "max_connections": "400"}
    guarded_db_parameter_group(concern, "parameters", tags=tags, family="postgres17", parameters=more)
    built = sealed()["resource"]["aws_db_parameter_group"]["parameters"]
    assert {one["name"]: one["value"] for one in built["parameter"]} == {**SERVER_PARAMETERS, **more}
    assert [one["name"] for one in built["parameter"]] == sorted({**SERVER_PARAMETERS, **more})
    waiting = {one["name"] for one in built["parameter"] if one["apply_method"] == "pending-reboot"}
    assert waiting == {"max_connections", "shared_preload_libraries"}
    assert (built["name"], built["family"]) == ("sensor-parameters-dev", "postgres17")


@pytest.mark.parametrize(
    ("parameters", "policy"),
    [
        ({"rds.force_ssl": "0"}, "PG_TLS_POSTGRES_FORCE_SSL"),
        ({"RDS.Force_SSL": "0"}, "lower case"),
        ({"ssl_min_protocol_version": "TLSv1"}, "PG_TLS_POSTGRES_FORCE_SSL"),
        ({"log_statement": "none"}, "PG_LOG_RDS_AUDIT_PARAMETERS"),
        ({"log_connections": "0"}, "PG_LOG_RDS_AUDIT_PARAMETERS"),
        ({"shared_preload_libraries": "pg_stat_statements"}, "PG_LOG_RDS_AUDIT_PARAMETERS"),
        ({"password_encryption": "md5"}, "scram-sha-256"),
        ({"max_connections": 400}, "as text"),
    ],
)
def test_refuses_a_server_that_enforces_or_records_less(concern, tags, parameters, policy):
    with pytest.raises(GuardViolation, match=policy):
        guarded_db_parameter_group(concern, "parameters", tags=tags, family="postgres16", parameters=parameters)


@pytest.mark.parametrize("family", ["postgres15", "aurora-postgresql16", None])
def test_refuses_a_family_that_the_instance_does_not_run(concern, tags, family):
    with pytest.raises(GuardViolation, match="family"):
        guarded_db_parameter_group(concern, "parameters", tags=tags, family=family)


def _topic(concern, key, tags, *services):
    itself, pinned = ("${aws_sns_topic.alarms.arn}",), {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    publish = Statement("Publish", ("sns:Publish",), itself, principals={"Service": services}, conditions=pinned)
    return guarded_sns_topic(concern, "alarms", key=key, tags=tags, publishers=[publish])


def test_tells_the_topic_what_happens_to_the_instance(concern, key, tags, parts, sealed):
    database = guarded_db_instance(concern, "records", **parts, **SIZES)
    topic = _topic(concern, key, tags, "events.rds.amazonaws.com")
    guarded_db_event_subscription(concern, "records_events", tags=tags, topic=topic, database=database)
    built = sealed()["resource"]["aws_db_event_subscription"]["records_events"]
    assert (built["sns_topic"], built["enabled"]) == ("${aws_sns_topic.alarms.arn}", True)
    assert (built["source_type"], built["source_ids"]) == ("db-instance", ["${aws_db_instance.records.identifier}"])
    assert {"maintenance", "configuration change", "failure"} <= set(built["event_categories"])


def test_refuses_a_topic_that_rds_may_not_publish_to(concern, key, tags, parts):
    database = guarded_db_instance(concern, "records", **parts, **SIZES)
    topic = _topic(concern, key, tags, "cloudwatch.amazonaws.com")
    with pytest.raises(GuardViolation, match=r"events\.rds\.amazonaws\.com may publish to"):
        guarded_db_event_subscription(concern, "records_events", tags=tags, topic=topic, database=database)


def test_one_violation_lists_everything_that_is_wrong_with_a_subscription(concern):
    with pytest.raises(GuardViolation) as caught:
        guarded_db_event_subscription(
            concern, "Events", tags=None, topic=None, database=None, overrides={"enabled": False}
        )
    refused = {refusal.argument for refusal in caught.value.refusals}
    assert refused == {"id_", "tags", "topic", "database", "overrides[enabled]"}
