"""DES.skip-final-snapshot."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.environment import is_ephemeral
from policies.terraform import Arguments

SNAPSHOTTED = ("aws_db_instance", "aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster", "aws_redshift_cluster")
"""A snapshot unless told otherwise."""
ON_REQUEST = {
    "aws_elasticache_cluster": "final_snapshot_identifier",
    "aws_elasticache_replication_group": "final_snapshot_identifier",
    "aws_memorydb_cluster": "final_snapshot_name",
}
"""A snapshot where a name for it is given."""


class DesSkipFinalSnapshot(Policy):
    """Each destroyed environment would leave a snapshot: readings kept for ever, that no retention rule knows of.

    CP-9 wants one for data that must last; the backups of an ephemeral environment end with it, by decision.
    """

    id = "PG_DES_SKIP_FINAL_SNAPSHOT"
    name = "Ensure ephemeral databases and caches leave no snapshot behind"
    severity = "LOW"
    resources = (*SNAPSHOTTED, *ON_REQUEST)
    profiles = ("sensor-platform",)
    controls = {
        "gdpr": ("Art.5(1)(e)",),
        "iec-62443-3-3": ("SR 4.2",),
        "iso27001-2022": ("A.8.31", "A.8.10"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("12.2.2.b", "12.2.2.a"),
        "nist-800-53-r5": ("SI-12", "SI-12(3)"),
        "nist-csf-2.0": ("ID.AM-08",),
        "soc2": ("C1.2",),
    }
    strength = "internal"
    conflicts = {"iso27001-2022": ("A.8.13",), "nist-800-53-r5": ("CP-9",)}
    fix = "skip_final_snapshot = true, delete_automated_backups = true; no final_snapshot_identifier on a cache"
    source = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if not is_ephemeral(conf):
            return
        if conf.block.type in ON_REQUEST:
            argument = ON_REQUEST[conf.block.type]
            if snapshot := conf.text(argument):
                yield Violation(argument, snapshot, "no value")
            return
        if not conf.flag("skip_final_snapshot"):  # absent is false
            yield Violation("skip_final_snapshot", conf.flag("skip_final_snapshot"), "true")
        if conf.flag("delete_automated_backups") is False:  # absent is true
            yield Violation("delete_automated_backups", "false", "true")
