"""What does a security group rule admit? Asked by the NET policies, and answered once for every spelling of a rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
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
    """One rule, asked piece by piece: what cannot be decided of it hides nothing else. Every piece may raise."""

    entry: Arguments

    @property
    def path(self) -> str:
        """Where the rule stands in its block; empty for a rule resource."""
        return self.entry.path

    @cached_property
    def ports(self) -> tuple[float, float]:
        """First and last port that it admits (an empty range for ICMP)."""
        return ports(self.entry, self._protocol)

    @property
    def protocol(self) -> str:
        """Name or number, `-1` for all."""
        return (self.entry.text(self._protocol) or "-1").lower()

    @property
    def to_itself(self) -> bool:
        """Whether members of the group that holds the rule are its peers as well (`self`)."""
        return bool(self.entry.flag("self"))

    @property
    def _protocol(self) -> str:
        return "ip_protocol" if "ip_protocol" in self.entry.values else "protocol"

    def peers(self, *kinds: str) -> Iterator[Peer]:
        """Its sources or destinations, of some kinds or all: one that cannot be decided is raised after the others."""
        gap = None
        for argument, kind in PEERS.items():
            if argument not in self.entry.values or (kinds and kind not in kinds and kind != "prefix list"):
                continue
            try:
                found = _peers(self.entry, argument, kind)
                yield from (peer for peer in found if not kinds or peer.kind in kinds)
            except CannotDecide as unknown:
                gap = gap or unknown
        if gap:
            raise gap

    @property
    def has_peers(self) -> bool:
        """Whether it admits anything to or from outside of its own group; who it is need not be known."""
        try:
            return next(self.peers(), None) is not None
        except CannotDecide:
            return True

    def covers(self, port: int) -> bool:
        """Whether traffic to the port is admitted."""
        first, last = self.ports
        return first <= port <= last

    @property
    def is_wide(self) -> bool:
        """Whether it names a range of ports rather than what a service listens on."""
        first, last = self.ports
        return last - first > WIDE


def rules(conf: Arguments, direction: str) -> Iterator[Rule]:
    """The rules of one direction (ingress, egress) in a group or a rule resource. Raises: CannotDecide, after all.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    """
    yield from map(Rule, _entries(conf, direction))


def _entries(conf: Arguments, direction: str) -> Iterable[Arguments]:
    if conf.block.type in GROUPS:
        return conf.each_block(direction)
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


def _peers(entry: Arguments, argument: str, kind: str) -> Iterator[Peer]:
    gap = None
    for value in entry.each_string(argument):
        if not value and not isinstance(entry.values[argument], list):
            continue  # Terraform takes an empty string for none, but not among others
        if kind != "prefix list":
            yield Peer(entry.name_of(argument), kind, value)
            continue
        try:
            yield from _prefix_list(entry, argument, value)
        except CannotDecide as unknown:
            gap = gap or unknown
    if gap:
        raise gap


def _prefix_list(entry: Arguments, argument: str, value: str) -> Iterator[Peer]:
    """The ranges of a prefix list that is declared here: `0.0.0.0/0` hides in one as well as anywhere."""
    found = declared(entry, value, "aws_ec2_managed_prefix_list")
    if found is None:
        yield Peer(entry.name_of(argument), "prefix list", value)
        return
    separate = found.referred_by("aws_ec2_managed_prefix_list_entry", "prefix_list_id")
    for item in (*separate, *found.blocks("entry")):
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
