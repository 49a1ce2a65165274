"""TAG.propagate."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.profiles import SENSOR_PLATFORM
from policies.terraform import Arguments

SOURCES = ("SERVICE", "TASK_DEFINITION")
COPIES = ("aws_db_instance", "aws_rds_cluster", "aws_neptune_cluster")
LAUNCHERS = {
    "aws_ecs_service": (),
    "aws_cloudwatch_event_target": ("ecs_target",),
    "aws_scheduler_schedule": ("target", "ecs_parameters"),
}
"""What starts tasks -> the block that holds propagate_tags."""


class TagPropagate(Policy):
    """Tasks and snapshots outlive what they come from: untagged, they have no owner and no class of data.

    ECS's own tags, which say the cluster and the service, are this house's wish alone.
    """

    id = "PG_TAG_PROPAGATE"
    name = "Ensure tasks and database snapshots carry the tags of what they come from"
    severity = "LOW"
    resources = (*COPIES, *LAUNCHERS, "aws_autoscaling_group")
    controls = {
        "aws-fsbp": ("RDS.17",),
        "iec-62443-3-3": ("SR 7.8",),
        "iso27001-2022": ("A.5.9",),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("12.4.1",),
        "nist-800-53-r5": ("CM-8",),
        "nist-csf-2.0": ("ID.AM-02",),
        "soc2": ("CC6.1",),
    }
    confidence = "high"
    strength = "supporting"
    fix = 'propagate_tags = "SERVICE" and enable_ecs_managed_tags = true; copy_tags_to_snapshot = true'
    source = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type in COPIES:
            if not conf.flag("copy_tags_to_snapshot"):  # absent is false
                yield Violation("copy_tags_to_snapshot", conf.flag("copy_tags_to_snapshot"), "true")
            return
        if conf.block.type == "aws_autoscaling_group":
            for tag in conf.blocks("tag"):
                if not tag.flag("propagate_at_launch"):
                    yield Violation(tag.name_of("propagate_at_launch"), tag.flag("propagate_at_launch"), "true")
            return
        launch = conf.block_at(*LAUNCHERS[conf.block.type])
        if launch is None:
            return  # a rule or a schedule that starts no task
        source = launch.text("propagate_tags")
        if source not in SOURCES:
            yield Violation(launch.name_of("propagate_tags"), source, " or ".join(SOURCES))
        if conf.profile.name == SENSOR_PLATFORM.name and not launch.flag("enable_ecs_managed_tags"):
            yield Violation(launch.name_of("enable_ecs_managed_tags"), launch.flag("enable_ecs_managed_tags"), "true")
