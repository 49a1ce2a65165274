"""LOG.alarms."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.terraform import Arguments, CannotDecide


class LogAlarms(Policy):
    """An alarm without an action turns red on a page that nobody looks at.

    At least one action must be a topic of this configuration, where ENC and TLS policies can see how it is kept.
    """

    id = "PG_LOG_ALARMS"
    name = "Ensure alarm is enabled and notifies a declared topic"
    severity = "MEDIUM"
    resources = ("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm", "aws_db_event_subscription")
    controls = {
        "aws-securityhub": ("CloudWatch.15", "CloudWatch.17"),
        "eu-cra": ("Annex I Part I (2)(l)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 6.2",),
        "iso27001-2022": ("A.8.16", "A.5.25"),
        "nis2": ("Art.21(2)(b)",),
        "nis2-ir-2024-2690": ("3.2.4",),
        "nist-800-53-r5": ("SI-4", "SI-4(12)", "AU-6(1)"),
        "nist-csf-2.0": ("DE.AE-06", "DE.CM-09"),
        "pci-dss-4.0": ("10.4.1.1", "10.7.2"),
        "soc2": ("CC7.2", "CC7.3"),
    }
    confidence = "high"
    fix = "alarm_actions = [aws_sns_topic.<name>.arn], and actions_enabled left at its default, true"
    source = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        events = conf.block.type == "aws_db_event_subscription"
        switch, argument = ("enabled", "sns_topic") if events else ("actions_enabled", "alarm_actions")
        yield from in_turn((_on(conf, switch), _heard(conf, argument)))


def _on(conf: Arguments, switch: str) -> Iterator[Violation]:
    if conf.flag(switch) is False:  # absent is true
        yield Violation(switch, "false", "true")


def _heard(conf: Arguments, argument: str) -> Iterator[Violation]:
    actions = conf.strings(argument)
    if any(conf.target(action, "aws_sns_topic") for action in actions):
        return
    literal = [action for action in actions if action.startswith("arn:aws:sns:") or _is_read(conf, action)]
    if literal:
        raise CannotDecide(argument, literal[0], "a topic that this configuration declares")
    yield Violation(argument, ", ".join(actions) or None, "an aws_sns_topic of the same configuration")


def _is_read(conf: Arguments, action: str) -> bool:
    """Whether the action is what a data source gives."""
    found = conf.reference(action)
    return found is not None and found[0].kind == "data"
