"""NET.vpc-endpoints."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.profiles import OWN_REGION
from policies.terraform import Arguments

SECURITY_GROUPS = ("aws_vpc_endpoint_security_group_association", "vpc_endpoint_id")
SUBNETS = ("aws_vpc_endpoint_subnet_association", "vpc_endpoint_id")
ROUTE_TABLES = ("aws_vpc_endpoint_route_table_association", "vpc_endpoint_id")


class NetVpcEndpoints(Policy):
    """Without its own endpoints the platform calls AWS over the internet, or not at all: a private task cannot start.

    An endpoint counts where clients find it: an interface endpoint by private DNS, in two zones and behind a security
    group of its own; a gateway endpoint by route tables.
    """

    id = "PG_NET_VPC_ENDPOINTS"
    name = "Ensure VPC has an endpoint for each AWS service the workloads call"
    severity = "MEDIUM"
    resources = ("aws_vpc",)
    profiles = ("sensor-platform",)
    serves = ("endpoint_services",)
    controls = {
        "aws-fsbp": ("EC2.10", "EC2.55", "EC2.56"),
        "cis-aws-7.0": ("6.8",),
        "eu-cra": ("Annex I Part I (2)(j)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 5.1", "SR 5.2"),
        "iso27001-2022": ("A.8.20", "A.8.21", "A.8.22"),
        "nis2": ("Art.21(2)(e)",),
        "nis2-ir-2024-2690": ("6.7.2.b", "6.7.2.i"),
        "nist-800-53-r5": ("AC-4", "SC-7", "SC-7(3)"),
        "nist-csf-2.0": ("PR.IR-01",),
        "pci-dss-4.0": ("1.3.1", "1.3.2"),
        "soc2": ("CC6.6",),
    }
    fix = "add guarded_vpc_endpoint; in Terraform: private_dns_enabled = true, subnet_ids, security_group_ids"
    source = "https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        names = (_resolves(conf, "enable_dns_hostnames", False), _resolves(conf, "enable_dns_support", True))
        yield from in_turn((*names, _missing(conf)))


def _resolves(conf: Arguments, argument: str, default: bool) -> Iterator[Violation]:
    stated = conf.flag(argument)
    if not (default if stated is None else stated):
        yield Violation(argument, stated, "true, or private DNS finds no endpoint")


def _missing(conf: Arguments) -> Iterator[Violation]:
    endpoints = {found.text("service_name"): found for found in conf.referred_by("aws_vpc_endpoint", "vpc_id")}
    for service in conf.profile.endpoint_services:
        form = rf"(?:cn\.)?com\.amazonaws\.(?:{conf.profile.region_form}|{OWN_REGION})\.{re.escape(service)}"
        found = [endpoint for name, endpoint in endpoints.items() if name and re.fullmatch(form, name)]
        if found:
            yield from _unreachable(found[0])
        else:
            region = " or ".join(conf.profile.regions) or "<region>"
            requires = f"an endpoint with service_name com.amazonaws.{region}.{service}"
            yield Violation(f"aws_vpc_endpoint {service}", None, requires)


def _unreachable(endpoint: Arguments) -> Iterator[Violation]:
    kind = endpoint.text("vpc_endpoint_type") or "Gateway"  # the provider's default
    if kind == "Gateway":
        if not endpoint.strings("route_table_ids") and not endpoint.referred_by(*ROUTE_TABLES):
            yield Violation(f"{endpoint.address}.route_table_ids", None, "the route tables of the private subnets")
        return
    if kind != "Interface":
        yield Violation(f"{endpoint.address}.vpc_endpoint_type", kind, "Interface or Gateway")
    if not endpoint.flag("private_dns_enabled"):
        yield Violation(f"{endpoint.address}.private_dns_enabled", endpoint.flag("private_dns_enabled"), "true")
    found = _subnets(endpoint)
    if len(found) < 2:  # AWS takes one subnet of a zone, so two subnets are two zones
        yield Violation(
            f"{endpoint.address}.subnet_ids", ", ".join(sorted(found)) or None, "private subnets in two zones"
        )
    if not endpoint.strings("security_group_ids") and not endpoint.referred_by(*SECURITY_GROUPS):
        yield Violation(f"{endpoint.address}.security_group_ids", None, "a security group of its own")


def _subnets(endpoint: Arguments) -> set[str]:
    """Where its interfaces are: listed, configured one by one, or associated separately."""
    configured = [place.text("subnet_id") for place in endpoint.blocks("subnet_configuration")]
    found = {*endpoint.strings("subnet_ids"), *(str(subnet) for subnet in configured)}
    if len(found) >= 2:
        return found
    return found | {str(place.text("subnet_id")) for place in endpoint.referred_by(*SUBNETS)}
