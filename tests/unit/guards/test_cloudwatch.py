from __future__ import annotations

import json

import pytest

from lib.errors import GuardViolation
from lib.guards.cloudwatch import (
    guarded_cloudwatch_dashboard,
    guarded_cloudwatch_event_rule,
    guarded_cloudwatch_log_group,
    guarded_cloudwatch_metric_alarm,
)
from lib.guards.iam_document import Statement
from lib.guards.sns_topic import guarded_sns_topic

TOPIC = "${aws_sns_topic.alarms.arn}"
LOGS = {"prefix": "/aws/lambda/", "owner_name": "sensor-rotation-dev", "retention_days": 400}
ALARM = {
    "namespace": "AWS/Kinesis",
    "metric": "GetRecords.IteratorAgeMilliseconds",
    "dimensions": {"StreamName": "${aws_kinesis_stream.readings.name}"},
    "statistic": "Maximum",
    "threshold": 60_000,
    "comparison": "GreaterThanThreshold",
    "missing_data": "breaching",
    "description": "The processor falls behind: see its log, then add tasks.",
}
EVENT = {
    "pattern": {"source": ["aws.secretsmanager"], "detail": {"eventName": ["RotationFailed"]}},
    "description": "A rotation failed: read the function's log, then rotate again.",
}


@pytest.fixture
def topic(concern, key, tags):
    services = ("cloudwatch.amazonaws.com", "events.amazonaws.com")
    pinned = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    publish = Statement("Publish", ("sns:Publish",), (TOPIC,), principals={"Service": services}, conditions=pinned)
    return guarded_sns_topic(concern, "alarms", key=key, tags=tags, publishers=[publish])


@pytest.fixture
def mute(concern, key, tags):
    return guarded_sns_topic(concern, "mute", key=key, tags=tags)


def test_builds_a_log_group_under_the_key_with_its_services_name(concern, key, tags, sealed):
    group = guarded_cloudwatch_log_group(concern, "logs", key=key, tags=tags, **LOGS, tail="/errors")
    built = sealed()["resource"]["aws_cloudwatch_log_group"]["logs"]
    assert built["name"] == group.name == "/aws/lambda/sensor-rotation-dev/errors"
    assert built["kms_key_id"] == "${aws_kms_key.stream.arn}"
    assert (built["retention_in_days"], built["log_group_class"], built["skip_destroy"]) == (400, "STANDARD", False)


@pytest.mark.parametrize("days", [0, 180, 364, 366, 4000, True, "365", None])
def test_refuses_a_retention_below_a_year_or_off_cloudwatchs_steps(concern, key, tags, days):
    with pytest.raises(GuardViolation, match="PG_LOG_RETENTION"):
        guarded_cloudwatch_log_group(concern, "logs", key=key, tags=tags, **{**LOGS, "retention_days": days})


@pytest.mark.parametrize("name", ["sensor-rotation", "sensor-rotation-prod", "sensor-rotationdev", "dev", "", None])
def test_refuses_a_log_group_whose_owner_lacks_the_suffix(concern, key, tags, name):
    with pytest.raises(GuardViolation, match="PG_NAM_SUFFIX"):
        guarded_cloudwatch_log_group(concern, "logs", key=key, tags=tags, **{**LOGS, "owner_name": name})


@pytest.mark.parametrize(
    "change", [{"prefix": "lambda/"}, {"prefix": "/aws/lambda"}, {"tail": "errors"}, {"tail": "/"}]
)
def test_refuses_a_log_group_path_without_its_slashes(concern, key, tags, change):
    with pytest.raises(GuardViolation, match="slash"):
        guarded_cloudwatch_log_group(concern, "logs", key=key, tags=tags, **{**LOGS, **change})


def test_refuses_a_log_group_name_beyond_512_characters(concern, key, tags):
    with pytest.raises(GuardViolation, match="512"):
        guarded_cloudwatch_log_group(concern, "logs", key=key, tags=tags, **LOGS, tail="/" + "x" * 500)


