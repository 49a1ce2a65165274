"""ENC.fargate-ephemeral."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.keys import customer_managed_key
from policies.terraform import Arguments


class EncFargateEphemeral(Policy):
    """Tasks write readings and core files to scratch disks that AWS reuses; a key of ours makes them unreadable.

    No framework names this setting. It follows from the rule that every store is under a key we control. A volume that
    ECS makes for each task of a service has its own argument.
    """

    id = "PG_ENC_FARGATE_EPHEMERAL"
    name = "Ensure Fargate ephemeral storage is encrypted with a customer managed key"
    severity = "MEDIUM"
    resources = ("aws_ecs_cluster", "aws_ecs_service")
    controls = {
        "eu-cra": ("Annex I Part I (2)(e)",),
        "gdpr": ("Art.32(1)(a)", "Art.5(1)(f)"),
        "iec-62443-3-3": ("SR 4.1", "SR 4.1 RE 1", "SR 4.3"),
        "iso27001-2022": ("A.8.24",),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.a",),
        "nist-800-53-r5": ("SC-28", "SC-28(1)", "SC-12"),
        "nist-csf-2.0": ("PR.DS-01",),
        "pci-dss-4.0": ("3.5.1",),
        "soc2": ("CC6.1", "C1.1"),
    }
    fix = "set managed_storage_configuration.fargate_ephemeral_storage_kms_key_id = aws_kms_key.<name>.arn"
    source = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-storage-encryption.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """A declared key for the ephemeral storage of all tasks of the cluster, and for the volumes of a service."""
        if conf.block.type == "aws_ecs_service":
            for volume in conf.blocks("volume_configuration"):
                for disk in volume.blocks("managed_ebs_volume"):
                    yield from _disk(disk)
            return
        storage = conf.block_at("configuration", "managed_storage_configuration")
        if storage is None:
            yield Violation("configuration", None, "managed_storage_configuration with our key")
        else:
            yield from customer_managed_key(storage, "fargate_ephemeral_storage_kms_key_id")


def _disk(disk: Arguments) -> Iterator[Violation]:
    encrypted = disk.flag("encrypted")  # absent is the account's default, which the configuration does not hold
    if not encrypted:
        yield Violation(disk.name_of("encrypted"), encrypted, "true")
    yield from customer_managed_key(disk, "kms_key_id")
