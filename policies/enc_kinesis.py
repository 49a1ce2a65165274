"""ENC.kinesis."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.keys import customer_managed_key
from policies.terraform import Arguments


class EncKinesis(Policy):
    """The stream holds every raw reading for days; a key that AWS owns cannot be withdrawn when a site is compromised.

    AwsSolutions-KDS3 advises against a customer managed key for its cost. We demand one: the owner of the data must
    be able to cut off access to it. A delivery stream that reads from a data stream is encrypted as that one is, and
    takes no key of its own.
    """

    id = "PG_ENC_KINESIS"
    name = "Ensure Kinesis stream is encrypted with a customer managed key"
    severity = "HIGH"
    resources = ("aws_kinesis_stream", "aws_kinesis_firehose_delivery_stream", "aws_kinesis_video_stream")
    controls = {
        "aws-fsbp": ("Kinesis.1",),
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
    confidence = "high"
    fix = 'pass key= to guarded_kinesis_stream; in Terraform: encryption_type = "KMS" and kms_key_id of an aws_kms_key'
    source = "https://docs.aws.amazon.com/streams/latest/dev/server-side-encryption.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """KMS encryption, under a key that this configuration declares."""
        if conf.block.type == "aws_kinesis_firehose_delivery_stream":
            yield from _delivery(conf)
            return
        if conf.block.type == "aws_kinesis_video_stream":  # always encrypted; the argument says with whose key
            yield from customer_managed_key(conf, "kms_key_id")
            return
        yield from in_turn((_encrypts(conf), customer_managed_key(conf, "kms_key_id")))


def _encrypts(conf: Arguments) -> Iterator[Violation]:
    encryption = conf.text("encryption_type")
    if encryption != "KMS":
        yield Violation("encryption_type", encryption, '"KMS"')


def _delivery(conf: Arguments) -> Iterator[Violation]:
    if conf.blocks("kinesis_source_configuration"):
        return
    encryption = conf.block_at("server_side_encryption")
    enabled = encryption.flag("enabled") if encryption else None
    if encryption is None or not enabled:
        yield Violation("server_side_encryption.enabled", enabled, "true")
        return
    kind = encryption.text("key_type")  # absent is AWS_OWNED_CMK
    if kind != "CUSTOMER_MANAGED_CMK":
        yield Violation(encryption.name_of("key_type"), kind, "CUSTOMER_MANAGED_CMK")
    yield from customer_managed_key(encryption, "key_arn")
