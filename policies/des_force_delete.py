"""DES.force-delete."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.environment import is_ephemeral
from policies.terraform import Arguments

ARGUMENTS = {
    "aws_athena_workgroup": "force_destroy",
    "aws_backup_vault": "force_destroy",
    "aws_ecr_repository": "force_delete",
    "aws_ecrpublic_repository": "force_destroy",
    "aws_kinesis_stream": "enforce_consumer_deletion",
    "aws_s3_bucket": "force_destroy",
    "aws_s3_directory_bucket": "force_destroy",
}
"""Terraform type -> what lets it be deleted with its content. Absent is false for each."""


class DesForceDelete(Policy):
    """A repository with one image stops `destroy`, and everything it would have removed afterwards stays."""

    id = "PG_DES_FORCE_DELETE"
    name = "Ensure ephemeral containers of data can be deleted with their content"
    severity = "LOW"
    resources = tuple(ARGUMENTS)
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
    fix = "force_delete, force_destroy or enforce_consumer_deletion = true, in environments of the ephemeral class"
    source = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-delete.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        argument = ARGUMENTS[conf.block.type]
        allowed = conf.flag(argument)
        if is_ephemeral(conf) and not allowed:
            yield Violation(argument, allowed, "true")
