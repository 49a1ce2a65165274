"""NET.no-public-ip."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.profiles import SENSOR_PLATFORM
from policies.terraform import Arguments

SWITCHES = {
    "aws_cloudwatch_event_target": (("ecs_target", "network_configuration"), "assign_public_ip", False),
    "aws_dms_replication_instance": ((), "publicly_accessible", False),
    "aws_mq_broker": ((), "publicly_accessible", False),
    "aws_launch_configuration": ((), "associate_public_ip_address", False),
    "aws_scheduler_schedule": (("target", "ecs_parameters", "network_configuration"), "assign_public_ip", False),
    "aws_spot_fleet_request": (("launch_specification",), "associate_public_ip_address", False),
    "aws_spot_instance_request": ((), "associate_public_ip_address", False),
    "aws_default_subnet": ((), "map_public_ip_on_launch", True),
    "aws_ecs_service": (("network_configuration",), "assign_public_ip", False),
    "aws_ecs_task_set": (("network_configuration",), "assign_public_ip", False),
    "aws_instance": ((), "associate_public_ip_address", False),
    "aws_launch_template": (("network_interfaces",), "associate_public_ip_address", False),
    "aws_subnet": ((), "map_public_ip_on_launch", False),
}
"""Type -> nested blocks, argument, and the provider's default (of an instance: what its subnet says, judged there)."""
V6 = "assign_ipv6_address_on_creation"
V6_SUBNETS = ("aws_subnet", "aws_default_subnet")
BALANCERS = ("aws_lb", "aws_alb", "aws_elb")


class NetNoPublicIp(Policy):
    """Whatever has a public address is found by scanners within minutes, and needs only one wrong route to answer.

    Elastic addresses exist for nothing else, so each is a finding, but for a NAT gateway's in other teams' networks; a
    load balancer is public unless it says internal.
    An IPv6 address of a subnet is one of the internet's, whatever routes there are today.
    """

    id = "PG_NET_NO_PUBLIC_IP"
    name = "Ensure nothing is given a public address"
    severity = "HIGH"
    resources = (*SWITCHES, *BALANCERS, "aws_eip", "aws_eip_association")
    controls = {
        "aws-fsbp": ("ECS.2", "ECS.16", "EC2.15"),
        "eu-cra": ("Annex I Part I (2)(j)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 5.1", "SR 5.2"),
        "iso27001-2022": ("A.8.20", "A.8.22"),
        "nis2": ("Art.21(2)(e)",),
        "nis2-ir-2024-2690": ("6.7.2.b", "6.8.1"),
        "nist-800-53-r5": ("AC-4", "SC-7", "SC-7(3)"),
        "nist-csf-2.0": ("PR.IR-01",),
        "pci-dss-4.0": ("1.3.1", "1.4.1", "1.4.4"),
        "soc2": ("CC6.6",),
    }
    confidence = "high"
    fix = "assign_public_ip = false, map_public_ip_on_launch = false, internal = true; no aws_eip"
    source = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ip-addressing.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type in ("aws_eip", "aws_eip_association"):
            if conf.profile.name == SENSOR_PLATFORM.name or not _of_a_gateway(conf):
                yield Violation("", conf.address, "no public address")
        elif conf.block.type in BALANCERS:
            inward = conf.text("load_balancer_type") == "gateway"  # answers its endpoints only
            if not inward and not conf.flag("internal"):
                yield Violation("internal", conf.flag("internal"), "true")
        else:
            path, argument, default = SWITCHES[conf.block.type]
            switched = (_switched(place, argument, default) for place in _places(conf, path))
            yield from in_turn((*switched, _switched(conf, V6, False) if conf.block.type in V6_SUBNETS else ()))


def _switched(place: Arguments, argument: str, default: bool) -> Iterator[Violation]:
    public = place.flag(argument)
    if public or (public is None and default):
        yield Violation(place.name_of(argument), public, "false")


def _of_a_gateway(address: Arguments) -> bool:
    """Whether it is a NAT gateway's, which answers nobody (NET.igw-controlled judges gateways, in this house)."""
    gateways = address.resources("aws_nat_gateway") if address.block.type == "aws_eip" else []
    return any(gateway.target(gateway.values.get("allocation_id"), "aws_eip") is address.block for gateway in gateways)


def _places(conf: Arguments, path: tuple[str, ...]) -> list[Arguments]:
    places = [conf]
    for name in path:
        places = [inner for place in places for inner in place.blocks(name)]
    return places
