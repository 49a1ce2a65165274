"""ENC.ecs-exec."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policies.base import Policy, Violation, in_turn
from policies.keys import customer_managed_key
from policies.profiles import SENSOR_PLATFORM
from policies.terraform import Arguments

STARTERS: dict[str, tuple[tuple[str, ...], str]] = {
    "aws_ecs_service": ((), "cluster"),
    "aws_cloudwatch_event_target": (("ecs_target",), "arn"),
    "aws_scheduler_schedule": (("target", "ecs_parameters"), "target.arn"),
    "aws_pipes_pipe": (("target_parameters", "ecs_task_parameters"), "target"),
}
"""What can start a task that may be entered: where enable_execute_command stands, and what names the cluster."""


class EncEcsExec(Policy):
    """An ECS Exec session is a shell inside the task: what is typed and shown may be any secret the task holds.

    TLS ends at the agent; a key on the cluster encrypts the channel up to the container, and its log as well. Every
    cluster of ours must say so: whoever may update a service turns Exec on without Terraform. Elsewhere a cluster is
    judged by what it configures, and by the services that have Exec on.
    """

    id = "PG_ENC_ECS_EXEC"
    name = "Ensure ECS Exec sessions and their logs are encrypted"
    severity = "MEDIUM"
    resources = (*STARTERS, "aws_ecs_cluster")
    controls = {
        "eu-cra": ("Annex I Part I (2)(e)",),
        "gdpr": ("Art.32(1)(a)", "Art.5(1)(f)"),
        "iec-62443-3-3": ("SR 4.1", "SR 4.1 RE 1", "SR 4.3", "SR 1.13"),
        "iso27001-2022": ("A.8.24",),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.a",),
        "nist-800-53-r5": ("SC-28", "SC-28(1)", "SC-12", "AC-17(2)"),
        "nist-csf-2.0": ("PR.DS-01",),
        "soc2": ("CC6.1", "C1.1"),
    }
    fix = "set enable_execute_command = false, or kms_key_id and log_configuration encryption on the cluster"
    source = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """A key for the channel and an encrypted log: of each cluster, and of what starts tasks with Exec on."""
        if conf.block.type == "aws_ecs_cluster":
            stated = conf.block_at("configuration", "execute_command_configuration")
            if stated or conf.profile.name == SENSOR_PLATFORM.name:
                yield from _session(conf)
            return
        path, cluster_argument = STARTERS[conf.block.type]
        place = conf.block_at(*path)
        if place is None or not place.flag("enable_execute_command"):
            return
        *outer, name = cluster_argument.split(".")
        holder = conf.block_at(*outer)
        cluster = holder.follow(name, "aws_ecs_cluster") if holder else None
        if cluster is None:
            yield Violation(cluster_argument, None, "a declared aws_ecs_cluster, whose configuration can be judged")
            return
        for violation in _session(cluster):
            yield replace(violation, argument=f"{cluster.address}.{violation.argument}")


def _session(cluster: Arguments) -> Iterator[Violation]:
    session = cluster.block_at("configuration", "execute_command_configuration")
    if session is None:
        yield Violation("configuration", None, "execute_command_configuration with kms_key_id and log_configuration")
        return
    yield from in_turn((_log(session), customer_managed_key(session, "kms_key_id")))


def _log(session: Arguments) -> Iterator[Violation]:
    if (logging := session.text("logging")) != "OVERRIDE":
        yield Violation(session.name_of("logging"), logging, '"OVERRIDE": otherwise log_configuration is not used')
    log = session.block_at("log_configuration")
    encrypted = log.flag("cloud_watch_encryption_enabled") if log else None
    if encrypted is not True:
        yield Violation(session.name_of("log_configuration"), encrypted, "cloud_watch_encryption_enabled = true")
    if log and log.text("s3_bucket_name") and log.flag("s3_bucket_encryption_enabled") is not True:
        yield Violation(log.name_of("s3_bucket_encryption_enabled"), log.flag("s3_bucket_encryption_enabled"), "true")