@pytest.mark.parametrize("argument", ["skip_destroy", "deletion_protection_enabled", "log_group_class", "kms_key_id"])
def test_refuses_to_weaken_a_log_group_by_an_override(concern, key, tags, argument):
    with pytest.raises(GuardViolation, match=rf"overrides\[{argument}\]"):
        guarded_cloudwatch_log_group(concern, "logs", key=key, tags=tags, **LOGS, overrides={argument: "DELIVERY"})


def test_one_violation_lists_everything_that_is_wrong_with_a_log_group(concern):
    with pytest.raises(GuardViolation) as caught:
        guarded_cloudwatch_log_group(
            concern, "Logs", key="alias/aws/logs", tags=None, prefix="x", owner_name="y", tail="z", retention_days=1
        )
    refused = {refusal.argument for refusal in caught.value.refusals}
    assert {"id_", "key", "tags", "prefix", "tail", "retention_days"} <= refused


def test_builds_an_alarm_that_tells_the_topic_both_ways(concern, topic, tags, sealed, key):
    alarm = {**ALARM, "dimensions": {"StreamName": "sensor-readings-dev"}}
    guarded_cloudwatch_metric_alarm(concern, "lag", topic=topic, tags=tags, **alarm, datapoints=2)
    built = sealed()["resource"]["aws_cloudwatch_metric_alarm"]["lag"]
    assert built["alarm_actions"] == built["ok_actions"] == [TOPIC]
    assert (built["actions_enabled"], built["treat_missing_data"]) == (True, "breaching")
    assert (built["alarm_name"], built["period"], built["evaluation_periods"]) == ("sensor-lag-dev", 60, 3)
    assert (built["datapoints_to_alarm"], built["threshold"]) == (2, 60_000)


def test_takes_a_metric_of_ours_without_dimensions_and_a_fraction(concern, topic, tags, sealed):
    ours = {**ALARM, "namespace": "Sensors", "dimensions": {}, "threshold": 0.5, "period_seconds": 3600}
    guarded_cloudwatch_metric_alarm(concern, "lag", topic=topic, tags=tags, **ours, evaluation_periods=168)
    built = sealed()["resource"]["aws_cloudwatch_metric_alarm"]["lag"]
    assert "dimensions" not in built and built["threshold"] == 0.5


@pytest.mark.parametrize(
    "change",
    [
        {"namespace": ":AWS"},
        {"namespace": ""},
        {"metric": ""},
        {"dimensions": {}},
        {"dimensions": {"StreamName": ""}},
        {"dimensions": {"StreamName": None}},
        {"statistic": "p99"},
        {"threshold": float("nan")},
        {"threshold": True},
        {"threshold": "5"},
        {"comparison": "GreaterThanUpperThreshold"},
        {"period_seconds": 61},
        {"period_seconds": 0},
        {"period_seconds": -60},
        {"period_seconds": True},
        {"evaluation_periods": 0},
        {"evaluation_periods": 1441},
        {"period_seconds": 3600, "evaluation_periods": 169},
        {"datapoints": 4},
        {"datapoints": 0},
        {"missing_data": "notbreaching"},
        {"missing_data": None},
        {"description": "Too late"},
        {"description": "x" * 40},
        {"description": "word " * 300},
    ],
)
def test_refuses_an_alarm_that_cloudwatch_or_an_operator_could_not_use(concern, topic, tags, change):
    with pytest.raises(GuardViolation) as caught:
        guarded_cloudwatch_metric_alarm(concern, "lag", topic=topic, tags=tags, **{**ALARM, **change})
    [refusal] = caught.value.refusals
    assert refusal.policy == "PG_LOG_ALARM_COVERAGE"
    assert refusal.argument.partition("[")[0] in change


@pytest.mark.parametrize("wrong", [None, TOPIC])
def test_refuses_an_alarm_without_a_topic_that_a_guard_built(concern, tags, wrong):
    with pytest.raises(GuardViolation, match="PG_LOG_ALARMS"):
        guarded_cloudwatch_metric_alarm(concern, "lag", topic=wrong, tags=tags, **ALARM)


def test_refuses_an_alarm_that_its_topic_would_not_let_publish(concern, mute, tags):
    with pytest.raises(GuardViolation, match=r"cloudwatch\.amazonaws\.com may publish to"):
        guarded_cloudwatch_metric_alarm(concern, "lag", topic=mute, tags=tags, **ALARM)


