"""PostgreSQL, where readings and anomalies stay; its password comes from the existing secret and goes to no file."""

from __future__ import annotations

from dataclasses import dataclass

from lib.guards.cloudwatch import guarded_cloudwatch_log_group
from lib.guards.db_instance import (
    GuardedDatabase,
    guarded_db_event_subscription,
    guarded_db_instance,
    guarded_db_parameter_group,
    guarded_db_subnet_group,
)
from lib.guards.guarded import Concern
from lib.guards.iam_document import Statement
from lib.guards.iam_role import GuardedRole, guarded_iam_role
from lib.guards.naming import physical_name
from lib.guards.secretsmanager_secret import GuardedSecret, guarded_secretsmanager_secret
from lib.guards.stack import GuardedStack
from lib.settings import Settings
from lib.stack.keys import Keys
from lib.stack.monitoring import Notifications
from lib.stack.network import Network

MASTER_USER = "sensor_owner"
"""The login of the existing secret: its `username` must say the same."""
LOG_EXPORTS = ("postgresql", "upgrade")


@dataclass(frozen=True)
class Database:
    """The instance, and the existing secret that its password is read from."""

    instance: GuardedDatabase
    secret: GuardedSecret


def add_database(
    stack: GuardedStack, settings: Settings, keys: Keys, network: Network, notifications: Notifications
) -> Database:
    """The instance with its subnet and parameter groups, log groups, monitoring role and event subscription."""
    concern, tags = stack.concern("database"), stack.tags
    secret = guarded_secretsmanager_secret(
        concern, "database", name=settings.database_secret_name, kms_key_arn=settings.database_secret_kms_key_arn
    )
    current = stack.ephemeral("aws_secretsmanager_secret_version", "database", {"secret_id": secret.ref("id")})
    instance = guarded_db_instance(
        concern,
        "records",
        key=keys.database,
        insights_key=keys.database,
        tags=tags,
        engine_version=settings.database_engine_version,
        instance_class=settings.database_instance_class,
        storage_gib=settings.database_storage_gib,
        max_storage_gib=settings.database_max_storage_gib,
        port=settings.database_port,
        multi_az=settings.database_multi_az,
        backup_days=settings.database_backup_retention_days,
        monitoring_interval_seconds=settings.database_monitoring_interval_seconds,
        monitoring_role=_monitoring_role(concern, stack, settings),
        database_name=settings.database_name,
        username=MASTER_USER,
        password_reference=f'${{jsondecode({current.address}.secret_string)["password"]}}',
        password_version=settings.database_secret_version,
        subnet_group=guarded_db_subnet_group(concern, "records_subnets", tags=tags, subnets=network.subnets),
        parameter_group=guarded_db_parameter_group(
            concern, "records_parameters", tags=tags, family=f"postgres{settings.database_engine_version}"
        ),
        security_groups=(network.database,),
        log_groups=[
            guarded_cloudwatch_log_group(
                concern,
                f"database_{export}",
                key=keys.logs,
                tags=tags,
                prefix="/aws/rds/instance/",
                owner_name=physical_name("records", tags),
                tail=f"/{export}",
                retention_days=settings.log_retention_days,
            )
            for export in LOG_EXPORTS
        ],
    )
    guarded_db_event_subscription(concern, "records_events", tags=tags, topic=notifications.topic, database=instance)
    return Database(instance, secret)


def _monitoring_role(concern: Concern, stack: GuardedStack, settings: Settings) -> GuardedRole:
    """What AmazonRDSEnhancedMonitoringRole grants, in one account, without the right to shorten retention."""
    group = f"arn:aws:logs:{settings.region}:{settings.account_id}:log-group:RDSOSMetrics"
    return guarded_iam_role(
        concern,
        "database_monitoring",
        tags=stack.tags,
        service="monitoring.rds.amazonaws.com",
        account_id=settings.account_id,
        description="Publishes operating system metrics of the database host",
        source_arn=f"arn:aws:rds:{settings.region}:{settings.account_id}:db:{physical_name('records', stack.tags)}",
        grants=[
            Statement("CreateGroup", ("logs:CreateLogGroup",), (group,)),
            Statement(
                "WriteMetrics",
                ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents"),
                (f"{group}:log-stream:*",),
            ),
        ],
    )
