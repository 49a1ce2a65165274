"""ENC.sns."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.keys import customer_managed_key
from policies.terraform import Arguments


class EncSns(Policy):
    """Alarm messages name what is weak at this moment. SNS keeps them in the clear unless a key is named.

    `alias/aws/sns` is worse than it looks: CloudWatch may not use it, so alarms under it are lost in silence.
    """

    id = "PG_ENC_SNS"
    name = "Ensure SNS topic is encrypted with a customer managed key"
    severity = "MEDIUM"
    resources = ("aws_sns_topic",)
    controls = {
        "aws-securityhub": ("SNS.1",),
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
    fix = "pass key= to guarded_sns_topic; in Terraform: kms_master_key_id = aws_kms_key.<name>.arn"
    source = "https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """A key that this configuration declares."""
        yield from customer_managed_key(conf, "kms_master_key_id")
