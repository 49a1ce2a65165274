"""Which argument is a type's physical name, and what does its service take there?

Only names that are unique in an account and region are here; a name inside another resource cannot collide.
Arguments named `name` of types that are not listed are physical names too, unless `SCOPED` says otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from policies.terraform import INTERPOLATION, Arguments

WORDS = r"[A-Za-z0-9_-]+"
DOTTED = r"[A-Za-z0-9_.-]+"
IAM = r"[\w+=,.@-]+"
HYPHENED = r"[a-z](?:-?[a-z0-9])*"
"""Lower case, a letter first, no double and no trailing hyphen."""
FIFO = r"[A-Za-z0-9_-]+(?:\.fifo)?"
PRINTABLE = r"[^\x00-\x1f\x7f]+"


@dataclass(frozen=True)
class PhysicalName:
    """How a type is named: the argument, the longest name in characters, and the form of all of it."""

    argument: str
    longest: int
    form: str
    ends_with_suffix: bool = True
    """False where services decide how a name ends: the suffix is then one of its words."""


NAMES = {
    "aws_backup_vault": PhysicalName("name", 50, r"[A-Za-z0-9_-]{2,}"),
    "aws_cloudwatch_composite_alarm": PhysicalName("alarm_name", 255, PRINTABLE),
    "aws_cloudwatch_dashboard": PhysicalName("dashboard_name", 255, WORDS),
    "aws_cloudwatch_event_bus": PhysicalName("name", 256, r"[A-Za-z0-9/_.-]+"),
    "aws_cloudwatch_event_rule": PhysicalName("name", 64, DOTTED),
    "aws_cloudwatch_log_group": PhysicalName("name", 512, r"[A-Za-z0-9_./#-]+", ends_with_suffix=False),
    "aws_cloudwatch_log_resource_policy": PhysicalName("policy_name", 255, PRINTABLE),
    "aws_cloudwatch_metric_alarm": PhysicalName("alarm_name", 255, PRINTABLE),
    "aws_db_event_subscription": PhysicalName("name", 255, r"[A-Za-z](?:-?[A-Za-z0-9])*"),
    "aws_db_instance": PhysicalName("identifier", 63, HYPHENED),
    "aws_db_option_group": PhysicalName("name", 255, r"[A-Za-z](?:-?[A-Za-z0-9])*"),
    "aws_db_parameter_group": PhysicalName("name", 255, HYPHENED),
    "aws_db_proxy": PhysicalName("name", 63, r"[A-Za-z](?:-?[A-Za-z0-9])*"),
    "aws_db_subnet_group": PhysicalName("name", 255, r"(?!default$)[a-z0-9 ._-]+"),
    "aws_dms_replication_instance": PhysicalName("replication_instance_id", 63, HYPHENED),
    "aws_docdb_cluster": PhysicalName("cluster_identifier", 63, HYPHENED),
    "aws_docdb_cluster_instance": PhysicalName("identifier", 63, HYPHENED),
    "aws_dynamodb_table": PhysicalName("name", 255, r"[A-Za-z0-9_.-]{3,}"),
    "aws_ecr_repository": PhysicalName("name", 256, r"(?=..)[a-z0-9]+(?:(?:[._-]|__|/)[a-z0-9]+)*"),
    "aws_ecs_cluster": PhysicalName("name", 255, WORDS),
    "aws_ecs_service": PhysicalName("name", 255, WORDS),
    "aws_ecs_task_definition": PhysicalName("family", 255, WORDS),
    "aws_elasticache_cluster": PhysicalName("cluster_id", 50, HYPHENED),
    "aws_elasticache_parameter_group": PhysicalName("name", 255, HYPHENED),
    "aws_elasticache_replication_group": PhysicalName("replication_group_id", 40, HYPHENED),
    "aws_elasticache_subnet_group": PhysicalName("name", 255, r"[a-z0-9-]+"),
    "aws_elasticache_user": PhysicalName("user_id", 40, HYPHENED),
    "aws_elasticache_user_group": PhysicalName("user_group_id", 40, HYPHENED),
    "aws_iam_group": PhysicalName("name", 128, IAM),
    "aws_iam_instance_profile": PhysicalName("name", 128, IAM),
    "aws_iam_policy": PhysicalName("name", 128, IAM),
    "aws_iam_role": PhysicalName("name", 64, IAM),
    "aws_iam_user": PhysicalName("name", 64, IAM),
    "aws_iot_policy": PhysicalName("name", 128, IAM),
    "aws_iot_role_alias": PhysicalName("alias", 128, r"[\w=,@-]+"),
    "aws_iot_thing": PhysicalName("name", 128, r"[A-Za-z0-9:_-]+"),
    "aws_iot_thing_group": PhysicalName("name", 128, r"[A-Za-z0-9:_-]+"),
    "aws_iot_thing_type": PhysicalName("name", 128, r"[A-Za-z0-9:_-]+"),
    "aws_iot_topic_rule": PhysicalName("name", 128, r"[A-Za-z0-9_]+"),
    "aws_kinesis_firehose_delivery_stream": PhysicalName("name", 64, DOTTED),
    "aws_kinesis_stream": PhysicalName("name", 128, DOTTED),
    "aws_kms_alias": PhysicalName("name", 256, r"alias/(?!aws/)[A-Za-z0-9/_-]+"),
    "aws_lambda_function": PhysicalName("function_name", 64, WORDS),
    "aws_lambda_layer_version": PhysicalName("layer_name", 140, WORDS),
    "aws_lb": PhysicalName("name", 32, r"(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"),
    "aws_lb_target_group": PhysicalName("name", 32, r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"),
    "aws_msk_cluster": PhysicalName("cluster_name", 64, r"[A-Za-z0-9](?:-?[A-Za-z0-9])*"),
    "aws_neptune_cluster": PhysicalName("cluster_identifier", 63, HYPHENED),
    "aws_neptune_cluster_instance": PhysicalName("identifier", 63, HYPHENED),
    "aws_opensearch_domain": PhysicalName("domain_name", 28, r"[a-z][a-z0-9-]{2,}"),
    "aws_rds_cluster": PhysicalName("cluster_identifier", 63, HYPHENED),
    "aws_rds_cluster_instance": PhysicalName("identifier", 63, HYPHENED),
    "aws_rds_cluster_parameter_group": PhysicalName("name", 255, HYPHENED),
    "aws_redshift_cluster": PhysicalName("cluster_identifier", 63, HYPHENED),
    "aws_s3_bucket": PhysicalName("bucket", 63, r"[a-z0-9](?!.*\.\.)[a-z0-9.-]+[a-z0-9]"),
    "aws_scheduler_schedule": PhysicalName("name", 64, DOTTED),
    "aws_scheduler_schedule_group": PhysicalName("name", 64, DOTTED),
    "aws_secretsmanager_secret": PhysicalName("name", 512, r"[A-Za-z0-9/_+=.@-]+"),
    "aws_security_group": PhysicalName("name", 255, r"(?!sg-)[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]+"),
    "aws_sfn_state_machine": PhysicalName("name", 80, WORDS),
    "aws_sns_topic": PhysicalName("name", 256, FIFO),
    "aws_sqs_queue": PhysicalName("name", 80, FIFO),
    "aws_ssm_parameter": PhysicalName("name", 1011, r"[A-Za-z0-9_./-]+", ends_with_suffix=False),
}
"""Terraform type -> how it is named. Sources: the Create operation of each type in its service's API reference."""