@pytest.mark.parametrize("wrong", [{"actions_enabled": False}, {"alarm_actions": []}, {"metric_query": []}])
def test_refuses_to_silence_an_alarm_by_an_override(concern, topic, tags, wrong):
    with pytest.raises(GuardViolation, match="which the guard owns"):
        guarded_cloudwatch_metric_alarm(concern, "lag", topic=topic, tags=tags, **ALARM, overrides=wrong)


def test_builds_a_dashboard_whose_body_does_not_depend_on_the_order_it_was_written_in(concern, tags, sealed):
    widget = {"type": "metric", "properties": {"region": "eu-west-1", "metrics": []}}
    text = {"properties": {"markdown": "# Sensors"}, "type": "text"}
    guarded_cloudwatch_dashboard(concern, "overview", tags=tags, body={"widgets": [widget, text], "start": "-PT6H"})
    built = sealed()["resource"]["aws_cloudwatch_dashboard"]["overview"]
    assert built["dashboard_name"] == "sensor-overview-dev"
    assert built["dashboard_body"] == json.dumps(
        {"start": "-PT6H", "widgets": [widget, text]}, sort_keys=True, separators=(",", ":")
    )


@pytest.mark.parametrize("region", [None, "us-east-1"])
def test_refuses_a_widget_without_the_region(concern, tags, region):
    body = {"widgets": [{"type": "metric", "properties": {"region": region}}]}
    with pytest.raises(GuardViolation, match="PG_REG_ARN_REGION"):
        guarded_cloudwatch_dashboard(concern, "overview", tags=tags, body=body)


def test_refuses_a_dashboard_without_widgets_or_tags(concern):
    with pytest.raises(GuardViolation) as caught:
        guarded_cloudwatch_dashboard(concern, "overview", tags=None, body={})
    assert {refusal.argument for refusal in caught.value.refusals} == {"tags", "body"}


def test_builds_an_event_rule_and_its_target(concern, topic, tags, sealed):
    guarded_cloudwatch_event_rule(concern, "failed", topic=topic, tags=tags, **EVENT)
    resources = sealed()["resource"]
    rule = resources["aws_cloudwatch_event_rule"]["failed"]
    assert json.loads(rule["event_pattern"]) == EVENT["pattern"]
    assert (rule["name"], rule["state"]) == ("sensor-failed-dev", "ENABLED")
    target = resources["aws_cloudwatch_event_target"]["failed_target"]
    assert (target["arn"], target["rule"]) == (TOPIC, "${aws_cloudwatch_event_rule.failed.name}")


@pytest.mark.parametrize(
    "change",
    [
        {"pattern": {}},
        {"pattern": {"source": []}},
        {"description": "Failed"},
        {"description": "A rotation failed. " * 30},
    ],
)
def test_refuses_an_event_rule_that_matches_anything_or_explains_nothing(concern, topic, tags, change):
    with pytest.raises(GuardViolation, match=next(iter(change))):
        guarded_cloudwatch_event_rule(concern, "failed", topic=topic, tags=tags, **{**EVENT, **change})


def test_refuses_an_event_rule_that_its_topic_would_not_let_publish(concern, mute, tags):
    with pytest.raises(GuardViolation, match=r"events\.amazonaws\.com may publish to"):
        guarded_cloudwatch_event_rule(concern, "failed", topic=mute, tags=tags, **EVENT)


@pytest.mark.parametrize("wrong", [{"state": "DISABLED"}, {"is_enabled": False}, {"event_bus_name": "other"}])
def test_refuses_to_disable_an_event_rule_by_an_override(concern, topic, tags, wrong):
    with pytest.raises(GuardViolation, match="which the guard owns"):
        guarded_cloudwatch_event_rule(concern, "failed", topic=topic, tags=tags, **EVENT, overrides=wrong)


def test_one_violation_lists_everything_that_is_wrong_with_an_event_rule(concern):
    with pytest.raises(GuardViolation) as caught:
        guarded_cloudwatch_event_rule(concern, "Failed", topic=None, tags=None, pattern={}, description="")
    refused = {refusal.argument for refusal in caught.value.refusals}
    assert {"id_", "topic", "tags", "pattern", "description"} <= refused
