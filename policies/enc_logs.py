"""ENC.logs."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.keys import customer_managed_key
from policies.terraform import Arguments


class EncLogs(Policy):
    """Logs quote what they log: device names, queries, addresses, now and then a reading that did not parse.

    CloudWatch encrypts without being asked, with a key that AWS owns and nobody here can withdraw or audit.
    """

    id = "PG_ENC_LOGS"
    name = "Ensure CloudWatch log group is encrypted with a customer managed key"
    severity = "MEDIUM"
    resources = ("aws_cloudwatch_log_group",)
    controls = {
        "eu-cra": ("Annex I Part I (2)(e)",),
        "gdpr": ("Art.32(1)(a)", "Art.5(1)(f)"),
        "iec-62443-3-3": ("SR 4.1", "SR 4.1 RE 1", "SR 4.3", "SR 3.9"),
        "iso27001-2022": ("A.8.24", "A.8.15"),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.a",),
        "nist-800-53-r5": ("SC-28", "SC-28(1)", "SC-12", "AU-9", "AU-9(3)"),
        "nist-csf-2.0": ("PR.DS-01",),
        "pci-dss-4.0": ("3.5.1", "10.3.2"),
        "soc2": ("CC6.1", "C1.1"),
    }
    confidence = "high"
    fix = "pass key= to guarded_cloudwatch_log_group; in Terraform: kms_key_id = aws_kms_key.<name>.arn"
    source = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """A key that this configuration declares."""
        yield from customer_managed_key(conf, "kms_key_id")
