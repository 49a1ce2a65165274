"""BKP.kinesis-retention."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.requirements import STREAM_RETENTION_HOURS
from policies.terraform import Arguments


class BkpKinesisRetention(Policy):
    """A consumer that breaks on Friday is mended on Monday; with AWS's 24 hours the weekend is lost by then."""

    id = "PG_BKP_KINESIS_RETENTION"
    name = "Ensure Kinesis stream keeps records long enough to replay an outage"
    severity = "MEDIUM"
    resources = ("aws_kinesis_stream",)
    controls = {
        "aws-fsbp": ("Kinesis.3",),
        "eu-cra": ("Annex I Part I (2)(h)",),
        "gdpr": ("Art.32(1)(c)", "Art.5(1)(e)"),
        "iec-62443-3-3": ("SR 7.3", "SR 7.4"),
        "iso27001-2022": ("A.8.13",),
        "nis2": ("Art.21(2)(c)",),
        "nis2-ir-2024-2690": ("4.2.2.f",),
        "nist-800-53-r5": ("CP-9", "CP-10"),
        "nist-csf-2.0": ("PR.DS-11",),
        "soc2": ("A1.2", "C1.2"),
    }
    confidence = "high"
    fix = f"retention_period = {STREAM_RETENTION_HOURS} or more (Settings.stream_retention_hours)"
    source = "https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        hours = conf.number("retention_period")
        least = conf.profile.stream_retention_hours
        if hours is None or not hours >= least:
            yield Violation("retention_period", hours, f"{least} hours or more")
