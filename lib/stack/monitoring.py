"""What tells an operator: one encrypted topic, an alarm for every component, a dashboard. Alarms are data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lib.guards.cloudwatch import guarded_cloudwatch_dashboard, guarded_cloudwatch_metric_alarm
from lib.guards.iam_document import Statement
from lib.guards.sns_topic import GuardedTopic, guarded_sns_topic
from lib.guards.stack import GuardedStack
from lib.settings import Settings
from lib.stack.keys import PUBLISHERS, Keys

if TYPE_CHECKING:
    from lib.stack.cache import Cache
    from lib.stack.database import Database
    from lib.stack.ingest import Ingest
    from lib.stack.processing import Processing
    from lib.stack.rotation import Rotation

GIB = 1024**3
MIB = 1024**2


@dataclass(frozen=True)
class Notifications:
    """The topic that every alarm and event ends at."""

    topic: GuardedTopic


@dataclass(frozen=True)
class Alarm:
    """One row of the alarm table. `above`: alarm when the metric is above the threshold, else below.

    quiet: no data means nothing happened (a counter that AWS only reports when it is not zero); otherwise no data is
    an alarm of its own.
    """

    id: str
    namespace: str
    metric: str
    dimensions: dict[str, str]
    statistic: str
    threshold: float
    what: str
    above: bool = True
    quiet: bool = False
    minutes: int = 3


def add_notifications(stack: GuardedStack, settings: Settings, keys: Keys) -> Notifications:
    """The topic, open to the AWS services that publish for this account, and its subscribers."""
    publish = Statement(
        sid="PublishForThisAccount",
        actions=("sns:Publish",),
        resources=("${aws_sns_topic.alarms.arn}",),
        principals={"Service": PUBLISHERS},
        conditions={"StringEquals": {"aws:SourceAccount": settings.account_id}},
    )
    concern = stack.concern("notifications")
    topic = guarded_sns_topic(
        concern,
        "alarms",
        key=keys.alarms,
        tags=stack.tags,
        publishers=[publish],
        subscribers=settings.alarm_subscribers,
    )
    return Notifications(topic)


def add_alarms(
    stack: GuardedStack,
    settings: Settings,
    notifications: Notifications,
    ingest: Ingest,
    database: Database,
    cache: Cache,
    processing: Processing,
    rotation: Rotation,
) -> None:
    """Every alarm of the table, and a dashboard that shows the same metrics."""
    concern = stack.concern("monitoring")
    alarms = [
        *_ingest_alarms(settings, ingest),
        *_processing_alarms(settings, processing),
        *_database_alarms(settings, database),
        *_cache_alarms(settings, cache),
        *_rotation_alarms(rotation),
    ]
    for alarm in alarms:
        guarded_cloudwatch_metric_alarm(
            concern,
            alarm.id,
            topic=notifications.topic,
            tags=stack.tags,
            namespace=alarm.namespace,
            metric=alarm.metric,
            dimensions=alarm.dimensions,
            statistic=alarm.statistic,
            threshold=alarm.threshold,
            comparison="GreaterThanThreshold" if alarm.above else "LessThanThreshold",
            evaluation_periods=alarm.minutes,
            missing_data="notBreaching" if alarm.quiet else "breaching",
            description=alarm.what,
        )
    body = {"widgets": [_widget(settings, index, alarm) for index, alarm in enumerate(alarms)]}
    guarded_cloudwatch_dashboard(concern, "platform", tags=stack.tags, body=body)


def _ingest_alarms(settings: Settings, ingest: Ingest) -> Iterator[Alarm]:
    stream = {"StreamName": ingest.stream.name}
    yield Alarm(
        "stream_iterator_age",
        "AWS/Kinesis",
        "GetRecords.IteratorAgeMilliseconds",
        stream,
        "Maximum",
        settings.iterator_age_alarm_seconds * 1000,
        "Readings wait too long: look at the processor's tasks and errors, then raise task_count_max or shard_count",
    )
    for direction, who in (("Write", "sensors are turned away"), ("Read", "the processor reads too often")):
        yield Alarm(
            f"stream_{direction.lower()}_throttled",
            "AWS/Kinesis",
            f"{direction}ProvisionedThroughputExceeded",
            stream,
            "Sum",
            0,
            f"The stream throttles, {who}: add shards or switch stream_mode to ON_DEMAND",
            quiet=True,
        )
    yield Alarm(
        "dead_letters_waiting",
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        {"QueueName": ingest.dead_letters.name},
        "Maximum",
        0,
        "Readings or events could not be processed: read the messages, mend the cause, send them again",
        quiet=True,
        minutes=1,
    )
    if ingest.rule:
        yield Alarm(
            "iot_rule_failures",
            "AWS/IoT",
            "Failure",
            {"RuleName": ingest.rule.name, "ActionType": "Kinesis"},
            "Sum",
            0,
            "The IoT rule cannot deliver: check the stream, its key and the role of the rule",
            quiet=True,
        )


def _processing_alarms(settings: Settings, processing: Processing) -> Iterator[Alarm]:
    service = {"ClusterName": processing.cluster.name, "ServiceName": processing.service.name}
    yield Alarm(
        "tasks_running",
        "ECS/ContainerInsights",
        "RunningTaskCount",
        service,
        "Minimum",
        settings.task_count_min,
        "Fewer tasks run than wanted: read the service's events and the tasks' stop reasons",
        above=False,
    )
    for metric, cure in (
        ("CPUUtilization", "task_count_max or task_cpu_units"),
        ("MemoryUtilization", "task_memory_mib"),
    ):
        yield Alarm(
            f"tasks_{metric.removesuffix('Utilization').lower()}",
            "AWS/ECS",
            metric,
            service,
            "Average",
            85,
            f"Tasks are short of {metric.removesuffix('Utilization')}: raise {cure}",
            minutes=5,
        )


def _database_alarms(settings: Settings, database: Database) -> Iterator[Alarm]:
    instance = {"DBInstanceIdentifier": database.instance.identifier}
    rows = (
        (
            "storage",
            "FreeStorageSpace",
            settings.database_storage_gib * GIB // 5,
            False,
            "grows out of its storage: raise database_max_storage_gib",
        ),
        (
            "connections",
            "DatabaseConnections",
            200,
            True,
            "has too many connections: look for tasks that do not close them",
        ),
        (
            "cpu",
            "CPUUtilization",
            85,
            True,
            "is short of CPU: see Performance Insights, then raise database_instance_class",
        ),
        ("memory", "FreeableMemory", 256 * MIB, False, "is short of memory: raise database_instance_class"),
    )
    for name, metric, threshold, above, what in rows:
        statistic = "Maximum" if above else "Minimum"
        yield Alarm(
            f"database_{name}",
            "AWS/RDS",
            metric,
            instance,
            statistic,
            threshold,
            f"The database {what}",
            above,
            minutes=5,
        )


def _cache_alarms(settings: Settings, cache: Cache) -> Iterator[Alarm]:
    rows = (
        ("memory", "DatabaseMemoryUsagePercentage", 80, True, "fills up: raise cache_node_type"),
        ("cpu", "EngineCPUUtilization", 80, True, "is short of CPU: raise cache_node_type"),
        ("evictions", "Evictions", 0, True, "drops keys before their time: raise cache_node_type"),
        (
            "lag",
            "ReplicationLag",
            30,
            True,
            "is behind its primary, and a failover would lose state: raise cache_node_type",
        ),
    )
    for index in range(settings.cache_replica_count + 1):
        node = {"CacheClusterId": f"{cache.group.replication_group_id}-{index + 1:03}"}
        for name, metric, threshold, above, what in rows:
            yield Alarm(
                f"cache_{index + 1}_{name}",
                "AWS/ElastiCache",
                metric,
                node,
                "Maximum" if above else "Minimum",
                threshold,
                f"Cache node {index + 1} {what}",
                above,
                # A primary has no lag, and evictions are reported only where there are any.
                quiet=name in ("lag", "evictions"),
            )
    yield Alarm(
        "cache_failover",
        "AWS/ElastiCache",
        "IsMaster",
        {"CacheClusterId": f"{cache.group.replication_group_id}-001"},
        "Maximum",
        1,
        "The cache failed over: node 1 is no longer primary. Read the group's events; failing back clears the alarm",
        above=False,
    )


def _rotation_alarms(rotation: Rotation) -> Iterator[Alarm]:
    for metric, what in (
        (
            "Errors",
            "A rotation failed: the current password still works; read the function's log for the step that failed",
        ),
        ("Throttles", "A rotation could not start: check the function's reserved concurrency"),
    ):
        yield Alarm(
            f"rotation_{metric.lower()}",
            "AWS/Lambda",
            metric,
            {"FunctionName": rotation.function.function_name},
            "Sum",
            0,
            what,
            quiet=True,
            minutes=1,
        )


def _widget(settings: Settings, index: int, alarm: Alarm) -> dict[str, Any]:
    dimensions = [part for pair in alarm.dimensions.items() for part in pair]
    return {
        "type": "metric",
        "x": index % 3 * 8,
        "y": index // 3 * 6,
        "width": 8,
        "height": 6,
        "properties": {
            "title": alarm.id.replace("_", " "),
            "region": settings.region,
            "period": 60,
            "stat": alarm.statistic,
            "metrics": [[alarm.namespace, alarm.metric, *dimensions]],
            "annotations": {"horizontal": [{"label": "alarm", "value": alarm.threshold}]},
        },
    }
