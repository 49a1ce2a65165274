"""TAG.values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.environment import default_tags, own_tags
from policies.terraform import Arguments
from policies.untaggable import UNTAGGABLE

OF_THE_ENVIRONMENT = ("Environment", "EnvironmentClass", "EnvironmentSuffix")
"""Tags that a whole configuration shares."""


class TagValues(Policy):
    """`Prod`, `prd` and `production` are three environments to a cost report and to a policy that reads tags.

    Default tags are judged where they stand, on the provider, and a resource by what it says itself. A resource that
    claims another environment than its provider would escape the rules of the one it is in.
    """

    id = "PG_TAG_VALUES"
    name = "Ensure tag values come from the agreed vocabulary and name one environment"
    severity = "MEDIUM"
    resources = ("aws_*",)
    blocks = ("provider",)
    profiles = ("sensor-platform",)
    serves = ("tag_vocabulary", "tag_patterns")
    controls = {
        "iec-62443-3-3": ("SR 7.8",),
        "iso27001-2022": ("A.5.12", "A.5.13"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("12.4.1",),
        "nist-800-53-r5": ("CM-8", "AC-16"),
        "nist-csf-2.0": ("ID.AM-05", "ID.AM-07"),
        "soc2": ("CC6.1",),
    }
    strength = "supporting"
    fix = "use a value of the vocabulary, and leave the environment's tags to Settings"
    source = "https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type in UNTAGGABLE:
            conf.note("tags", f"{conf.block.type} takes none")
            return
        vocabulary, patterns = conf.profile.tag_vocabulary, conf.profile.tag_patterns
        is_provider = conf.block.kind == "provider"
        where = "default_tags.tags" if is_provider else "tags"
        tags = default_tags(conf) if is_provider else own_tags(conf)
        for key, value in tags.items():
            if key in vocabulary and value not in vocabulary[key]:
                yield Violation(f"{where}.{key}", value, " or ".join(vocabulary[key]))
            if key in patterns and not re.fullmatch(patterns[key], value or ""):
                yield Violation(f"{where}.{key}", value, f"a value of the form {patterns[key]}")
        judged = sorted({*vocabulary, *patterns} & set(tags))
        conf.note(where, ", ".join(f"{key}={tags[key]}" for key in judged) or None)
        declared = [default_tags(provider) for provider in conf.of_kind("provider", "aws")]
        for key in OF_THE_ENVIRONMENT:
            others = sorted({str(defaults[key]) for defaults in declared if key in defaults} - {str(tags.get(key))})
            if key in tags and others and key in (*vocabulary, *patterns):
                yield Violation(f"{where}.{key}", tags[key], f"{others[0]}, as the configuration's providers have it")
