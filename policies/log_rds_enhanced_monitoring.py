"""LOG.rds-enhanced-monitoring."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.requirements import MONITORING_INTERVALS_SECONDS
from policies.terraform import Arguments


class LogRdsEnhancedMonitoring(Policy):
    """CloudWatch's own metrics come from the hypervisor: a process that eats the database's host shows in these alone.

    Without the role RDS has nowhere to send them, so the interval alone proves nothing. Which query it was, Performance
    Insights alone tells afterwards.
    """

    id = "PG_LOG_RDS_ENHANCED_MONITORING"
    name = "Ensure database publishes enhanced monitoring at least every 60 seconds, and Performance Insights"
    severity = "LOW"
    resources = ("aws_db_instance", "aws_rds_cluster_instance")
    controls = {
        "aws-fsbp": ("RDS.6",),
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
    fix = "monitoring_interval = 60, monitoring_role_arn = aws_iam_role.<name>.arn, performance_insights_enabled = true"
    source = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        yield from in_turn((_interval(conf), _insights(conf), _role(conf)))


def _interval(conf: Arguments) -> Iterator[Violation]:
    interval_s = conf.number("monitoring_interval")
    accepted = [s for s in MONITORING_INTERVALS_SECONDS if s <= conf.profile.monitoring_interval_seconds]
    if interval_s not in accepted:
        # Absent is 0, which turns it off.
        wanted = ", ".join(map(str, accepted))
        yield Violation("monitoring_interval", interval_s, f"one of {wanted} (seconds)")


def _role(conf: Arguments) -> Iterator[Violation]:
    role = conf.text("monitoring_role_arn")
    if role:
        conf.follow("monitoring_role_arn", "aws_iam_role")
    else:
        yield Violation("monitoring_role_arn", role, "a declared aws_iam_role")


def _insights(conf: Arguments) -> Iterator[Violation]:
    insights = conf.flag("performance_insights_enabled")
    if not insights:
        yield Violation("performance_insights_enabled", insights, "true")
