"""NET.igw-controlled."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.network import is_private, network
from policies.terraform import Arguments, CannotDecide

GATEWAYS = (
    "aws_internet_gateway",
    "aws_internet_gateway_attachment",
    "aws_egress_only_internet_gateway",
    "aws_nat_gateway",
    "aws_vpc_block_public_access_exclusion",
)
ROUTES = ("aws_route", "aws_route_table", "aws_default_route_table")
OUTWARD = ("gateway_id", "nat_gateway_id", "egress_only_gateway_id", "carrier_gateway_id")
"""Arguments of a route that may lead to the internet; the gateway behind it, where declared here, is judged itself."""
INWARD = ("vgw-", "vpce-")
DESTINATIONS = ("destination_cidr_block", "destination_ipv6_cidr_block", "cidr_block", "ipv6_cidr_block")


class NetIgwControlled(Policy):
    """The platform reaches AWS through endpoints, so a gateway to the internet has no purpose but to be misused.

    One that is wanted needs a waiver with an owner and an end. A private NAT gateway leads to other networks only. A
    route to a gateway from elsewhere is as good as a gateway, and so is one for public addresses to whatever else: a
    transit gateway, a peer and an interface lead on.
    """

    id = "PG_NET_IGW_CONTROLLED"
    name = "Ensure no gateway leads to the internet"
    severity = "MEDIUM"
    resources = (*GATEWAYS, *ROUTES, "aws_vpc_block_public_access_options")
    profiles = ("sensor-platform",)
    controls = {
        "aws-fsbp": ("EC2.172",),
        "eu-cra": ("Annex I Part I (2)(j)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 1.13", "SR 5.2", "SR 5.2 RE 1"),
        "iso27001-2022": ("A.8.20", "A.8.22"),
        "nis2": ("Art.21(2)(e)",),
        "nis2-ir-2024-2690": ("6.7.2.b", "6.8.1"),
        "nist-800-53-r5": ("SC-7", "SC-7(3)"),
        "nist-csf-2.0": ("PR.IR-01",),
        "pci-dss-4.0": ("1.3.1", "1.4.1"),
        "soc2": ("CC6.6",),
    }
    fix = "remove the gateway and use VPC endpoints; internet_gateway_block_mode = block-bidirectional"
    source = "https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type == "aws_vpc_block_public_access_options":
            mode = conf.text("internet_gateway_block_mode")
            if mode not in ("block-bidirectional", "block-ingress"):
                yield Violation("internet_gateway_block_mode", mode, "block-bidirectional or block-ingress")
        elif conf.block.type in ROUTES:
            routes = [conf] if conf.block.type == "aws_route" else conf.each_block("route")
            yield from in_turn(map(_leads_out, routes))
        elif conf.block.type == "aws_nat_gateway":
            kind = conf.text("connectivity_type")  # absent means public
            if kind != "private":
                yield Violation("connectivity_type", kind, "private, or no NAT gateway")
        else:
            yield Violation("", conf.address, "no path to the internet")


def _leads_out(route: Arguments) -> Iterator[Violation]:
    for argument in DESTINATIONS:
        range_ = route.text(argument)
        if range_ and not is_private(network(route.name_of(argument), range_)):
            yield Violation(route.name_of(argument), range_, "private addresses: no path to the internet")
    for argument in OUTWARD:
        gateway = route.text(argument)
        if not gateway or gateway == "local" or gateway.startswith(INWARD):
            continue
        target = route.target(gateway)
        if target is None and gateway.startswith(("igw-", "eigw-", "cagw-")):
            yield Violation(route.name_of(argument), gateway, "no path to the internet")
        elif target is None or target.kind != "resource":
            raise CannotDecide(route.name_of(argument), gateway, "a gateway that this configuration declares")
        elif target.type in ("aws_ec2_carrier_gateway", "aws_internet_gateway_attachment"):
            yield Violation(route.name_of(argument), gateway, "no path to the internet")
