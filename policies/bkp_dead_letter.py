"""BKP.dead-letter."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.requirements import DEAD_LETTER_RETENTION_SECONDS
from policies.terraform import Arguments


class BkpDeadLetter(Policy):
    """An event that fails for the last time is gone unless someone keeps it, and with it the reason why.

    A queue either hands failures on to another or is where they end, and then keeps them for as long as SQS can: the
    queue that gives no redrive_policy is the dead-letter queue. Mappings from SQS leave failures in their queue.
    """

    id = "PG_BKP_DEAD_LETTER"
    name = "Ensure failed events go to a queue that keeps them"
    severity = "MEDIUM"
    resources = ("aws_lambda_function", "aws_lambda_event_source_mapping", "aws_sqs_queue")
    controls = {
        "iec-62443-3-3": ("SR 3.7",),
        "iso27001-2022": ("A.8.14", "A.8.16"),
        "nis2": ("Art.21(2)(c)",),
        "nist-800-53-r5": ("CP-10", "CA-7"),
        "nist-csf-2.0": ("PR.IR-03",),
        "soc2": ("A1.2",),
    }
    strength = "supporting"
    fix = f"dead_letter_config or on_failure; on the queue message_retention_seconds = {DEAD_LETTER_RETENTION_SECONDS}"
    source = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        judge = {"aws_lambda_function": _function, "aws_sqs_queue": _queue}.get(conf.block.type, _mapping)
        yield from judge(conf)


def _function(conf: Arguments) -> Iterator[Violation]:
    letter = conf.block_at("dead_letter_config")
    if letter is not None and letter.text("target_arn"):
        return
    invocations = conf.referred_by("aws_lambda_function_event_invoke_config", "function_name")
    if not any(_on_failure(invocation, "destination") for invocation in invocations):
        yield Violation("dead_letter_config.target_arn", None, "a queue or topic, here or as a destination on failure")


def _mapping(conf: Arguments) -> Iterator[Violation]:
    source = conf.text("event_source_arn") or ""
    if source.startswith("arn:aws:sqs:") or conf.target(source, "aws_sqs_queue"):
        return
    if not _on_failure(conf, "destination_arn"):
        yield Violation("destination_config.on_failure.destination_arn", None, "a queue or topic")


def _on_failure(conf: Arguments, argument: str) -> str | None:
    block = conf.block_at("destination_config", "on_failure")
    return block.text(argument) if block else None


def _queue(conf: Arguments) -> Iterator[Violation]:
    policies = (
        [conf] if conf.values.get("redrive_policy") else conf.referred_by("aws_sqs_queue_redrive_policy", "queue_url")
    )
    if any(document.text("deadLetterTargetArn") for p in policies for document in p.documents("redrive_policy")):
        return
    seconds = conf.number("message_retention_seconds")  # absent means four days
    least = conf.profile.dead_letter_retention_seconds
    if seconds is None or not seconds >= least:
        requires = f"{least} s or more, or a redrive_policy with another queue"
        yield Violation("message_retention_seconds", seconds, requires)
