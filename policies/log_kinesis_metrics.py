"""LOG.kinesis-metrics."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.requirements import SHARD_METRICS
from policies.terraform import Arguments


class LogKinesisMetrics(Policy):
    """One hot shard is throttled while the stream's average looks idle; only metrics per shard show which one."""

    id = "PG_LOG_KINESIS_METRICS"
    name = "Ensure Kinesis stream publishes the agreed metrics of each shard"
    severity = "LOW"
    resources = ("aws_kinesis_stream",)
    profiles = ("sensor-platform",)
    controls = {
        "iec-62443-3-3": ("SR 6.2",),
        "iso27001-2022": ("A.8.16", "A.8.6"),
        "nis2": ("Art.21(2)(b)",),
        "nis2-ir-2024-2690": ("3.2.3.h",),
        "nist-800-53-r5": ("SI-4", "CA-7"),
        "nist-csf-2.0": ("DE.CM-09",),
        "soc2": ("CC7.2", "A1.1"),
    }
    fix = f"shard_level_metrics = {list(SHARD_METRICS)}"
    source = "https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html#kinesis-metrics-shard"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        published = conf.strings("shard_level_metrics")
        missing = [metric for metric in conf.profile.shard_metrics if metric not in published]
        if missing and "ALL" not in published:
            yield Violation("shard_level_metrics", ", ".join(published) or None, f"also {', '.join(missing)}")
