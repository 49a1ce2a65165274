"""LOG.alarm-coverage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policies.base import Policy, Violation
from policies.terraform import Arguments, CannotDecide


@dataclass(frozen=True)
class Coverage:
    """What must be watched of a component: one metric of each group of `metrics`, by the dimension that names it."""

    namespace: str
    dimension: str
    naming: str
    metrics: tuple[tuple[str, ...], ...]
    nodes: bool = False
    """Whether the dimension names nodes: the component's name with `-001` and so on."""


COVERAGE = {
    "aws_kinesis_stream": Coverage(
        "AWS/Kinesis", "StreamName", "name", (("GetRecords.IteratorAgeMilliseconds", "IteratorAgeMilliseconds"),)
    ),
    "aws_db_instance": Coverage("AWS/RDS", "DBInstanceIdentifier", "identifier", (("FreeStorageSpace",),)),
    "aws_elasticache_replication_group": Coverage(
        "AWS/ElastiCache",
        "CacheClusterId",
        "replication_group_id",
        (("DatabaseMemoryUsagePercentage", "DatabaseCapacityUsagePercentage", "FreeableMemory", "Evictions"),),
        nodes=True,
    ),
    "aws_lambda_function": Coverage("AWS/Lambda", "FunctionName", "function_name", (("Errors",),)),
    "aws_ecs_service": Coverage("AWS/ECS", "ServiceName", "name", (("CPUUtilization",), ("MemoryUtilization",))),
    "aws_sqs_queue": Coverage(
        "AWS/SQS", "QueueName", "name", (("ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"),)
    ),
}
"""Terraform type -> its coverage: lag, capacity, pressure, load, errors and depth."""


class LogAlarmCoverage(Policy):
    """Readings that nobody processes are lost after the stream's retention; a full database stops the factory's record.

    Both announce themselves for hours, in these metrics. Thresholds are the operators' judgement: what is proved
    is that an alarm watches the component, and that it states what silence means.
    """

    id = "PG_LOG_ALARM_COVERAGE"
    name = "Ensure each critical component has its alarms"
    severity = "MEDIUM"
    resources = tuple(COVERAGE)
    controls = {
        "eu-cra": ("Annex I Part I (2)(l)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 6.2",),
        "iso27001-2022": ("A.8.16", "A.8.6"),
        "nis2": ("Art.21(2)(b)",),
        "nis2-ir-2024-2690": ("3.2.2", "3.2.4"),
        "nist-800-53-r5": ("SI-4", "CA-7"),
        "nist-csf-2.0": ("DE.CM-09", "DE.AE-02"),
        "pci-dss-4.0": ("10.7.2",),
        "soc2": ("CC7.2", "A1.1"),
    }
    fix = "an aws_cloudwatch_metric_alarm for the metric, its dimension naming the component, with treat_missing_data"
    source = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        coverage = COVERAGE[conf.block.type]
        for metrics in coverage.metrics:
            alarms = _alarms(conf, coverage, metrics)
            if not alarms:
                wanted = f"an alarm for {coverage.namespace} {' or '.join(metrics)}"
                yield Violation("aws_cloudwatch_metric_alarm", None, wanted)
            elif not any(alarm.has("treat_missing_data") for alarm in alarms):
                where = f"{alarms[0].address}.treat_missing_data"
                yield Violation(where, None, "breaching, notBreaching, ignore or missing, stated")


def _alarms(conf: Arguments, coverage: Coverage, metrics: tuple[str, ...]) -> list[Arguments]:
    """The alarms that watch one of the metrics of this component.

    Raises: CannotDecide where one might, and none provably does.
    """
    found, gaps = [], []
    for block in conf.configuration.by_type.get(("resource", "aws_cloudwatch_metric_alarm"), ()):
        alarm = Arguments.of(conf.configuration, block)  # with evidence of its own: ours names those that watch
        try:
            watched = [metric for metric in _metrics(alarm) if _watches(metric, conf, coverage, metrics)]
        except CannotDecide as gap:
            gaps.append(gap)
            continue
        if watched:
            conf.note(metrics[0], alarm.address)
            found.append(alarm)
    if gaps and not found:
        raise gaps[0]
    return found


def _metrics(alarm: Arguments) -> list[Arguments]:
    """The alarm's own metric, and those of its metric_query blocks."""
    return [alarm, *(metric for query in alarm.blocks("metric_query") for metric in query.blocks("metric"))]


def _watches(metric: Arguments, conf: Arguments, coverage: Coverage, metrics: tuple[str, ...]) -> bool:
    if metric.text("namespace") != coverage.namespace or metric.text("metric_name") not in metrics:
        return False
    dimensions = metric.block_at("dimensions")
    if dimensions is None or dimensions.values.get(coverage.dimension) is None:
        return False
    if dimensions.target(dimensions.values[coverage.dimension], conf.block.type) is conf.block:
        return True
    named, name = dimensions.text(coverage.dimension), conf.text(coverage.naming)
    return name is not None and (named == name or (coverage.nodes and str(named).startswith(f"{name}-")))
