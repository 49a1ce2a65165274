"""TLS.sns-https."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.terraform import Arguments


class TlsSnsHttps(Policy):
    """Over http an alarm tells everyone on the way the account and its trouble, and anyone can forge one."""

    id = "PG_TLS_SNS_HTTPS"
    name = "Ensure SNS subscription does not deliver over http"
    severity = "MEDIUM"
    resources = ("aws_sns_topic_subscription",)
    controls = {
        "eu-cra": ("Annex I Part I (2)(e)", "Annex I Part I (2)(f)"),
        "gdpr": ("Art.32(1)(a)", "Art.5(1)(f)"),
        "iec-62443-3-3": ("SR 3.1", "SR 3.1 RE 1", "SR 4.1", "SR 4.1 RE 1", "SR 4.3"),
        "iso27001-2022": ("A.8.24", "A.5.14"),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.a", "6.7.2.i"),
        "nist-800-53-r5": ("SC-8", "SC-8(1)", "SC-13"),
        "nist-csf-2.0": ("PR.DS-02",),
        "soc2": ("CC6.7",),
    }
    confidence = "high"
    fix = 'protocol = "https", with an https:// endpoint'
    source = "https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        protocol = conf.text("protocol")
        # SNS itself refuses an endpoint whose scheme is not the protocol.
        if protocol is None or protocol.strip().lower() == "http":
            yield Violation("protocol", protocol, "any protocol but http")
