"""BKP.rds-backup."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.profiles import SENSOR_PLATFORM
from policies.requirements import BACKUP_RETENTION_DAYS
from policies.terraform import Arguments

SOURCE = "replicate_source_db"
WINDOWS = {"aws_db_instance": "backup_window", "aws_rds_cluster": "preferred_backup_window"}


class BkpRdsBackup(Policy):
    """Without automated backups there is no point in time to go back to: one bad statement loses the plant's history.

    Absent means no backups at all. The window is stated so that it does not fall into a shift's peak; that is this
    house's wish alone, as AWS chooses a window where none is stated and the backups are as good. One number for every
    class: an environment in which restoring was never tried is not like production. A replica of a database that is
    declared here does without (RDS.11 does not ask it either).
    """

    id = "PG_BKP_RDS_BACKUP"
    name = "Ensure database keeps automated backups"
    severity = "HIGH"
    resources = ("aws_db_instance", "aws_rds_cluster")
    controls = {
        "aws-fsbp": ("RDS.11",),
        "aws-securityhub": ("RDS.26",),
        "eu-cra": ("Annex I Part I (2)(h)",),
        "gdpr": ("Art.32(1)(c)",),
        "iec-62443-3-3": ("SR 7.3", "SR 7.3 RE 2", "SR 7.4"),
        "iso27001-2022": ("A.8.13",),
        "nis2": ("Art.21(2)(c)",),
        "nis2-ir-2024-2690": ("4.1.2.g", "4.2.2.e"),
        "nist-800-53-r5": ("CP-9", "CP-10"),
        "nist-csf-2.0": ("PR.DS-11",),
        "soc2": ("A1.2", "CC7.4"),
    }
    confidence = "high"
    fix = f"backup_retention_period = {BACKUP_RETENTION_DAYS} or more, and backup_window"
    source = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type == "aws_db_instance" and conf.target(conf.values.get(SOURCE), "aws_db_instance"):
            conf.note(SOURCE, conf.values[SOURCE])
            return
        yield from in_turn((_retention(conf), _window(conf) if conf.profile.name == SENSOR_PLATFORM.name else ()))


def _retention(conf: Arguments) -> Iterator[Violation]:
    days = conf.number("backup_retention_period")
    least = conf.profile.backup_retention_days
    if days is None or not days >= least:
        yield Violation("backup_retention_period", days, f"{least} days or more")


def _window(conf: Arguments) -> Iterator[Violation]:
    window = WINDOWS[conf.block.type]
    if not conf.text(window):
        yield Violation(window, conf.text(window), "a daily window, as 03:00-04:00 (UTC)")
