"""ENC.s3."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policies.base import Policy, Violation, in_turn
from policies.keys import customer_managed_key
from policies.terraform import Arguments

OBJECTS = ("aws_s3_object", "aws_s3_bucket_object", "aws_s3_object_copy")
"""What can be stored otherwise than its bucket says."""
ALGORITHMS = ("aws:kms", "aws:kms:dsse")
BALANCERS = ("aws_lb", "aws_alb", "aws_elb")
CONFIGURATION = "aws_s3_bucket_server_side_encryption_configuration"


class EncS3(Policy):
    """Objects outlive the system that wrote them. S3 encrypts by itself, with a key that anyone with GetObject uses.

    Under our key reading takes a second permission, which can be withdrawn for all objects at once. A bucket of access
    logs may use S3's own key, since S3 and load balancers cannot write under another.
    """

    id = "PG_ENC_S3"
    name = "Ensure S3 bucket is encrypted with a customer managed key"
    severity = "MEDIUM"
    resources = ("aws_s3_bucket", "aws_s3_directory_bucket", *OBJECTS)
    controls = {
        "aws-securityhub": ("S3.17",),
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
    fix = f'add {CONFIGURATION} with sse_algorithm = "aws:kms" and kms_master_key_id = aws_kms_key.<name>.arn'
    source = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Every default-encryption rule of the bucket uses KMS with a declared key; no object says otherwise."""
        if conf.block.type in OBJECTS:
            yield from _object(conf)
            return
        blocks = (*conf.blocks("server_side_encryption_configuration"), *conf.referred_by(CONFIGURATION, "bucket"))
        rules = [rule for block in blocks for rule in block.blocks("rule")]
        if not rules:
            yield Violation("server_side_encryption_configuration", None, f"{CONFIGURATION} that refers to this bucket")
        yield from in_turn(_of_rule(conf, rule) for rule in rules)


def _of_rule(bucket: Arguments, rule: Arguments) -> Iterator[Violation]:
    default = rule.block_at("apply_server_side_encryption_by_default")
    if default and default.values.get("sse_algorithm") == "AES256" and _takes_logs(bucket):
        return
    for violation in _judged(rule):
        yield replace(violation, argument=f"{rule.address}.{violation.argument}")


def _takes_logs(bucket: Arguments) -> bool:
    """Whether S3 or a load balancer writes access logs into the bucket: neither can use a KMS key.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    logged = [log for type_ in BALANCERS for lb in bucket.resources(type_) for log in lb.blocks("access_logs")]
    written = [(log, log.values.get("bucket")) for log in logged]
    written += [(log, log.values.get("target_bucket")) for log in bucket.resources("aws_s3_bucket_logging")]
    return any(log.target(raw, bucket.block.type) is bucket.block for log, raw in written)


def _judged(rule: Arguments) -> Iterator[Violation]:
    default = rule.block_at("apply_server_side_encryption_by_default")
    if default is None:
        yield Violation(rule.name_of("apply_server_side_encryption_by_default"), None, "aws:kms and our key")
        return
    yield from in_turn((_algorithm(default), customer_managed_key(default, "kms_master_key_id")))


def _algorithm(default: Arguments) -> Iterator[Violation]:
    algorithm = default.text("sse_algorithm")
    if algorithm not in ALGORITHMS:
        yield Violation(default.name_of("sse_algorithm"), algorithm, '"aws:kms"')


def _object(conf: Arguments) -> Iterator[Violation]:
    """An object without arguments of its own is encrypted as its bucket says, and judged there."""
    algorithm = conf.text("server_side_encryption")
    if algorithm not in (None, "", *ALGORITHMS):
        yield Violation("server_side_encryption", algorithm, '"aws:kms", or absent')
    if conf.text("kms_key_id") or algorithm in ALGORITHMS:
        yield from customer_managed_key(conf, "kms_key_id")
