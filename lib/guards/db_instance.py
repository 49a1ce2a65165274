"""RDS for PostgreSQL: where it stands, what its server enforces and records, the instance, and who hears of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lib.guards.cloudwatch import GuardedLogGroup
from lib.guards.guarded import Concern, Guarded
from lib.guards.kms_key import GuardedKey
from lib.guards.refusal import Call
from lib.guards.sns_topic import GuardedTopic, topic_arn
from lib.guards.tags import Tags
from policies.requirements import BACKUP_RETENTION_DAYS, DATABASE_CAS, MONITORING_INTERVALS_SECONDS

FAMILIES = ("postgres16", "postgres17")
SERVER_PARAMETERS = {
    "log_connections": "1",
    "log_disconnections": "1",
    "log_statement": "ddl",
    "password_encryption": "scram-sha-256",
    "pgaudit.log": "ddl,role",
    "rds.force_ssl": "1",
    "shared_preload_libraries": "pg_stat_statements,pgaudit",
    "ssl_min_protocol_version": "TLSv1.2",
}
"""What the server enforces and records whatever a caller asks for.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.pgaudit.html
"""
STATIC_PARAMETERS = ("max_connections", "shared_buffers", "shared_preload_libraries", "track_activity_query_size")
"""They need a restart, and RDS refuses `immediate` for them."""
LOG_EXPORTS = ("postgresql", "upgrade")
LONGEST_BACKUP_DAYS = 35
MOST_STORAGE_GIB = 65_536
INSTANCE_CLASS = r"db\.(t3|t4g|[mr][5-8](i|g|d|gd|id)?|x2g)\.(micro|small|medium|large|\d*xlarge)"
PASSWORD = (
    r"\$\{jsondecode\(ephemeral\.aws_secretsmanager_secret_version\.[a-z0-9_]+\.secret_string\)\[\"password\"\]\}"
)
WELL_KNOWN_USERS = ("admin", "postgres", "rdsadmin", "root")
EVENTS = (
    "availability",
    "configuration change",
    "deletion",
    "failover",
    "failure",
    "low storage",
    "maintenance",
    "notification",
    "recovery",
)
"""Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html"""
NEVER = (
    "character_set_name",
    "custom_iam_instance_profile",
    "domain",
    "domain_auth_secret_arn",
    "domain_fqdn",
    "domain_iam_role_name",
    "final_snapshot_identifier",
    "identifier_prefix",
    "manage_master_user_password",
    "master_user_secret_kms_key_id",
    "password",
    "replicate_source_db",
    "restore_to_point_in_time",
    "s3_import",
    "snapshot_identifier",
)
"""What would put a password into the state, create a secret, bring in foreign data, or keep data on destroy."""


class GuardedDatabase(Guarded):
    """An instance in private subnets that answers over TLS only, and whose password is in no plan and no state."""

    @property
    def name(self) -> str:
        """The physical name that was derived for it: its identifier."""
        return self.identifier

    @property
    def identifier(self) -> str:
        """Its identifier; logins by IAM need its resource id instead: `ref("resource_id")`."""
        return str(self.arguments["identifier"])


def guarded_db_subnet_group(
    scope: Concern, id_: str, *, tags: Tags, subnets: Sequence[Guarded], overrides: Mapping[str, Any] | None = None
) -> Guarded:
    """Where the instance and its standby may stand: private subnets, of two zones at least.

    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html
    """
    call = Call(scope, id_, "aws_db_subnet_group")
    owned = {
        "name": call.name(tags, 255),
        "name_prefix": None,
        "description": "Private subnets of the database",
        "subnet_ids": call.refs("subnets", subnets, "aws_subnet", "PG_NET_PRIVATE_SUBNETS", least=2),
    }
    zones = [subnet.arguments.get("availability_zone") for subnet in subnets if isinstance(subnet, Guarded)]
    call.unless(len(set(zones)) > 1 or len(zones) < 2, "subnets", zones, "two zones at least", "PG_BKP_MULTI_AZ")
    return call.build(Guarded, tags=tags, overrides=overrides, owned=owned)


def guarded_db_parameter_group(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    family: str,
    parameters: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Guarded:
    """A server that takes TLS 1.2 or later only, and records logins, schema changes and grants.

    family: `postgres16` or `postgres17`. parameters: more of them; none of SERVER_PARAMETERS with another value.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html
    """
    call = Call(scope, id_, "aws_db_parameter_group")
    call.one_of("family", family, FAMILIES, "PG_BKP_PATCHING")
    given = parameters or {}
    for name, value in given.items():
        owned_value = SERVER_PARAMETERS.get(name, value)
        policy = "PG_TLS_POSTGRES_FORCE_SSL" if "ssl" in name else "PG_LOG_RDS_AUDIT_PARAMETERS"
        call.one_of(f"parameters[{name}]", value, (owned_value,), policy)
        # In another case it would be the same parameter a second time.
        call.matches(f"parameters[{name}]", name, r"[a-z][a-z0-9_.]*", "its name in lower case", policy)
        call.matches(f"parameters[{name}]", value, r"\S.*", "its value, as text", "Terraform")
    together = {**given, **SERVER_PARAMETERS}
    owned = {
        "name": call.name(tags, 255),
        "name_prefix": None,
        "description": "Parameters of the database",
        "family": family,
        "parameter": [_parameter(name, together[name]) for name in sorted(together)],
        "skip_destroy": False,
    }
    return call.build(Guarded, tags=tags, overrides=overrides, owned=owned)


def guarded_db_instance(
    scope: Concern,
    id_: str,
    *,
    key: GuardedKey,
    insights_key: GuardedKey,
    tags: Tags,
    engine_version: str,
    instance_class: str,
    storage_gib: int,
    max_storage_gib: int,
    port: int,
    multi_az: bool,
    backup_days: int,
    monitoring_interval_seconds: int,
    monitoring_role: Guarded,
    database_name: str,
    username: str,
    password_reference: str,
    password_version: int,
    subnet_group: Guarded,
    parameter_group: Guarded,
    security_groups: Sequence[Guarded],
    log_groups: Sequence[GuardedLogGroup],
    overrides: Mapping[str, Any] | None = None,
) -> GuardedDatabase:
    """An instance encrypted with `key`, which `destroy` removes with its backups. It waits for its log groups: RDS
    would else create them itself, without key and retention.

    engine_version: `16` or `17`, with or without a minor version. storage_gib: 20 to 65536, and `max_storage_gib` at
    least 10 percent above. port: 1150 to 65535. backup_days: 7 to 35. username: of the existing secret, not well known.
    password_reference: `${jsondecode(ephemeral.aws_secretsmanager_secret_version.<id>.secret_string)["password"]}`.
    password_version: raised, it writes the secret's current password into the instance again.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
    """
    call = Call(scope, id_, "aws_db_instance")
    call.matches(
        "instance_class", instance_class, INSTANCE_CLASS, "a current class, such as db.t4g.medium", "PG_BKP_PATCHING"
    )
    call.unless(isinstance(multi_az, bool), "multi_az", multi_az, "True or False", "PG_BKP_MULTI_AZ")
    call.between("backup_days", backup_days, BACKUP_RETENTION_DAYS, LONGEST_BACKUP_DAYS, "PG_BKP_RDS_BACKUP")
    call.between("port", port, 1150, 65_535, "PG_NET_SG_REFERENCE")
    _check_engine(call, engine_version, parameter_group)
    _check_storage(call, storage_gib, max_storage_gib)
    identifier = call.name(tags, 63)
    return call.build(
        GuardedDatabase,
        tags=tags,
        overrides=overrides,
        defaults={
            "backup_window": "01:00-02:00",
            "maintenance_window": "sun:03:00-sun:04:00",
            "apply_immediately": False,
        },
        owned={
            **dict.fromkeys(NEVER),
            "identifier": identifier,
            "engine": "postgres",
            "engine_version": engine_version,
            "engine_lifecycle_support": "open-source-rds-extended-support-disabled",
            "allow_major_version_upgrade": False,
            "auto_minor_version_upgrade": True,
            "instance_class": instance_class,
            "port": port,
            "multi_az": multi_az,
            "storage_type": "gp3",
            "allocated_storage": storage_gib,
            "max_allocated_storage": max_storage_gib,
            "storage_encrypted": True,
            "kms_key_id": call.ref("key", key, "aws_kms_key", "PG_ENC_RDS"),
            "ca_cert_identifier": DATABASE_CAS[0],
            "publicly_accessible": False,
            "backup_retention_period": backup_days,
            "copy_tags_to_snapshot": True,
            "deletion_protection": False,
            "skip_final_snapshot": True,
            "delete_automated_backups": True,
            **_login(call, database_name, username, password_reference, password_version),
            **_placement(call, subnet_group, parameter_group, security_groups),
            **_observation(call, insights_key, monitoring_interval_seconds, monitoring_role),
        },
        depends_on=_log_groups(call, identifier, log_groups),
    )


def guarded_db_event_subscription(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    topic: GuardedTopic,
    database: GuardedDatabase,
    overrides: Mapping[str, Any] | None = None,
) -> Guarded:
    """Tells `topic` what AWS does to the instance, or sees in it.

    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.GrantingPermissions.html
    """
    call = Call(scope, id_, "aws_db_event_subscription")
    policy = "PG_LOG_ALARM_COVERAGE"
    owned = {
        "name": call.name(tags, 255),
        "name_prefix": None,
        "sns_topic": topic_arn(call, topic, "events.rds.amazonaws.com", "PG_LOG_ALARMS"),
        "source_type": "db-instance",
        "source_ids": [call.ref("database", database, "aws_db_instance", policy, attribute="identifier")],
        "event_categories": list(EVENTS),
        "enabled": True,
    }
    return call.build(Guarded, tags=tags, overrides=overrides, owned=owned)


def _parameter(name: str, value: str) -> dict[str, str]:
    method = "pending-reboot" if name in STATIC_PARAMETERS else "immediate"
    return {"name": name, "value": value, "apply_method": method}


def _check_engine(call: Call, engine_version: object, parameter_group: object) -> None:
    majors = [family.removeprefix("postgres") for family in FAMILIES]
    major = str(engine_version).partition(".")[0]
    shape = rf"({'|'.join(majors)})(\.\d+)?"
    wanted = f"{' or '.join(majors)}, or a minor version of them"
    call.matches("engine_version", engine_version, shape, wanted, "PG_BKP_PATCHING")
    if isinstance(parameter_group, Guarded) and major in majors:
        family = parameter_group.arguments.get("family")
        call.one_of("parameter_group.family", family, (f"postgres{major}",), "PG_TLS_POSTGRES_FORCE_SSL")


def _check_storage(call: Call, storage_gib: int, max_storage_gib: int) -> None:
    call.between("storage_gib", storage_gib, 20, MOST_STORAGE_GIB, "PG_BKP_CAPACITY")
    # In whole numbers: 11/10 of the storage, rounded up.
    least = -(-storage_gib * 11 // 10) if isinstance(storage_gib, int) else MOST_STORAGE_GIB
    call.between("max_storage_gib", max_storage_gib, least, MOST_STORAGE_GIB, "PG_BKP_CAPACITY")


def _login(
    call: Call, database_name: str, username: str, password_reference: str, password_version: int
) -> dict[str, Any]:
    policy = "PG_SEC_NOT_IN_STATE"
    call.matches(
        "database_name",
        database_name,
        r"[a-z][a-z0-9_]{0,62}",
        "1 to 63 of a-z, 0-9 and _, a letter first",
        "PG_NAM_VALID",
    )
    call.matches(
        "username", username, r"[a-z][a-z0-9_]{0,62}", "1 to 63 of a-z, 0-9 and _, a letter first", "PG_NAM_VALID"
    )
    call.unless(
        username not in WELL_KNOWN_USERS,
        "username",
        username,
        "no name that attackers try first",
        "PG_IAM_RDS_IAM_AUTH",
    )
    call.matches("password_reference", password_reference, PASSWORD, "a reference to the ephemeral secret", policy)
    call.between("password_version", password_version, 1, 2**31 - 1, policy)
    return {
        "db_name": database_name,
        "username": username,
        "password_wo": password_reference,
        "password_wo_version": password_version,
        "iam_database_authentication_enabled": True,
    }


def _placement(
    call: Call, subnet_group: object, parameter_group: object, security_groups: Sequence[object]
) -> dict[str, Any]:
    groups = call.refs("security_groups", security_groups, "aws_security_group", "PG_NET_SG_REFERENCE")
    subnets = call.ref("subnet_group", subnet_group, "aws_db_subnet_group", "PG_NET_PRIVATE_SUBNETS", attribute="name")
    tls = "PG_TLS_POSTGRES_FORCE_SSL"
    return {
        "db_subnet_group_name": subnets,
        "parameter_group_name": call.ref(
            "parameter_group", parameter_group, "aws_db_parameter_group", tls, attribute="name"
        ),
        "vpc_security_group_ids": groups,
    }


def _observation(call: Call, insights_key: object, interval_seconds: int, role: object) -> dict[str, Any]:
    monitoring = "PG_LOG_RDS_ENHANCED_MONITORING"
    call.one_of("monitoring_interval_seconds", interval_seconds, MONITORING_INTERVALS_SECONDS, monitoring)
    key_arn = call.ref("insights_key", insights_key, "aws_kms_key", "PG_ENC_RDS_PERFORMANCE_INSIGHTS")
    return {
        "monitoring_interval": interval_seconds,
        "monitoring_role_arn": call.ref("monitoring_role", role, "aws_iam_role", monitoring),
        "performance_insights_enabled": True,
        "performance_insights_kms_key_id": key_arn,
        "performance_insights_retention_period": 7,
        "enabled_cloudwatch_logs_exports": list(LOG_EXPORTS),
    }


def _log_groups(call: Call, identifier: str, log_groups: Sequence[GuardedLogGroup]) -> Sequence[GuardedLogGroup]:
    call.refs("log_groups", log_groups, "aws_cloudwatch_log_group", "PG_LOG_RDS_EXPORTS", attribute="name")
    names = sorted(str(group.arguments.get("name")) for group in log_groups if isinstance(group, Guarded))
    wanted = [f"/aws/rds/instance/{identifier}/{export}" for export in LOG_EXPORTS]
    call.unless(not identifier or names == wanted, "log_groups", names, " and ".join(wanted), "PG_LOG_RDS_EXPORTS")
    return log_groups
