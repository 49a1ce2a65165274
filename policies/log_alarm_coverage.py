"""LOG.alarm-coverage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policies.base import Policy, Violation
from policies.terraform import Arguments, Block, CannotDecide, shown

ALARM = "aws_cloudwatch_metric_alarm"
SUBSCRIPTION = "aws_db_event_subscription"
EVENTS = ("configuration change", "failure", "maintenance")
"""Events of a database that someone must hear of (RDS.20)."""
WATCHING = ("namespace", "metric_name", "metric_query", "dimensions", "comparison_operator", "threshold")
FALLING = ("FreeStorageSpace", "FreeableMemory")
"""Metrics whose trouble is a low value; of all others it is a high one."""
PERCENT = ("CPUUtilization", "DatabaseCapacityUsagePercentage", "DatabaseMemoryUsagePercentage", "EngineCPUUtilization")
MAXIMUM_NODES = 6
"""What a replication group without cluster mode can hold."""


@dataclass(frozen=True)
class Coverage:
    """What must be watched of a component: one metric of each group of `metrics`, by the dimension that names it."""

    namespace: str
    dimension: str
    naming: str
    metrics: tuple[tuple[str, ...], ...]
    nodes: bool = False
    """Whether the dimension names the component's nodes, each of which needs its alarms: `<name>-001` and so on."""


COVERAGE = {
    "aws_kinesis_stream": Coverage(
        "AWS/Kinesis",
        "StreamName",
        "name",
        (
            ("GetRecords.IteratorAgeMilliseconds", "IteratorAgeMilliseconds"),
            ("ReadProvisionedThroughputExceeded",),
            ("WriteProvisionedThroughputExceeded",),
        ),
    ),
    "aws_db_instance": Coverage(
        "AWS/RDS",
        "DBInstanceIdentifier",
        "identifier",
        (("FreeStorageSpace",), ("CPUUtilization",), ("DatabaseConnections",), ("FreeableMemory",)),
    ),
    "aws_iot_topic_rule": Coverage("AWS/IoT", "RuleName", "name", (("Failure",),)),
    "aws_elasticache_replication_group": Coverage(
        "AWS/ElastiCache",
        "CacheClusterId",
        "replication_group_id",
        (
            ("DatabaseMemoryUsagePercentage", "DatabaseCapacityUsagePercentage"),
            ("EngineCPUUtilization", "CPUUtilization"),
            ("Evictions",),
            ("ReplicationLag",),
        ),
        nodes=True,
    ),
    "aws_lambda_function": Coverage("AWS/Lambda", "FunctionName", "function_name", (("Errors",), ("Throttles",))),
    "aws_ecs_service": Coverage("AWS/ECS", "ServiceName", "name", (("CPUUtilization",), ("MemoryUtilization",))),
    "aws_sqs_queue": Coverage(
        "AWS/SQS", "QueueName", "name", (("ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"),)
    ),
}
"""Terraform type -> its coverage: lag, throttling, capacity, pressure, load, errors and depth."""


class LogAlarmCoverage(Policy):
    """Readings that nobody processes are lost after the stream's retention; a full database stops the factory's record.

    Both announce themselves for hours, in these metrics. Thresholds are the operators' judgement: what is proved
    is that an alarm watches the component and can go off, and that every alarm states what silence means. What no
    metric shows, a database tells as an event.
    """

    id = "PG_LOG_ALARM_COVERAGE"
    name = "Ensure each critical component has its alarms"
    severity = "MEDIUM"
    resources = (*COVERAGE, ALARM)
    profiles = ("sensor-platform",)
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
        if conf.block.type == ALARM:
            if not conf.text("treat_missing_data"):
                yield Violation("treat_missing_data", None, "breaching, notBreaching, ignore or missing, stated")
            for name in WATCHING:  # so that ignore_changes cannot hide what the coverage of others rests on
                conf.note(name, shown(conf.values.get(name)))
            return
        coverage = COVERAGE[conf.block.type]
        for name in _names(conf, coverage):
            for metrics in coverage.metrics:
                if not _watched(conf, coverage, metrics, name):
                    wanted = f"an alarm for {coverage.namespace} {' or '.join(metrics)} of {name}"
                    yield Violation(ALARM, None, wanted)
        if conf.block.type == "aws_db_instance" and not any(_tells(s, conf) for s in conf.resources(SUBSCRIPTION)):
            yield Violation(SUBSCRIPTION, None, f"a subscription to its events: {', '.join(EVENTS)}")


