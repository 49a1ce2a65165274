"""ROT.rotation-alarm."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.terraform import Arguments

ALARM, RULE, TARGET = "aws_cloudwatch_metric_alarm", "aws_cloudwatch_event_rule", "aws_cloudwatch_event_target"
FAILED_EVENT = "RotationFailed"
FIRST_ERROR = {"GreaterThanThreshold": (0.0, 0.999), "GreaterThanOrEqualToThreshold": (0.001, 1.0)}
"""Comparison -> lowest and highest threshold at which one error is enough, and none is not."""


class RotRotationAlarm(Policy):
    """A rotation that fails leaves the old password in place, and nobody notices until it leaks or expires.

    Secrets Manager retries in silence. The function's Errors metric or its RotationFailed event is the only sign.
    """

    id = "PG_ROT_ROTATION_ALARM"
    name = "Ensure a failed rotation raises an alarm"
    severity = "MEDIUM"
    resources = ("aws_secretsmanager_secret_rotation",)
    controls = {
        "aws-fsbp": ("SecretsManager.2",),
        "eu-cra": ("Annex I Part I (2)(l)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 1.5", "SR 6.2"),
        "iso27001-2022": ("A.5.17", "A.8.16"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.6.2.c", "3.2.4"),
        "nist-800-53-r5": ("IA-5", "SI-4"),
        "nist-csf-2.0": ("PR.AA-01", "DE.AE-06"),
        "pci-dss-4.0": ("8.6.3", "10.7.2"),
        "soc2": ("CC6.1",),
    }
    strength = "supporting"
    fix = "add guarded_metric_alarm on AWS/Lambda Errors of the rotation function, above 0, with alarm_actions"
    source = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/monitoring-cloudwatch.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """An alarm on the first error of the function, with an action; or a rule for the failure, with a target.

        A rule for the failure that is off or without a target is refused even beside an alarm: it looks like a watch.
        """
        yield from in_turn((_unheard(conf), _unwatched(conf)))


def _unheard(conf: Arguments) -> Iterator[Violation]:
    for rule in conf.resources(RULE):
        if FAILED_EVENT in str(rule.values.get("event_pattern")) and not _is_heard(rule):
            yield Violation(rule.address, "off, or without a target", f"ENABLED, and an {TARGET} with its arn")


def _unwatched(conf: Arguments) -> Iterator[Violation]:
    if any(_catches_failure(rule) for rule in conf.resources(RULE)):
        return
    function = conf.follow("rotation_lambda_arn", "aws_lambda_function")
    alarms = [alarm for alarm in conf.resources(ALARM) if function and _watches(alarm, function)]
    if not alarms:
        yield Violation("rotation_lambda_arn", conf.values.get("rotation_lambda_arn"), f"an {ALARM} on its Errors")
        return
    judged = [list(_alarm(alarm)) for alarm in alarms]
    yield from () if [] in judged else judged[0]


def _watches(alarm: Arguments, function: Arguments) -> bool:
    named = (alarm.values.get("namespace"), alarm.values.get("metric_name")) == ("AWS/Lambda", "Errors")
    dimensions = alarm.block_at("dimensions") if named else None
    name = dimensions.values.get("FunctionName") if dimensions else None
    alone = dimensions is not None and set(dimensions.values) == {"FunctionName"}
    return alone and alarm.target(name, "aws_lambda_function") is function.block


def _alarm(alarm: Arguments) -> Iterator[Violation]:
    comparison, threshold = alarm.text("comparison_operator"), alarm.number("threshold")
    lowest, highest = FIRST_ERROR.get(comparison or "", (1.0, 0.0))
    if threshold is None or not lowest <= threshold <= highest:
        yield Violation(f"{alarm.address}.threshold", f"{comparison} {threshold}", "GreaterThanThreshold 0")
    if (statistic := alarm.text("statistic")) not in ("Sum", "Maximum"):
        yield Violation(f"{alarm.address}.statistic", statistic, "Sum or Maximum")
    points = alarm.number("datapoints_to_alarm") or alarm.number("evaluation_periods")
    if points != 1:
        yield Violation(f"{alarm.address}.datapoints_to_alarm", points, "1: a rotation fails once, not in a row")
    if alarm.flag("actions_enabled") is False:
        yield Violation(f"{alarm.address}.actions_enabled", False, "true")
    if not any(alarm.strings("alarm_actions")):
        yield Violation(f"{alarm.address}.alarm_actions", None, "at least one action, such as the alarm topic")


def _catches_failure(rule: Arguments) -> bool:
    """Whether a rule selects rotation failures and sends them somewhere: it is on, and a target refers to it."""
    if FAILED_EVENT not in str(rule.values.get("event_pattern")):
        return False
    if rule.text("event_bus_name") not in (None, "default"):
        return False
    return any(map(_selects_failure, rule.documents("event_pattern"))) and _is_heard(rule)


def _is_heard(rule: Arguments) -> bool:
    if rule.text("state") == "DISABLED" or rule.flag("is_enabled") is False:
        return False
    return any(target.has("arn") and target.values["arn"] for target in rule.referred_by(TARGET, "rule"))


def _selects_failure(pattern: Arguments) -> bool:
    """Whether a pattern lets the event of every secret through: each further field narrows it."""
    fields = {"source": "aws.secretsmanager", "detail-type": "AWS Service Event via CloudTrail"}
    in_detail = {"eventName": FAILED_EVENT, "eventSource": "secretsmanager.amazonaws.com"}
    detail = pattern.block_at("detail")
    if detail is None or not detail.has("eventName"):
        return False
    narrowed = {*pattern.values} - {*fields, "detail"} | {*detail.values} - {*in_detail}
    chosen = [(pattern, name, event) for name, event in fields.items()]
    chosen += [(detail, name, event) for name, event in in_detail.items()]
    return not narrowed and all(event in place.strings(name) for place, name, event in chosen if place.has(name))
