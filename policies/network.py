"""What does a security group rule admit? Asked by the NET policies, and answered once for every spelling of a rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from policies.terraform import Arguments, CannotDecide

GROUPS = ("aws_security_group", "aws_default_security_group")
"""Types with inline rules."""
INGRESS = (*GROUPS, "aws_security_group_rule", "aws_vpc_security_group_ingress_rule")
EGRESS = (*GROUPS, "aws_security_group_rule", "aws_vpc_security_group_egress_rule")
PEERS = {
    "cidr_blocks": "cidr",
    "ipv6_cidr_blocks": "cidr",
    "cidr_ipv4": "cidr",
    "cidr_ipv6": "cidr",
    "prefix_list_ids": "prefix list",
    "prefix_list_id": "prefix list",
    "security_groups": "group",
    "source_security_group_id": "group",
    "referenced_security_group_id": "group",
}
"""Argument -> what it names, in the spellings of all four types of rule."""
PORTED = ("tcp", "udp", "6", "17")
PORTLESS = ("icmp", "icmpv6", "1", "58")
LAST_PORT = 65535
WIDE = 1000
"""How many ports no single service needs: a rule for more names no port at all."""
PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")))
"""Ranges that the internet does not route (RFC 1918, 6598, 4193)."""

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Peer:
    """One source of ingress or destination of egress: kind is cidr, prefix list or group."""

    argument: str
    kind: str
    value: str

    @property
    def network(self) -> Network:
        """The range of a cidr peer; AWS drops host bits, so `10.0.0.1/0` is everything. Raises: CannotDecide."""
        return network(self.argument, self.value)


@dataclass(frozen=True)
class Rule:
    """What one rule admits: ports `first` to `last` (an empty range for ICMP) to or from its peers."""

    path: str
    first: float
    last: float
    peers: tuple[Peer, ...]
    protocol: str = "-1"
    to_itself: bool = False
    """Whether members of the group that holds the rule are its peers as well (`self`)."""

    def covers(self, port: int) -> bool:
        """Whether traffic to the port is admitted."""
        return self.first <= port <= self.last

    @property
    def is_wide(self) -> bool:
        """Whether it names a range of ports rather than what a service listens on."""
        return self.last - self.first > WIDE


def rules(conf: Arguments, direction: str) -> Iterator[Rule]:
    """The rules of one direction (ingress, egress) in a group or a rule resource. Raises: CannotDecide.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    """
    for entry in _entries(conf, direction):
        argument = "ip_protocol" if "ip_protocol" in entry.values else "protocol"
        first, last = ports(entry, argument)
        protocol, to_itself = (entry.text(argument) or "-1").lower(), bool(entry.flag("self"))
        yield Rule(entry.path, first, last, tuple(_peers(entry)), protocol, to_itself)


def _entries(conf: Arguments, direction: str) -> list[Arguments]:
    if conf.block.type in GROUPS:
        return conf.blocks(direction)
    if conf.block.type != "aws_security_group_rule":
        return [conf] if conf.block.type == f"aws_vpc_security_group_{direction}_rule" else []
    stated = conf.text("type")
    if stated not in ("ingress", "egress"):
        raise CannotDecide("type", stated, "ingress or egress")
    return [conf] if stated == direction else []


def ports(entry: Arguments, protocol_argument: str) -> tuple[float, float]:
    """First and last port that a rule admits, of a security group or a network ACL.

    A protocol other than TCP, UDP and ICMP (`-1` is all of them) admits every port, whatever ports the rule states.
    """
    protocol = (entry.text(protocol_argument) or "-1").lower()
    first, last = entry.number("from_port"), entry.number("to_port")
    if protocol in PORTLESS:
        return 1, 0
    if protocol not in PORTED or first is None or last is None or first < 0:
        return 0, LAST_PORT
    return first, last


def _peers(entry: Arguments) -> Iterator[Peer]:
    for argument, kind in PEERS.items():
        for value in entry.strings(argument) if argument in entry.values else ():
            if not value and not isinstance(entry.values[argument], list):
                continue  # Terraform takes an empty string for none, but not among others
            if kind == "prefix list":
                yield from _prefix_list(entry, argument, value)
            else:
                yield Peer(entry.name_of(argument), kind, value)


def _prefix_list(entry: Arguments, argument: str, value: str) -> Iterator[Peer]:
    """The ranges of a prefix list that is declared here: `0.0.0.0/0` hides in one as well as anywhere."""
    found = declared(entry, value, "aws_ec2_managed_prefix_list")
    if found is None:
        yield Peer(entry.name_of(argument), "prefix list", value)
        return
    for item in (*found.blocks("entry"), *found.referred_by("aws_ec2_managed_prefix_list_entry", "prefix_list_id")):
        yield Peer(f"{item.address}.{item.name_of('cidr')}", "cidr", str(item.text("cidr")))


def network(argument: str, cidr: object) -> Network:
    """The range that a CIDR block names. Raises: CannotDecide where it names none."""
    try:
        return ip_network(str(cidr), strict=False)
    except ValueError:
        raise CannotDecide(argument, cidr, "a network in CIDR notation") from None


def within(inner: Network, outer: Network) -> bool:
    """Whether every address of `inner` is one of `outer`."""
    return inner.version == outer.version and inner.prefixlen >= outer.prefixlen and inner.network_address in outer


def is_private(candidate: Network) -> bool:
    """Whether no address of the range is one of the internet's; any other prefix, however long, is public."""
    return any(within(candidate, private) for private in PRIVATE)


def declared(conf: Arguments, raw: object, *types: str) -> Arguments | None:
    """The resource of one of `types` that a raw value refers to; None where no declared one is meant."""
    block = conf.target(raw, *types)
    return next((found for found in conf.resources(*types) if found.block is block), None)
