"""DES.class-guard."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.environment import CLASS_TAG, EPHEMERAL, classes
from policies.terraform import Arguments

PROTECTED: dict[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    "aws_db_instance": (
        ("deletion_protection", "false", ("true",)),
        ("skip_final_snapshot", "false", ("false",)),
        ("delete_automated_backups", "true", ("false",)),
    ),
    "aws_rds_cluster": (
        ("deletion_protection", "false", ("true",)),
        ("skip_final_snapshot", "false", ("false",)),
        ("delete_automated_backups", "true", ("false",)),
    ),
    "aws_lb": (("enable_deletion_protection", "false", ("true",)),),
    "aws_alb": (("enable_deletion_protection", "false", ("true",)),),
    "aws_dynamodb_table": (("deletion_protection_enabled", "false", ("true",)),),
    "aws_secretsmanager_secret": (("recovery_window_in_days", "30", tuple(map(str, range(7, 31)))),),
    "aws_kms_key": (("deletion_window_in_days", "30", ("30",)),),
    "aws_ecr_repository": (("force_delete", "false", ("false",)),),
    "aws_s3_bucket": (("force_destroy", "false", ("false",)),),
}
"""Terraform type -> argument, what absence means, and the values that keep data outside the ephemeral class."""

HOUSE = ("delete_automated_backups", "deletion_window_in_days")
"""What no rule set asks for: with a final snapshot, and with the seven days that KMS waits at least, data lasts."""


class DesClassGuard(Policy):
    """One word in a tag turns off every protection against deletion: it must be a reviewed word, and mean one thing.

    The DES policies demand for ephemeral environments what RDS.8 forbids. This is their inverse: under any other class
    each relaxation is a failure. A resource cannot choose a class of its own. Where the profile knows no classes,
    nothing is relaxed.
    """

    id = "PG_DES_CLASS_GUARD"
    name = "Ensure the environment class is reviewed and only the ephemeral class relaxes protection"
    severity = "HIGH"
    resources = tuple(PROTECTED)
    blocks = ("provider",)
    controls = {
        "aws-fsbp": ("RDS.8",),
        "iso27001-2022": ("A.8.31", "A.8.32"),
        "nis2": ("Art.21(2)(e)",),
        "nis2-ir-2024-2690": ("6.8.2.h", "6.4.1"),
        "nist-800-53-r5": ("CM-2", "CM-3"),
        "nist-csf-2.0": ("PR.PS-01",),
        "pci-dss-4.0": ("6.5.3",),
        "soc2": ("CC8.1",),
    }
    strength = "supporting"
    fix = "state a reviewed EnvironmentClass in default_tags; outside ephemeral environments keep every protection on"
    source = "https://docs.aws.amazon.com/securityhub/latest/userguide/rds-controls.html#rds-8"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        known = conf.profile.tag_vocabulary.get(CLASS_TAG, ())
        found = classes(conf) if known else []
        where = "default_tags.tags" if conf.block.kind == "provider" else "tags"
        if known and (len(found) != 1 or found[0] not in known):
            got = " and ".join(found) or None
            yield Violation(f"{where}.EnvironmentClass", got, f"one reviewed class: {' or '.join(known)}")
        if known and found == [EPHEMERAL]:
            return
        asked = [entry for entry in PROTECTED.get(conf.block.type, ()) if known or entry[0] not in HOUSE]
        yield from in_turn(
            _relaxed(conf, *entry, where="outside the ephemeral class" if known else "") for entry in asked
        )


def _relaxed(conf: Arguments, argument: str, absent: str, accepted: tuple[str, ...], where: str) -> Iterator[Violation]:
    if argument == "skip_final_snapshot" and conf.has("replicate_source_db"):
        return  # RDS takes no final snapshot of a replica
    value = conf.text(argument)
    if (absent if value is None else value) not in accepted:
        wanted = accepted[0] if len(accepted) == 1 else f"{accepted[0]} to {accepted[-1]}"
        yield Violation(argument, value, f"{wanted}, {where}" if where else wanted)
