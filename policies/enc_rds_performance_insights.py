"""ENC.rds-performance-insights."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.keys import customer_managed_key
from policies.terraform import Arguments


class EncRdsPerformanceInsights(Policy):
    """Performance Insights stores the text of queries, literals included, outside the database's own storage.

    Once it is on, its key cannot be changed: an instance that started under `alias/aws/rds` has to be replaced.
    """

    id = "PG_ENC_RDS_PERFORMANCE_INSIGHTS"
    name = "Ensure Performance Insights data is encrypted with a customer managed key"
    severity = "MEDIUM"
    resources = ("aws_db_instance", "aws_rds_cluster", "aws_rds_cluster_instance")
    controls = {
        "eu-cra": ("Annex I Part I (2)(e)",),
        "gdpr": ("Art.32(1)(a)", "Art.5(1)(f)"),
        "iec-62443-3-3": ("SR 4.1", "SR 4.1 RE 1", "SR 4.3"),
        "iso27001-2022": ("A.8.24",),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.a",),
        "nist-800-53-r5": ("SC-28", "SC-28(1)", "SC-12"),
        "nist-csf-2.0": ("PR.DS-01",),
        "pci-dss-4.0": ("3.5.1",),
        "soc2": ("CC6.1", "C1.1"),
    }
    confidence = "high"
    fix = "set performance_insights_kms_key_id = aws_kms_key.<name>.arn, or performance_insights_enabled = false"
    source = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PerfInsights.access-control.cmk-policy.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """A declared key, where Performance Insights is on; it is off by default, and `advanced` insights need it."""
        enabled, mode = conf.flag("performance_insights_enabled"), conf.text("database_insights_mode")
        if enabled or mode not in (None, "standard"):
            yield from customer_managed_key(conf, "performance_insights_kms_key_id")
