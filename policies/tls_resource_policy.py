"""TLS.resource-policy."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.iam import Statement, statements
from policies.terraform import Arguments
from policies.transport import denies_clear_text, is_clear_text_deny

OWNERS = {
    "aws_s3_bucket": ("aws_s3_bucket_policy", "bucket"),
    "aws_sns_topic": ("aws_sns_topic_policy", "arn"),
    "aws_sqs_queue": ("aws_sqs_queue_policy", "queue_url"),
}
"""Type that must have a policy -> the resource that can hold it, and the argument that refers to the owner."""
ATTACHED = {
    **{policy: (owner, argument) for owner, (policy, argument) in OWNERS.items()},
    "aws_kinesis_resource_policy": ("aws_kinesis_stream", "resource_arn"),
}
ACTIONS = {
    "aws_kinesis_stream": ("kinesis:GetRecords", "kinesis:PutRecord", "kinesis:PutRecords"),
    "aws_s3_bucket": ("s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"),
    "aws_sns_topic": ("sns:Publish",),
    "aws_sqs_queue": ("sqs:ReceiveMessage", "sqs:SendMessage"),
}
"""Type -> what carries data. `sns:*` is no action of a topic policy, so the deny may name these alone."""


class TlsResourcePolicy(Policy):
    """AWS answers plain HTTP on some endpoints; only the resource's own policy turns such a request away for everyone.

    A topic, queue or bucket needs the policy; a stream's is judged where there is one. The rule sets ask it of buckets
    only, the extension is ours: alarms and dead letters hold the same data.
    """

    id = "PG_TLS_RESOURCE_POLICY"
    name = "Ensure resource policies deny requests without TLS"
    severity = "MEDIUM"
    resources = (*OWNERS, *ATTACHED)
    controls = {
        "aws-fsbp": ("S3.5",),
        "cis-aws-7.0": ("3.1.1",),
        "eu-cra": ("Annex I Part I (2)(e)", "Annex I Part I (2)(f)"),
        "gdpr": ("Art.32(1)(a)", "Art.5(1)(f)"),
        "iec-62443-3-3": ("SR 3.1", "SR 3.1 RE 1", "SR 4.1", "SR 4.1 RE 1", "SR 4.3"),
        "iso27001-2022": ("A.8.24", "A.5.14"),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.a", "6.7.2.i"),
        "nist-800-53-r5": ("SC-8", "SC-8(1)", "SC-13"),
        "nist-csf-2.0": ("PR.DS-02",),
        "pci-dss-4.0": ("4.2.1",),
        "soc2": ("CC6.7",),
    }
    confidence = "high"
    fix = "add a Deny to principal * with Bool aws:SecureTransport false on the resource (a bucket: on its objects too)"
    source = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type in OWNERS:
            if conf.values.get("policy") not in (None, ""):
                yield from _judged(conf, conf.block.type, "")
            elif not conf.referred_by(*OWNERS[conf.block.type]):
                yield Violation("policy", None, f"a policy, inline or as {OWNERS[conf.block.type][0]}")
        else:
            yield from _judged(conf, *ATTACHED[conf.block.type])


def _judged(conf: Arguments, owner: str, argument: str) -> Iterator[Violation]:
    denies = [statement for statement in statements(conf) if is_clear_text_deny(statement)]
    whole = [statement for statement in denies if _is_whole(conf, statement, owner, argument)]
    if not denies_clear_text(whole, ACTIONS[owner]):
        got = "none on the whole resource" if denies else None
        requires = f"a Deny of {', '.join(ACTIONS[owner])} to * where aws:SecureTransport is false"
        yield Violation("policy", got, requires)


def _is_whole(conf: Arguments, statement: Statement, owner: str, argument: str) -> bool:
    """Whether the statement's resources are all of the resource that has the policy: of a bucket, its objects too."""
    if "*" in statement.resources:
        return True
    target = conf.target(conf.values.get(argument), owner) if argument else conf.block
    own = [resource for resource in statement.resources if target and _names(conf, resource, owner) is target]
    parts = {resource.endswith("/*") for resource in own}
    return parts == {True, False} if owner == "aws_s3_bucket" else False in parts


def _names(conf: Arguments, resource: str, owner: str) -> object:
    """The declared resource that a Resource names, by reference or by the name at the end of its ARN."""
    plain = resource.removesuffix("/*")
    return conf.target(plain, owner) or conf.target(plain.rpartition(":")[2], owner)
