"""TLS.postgres-ca."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.requirements import DATABASE_CAS
from policies.terraform import Arguments


class TlsPostgresCa(Policy):
    """A client verifies the server against an authority; once that expires, operators switch verification off.

    Absent means the default of the account, which anyone with access to it can change, so it must be stated.
    """

    id = "PG_TLS_POSTGRES_CA"
    name = "Ensure PostgreSQL serves a certificate of a current AWS authority"
    severity = "MEDIUM"
    resources = ("aws_db_instance", "aws_rds_cluster_instance")
    controls = {
        "eu-cra": ("Annex I Part I (2)(e)", "Annex I Part I (2)(f)"),
        "gdpr": ("Art.32(1)(a)", "Art.5(1)(f)"),
        "iec-62443-3-3": ("SR 1.8", "SR 3.1", "SR 3.1 RE 1"),
        "iso27001-2022": ("A.8.24", "A.5.14"),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.c.ii",),
        "nist-800-53-r5": ("SC-8(1)", "SC-17", "SC-23(5)"),
        "nist-csf-2.0": ("PR.DS-02",),
        "pci-dss-4.0": ("4.2.1",),
        "soc2": ("CC6.7",),
    }
    fix = 'ca_cert_identifier = "rds-ca-rsa2048-g1"'
    source = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        authority = conf.text("ca_cert_identifier")
        if authority not in DATABASE_CAS:
            yield Violation("ca_cert_identifier", authority, f"one of {', '.join(DATABASE_CAS)}")
