"""ENC.sqs."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.keys import customer_managed_key
from policies.terraform import Arguments

REUSE_SECONDS = 300
"""SQS's default for how long it uses a data key without asking KMS again."""


class EncSqs(Policy):
    """A dead-letter queue holds the readings that failed for two weeks: the odd ones, often the interesting ones.

    SQS.1 is content with SSE-SQS, whose key AWS owns. We demand our own, so that access can be cut off: at once, not
    after the day for which SQS may go on using a data key.
    """

    id = "PG_ENC_SQS"
    name = "Ensure SQS queue is encrypted with a customer managed key"
    severity = "MEDIUM"
    resources = ("aws_sqs_queue",)
    controls = {
        "aws-fsbp": ("SQS.1",),
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
    fix = "pass key= to guarded_sqs_queue; in Terraform: kms_master_key_id = aws_kms_key.<name>.arn"
    source = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html"
    )

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """A key that this configuration declares, asked for again within the default time."""
        yield from in_turn((_reuse(conf), customer_managed_key(conf, "kms_master_key_id")))


def _reuse(conf: Arguments) -> Iterator[Violation]:
    reuse_s = conf.number("kms_data_key_reuse_period_seconds")
    if reuse_s is not None and not reuse_s <= REUSE_SECONDS:
        yield Violation("kms_data_key_reuse_period_seconds", reuse_s, f"{REUSE_SECONDS} s or less")
