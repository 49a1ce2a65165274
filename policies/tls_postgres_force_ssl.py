"""TLS.postgres-force-ssl."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.terraform import Arguments

GROUPS = {
    "aws_db_instance": ("parameter_group_name", "aws_db_parameter_group"),
    "aws_rds_cluster": ("db_cluster_parameter_group_name", "aws_rds_cluster_parameter_group"),
}
"""Type -> the argument that names its parameter group, and the group's type."""
PARAMETER = "rds.force_ssl"
VERIFYING = ("require", "verify-ca", "verify-full")
"""What makes a migration endpoint speak TLS; absent is none."""
FLOOR, MODERN = "ssl_min_protocol_version", ("TLSv1.2", "TLSv1.3")
"""Unset, PostgreSQL and RDS begin at TLS 1.2."""


class TlsPostgresForceSsl(Policy):
    """A client that forgets TLS must fail, or its password and its rows cross the network in clear text for years.

    AWS's default groups force TLS from PostgreSQL 15 on only, and cannot be changed, so an own group must say it. Of
    a parameter that is given twice AWS keeps one: every value must be 1. A proxy in front takes clear text unless told
    not to, and a migration reads it.
    """

    id = "PG_TLS_POSTGRES_FORCE_SSL"
    name = "Ensure PostgreSQL refuses sessions without TLS"
    severity = "HIGH"
    resources = (*GROUPS, "aws_db_proxy", "aws_dms_endpoint")
    controls = {
        "aws-securityhub": ("RDS.38",),
        "eu-cra": ("Annex I Part I (2)(e)", "Annex I Part I (2)(f)"),
        "gdpr": ("Art.32(1)(a)", "Art.5(1)(f)"),
        "iec-62443-3-3": ("SR 3.1", "SR 3.1 RE 1", "SR 4.1", "SR 4.1 RE 1", "SR 4.3"),
        "iso27001-2022": ("A.8.24", "A.5.14"),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.a", "6.7.2.i"),
        "nist-800-53-r5": ("SC-8", "SC-8(1)", "SC-13"),
        "nist-csf-2.0": ("PR.DS-02",),
        "pci-dss-4.0": ("4.2.1",),
        "soc2": ("CC6.7",),
    }
    confidence = "high"
    fix = "parameter_group_name = aws_db_parameter_group.<name>.name, with a parameter rds.force_ssl of value 1"
    source = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type in ("aws_db_proxy", "aws_dms_endpoint"):
            yield from _in_between(conf)
            return
        engine = conf.text("engine")
        if engine is not None and "postgres" not in engine.lower():
            return  # of a restored instance or a replica the engine is not stated: judged as PostgreSQL
        argument, type_ = GROUPS[conf.block.type]
        named = conf.values.get(argument)
        if named in (None, "") or str(named).startswith("default."):
            yield Violation(argument, conf.text(argument), f"an {type_} that sets {PARAMETER}")
            return
        other, _ = conf.reference(named) or (None, "")
        if other is not None and other.type != type_ and other.type in dict(GROUPS.values()).values():
            yield Violation(argument, named, f"an {type_} that sets {PARAMETER}")
            return
        group = conf.follow(argument, type_)
        parameters = group.blocks("parameter") if group else []
        for parameter in parameters:
            if parameter.text("name") == FLOOR and parameter.text("value") not in MODERN:
                yield Violation(f"{argument}: {FLOOR}", parameter.text("value"), "TLSv1.2 or TLSv1.3")
        stated = [p.text("value") for p in parameters if p.text("name") == PARAMETER]
        conf.note(PARAMETER, ", ".join(map(str, stated)) or None)
        if not stated or any(value != "1" for value in stated):
            yield Violation(f"{argument}: {PARAMETER}", " and ".join(map(str, stated)) or None, "1")


def _in_between(conf: Arguments) -> Iterator[Violation]:
    engine = conf.text("engine_family") or conf.text("engine_name") or "postgres"
    if "postgres" not in engine.lower():
        return
    if conf.block.type == "aws_db_proxy":
        if not conf.flag("require_tls"):
            yield Violation("require_tls", conf.flag("require_tls"), "true")
    elif (mode := conf.text("ssl_mode")) not in VERIFYING:
        yield Violation("ssl_mode", mode, " or ".join(VERIFYING))
