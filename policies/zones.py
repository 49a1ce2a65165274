"""Which subnets does an argument list, and in which availability zones do they lie? Asked by NET and BKP policies."""

from __future__ import annotations

import re

from policies.network import declared
from policies.terraform import Arguments, CannotDecide

INDEXED = re.compile(r"\$\{(.+\.(?:names|zone_ids))\[(\d+)\]\s*\}")
"""One zone out of a list."""
ZONES = "data.aws_availability_zones"


def subnets(conf: Arguments, name: str) -> list[Arguments]:
    """The declared subnets that an argument lists. Raises: CannotDecide for one that is not declared here."""
    found = []
    for value in conf.strings(name):
        subnet = declared(conf, value, "aws_subnet", "aws_default_subnet")
        if subnet is None:
            raise CannotDecide(conf.name_of(name), value, "references to declared aws_subnet resources")
        found.append(subnet)
    return found


def zones(conf: Arguments, name: str) -> set[str]:
    """The distinct availability zones of the subnets that an argument lists. Raises: CannotDecide."""
    found = {_zone(subnet) for subnet in subnets(conf, name)}
    if len({source for source, _ in found}) > 1:
        raise CannotDecide(conf.name_of(name), sorted(zone for _, zone in found), "zones that can be told apart")
    conf.note(f"zones of {conf.name_of(name)}", ", ".join(sorted(zone for _, zone in found)))
    return {zone for _, zone in found}


def _zone(subnet: Arguments) -> tuple[str, str]:
    """Where a zone's name comes from, and the name: two indexes of one list of zones are two zones."""
    argument = "availability_zone" if subnet.values.get("availability_zone") else "availability_zone_id"
    raw = str(subnet.values.get(argument)).strip()
    indexed, found = INDEXED.fullmatch(raw), subnet.reference(raw)
    if indexed and found and found[0].label == ZONES:
        return indexed[1], indexed[2]
    zone = subnet.text(argument)
    if not zone or "${" in zone:
        raise CannotDecide(f"{subnet.address}.{argument}", zone, "the name of an availability zone")
    return argument, zone
