"""NAM.no-collision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.environment import suffix
from policies.naming import NAMES, words
from policies.terraform import Arguments, CannotDecide

UNKNOWN = "${"
"""Stands for a name that is not known; none can be like it."""


class NamNoCollision(Policy):
    """Two environments of one account meet in a name that both use: one takes the other's resource, or destroys it.

    From one configuration: the suffix is a word of the name, so that another suffix gives another name, and no two
    resources of a type share one. That every derived name differs, in documents and references too, shows by
    synthesizing with two suffixes and comparing.
    """

    id = "PG_NAM_NO_COLLISION"
    name = "Ensure physical names differ between environments and between resources"
    severity = "MEDIUM"
    resources = tuple(NAMES)
    profiles = ("sensor-platform",)
    controls = {
        "iec-62443-3-3": ("SR 7.8",),
        "iso27001-2022": ("A.8.31", "A.8.9"),
        "nis2": ("Art.21(2)(e)",),
        "nis2-ir-2024-2690": ("6.8.2.h", "6.3.1"),
        "nist-800-53-r5": ("CM-2", "CM-8"),
        "nist-csf-2.0": ("PR.PS-01", "ID.AM-02"),
        "pci-dss-4.0": ("6.5.3",),
        "soc2": ("CC8.1",),
    }
    strength = "internal"
    fix = "let the guarded factory derive the name, and give each resource an id of its own"
    source = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        argument = NAMES[conf.block.type].argument
        name = conf.text(argument)
        if not name:
            return  # Terraform makes up a unique one, which NAM.suffix refuses
        expected = suffix(conf)
        if expected not in words(name):
            if "${" in name:
                raise CannotDecide(argument, name, f"a name that holds {expected} as a word")
            yield Violation(argument, name, f"a name that holds {expected} as a word")
        taken = conf.configuration.index(("names", conf.block.type), lambda: _taken(conf, argument))
        repeated = [address for address in taken[name.lower()] if address != conf.address]
        if repeated:
            yield Violation(argument, name, f"a name that {repeated[0]} does not use")
        unknown = [address for address in taken[UNKNOWN] if address != conf.address]
        if unknown:
            requires = f"a name that the configuration decides, so that it can differ from {name}"
            raise CannotDecide(f"{unknown[0]}.{argument}", "not known", requires)
        if "for_each" in conf.values or conf.number("count") not in (None, 0, 1):
            yield Violation(argument, name, "a name that differs between the instances of for_each or count")


def _taken(conf: Arguments, argument: str) -> dict[str, list[str]]:
    """Name -> addresses of the blocks of this type that have it; lower case, since IAM and RDS see no difference."""
    found: dict[str, list[str]] = defaultdict(list)
    for block in conf.configuration.by_type[("resource", conf.block.type)]:
        try:
            name = str(conf.configuration.resolve(block.arguments.get(argument), argument)).lower()
        except CannotDecide:
            name = UNKNOWN
        found[name].append(block.address)
    return found
