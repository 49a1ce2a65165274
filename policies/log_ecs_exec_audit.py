"""LOG.ecs-exec-audit."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.destinations import declared_log_group
from policies.terraform import Arguments

LAUNCHERS = {
    "aws_ecs_service": ((), "cluster", ()),
    "aws_cloudwatch_event_target": ((), "arn", ("ecs_target",)),
    "aws_scheduler_schedule": (("target",), "arn", ("ecs_parameters",)),
}
"""What starts tasks -> the block and the argument that name the cluster, and the block in it that turns ECS Exec on."""


class LogEcsExecAudit(Policy):
    """A shell in a running container sees its credentials and its data: without a record of the session nobody knows.

    By default the session goes to the container's own log driver, where the container's process can write too. A
    cluster that says something of sessions must say all of it, for whoever turns Exec on later.
    """

    id = "PG_LOG_ECS_EXEC_AUDIT"
    name = "Ensure ECS Exec sessions are recorded in an encrypted log group"
    severity = "MEDIUM"
    resources = (*LAUNCHERS, "aws_ecs_cluster")
    controls = {
        "eu-cra": ("Annex I Part I (2)(l)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 2.8", "SR 1.13"),
        "iso27001-2022": ("A.8.15",),
        "nis2": ("Art.21(2)(b)",),
        "nis2-ir-2024-2690": ("3.2.3.e",),
        "nist-800-53-r5": ("AU-2", "AU-12", "AC-6(9)"),
        "nist-csf-2.0": ("PR.PS-04",),
        "pci-dss-4.0": ("10.2.1.2",),
        "soc2": ("CC7.2",),
    }
    fix = "leave enable_execute_command off; else set logging = OVERRIDE and log_configuration on the cluster"
    source = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html#ecs-exec-logging"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type == "aws_ecs_cluster":
            session = conf.block_at("configuration", "execute_command_configuration")
            if session is not None:
                yield from _session(session)
            return
        outer, argument, inner = LAUNCHERS[conf.block.type]
        holder = conf.block_at(*outer)
        launch = holder.block_at(*inner) if holder else None
        if holder is None or launch is None or not launch.flag("enable_execute_command"):
            return  # off is the default
        cluster = holder.follow(argument, "aws_ecs_cluster")
        session = cluster.block_at("configuration", "execute_command_configuration") if cluster else None
        if session is None:
            yield Violation("enable_execute_command", "true", "a cluster with execute_command_configuration, or false")
            return
        yield from _session(session)


def _session(session: Arguments) -> Iterator[Violation]:
    log = session.block_at("log_configuration")
    named = declared_log_group(log, "cloud_watch_log_group_name") if log else ()
    yield from in_turn((_override(session), _encrypted(log), named))


def _override(session: Arguments) -> Iterator[Violation]:
    if session.text("logging") != "OVERRIDE":
        yield Violation("enable_execute_command", session.text("logging"), "a cluster with logging = OVERRIDE")


def _encrypted(log: Arguments | None) -> Iterator[Violation]:
    if log is None:
        yield Violation("enable_execute_command", None, "a cluster with log_configuration")
    elif not log.flag("cloud_watch_encryption_enabled"):
        yield Violation("enable_execute_command", None, "a cluster with cloud_watch_encryption_enabled = true")
