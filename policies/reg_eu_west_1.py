"""REG.eu-west-1."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.requirements import REGION
from policies.terraform import Arguments

ZONE = re.compile(rf"{REGION}[a-c]|euw1-az[1-3]")
ZONE_ARGUMENT = re.compile(r"(?:^|[._])(?:availability_zones?|availability_zone_ids?|azs)(?:\[\d+\])?$")
ZONES = ("names", "zone_ids")
"""Attributes of aws_availability_zones that name zones of the region it was asked in."""


class RegEuWest1(Policy):
    """Readings, keys and logs of the plant stay where the contract says they are: one region, and no other.

    A provider without region takes it from the environment of whoever runs it. Since provider 6 every resource has a
    region of its own, which wins over the provider's. A Local Zone (eu-west-1-lon-1a) is another place, too.
    """

    id = "PG_REG_EU_WEST_1"
    name = "Ensure everything is made in eu-west-1"
    severity = "HIGH"
    waivable = False
    resources = ("aws_*",)
    data = ("aws_*",)
    blocks = ("provider", "ephemeral")
    controls = {
        "gdpr": ("Art.44",),
        "iso27001-2022": ("A.5.31", "A.5.23", "A.5.34"),
        "nist-800-53-r5": ("SA-9(5)", "CM-12"),
        "nist-csf-2.0": ("GV.OC-03",),
    }
    fix = 'set region = "eu-west-1" in every aws provider, and no region in resources'
    source = "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/enhanced-region-support"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Every provider names the region; no resource, data source or zone names another."""
        if conf.block.kind == "ephemeral" and not conf.block.type.startswith("aws_"):
            return
        region, providers = conf.text("region"), conf.of_kind("provider", "aws")
        conf.note("provider.aws.region", ", ".join(str(provider.values.get("region")) for provider in providers))
        if region is None and (conf.block.kind == "provider" or not providers):
            yield Violation("region", None, f'"{REGION}", here or in a declared aws provider')
        elif region is not None and region != REGION and not _refers_to(conf, region, "data.aws_region"):
            yield Violation("region", region, f'"{REGION}"')
        for path, raw in conf.raw():
            if ZONE_ARGUMENT.search(path) and raw is not None and not _of_the_region(conf, raw):
                zone = conf.configuration.resolve(raw, path)
                if not ZONE.fullmatch(str(zone)):
                    yield Violation(path, zone, f"a zone of {REGION}")


def _of_the_region(conf: Arguments, raw: object) -> bool:
    """Whether it is a zone that a declared data source gives."""
    found = conf.reference(raw)
    return _refers_to(conf, raw, "data.aws_availability_zones") and found is not None and found[1] in ZONES


def _refers_to(conf: Arguments, raw: object, label: str) -> bool:
    """Whether it is an attribute of a data source that is declared here: that one is judged for its own region."""
    found = conf.reference(raw)
    return found is not None and found[0].label == label
