"""The sensor processor on Fargate: repository, cluster, task, service and its scaling."""

from __future__ import annotations

from dataclasses import dataclass

from lib.guards.appautoscaling import guarded_appautoscaling_policy, guarded_appautoscaling_target
from lib.guards.cloudwatch import GuardedLogGroup, guarded_cloudwatch_log_group
from lib.guards.ecr_repository import GuardedRepository, guarded_ecr_repository
from lib.guards.ecs import (
    GuardedCluster,
    GuardedService,
    guarded_ecs_cluster,
    guarded_ecs_service,
    guarded_ecs_task_definition,
)
from lib.guards.guarded import Concern, Guarded
from lib.guards.iam_document import Statement
from lib.guards.iam_role import GuardedRole, guarded_iam_role
from lib.guards.naming import physical_name
from lib.guards.stack import GuardedStack
from lib.settings import Settings
from lib.stack.cache import Cache
from lib.stack.database import Database
from lib.stack.ingest import Ingest
from lib.stack.keys import Keys
from lib.stack.network import Network

READ_STREAM = ("kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards")
PULL_IMAGE = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
HEALTH_CHECK = ("CMD", "python", "-m", "sensor_processor.health")


@dataclass(frozen=True)
class Processing:
    """What runs the processor, and what operators look at."""

    repository: GuardedRepository
    cluster: GuardedCluster
    task_definition: Guarded
    service: GuardedService
    task_role: GuardedRole
    log_group: GuardedLogGroup


def add_processing(
    stack: GuardedStack,
    settings: Settings,
    keys: Keys,
    network: Network,
    ingest: Ingest,
    database: Database,
    cache: Cache,
) -> Processing:
    """The service in private subnets, scaled on CPU between the bounds of the settings."""
    concern, tags = stack.concern("processing"), stack.tags
    repository = guarded_ecr_repository(concern, "images", key=keys.images, tags=tags)
    log_group, sessions = (
        guarded_cloudwatch_log_group(
            concern,
            id_,
            key=keys.logs,
            tags=tags,
            prefix="/ecs/",
            owner_name=physical_name(id_, tags),
            retention_days=settings.log_retention_days,
        )
        for id_ in ("processor_logs", "processor_sessions")
    )
    cluster = guarded_ecs_cluster(concern, "processing", tags=tags, key=keys.compute, exec_log_group=sessions)
    task_role = _task_role(concern, stack, settings, keys, ingest, database, cache)
    task = guarded_ecs_task_definition(
        concern,
        "processor_task",
        tags=tags,
        task_role=task_role,
        execution_role=_execution_role(concern, stack, settings, repository, log_group),
        image=f"{repository.ref('repository_url')}@{settings.image_digest}",
        cpu_units=settings.task_cpu_units,
        memory_mib=settings.task_memory_mib,
        log_group=log_group,
        environment=_environment(settings, ingest, database, cache),
        stop_timeout_seconds=settings.task_stop_timeout_seconds,
        health_check=HEALTH_CHECK,
    )
    service = guarded_ecs_service(
        concern,
        "processor_service",
        tags=tags,
        cluster=cluster,
        task_definition=task,
        subnets=network.subnets,
        security_groups=(network.processor,),
        desired_count=settings.task_count_min,
    )
    _add_scaling(concern, stack, settings, cluster, service)
    return Processing(repository, cluster, task, service, task_role, log_group)


def _environment(settings: Settings, ingest: Ingest, database: Database, cache: Cache) -> dict[str, str]:
    """Where things are and how to reach them safely; the password is read from the secret at connect time."""
    return {
        "AWS_REGION": settings.region,
        "CACHE_REPLICATION_GROUP": cache.group.replication_group_id,
        "CACHE_USER": cache.user.ref("user_name"),
        "DATABASE_HOST": database.instance.ref("address"),
        "DATABASE_NAME": settings.database_name,
        "DATABASE_PORT": database.instance.ref("port"),
        "DATABASE_SECRET_ARN": database.secret.arn,
        "DEAD_LETTER_QUEUE_URL": ingest.dead_letters.ref("url"),
        "PGSSLMODE": "verify-full",
        "REDIS_URL": f"rediss://{cache.group.ref('primary_endpoint_address')}:{settings.cache_port}",
        "STREAM_NAME": ingest.stream.name,
    }


def _task_role(
    concern: Concern,
    stack: GuardedStack,
    settings: Settings,
    keys: Keys,
    ingest: Ingest,
    database: Database,
    cache: Cache,
) -> GuardedRole:
    return guarded_iam_role(
        concern,
        "processor",
        tags=stack.tags,
        service="ecs-tasks.amazonaws.com",
        account_id=settings.account_id,
        description="The sensor processor itself",
        source_arn=f"arn:aws:ecs:{settings.region}:{settings.account_id}:*",
        grants=[
            Statement("ReadStream", READ_STREAM, (ingest.stream.arn,)),
            Statement("DecryptReadings", ("kms:Decrypt",), (keys.stream.arn,)),
            Statement("ReadDatabaseSecret", ("secretsmanager:GetSecretValue",), (database.secret.arn,)),
            _decrypt_secret(settings),
            Statement("LogInToCache", ("elasticache:Connect",), (cache.group.arn, cache.user.arn)),
            Statement("KeepFailures", ("sqs:SendMessage",), (ingest.dead_letters.arn,)),
            Statement("EncryptFailures", ("kms:Decrypt", "kms:GenerateDataKey"), (keys.queue.arn,)),
        ],
    )


def _decrypt_secret(settings: Settings) -> Statement:
    return Statement(
        sid="DecryptDatabaseSecret",
        actions=("kms:Decrypt",),
        resources=(settings.database_secret_kms_key_arn,),
        conditions={"StringEquals": {"kms:ViaService": f"secretsmanager.{settings.region}.amazonaws.com"}},
    )


def _execution_role(
    concern: Concern, stack: GuardedStack, settings: Settings, repository: GuardedRepository, log_group: GuardedLogGroup
) -> GuardedRole:
    """Starts a task: pulls its image, opens its log stream. It can read no data."""
    return guarded_iam_role(
        concern,
        "processor_start",
        tags=stack.tags,
        service="ecs-tasks.amazonaws.com",
        account_id=settings.account_id,
        description="Starts tasks of the sensor processor",
        source_arn=f"arn:aws:ecs:{settings.region}:{settings.account_id}:*",
        grants=[
            Statement("LogInToRegistry", ("ecr:GetAuthorizationToken",), ("*",)),
            Statement("PullImage", PULL_IMAGE, (repository.arn,)),
            Statement("WriteLogs", ("logs:CreateLogStream", "logs:PutLogEvents"), (f"{log_group.arn}:*",)),
        ],
    )


def _add_scaling(
    concern: Concern, stack: GuardedStack, settings: Settings, cluster: GuardedCluster, service: GuardedService
) -> None:
    target = guarded_appautoscaling_target(
        concern,
        "processor_scaling",
        tags=stack.tags,
        service_resource_id=f"service/{cluster.name}/{service.name}",
        minimum=settings.task_count_min,
        maximum=settings.task_count_max,
        depends_on=(service,),
    )
    guarded_appautoscaling_policy(
        concern,
        "processor_cpu",
        tags=stack.tags,
        target=target,
        metric="ECSServiceAverageCPUUtilization",
        target_value=settings.task_cpu_target_percent,
    )
