"""TLS.iot."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.requirements import IOT_TLS_POLICIES
from policies.terraform import Arguments


class TlsIot(Policy):
    """Sensors stay for a decade: a floor below TLS 1.2 keeps the weakest of them talking, and its session readable.

    The policy must be stated: AWS's default differs between regions and between old and new configurations.
    """

    id = "PG_TLS_IOT"
    name = "Ensure IoT domain configuration demands TLS 1.2 or newer"
    severity = "MEDIUM"
    resources = ("aws_iot_domain_configuration",)
    controls = {
        "eu-cra": ("Annex I Part I (2)(e)", "Annex I Part I (2)(f)"),
        "gdpr": ("Art.32(1)(a)", "Art.5(1)(f)"),
        "iec-62443-3-3": ("SR 3.1", "SR 3.1 RE 1", "SR 4.1", "SR 4.1 RE 1", "SR 4.3", "SR 1.2", "SR 1.8"),
        "iso27001-2022": ("A.8.24", "A.5.14"),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.a", "6.7.2.i"),
        "nist-800-53-r5": ("SC-8", "SC-8(1)", "SC-13", "IA-3"),
        "nist-csf-2.0": ("PR.DS-02",),
        "soc2": ("CC6.7",),
    }
    fix = 'tls_config { security_policy = "IoTSecurityPolicy_TLS13_1_2_2022_10" }'
    source = "https://docs.aws.amazon.com/iot/latest/developerguide/iot-endpoints-tls-config.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        tls = conf.block_at("tls_config")
        policy = tls.text("security_policy") if tls else None
        if policy not in IOT_TLS_POLICIES:
            yield Violation("tls_config.security_policy", policy, f"one of {', '.join(IOT_TLS_POLICIES)}")
