"""LOG.lambda."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.destinations import declared_log_group, log_group_named
from policies.terraform import Arguments


class LogLambda(Policy):
    """A rotation that fails at night explains itself in its log only, and the group must be ours to hold it.

    Lambda creates a missing group itself, without end, without our key, and it stays when the environment is gone.
    Tracing shows which call of the function hung: an exception may never be written.
    """

    id = "PG_LOG_LAMBDA"
    name = "Ensure Lambda function logs to a declared group and is traced"
    severity = "MEDIUM"
    resources = ("aws_lambda_function",)
    controls = {
        "eu-cra": ("Annex I Part I (2)(l)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 2.8",),
        "iso27001-2022": ("A.8.15",),
        "nis2": ("Art.21(2)(b)",),
        "nis2-ir-2024-2690": ("3.2.3.c",),
        "nist-800-53-r5": ("AU-2", "AU-12"),
        "nist-csf-2.0": ("PR.PS-04",),
        "pci-dss-4.0": ("10.2.1",),
        "soc2": ("CC7.2",),
    }
    fix = 'declare aws_cloudwatch_log_group /aws/lambda/<function_name>; tracing_config { mode = "Active" }'
    source = "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        yield from in_turn((_traced(conf), _logs(conf)))


def _traced(conf: Arguments) -> Iterator[Violation]:
    tracing = conf.block_at("tracing_config")
    mode = tracing.text("mode") if tracing else None
    if mode != "Active":
        # Absent is PassThrough: traced only where the caller is, and Secrets Manager is not.
        yield Violation("tracing_config.mode", mode, "Active")


def _logs(conf: Arguments) -> Iterator[Violation]:
    logging = conf.block_at("logging_config")
    if logging and logging.text("log_group"):
        yield from declared_log_group(logging, "log_group")
    elif not log_group_named(conf, f"/aws/lambda/{conf.text('function_name')}"):
        wanted = "a declared log group, or one named /aws/lambda/<function_name>"
        yield Violation("logging_config.log_group", None, wanted)