def _names(conf: Arguments, coverage: Coverage) -> list[str]:
    """What the dimension must hold: the component's name, or that of each of its nodes.

    In cluster mode the number of nodes is not one argument; the name with a hyphen then stands for any of them.
    """
    name = conf.text(coverage.naming) or ""
    nodes = conf.number("num_cache_clusters") if coverage.nodes else None
    if not coverage.nodes:
        return [name]
    return [f"{name}-{node:03}" for node in range(1, MAXIMUM_NODES + 1) if nodes and node <= nodes] or [f"{name}-"]


def _watched(conf: Arguments, coverage: Coverage, metrics: tuple[str, ...], name: str) -> bool:
    """Whether an alarm watches one of the metrics. Raises: CannotDecide where one might, and none provably does."""
    gaps = []
    for block in conf.configuration.by_type.get(("resource", ALARM), ()):
        stated = block.arguments.get("metric_name")
        if isinstance(stated, str) and "${" not in stated and stated not in metrics and not _queries(block):
            continue
        alarm = Arguments.of(conf.configuration, block)  # with evidence of its own: ours names the one that watches
        try:
            if any(_watches(m, conf, coverage, metrics, name) and _goes_off(alarm, m) for m in _metrics(alarm)):
                conf.note(f"{metrics[0]} of {name}", alarm.address)
                return True
        except CannotDecide as gap:
            gaps.append(gap)
    if gaps:
        raise gaps[0]
    return False


def _queries(block: Block) -> bool:
    return bool({"metric_query", "dynamic"} & block.arguments.keys())


def _metrics(alarm: Arguments) -> list[Arguments]:
    """The alarm's own metric, and those of its metric_query blocks."""
    return [alarm, *(metric for query in alarm.blocks("metric_query") for metric in query.blocks("metric"))]


def _watches(metric: Arguments, conf: Arguments, coverage: Coverage, metrics: tuple[str, ...], name: str) -> bool:
    if metric.text("namespace") != coverage.namespace or metric.text("metric_name") not in metrics:
        return False
    dimensions = metric.block_at("dimensions")
    raw = dimensions.values.get(coverage.dimension) if dimensions else None
    if dimensions is None or raw is None:
        return False
    if not coverage.nodes and dimensions.target(raw, conf.block.type) is conf.block:
        return True
    named = dimensions.text(coverage.dimension) or ""
    return named == name or (coverage.nodes and name.endswith("-") and named.startswith(name))


def _goes_off(alarm: Arguments, metric: Arguments) -> bool:
    """Whether it compares towards the trouble, with a threshold that the metric can pass."""
    name, operator = metric.text("metric_name"), alarm.text("comparison_operator")
    towards = "LessThan" if name in FALLING else "GreaterThan"
    threshold = alarm.number("threshold") if metric is alarm else None
    if operator is not None and towards not in operator:
        return False
    if threshold is None:
        return True
    return threshold > 0 if name in FALLING else threshold < 100 if name in PERCENT else True


def _tells(subscription: Arguments, database: Arguments) -> bool:
    """Whether it covers the database and the events; without sources or categories it covers all."""
    sources, categories = subscription.strings("source_ids"), subscription.strings("event_categories")
    named = (database.text("identifier"), f"${{{database.address}.id}}", f"${{{database.address}.identifier}}")
    return (
        subscription.flag("enabled") is not False
        and subscription.text("source_type") in (None, "db-instance")
        and (not sources or any(source in named for source in sources))
        and (not categories or set(EVENTS) <= set(categories))
    )
