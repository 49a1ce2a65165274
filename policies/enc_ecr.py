"""ENC.ecr."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.keys import customer_managed_key
from policies.terraform import Arguments


class EncEcr(Policy):
    """The image is the program: who reads it knows how readings are trusted, and a foreign key cannot be withdrawn.

    AES256 is what ECR does by default, with a key of its own. KMS_DSSE encrypts twice with ours and is accepted.
    """

    id = "PG_ENC_ECR"
    name = "Ensure ECR repository is encrypted with a customer managed key"
    severity = "MEDIUM"
    resources = ("aws_ecr_repository", "aws_ecr_repository_creation_template")
    controls = {
        "aws-securityhub": ("ECR.5",),
        "eu-cra": ("Annex I Part I (2)(e)",),
        "iec-62443-3-3": ("SR 4.1", "SR 4.1 RE 1", "SR 4.3"),
        "iso27001-2022": ("A.8.24",),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.a",),
        "nist-800-53-r5": ("SC-28", "SC-28(1)", "SC-12"),
        "nist-csf-2.0": ("PR.DS-01",),
        "soc2": ("CC6.1", "C1.1"),
    }
    confidence = "high"
    fix = 'pass key= to guarded_ecr_repository; in Terraform: encryption_type = "KMS" and kms_key'
    source = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """KMS encryption, under a declared key."""
        encryption = conf.block_at("encryption_configuration")
        if encryption is None:
            yield Violation("encryption_configuration", None, 'a block with encryption_type "KMS" and kms_key')
            return
        yield from in_turn((_encrypts(encryption), customer_managed_key(encryption, "kms_key")))


def _encrypts(encryption: Arguments) -> Iterator[Violation]:
    kind = encryption.text("encryption_type")
    if kind not in ("KMS", "KMS_DSSE"):
        yield Violation(encryption.name_of("encryption_type"), kind, '"KMS"')
