"""NAM.no-collision."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.environment import suffix
from policies.naming import NAMES, words
from policies.terraform import Arguments, CannotDecide


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
        repeated = [block for block in _same_type(conf) if _name(conf, block, argument) == name.lower()]
        if repeated:
            yield Violation(argument, name, f"a name that {repeated[0]} does not use")
        if "for_each" in conf.values or conf.number("count") not in (None, 0, 1):
            yield Violation(argument, name, "a name that differs between the instances of for_each or count")


def _same_type(conf: Arguments) -> list[str]:
    blocks = conf.configuration.by_type[("resource", conf.block.type)]
    return [block.address for block in blocks if block is not conf.block]


def _name(conf: Arguments, address: str, argument: str) -> str:
    """Lower case: IAM and RDS do not tell names apart by it. Raises: CannotDecide where the other name is not known."""
    raw = conf.configuration.by_address[address].arguments.get(argument)
    return str(conf.configuration.resolve(raw, f"{address}.{argument}")).lower()
