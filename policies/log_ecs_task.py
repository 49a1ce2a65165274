"""LOG.ecs-task."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.destinations import declared_log_group
from policies.terraform import Arguments

GROUP_OPTIONS = {"awslogs": "awslogs-group", "awsfirelens": "log_group_name"}
"""Log driver -> the option that names the log group."""


class LogEcsTask(Policy):
    """A container without a log driver on Fargate has no log at all: its disk is gone when the task is.

    The group must be declared here. One that `awslogs-create-group` makes has neither retention nor a key of ours,
    and stays when the environment is destroyed.
    """

    id = "PG_LOG_ECS_TASK"
    name = "Ensure every ECS container logs to a log group of the same configuration"
    severity = "HIGH"
    resources = ("aws_ecs_task_definition",)
    controls = {
        "aws-fsbp": ("ECS.9",),
        "eu-cra": ("Annex I Part I (2)(l)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 2.8", "SR 6.1"),
        "iso27001-2022": ("A.8.15",),
        "nis2": ("Art.21(2)(b)",),
        "nis2-ir-2024-2690": ("3.2.3.c",),
        "nist-800-53-r5": ("AU-2", "AU-12"),
        "nist-csf-2.0": ("PR.PS-04",),
        "pci-dss-4.0": ("10.2.1",),
        "soc2": ("CC7.2",),
    }
    confidence = "high"
    fix = 'give each container logConfiguration: {logDriver = "awslogs", options = {awslogs-group = <declared group>}}'
    source = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        containers = conf.documents("container_definitions")
        if not containers:
            yield Violation("container_definitions", None, "at least one container, with logConfiguration")
        for container in containers:
            log = container.block_at("logConfiguration")
            driver = log.text("logDriver") if log else None
            if log is None or driver not in GROUP_OPTIONS:
                yield Violation(container.name_of("logConfiguration.logDriver"), driver, " or ".join(GROUP_OPTIONS))
                continue
            option = GROUP_OPTIONS[driver]
            options = log.block_at("options")
            if options and options.text("mode") == "blocking":  # absent is non-blocking since June 2025
                yield Violation(options.name_of("mode"), "blocking", "non-blocking: no reading waits for a log")
            if options is None:
                yield Violation(log.name_of("options"), None, f"{option}: a declared log group")
            else:
                yield from declared_log_group(options, option)