SCOPED = frozenset(
    {
        "aws_appautoscaling_policy",
        "aws_appautoscaling_scheduled_action",
        "aws_autoscaling_policy",
        "aws_cloudwatch_log_metric_filter",
        "aws_cloudwatch_log_stream",
        "aws_cloudwatch_log_subscription_filter",
        "aws_ecr_account_setting",
        "aws_ecs_account_setting_default",
        "aws_iam_group_policy",
        "aws_iam_policy_attachment",
        "aws_iam_role_policy",
        "aws_iam_user_policy",
        "aws_kinesis_stream_consumer",
        "aws_lambda_alias",
        "aws_route53_record",
        "aws_route53_zone",
        "aws_s3_bucket_analytics_configuration",
        "aws_s3_bucket_intelligent_tiering_configuration",
        "aws_s3_bucket_inventory",
        "aws_s3_bucket_metric",
        "aws_service_discovery_service",
    }
)
"""Types whose `name` is a setting, a DNS name, or a name inside another resource."""


def naming_of(conf: Arguments) -> PhysicalName | None:
    """How a resource is named; None where it has no physical name. `aws_default_*` adopts what AWS has named."""
    type_ = conf.block.type
    if type_.startswith("aws_default_") or type_ in SCOPED:
        return None
    if type_ in NAMES:
        return NAMES[type_]
    named = any(conf.values.get(argument) is not None for argument in ("name", "name_prefix"))
    return PhysicalName("name", 255, PRINTABLE, ends_with_suffix=False) if named else None


def words(name: str) -> list[str]:
    """`/aws/lambda/sensor-rotation-dev` -> '', aws, lambda, sensor, rotation, dev; a trailing separator ends in ''.

    What a reference stands for is no word, and is part of the one it touches.
    """
    return re.split(r"[^A-Za-z0-9]+", INTERPOLATION.sub("UNKNOWN", name).removesuffix(".fifo"))
