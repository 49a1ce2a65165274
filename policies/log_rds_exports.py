"""LOG.rds-exports."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.destinations import log_group_named
from policies.terraform import Arguments

EXPORTS = {
    "aws_db_instance": ("instance", "identifier", ("postgresql", "upgrade")),
    "aws_rds_cluster": ("cluster", "cluster_identifier", ("postgresql",)),
}
"""Terraform type -> word in the group's name, naming argument, PostgreSQL's logs. Aurora has no upgrade log."""
OTHERS = {
    "db2": ("diag.log", "notify.log"),
    "mariadb": ("audit", "error", "general", "slowquery"),
    "mysql": ("audit", "error", "general", "slowquery"),
    "oracle": ("alert", "audit", "listener", "trace"),
    "sqlserver": ("agent", "error"),
}
"""What other engines write; of these one at least, since some logs need an option or an edition."""


class LogRdsExports(Policy):
    """Logs on the database's host rotate away within days, and whoever breaks the host takes them along.

    Each exported log needs its group declared here, first: RDS else creates one, without end and without our key,
    that stays when the environment is destroyed.
    """

    id = "PG_LOG_RDS_EXPORTS"
    name = "Ensure database exports its logs to declared log groups"
    severity = "MEDIUM"
    resources = tuple(EXPORTS)
    controls = {
        "aws-fsbp": ("RDS.9", "RDS.36"),
        "eu-cra": ("Annex I Part I (2)(l)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 2.8", "SR 6.1"),
        "iso27001-2022": ("A.8.15",),
        "nis2": ("Art.21(2)(b)",),
        "nis2-ir-2024-2690": ("3.2.3.c",),
        "nist-800-53-r5": ("AU-2", "AU-12"),
        "nist-csf-2.0": ("PR.PS-04",),
        "pci-dss-4.0": ("10.2.1",),
        "soc2": ("CC7.2",),
    }
    confidence = "high"
    fix = 'enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"], and a declared group for each'
    source = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Concepts.PostgreSQL.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        kind, naming, wanted = EXPORTS[conf.block.type]
        exports = conf.strings("enabled_cloudwatch_logs_exports")
        engine = (conf.text("engine") or "").removeprefix("aurora-")
        others = next((logs for name, logs in OTHERS.items() if engine.startswith(name)), ())
        if others and (wanted := tuple(log for log in others if log in exports)) == ():
            yield Violation("enabled_cloudwatch_logs_exports", ", ".join(exports) or None, " or ".join(others))
        missing = [log for log in wanted if log not in exports]
        if missing:
            yield Violation("enabled_cloudwatch_logs_exports", ", ".join(exports) or None, ", ".join(wanted))
        name = conf.text(naming)
        for log in wanted:
            group = f"/aws/rds/{kind}/{name}/{log}"
            if log in exports and not log_group_named(conf, group):
                yield Violation("enabled_cloudwatch_logs_exports", log, f"a declared log group {group}")
