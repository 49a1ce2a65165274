"""LOG.iot-errors."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.destinations import declared_log_group
from policies.terraform import Arguments

DESTINATIONS = {
    "sqs": ("queue_url", "aws_sqs_queue"),
    "kinesis": ("stream_name", "aws_kinesis_stream"),
    "firehose": ("delivery_stream_name", "aws_kinesis_firehose_delivery_stream"),
}
"""Block of error_action -> the argument that names the destination, and its type; cloudwatch_logs comes beside."""


class LogIotErrors(Policy):
    """IoT Core drops a reading that an action refuses, in silence: a throttled stream or a lost right loses data.

    The error action must go elsewhere than the actions: what the stream refused it will refuse again.
    """

    id = "PG_LOG_IOT_ERRORS"
    name = "Ensure IoT topic rule writes its failures to a declared destination"
    severity = "MEDIUM"
    resources = ("aws_iot_topic_rule",)
    controls = {
        "eu-cra": ("Annex I Part I (2)(l)",),
        "iec-62443-3-3": ("SR 2.8", "SR 3.7"),
        "iso27001-2022": ("A.8.15",),
        "nis2": ("Art.21(2)(b)",),
        "nis2-ir-2024-2690": ("3.2.3.c",),
        "nist-800-53-r5": ("AU-2", "AU-12"),
        "nist-csf-2.0": ("PR.PS-04",),
        "soc2": ("CC7.2",),
    }
    strength = "supporting"
    fix = "error_action { sqs { queue_url = aws_sqs_queue.<dead letters>.url, role_arn = ..., use_base64 = true } }"
    source = "https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        error = conf.block_at("error_action")
        log = error.block_at("cloudwatch_logs") if error else None
        if log:
            yield from declared_log_group(log, "log_group_name")
            return
        for name, (argument, type_) in DESTINATIONS.items():
            destination = error.block_at(name) if error else None
            if destination:
                target = destination.follow(argument, type_)
                if target is None or _used(conf, name, argument, target):
                    where, got = destination.name_of(argument), target and target.address
                    yield Violation(where, got, f"a declared {type_} that no action of the rule writes to")
                return
        yield Violation("error_action", None, f"a declared destination: cloudwatch_logs, {', '.join(DESTINATIONS)}")


def _used(conf: Arguments, name: str, argument: str, target: Arguments) -> bool:
    """Whether one of the rule's own actions of the same kind writes to the same destination."""
    actions = [action.values.get(argument) for action in conf.blocks(name)]
    return any(conf.target(raw, target.block.type) is target.block for raw in actions)
