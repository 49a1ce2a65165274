"""REG.eu-west-1."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.profiles import Profile, abbreviated
from policies.terraform import Arguments

ZONE_LETTERS = {"eu-west-1": "a-c"}
"""Zones of a region, where they are known; no region has more than six."""
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
    profiles = ("sensor-platform",)
    serves = ("regions",)
    controls = {
        "gdpr": ("Art.44",),
        "iso27001-2022": ("A.5.31", "A.5.23", "A.5.34"),
        "nist-800-53-r5": ("SA-9(5)", "CM-12"),
        "nist-csf-2.0": ("GV.OC-03",),
    }
    strength = "supporting"
    fix = 'set region = "eu-west-1" in every aws provider, and no region in resources'
    source = "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/enhanced-region-support"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Every provider names the region; no resource, data source or zone names another."""
        if conf.block.kind == "ephemeral" and not conf.block.type.startswith("aws_"):
            return
        wanted, accepts = conf.profile.quoted_regions, conf.profile.accepts_region
        region, providers = conf.text("region"), conf.of_kind("provider", "aws")
        conf.note("provider.aws.region", ", ".join(str(provider.values.get("region")) for provider in providers))
        if region is None and (conf.block.kind == "provider" or not providers):
            yield Violation("region", None, f"{wanted}, here or in a declared aws provider")
        elif region is not None and not (accepts(region) or _refers_to(conf, region, "data.aws_region")):
            yield Violation("region", region, wanted)
        for path, raw in conf.raw():
            if ZONE_ARGUMENT.search(path) and raw is not None and not _of_the_region(conf, raw):
                zone = conf.configuration.resolve(raw, path)
                if not _is_zone(conf.profile, str(zone)):
                    yield Violation(path, zone, f"a zone of {conf.profile.region_words}")


def _is_zone(profile: Profile, zone: str) -> bool:
    """Whether a name or id of a zone (eu-west-1a, euw1-az1) is that of a regular zone of an accepted region."""
    forms = [rf"{region}[{ZONE_LETTERS.get(region, 'a-f')}]" for region in profile.regions]
    forms += [rf"{abbreviated(region)}-az[1-6]" for region in profile.regions]
    return any(re.fullmatch(form, zone) for form in forms)


def _of_the_region(conf: Arguments, raw: object) -> bool:
    """Whether it is a zone that a declared data source gives."""
    found = conf.reference(raw)
    return _refers_to(conf, raw, "data.aws_availability_zones") and found is not None and found[1] in ZONES


def _refers_to(conf: Arguments, raw: object, label: str) -> bool:
    """Whether it is an attribute of a data source that is declared here: that one is judged for its own region."""
    found = conf.reference(raw)
    return found is not None and found[0].label == label
