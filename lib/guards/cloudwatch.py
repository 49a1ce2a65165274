"""CloudWatch: log groups, alarms that tell somebody, a dashboard, and rules for events of other services."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from lib.guards.guarded import Concern, Guarded
from lib.guards.kms_key import GuardedKey
from lib.guards.refusal import Call
from lib.guards.sns_topic import GuardedTopic, topic_arn
from lib.guards.tags import Tags
from policies.requirements import LOG_RETENTION_DAYS, REGION

RETENTIONS_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""
COMPARISONS = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanThreshold",
)
STATISTICS = ("Average", "Maximum", "Minimum", "SampleCount", "Sum")
MISSING_DATA = ("breaching", "ignore", "missing", "notBreaching")
DAY_SECONDS = 86_400
SENTENCE = r"(?s)(?=.{20,1024}$)\S+(\s+\S+){3,}"
"""At least four words: what somebody who is woken at night reads first."""


class GuardedLogGroup(Guarded):
    """A log group under a customer managed key, kept for a year at least."""


class GuardedAlarm(Guarded):
    """An alarm that tells a topic when it goes off, and when it is over."""


def guarded_cloudwatch_log_group(
    scope: Concern,
    id_: str,
    *,
    key: GuardedKey,
    tags: Tags,
    prefix: str,
    owner_name: str,
    tail: str = "",
    retention_days: int,
    overrides: Mapping[str, Any] | None = None,
) -> GuardedLogGroup:
    """The log group `prefix` + `owner_name` + `tail`, encrypted with `key`.

    prefix: where the service looks, such as `/aws/lambda/`. owner_name: physical name of what logs, suffix included.
    tail: such as `/postgresql`. retention_days: one of CloudWatch's steps from 365 on.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    call = Call(scope, id_, "aws_cloudwatch_log_group")
    steps = [days for days in RETENTIONS_DAYS if days >= LOG_RETENTION_DAYS]
    call.one_of("retention_days", retention_days, steps, "PG_LOG_RETENTION", "raise Settings.log_retention_days")
    call.matches(
        "prefix", prefix, r"/([A-Za-z0-9_.#-]+/)+", "the service's path, with a slash at both ends", "PG_NAM_VALID"
    )
    call.matches("tail", tail, r"(/[A-Za-z0-9_.#-]+)*", "nothing, or a path that begins with a slash", "PG_NAM_VALID")
    if isinstance(tags, Tags):
        ends = f"[-_]{tags.environment_suffix}"
        call.matches(
            "owner_name", owner_name, rf"[A-Za-z0-9_.-]+{ends}", f"a physical name that ends in {ends}", "PG_NAM_SUFFIX"
        )
    return call.build(
        GuardedLogGroup,
        tags=tags,
        overrides=overrides,
        owned={
            "name": call.fits(f"{prefix}{owner_name}{tail}", 512),
            "name_prefix": None,
            "kms_key_id": call.ref("key", key, "aws_kms_key", "PG_ENC_LOGS"),
            "retention_in_days": retention_days,
            # Of the other classes, DELIVERY ignores the retention and INFREQUENT_ACCESS knows no metric filters.
            "log_group_class": "STANDARD",
            "skip_destroy": False,
            "deletion_protection_enabled": None,
        },
    )


