"""DES.secret-recovery."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.environment import is_ephemeral
from policies.terraform import Arguments


class DesSecretRecovery(Policy):
    """A deleted secret holds its name for up to 30 days: the environment cannot be made again until it is gone."""

    id = "PG_DES_SECRET_RECOVERY"
    name = "Ensure ephemeral secrets are deleted without a recovery window"
    severity = "LOW"
    resources = ("aws_secretsmanager_secret",)
    profiles = ("sensor-platform",)
    controls = {
        "gdpr": ("Art.5(1)(e)",),
        "iso27001-2022": ("A.8.31", "A.8.10"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("12.2.2.b", "12.2.2.a"),
        "nist-800-53-r5": ("SI-12", "SI-12(3)"),
        "nist-csf-2.0": ("ID.AM-08",),
        "soc2": ("C1.2",),
    }
    strength = "internal"
    fix = "recovery_window_in_days = 0, in environments of the ephemeral class"
    source = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        window_days = conf.number("recovery_window_in_days")
        if is_ephemeral(conf) and window_days != 0:  # absent is 30
            yield Violation("recovery_window_in_days", window_days, "0")
