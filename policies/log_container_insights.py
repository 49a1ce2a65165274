"""LOG.container-insights."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.terraform import Arguments

ON = ("enabled", "enhanced")


class LogContainerInsights(Policy):
    """Tasks that restart or starve are gaps in a cluster's averages; Container Insights counts them one by one.

    A service that names no cluster runs in the account's default one, whose insights, keys and logs nobody declared.
    """

    id = "PG_LOG_CONTAINER_INSIGHTS"
    name = "Ensure ECS cluster publishes Container Insights"
    severity = "LOW"
    resources = ("aws_ecs_cluster", "aws_ecs_service")
    controls = {
        "aws-fsbp": ("ECS.12",),
        "eu-cra": ("Annex I Part I (2)(l)",),
        "iec-62443-3-3": ("SR 6.2",),
        "iso27001-2022": ("A.8.16", "A.8.6"),
        "nis2": ("Art.21(2)(b)",),
        "nis2-ir-2024-2690": ("3.2.3.h",),
        "nist-800-53-r5": ("CA-7", "SI-4"),
        "nist-csf-2.0": ("DE.CM-09",),
        "soc2": ("CC7.2",),
    }
    confidence = "high"
    fix = 'setting { name = "containerInsights", value = "enhanced" }; in a service: cluster'
    source = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cloudwatch-container-insights.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type == "aws_ecs_service":
            if conf.values.get("cluster") in (None, "", "default"):
                yield Violation(
                    "cluster",
                    conf.values.get("cluster"),
                    "a cluster: absent is the account's default one, which nobody declares",
                )
            return
        # Absent takes the account's default, which the configuration does not hold: not shown, so not passed.
        values = [item.text("value") for item in conf.blocks("setting") if item.text("name") == "containerInsights"]
        if not values or any(value not in ON for value in values):
            yield Violation("setting", ", ".join(map(str, values)) or None, f"containerInsights = {' or '.join(ON)}")