def guarded_cloudwatch_metric_alarm(
    scope: Concern,
    id_: str,
    *,
    topic: GuardedTopic,
    tags: Tags,
    namespace: str,
    metric: str,
    dimensions: Mapping[str, str],
    statistic: str,
    threshold: float,
    comparison: str,
    period_seconds: int = 60,
    evaluation_periods: int = 3,
    datapoints: int | None = None,
    missing_data: str,
    description: str,
    overrides: Mapping[str, Any] | None = None,
) -> GuardedAlarm:
    """An alarm on one metric that tells `topic` both ways.

    dimensions: of AWS's own metrics at least one: without, the alarm watches the whole account or nothing at all.
    period_seconds: 10, 20, 30 or a multiple of 60. datapoints: how many of `evaluation_periods` must breach (or all).
    missing_data: what a silent metric means, for the caller to decide. description: what it means and what to do.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    call = Call(scope, id_, "aws_cloudwatch_metric_alarm")
    coverage = "PG_LOG_ALARM_COVERAGE"
    call.matches(
        "namespace",
        namespace,
        r"[A-Za-z0-9._/#-][A-Za-z0-9._/#:-]{0,254}",
        "1 to 255 letters, digits or ._/#:-",
        coverage,
    )
    call.matches("metric", metric, r"\S.{0,254}", "1 to 255 characters", coverage)
    watched = bool(dimensions) or not str(namespace).startswith("AWS/")
    call.unless(watched, "dimensions", dimensions, "what is watched", coverage)
    for name, value in dimensions.items():
        call.matches(f"dimensions[{name}]", value, r"(?!:)\S(.{0,1022}\S)?", "a name, or a reference to one", coverage)
    call.one_of("statistic", statistic, STATISTICS, coverage)
    call.one_of("comparison", comparison, COMPARISONS, coverage)
    call.one_of("missing_data", missing_data, MISSING_DATA, coverage)
    number = isinstance(threshold, int | float) and not isinstance(threshold, bool) and math.isfinite(threshold)
    call.unless(number, "threshold", threshold, "a finite number", coverage)
    _check_window(call, period_seconds, evaluation_periods, datapoints)
    call.matches("description", description, SENTENCE, "20 to 1024 characters: what it means and what to do", coverage)
    actions = [topic_arn(call, topic, "cloudwatch.amazonaws.com", "PG_LOG_ALARMS")]
    return call.build(
        GuardedAlarm,
        tags=tags,
        overrides=overrides,
        owned={
            "alarm_name": call.name(tags, 255),
            "alarm_description": description,
            "actions_enabled": True,
            "alarm_actions": actions,
            "ok_actions": actions,
            "namespace": namespace,
            "metric_name": metric,
            "dimensions": dict(dimensions) or None,
            "statistic": statistic,
            "threshold": threshold,
            "comparison_operator": comparison,
            "period": period_seconds,
            "evaluation_periods": evaluation_periods,
            "datapoints_to_alarm": datapoints,
            "treat_missing_data": missing_data,
            "extended_statistic": None,
            "metric_query": None,
            "threshold_metric_id": None,
        },
    )


def guarded_cloudwatch_dashboard(
    scope: Concern, id_: str, *, tags: Tags, body: Mapping[str, Any], overrides: Mapping[str, Any] | None = None
) -> Guarded:
    """A dashboard named with the suffix; the type has no tags.

    body: `{"widgets": [...]}`; each metric and log widget names the region, which CloudWatch would else guess.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    call = Call(scope, id_, "aws_cloudwatch_dashboard")
    widgets = body.get("widgets", ())
    call.unless(bool(widgets), "body", sorted(body), "at least one widget", "PG_LOG_ALARM_COVERAGE")
    for index, widget in enumerate(widgets):
        region = widget.get("properties", {}).get("region")
        fine = region == REGION or widget.get("type") not in ("metric", "log")
        call.unless(fine, f"body.widgets[{index}].properties.region", region, REGION, "PG_REG_ARN_REGION")
    return call.build(
        Guarded,
        overrides=overrides,
        owned={"dashboard_name": call.name(tags, 255), "dashboard_body": _as_json(body)},
    )


def guarded_cloudwatch_event_rule(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    pattern: Mapping[str, Any],
    description: str,
    topic: GuardedTopic,
    overrides: Mapping[str, Any] | None = None,
) -> Guarded:
    """A rule of the account's default event bus, and `topic` as its target.

    pattern: an event pattern with at least a `source`. description: what the event means and what to do.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
    """
    call = Call(scope, id_, "aws_cloudwatch_event_rule")
    call.unless(
        bool(pattern.get("source")),
        "pattern",
        dict(pattern),
        "a source: without, the rule matches strangers' events",
        "PG_LOG_ALARMS",
    )
    call.matches(
        "description", description, SENTENCE, "20 to 1024 characters: what it means and what to do", "PG_LOG_ALARMS"
    )
    call.unless(len(description) <= 512, "description", description, "at most 512 characters", "PG_NAM_VALID")
    target_arn = topic_arn(call, topic, "events.amazonaws.com", "PG_LOG_ALARMS")
    name = call.name(tags, 64)
    rule = call.build(
        Guarded,
        tags=tags,
        overrides=overrides,
        owned={
            "name": name,
            "name_prefix": None,
            "description": description,
            "event_pattern": _as_json(pattern),
            "event_bus_name": None,
            "schedule_expression": None,
            "state": "ENABLED",
            "is_enabled": None,
            "role_arn": None,
        },
    )
    target = Call(scope, f"{id_}_target", "aws_cloudwatch_event_target")
    target.build(Guarded, owned={"rule": rule.ref("name"), "target_id": name, "arn": target_arn})
    return rule


def _check_window(call: Call, period_seconds: int, evaluation_periods: int, datapoints: int | None) -> None:
    policy = "PG_LOG_ALARM_COVERAGE"
    whole = isinstance(period_seconds, int) and not isinstance(period_seconds, bool)
    steps = whole and (period_seconds in (10, 20, 30) or (period_seconds > 0 and period_seconds % 60 == 0))
    call.unless(steps, "period_seconds", period_seconds, "10, 20, 30 or a multiple of 60", policy)
    window_seconds = 7 * DAY_SECONDS if steps and period_seconds >= 3600 else DAY_SECONDS
    most = window_seconds // period_seconds if steps else window_seconds
    call.between("evaluation_periods", evaluation_periods, 1, most, policy)
    if datapoints is not None:
        call.between("datapoints", datapoints, 1, evaluation_periods, policy)


def _as_json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
