"""LOG.retention."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.terraform import Arguments

ACCEPTED_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180),
    *(365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""What CloudWatch Logs takes, in days; the last is the upper bound, ten years."""


class LogRetention(Policy):
    """An intrusion is found after months on average: logs that are gone by then cannot tell what was taken.

    Audit rules want a lower bound, storage limitation (GDPR) an upper one; without an end (0, or no argument)
    satisfies the first alone, which is why CKV_AWS_338 passes it. We demand both.
    """

    id = "PG_LOG_RETENTION"
    name = "Ensure log group states a retention of at least a year that ends"
    severity = "MEDIUM"
    resources = ("aws_cloudwatch_log_group",)
    controls = {
        "aws-securityhub": ("CloudWatch.16",),
        "eu-cra": ("Annex I Part I (2)(l)",),
        "gdpr": ("Art.5(1)(e)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 2.9",),
        "iso27001-2022": ("A.8.15", "A.5.33"),
        "nis2": ("Art.21(2)(b)",),
        "nis2-ir-2024-2690": ("3.2.5", "1.1.1.h"),
        "nist-800-53-r5": ("AU-11", "SI-12"),
        "nist-csf-2.0": ("PR.PS-04",),
        "pci-dss-4.0": ("10.5.1",),
        "soc2": ("CC7.2", "CC7.3", "C1.2"),
    }
    confidence = "high"
    fix = "raise Settings.log_retention_days; in Terraform: retention_in_days = 400"
    source = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        days = conf.number("retention_in_days")
        accepted = [day for day in ACCEPTED_DAYS if day >= conf.profile.log_retention_days]
        if days not in accepted:
            listed = ", ".join(map(str, accepted))
            yield Violation("retention_in_days", days, f"one of {listed}; absent and 0 mean for ever")
        if conf.text("log_group_class") == "DELIVERY":
            # This class keeps events for two days, whatever retention_in_days says.
            yield Violation("log_group_class", "DELIVERY", "STANDARD or INFREQUENT_ACCESS")
