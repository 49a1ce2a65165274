"""TAG.mandatory."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.environment import effective_tags
from policies.terraform import Arguments
from policies.untaggable import UNTAGGABLE


class TagMandatory(Policy):
    """A resource without an owner is one that nobody patches, pays for or dares to delete.

    Judged are the tags that AWS will show: the resource's own over its provider's default_tags, less what the
    provider is told to ignore. A blank value is no value.
    """

    id = "PG_TAG_MANDATORY"
    name = "Ensure every taggable resource carries the mandatory tags"
    severity = "MEDIUM"
    resources = ("aws_*",)
    profiles = ("sensor-platform",)
    serves = ("required_tags",)
    controls = {
        "aws-securityhub": (
            "Kinesis.2",
            "RDS.30",
            "ECS.13",
            "ECS.14",
            "ECS.15",
            "SecretsManager.5",
            "Lambda.6",
            "SNS.3",
            "SQS.2",
            "EC2.43",
            "EC2.44",
            "EC2.46",
            "IAM.24",
        ),
        "gdpr": ("Art.30",),
        "iec-62443-3-3": ("SR 7.8",),
        "iso27001-2022": ("A.5.9", "A.5.12", "A.5.13"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("12.4.1",),
        "nist-800-53-r5": ("CM-8", "CM-8(4)"),
        "nist-csf-2.0": ("ID.AM-02", "ID.AM-05"),
        "pci-dss-4.0": ("12.5.1",),
        "soc2": ("CC6.1",),
    }
    strength = "supporting"
    fix = "pass tags= to the guarded factory; in Terraform: set default_tags on the provider that makes the resource"
    source = "https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type in UNTAGGABLE:
            conf.note("tags", f"{conf.block.type} takes none")
            return
        tags = effective_tags(conf)
        conf.note("tags_all", ", ".join(f"{key}={tags.get(key)}" for key in conf.profile.required_tags))
        for key in conf.profile.required_tags:
            value = tags.get(key)
            if value is None or not value.strip():
                yield Violation(f"tags.{key}", value, "a value, in tags or in the provider's default_tags")
