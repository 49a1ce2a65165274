"""DES.kms-window."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.environment import is_ephemeral
from policies.requirements import KEY_DELETION_WINDOW_DAYS
from policies.terraform import Arguments


class DesKmsWindow(Policy):
    """A key that waits for its deletion is charged for, and still opens every copy of the data it encrypted.

    KMS.3 reports keys during the window; for the ephemeral class that is expected, and seven days is the least.
    """

    id = "PG_DES_KMS_WINDOW"
    name = "Ensure ephemeral keys use the shortest deletion window"
    severity = "LOW"
    resources = ("aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key")
    profiles = ("sensor-platform",)
    controls = {
        "gdpr": ("Art.5(1)(e)",),
        "iec-62443-3-3": ("SR 4.2",),
        "iso27001-2022": ("A.8.31", "A.8.10"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("9.2.c",),
        "nist-800-53-r5": ("SC-12", "SI-12(3)"),
        "nist-csf-2.0": ("ID.AM-08",),
        "soc2": ("C1.2",),
    }
    strength = "internal"
    conflicts = {"aws-fsbp": ("KMS.3",)}
    fix = f"deletion_window_in_days = {KEY_DELETION_WINDOW_DAYS}, in environments of the ephemeral class"
    source = "https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        window_days = conf.number("deletion_window_in_days")
        wanted = conf.profile.key_deletion_window_days
        if is_ephemeral(conf) and window_days != wanted:  # absent is 30
            yield Violation("deletion_window_in_days", window_days, str(wanted))
