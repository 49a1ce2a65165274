"""ROT.kms-key."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.keys import encrypts
from policies.requirements import KEY_ROTATION_DAYS
from policies.terraform import Arguments

YEAR_DAYS = 365
"""KMS's period where none is stated."""
WITHOUT_ROTATION = ("aws_kms_external_key", "aws_kms_replica_external_key")
"""Keys with imported material: KMS cannot make them new material."""


class RotKmsKey(Policy):
    """A new backing key each year bounds what one leaked key, or one broken cipher, opens.

    AWS's default is no rotation. The period may be left out: it is a year then. Data is not encrypted anew. Keys that
    sign do not rotate: this house has none, and other teams' are not asked.
    """

    id = "PG_ROT_KMS_KEY"
    name = "Ensure KMS keys rotate at least yearly"
    severity = "MEDIUM"
    resources = ("aws_kms_key", *WITHOUT_ROTATION)
    controls = {
        "aws-securityhub": ("KMS.4",),
        "cis-aws-7.0": ("4.6",),
        "eu-cra": ("Annex I Part I (2)(e)",),
        "gdpr": ("Art.32(1)(a)",),
        "iec-62443-3-3": ("SR 4.3",),
        "iso27001-2022": ("A.8.24",),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.c.v",),
        "nist-800-53-r5": ("SC-12", "SC-12(2)"),
        "nist-csf-2.0": ("PR.DS-01",),
        "pci-dss-4.0": ("3.7.4",),
        "soc2": ("CC6.1",),
    }
    confidence = "high"
    fix = f"set enable_key_rotation = true and rotation_period_in_days to at most {KEY_ROTATION_DAYS}"
    source = "https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Rotation on, with a period of at most a year."""
        if conf.block.type in WITHOUT_ROTATION:
            yield Violation("", conf.block.type, "aws_kms_key: imported key material does not rotate")
            return
        if not encrypts(conf):
            return
        yield from in_turn((_on(conf), _period(conf)))


def _on(conf: Arguments) -> Iterator[Violation]:
    enabled = conf.flag("enable_key_rotation")
    if enabled is not True:
        yield Violation("enable_key_rotation", enabled, "true")


def _period(conf: Arguments) -> Iterator[Violation]:
    days = conf.number("rotation_period_in_days")
    most = conf.profile.key_rotation_days
    if days is None and most < YEAR_DAYS and conf.flag("enable_key_rotation"):
        yield Violation("rotation_period_in_days", None, f"at most {most} days; absent means {YEAR_DAYS}")
    if days is not None and not 0 < days <= most:
        yield Violation("rotation_period_in_days", days, f"at most {most} days")
