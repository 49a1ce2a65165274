"""The network: a VPC without a way to the internet, its private subnets and route tables, and its flow log.

Nothing here builds an internet gateway, a NAT gateway or a route, and the seal refuses what no guard built.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from lib.guards.guarded import Concern, Guarded
from lib.guards.refusal import Call
from lib.guards.tags import Tags
from policies.requirements import REGION

PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
"""Source: https://datatracker.ietf.org/doc/html/rfc1918"""
ZONES = tuple(f"{REGION}{letter}" for letter in "abc")


class GuardedVpc(Guarded):
    """A VPC of private addresses whose default security group admits nothing."""


class GuardedSubnet(Guarded):
    """A private subnet: nothing in it gets a public address."""


def guarded_vpc(
    scope: Concern, id_: str, *, tags: Tags, cidr: str, overrides: Mapping[str, Any] | None = None
) -> GuardedVpc:
    """A VPC whose interface endpoints resolve by private DNS, with its default security group adopted and emptied.

    cidr: a private IPv4 network, /16 to /28, without host bits, such as `10.20.0.0/16`.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
    """
    call = Call(scope, id_, "aws_vpc")
    _private_network(call, cidr)
    vpc = call.build(
        GuardedVpc,
        tags=tags,
        overrides=overrides,
        owned={
            "cidr_block": cidr,
            "enable_dns_support": True,
            "enable_dns_hostnames": True,
            "assign_generated_ipv6_cidr_block": False,
            "ipv6_cidr_block": None,
            "ipv6_ipam_pool_id": None,
            "ipv4_ipam_pool_id": None,
            "instance_tenancy": "default",
        },
    )
    # Whatever is launched without a group lands in the default one; without `ingress` and `egress` it has no rules.
    default_group = Call(scope, f"{id_}_default", "aws_default_security_group")
    default_group.build(Guarded, tags=tags, owned={"vpc_id": vpc.ref("id")})
    return vpc


def guarded_subnet(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    vpc: GuardedVpc,
    cidr: str,
    availability_zone: str,
    overrides: Mapping[str, Any] | None = None,
) -> GuardedSubnet:
    """A private subnet of `vpc` in one zone of the region.

    cidr: a part of the VPC's network, /16 to /28.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html
    """
    call = Call(scope, id_, "aws_subnet")
    vpc_id = call.ref("vpc", vpc, "aws_vpc", "PG_NET_PRIVATE_SUBNETS", attribute="id")
    call.one_of("availability_zone", availability_zone, ZONES, "PG_REG_EU_WEST_1")
    network = _private_network(call, cidr)
    if network and vpc_id:
        outer = ipaddress.IPv4Network(vpc.arguments["cidr_block"])
        call.unless(network.subnet_of(outer), "cidr", cidr, f"a part of {outer}", "PG_NET_PRIVATE_SUBNETS")
    return call.build(
        GuardedSubnet,
        tags=tags,
        overrides=overrides,
        owned={
            "vpc_id": vpc_id,
            "cidr_block": cidr,
            "availability_zone": availability_zone,
            "map_public_ip_on_launch": False,
            "map_customer_owned_ip_on_launch": None,
            "assign_ipv6_address_on_creation": False,
            "ipv6_cidr_block": None,
            "outpost_arn": None,
        },
    )


def guarded_route_table(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    vpc: GuardedVpc,
    subnets: Sequence[GuardedSubnet],
    overrides: Mapping[str, Any] | None = None,
) -> Guarded:
    """A route table that knows the VPC's own network only, and its association with every subnet.

    Gateway endpoints add their prefix lists to it; nothing else ever does.
    Raises: GuardViolation, naming every refused argument; routes are refused whatever they are.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
    """
    call = Call(scope, id_, "aws_route_table")
    vpc_id = call.ref("vpc", vpc, "aws_vpc", "PG_NET_PRIVATE_SUBNETS", attribute="id")
    subnet_ids = call.refs("subnets", subnets, "aws_subnet", "PG_NET_PRIVATE_SUBNETS")
    owned = {"vpc_id": vpc_id, "route": None, "propagating_vgws": None}
    table = call.build(Guarded, tags=tags, overrides=overrides, owned=owned)
    for subnet, subnet_id in zip(subnets, subnet_ids, strict=True):
        association = Call(scope, f"{id_}_{subnet.id}", "aws_route_table_association")
        association.build(Guarded, owned={"route_table_id": table.ref("id"), "subnet_id": subnet_id})
    return table


def guarded_flow_log(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    vpc: GuardedVpc,
    log_group: Guarded,
    role: Guarded,
    interval_seconds: int,
    overrides: Mapping[str, Any] | None = None,
) -> Guarded:
    """A record of all traffic of `vpc`, accepted and rejected, in a log group under our own key.

    role: what vpc-flow-logs.amazonaws.com writes as. interval_seconds: 60 or 600.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-cwl.html
    """
    call = Call(scope, id_, "aws_flow_log")
    call.one_of("interval_seconds", interval_seconds, (60, 600), "PG_LOG_FLOW_LOGS")
    return call.build(
        Guarded,
        tags=tags,
        overrides=overrides,
        owned={
            "vpc_id": call.ref("vpc", vpc, "aws_vpc", "PG_LOG_FLOW_LOGS", attribute="id"),
            "traffic_type": "ALL",
            "log_destination_type": "cloud-watch-logs",
            "log_destination": call.ref("log_group", log_group, "aws_cloudwatch_log_group", "PG_LOG_FLOW_LOGS"),
            "deliver_cross_account_role": None,
            "iam_role_arn": call.ref("role", role, "aws_iam_role", "PG_LOG_FLOW_LOGS"),
            "max_aggregation_interval": interval_seconds,
        },
    )


def _private_network(call: Call, cidr: str) -> ipaddress.IPv4Network | None:
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError:
        network = None
    fine = network is not None and str(network) == cidr and any(network.subnet_of(block) for block in PRIVATE)
    if network is None or not fine or not 16 <= network.prefixlen <= 28:
        requires = "a private IPv4 network (RFC 1918), /16 to /28, without host bits"
        call.refuse("cidr", cidr, requires, "PG_NET_PRIVATE_SUBNETS")
        return None
    return network
