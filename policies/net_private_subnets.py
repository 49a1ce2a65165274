"""NET.private-subnets."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.network import declared
from policies.terraform import Arguments, CannotDecide
from policies.zones import subnets

PLACES = {
    "aws_cloudwatch_event_target": (("ecs_target", "network_configuration"), "subnets"),
    "aws_db_proxy": ((), "vpc_subnet_ids"),
    "aws_db_subnet_group": ((), "subnet_ids"),
    "aws_dms_replication_subnet_group": ((), "subnet_ids"),
    "aws_docdb_subnet_group": ((), "subnet_ids"),
    "aws_ecs_service": (("network_configuration",), "subnets"),
    "aws_ecs_task_set": (("network_configuration",), "subnets"),
    "aws_elasticache_serverless_cache": ((), "subnet_ids"),
    "aws_elasticache_subnet_group": ((), "subnet_ids"),
    "aws_lambda_function": (("vpc_config",), "subnet_ids"),
    "aws_memorydb_subnet_group": ((), "subnet_ids"),
    "aws_neptune_subnet_group": ((), "subnet_ids"),
    "aws_redshift_subnet_group": ((), "subnet_ids"),
    "aws_scheduler_schedule": (("target", "ecs_parameters", "network_configuration"), "subnets"),
}
"""Type -> the nested blocks and the argument that list subnets."""
MEMBERS = {
    "aws_db_instance": ("db_subnet_group_name", "aws_db_subnet_group"),
    "aws_docdb_cluster": ("db_subnet_group_name", "aws_docdb_subnet_group"),
    "aws_elasticache_cluster": ("subnet_group_name", "aws_elasticache_subnet_group"),
    "aws_elasticache_replication_group": ("subnet_group_name", "aws_elasticache_subnet_group"),
    "aws_memorydb_cluster": ("subnet_group_name", "aws_memorydb_subnet_group"),
    "aws_neptune_cluster": ("neptune_subnet_group_name", "aws_neptune_subnet_group"),
    "aws_rds_cluster": ("db_subnet_group_name", "aws_db_subnet_group"),
    "aws_redshift_cluster": ("cluster_subnet_group_name", "aws_redshift_subnet_group"),
}
"""Type -> the argument that names its subnet group, which is judged itself."""
INHERITS = {"aws_elasticache_cluster": "replication_group_id", "aws_db_instance": "replicate_source_db"}
"""Type -> what it is a member or a replica of, in whose subnet group it lies then."""
OPTIONAL = ("aws_lambda_function", "aws_cloudwatch_event_target", "aws_scheduler_schedule")
"""Types that may run outside a VPC; whether a function may is the question of NET.lambda-in-vpc."""
TABLES = ("aws_route_table", "aws_default_route_table", "aws_vpc", "aws_default_vpc")
"""What a route table's id may refer to: the main table is an attribute of its VPC."""
INWARD = ("aws_vpn_gateway", "aws_vpc_endpoint", "aws_ec2_local_gateway")
"""Gateways that lead elsewhere than to the internet."""


class NetPrivateSubnets(Policy):
    """A subnet is public by its routes, not by its name: one route to an internet gateway opens all that lies in it.

    Followed are the associations of every subnet, else the main table of its VPC, and both inline and separate
    routes. A data store without a subnet group lands in the default VPC, whose subnets are public.
    """

    id = "PG_NET_PRIVATE_SUBNETS"
    name = "Ensure workloads use subnets without a route to an internet gateway"
    severity = "HIGH"
    resources = (*PLACES, *MEMBERS)
    controls = {
        "aws-fsbp": ("RDS.46", "ElastiCache.7"),
        "eu-cra": ("Annex I Part I (2)(j)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 5.1", "SR 5.2", "SR 5.4"),
        "iso27001-2022": ("A.8.20", "A.8.22"),
        "nis2": ("Art.21(2)(e)",),
        "nis2-ir-2024-2690": ("6.7.2.b", "6.8.1", "6.8.2.a"),
        "nist-800-53-r5": ("AC-4", "SC-7", "SC-7(3)", "SC-7(21)"),
        "nist-csf-2.0": ("PR.IR-01",),
        "pci-dss-4.0": ("1.3.1", "1.4.1", "1.4.4"),
        "soc2": ("CC6.6",),
    }
    confidence = "high"
    fix = "pass the private subnets of the network bundle; in Terraform: no route to an aws_internet_gateway"
    source = "https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html#subnet-types"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type in MEMBERS:
            argument, group = MEMBERS[conf.block.type]
            source = INHERITS.get(conf.block.type)
            inherits = source and conf.text(source) and not conf.has(argument)
            if not inherits and conf.follow(argument, group) is None:
                yield Violation(argument, None, f"an {group} of private subnets")
            return
        path, argument = PLACES[conf.block.type]
        place = conf.block_at(*path)
        listed = subnets(place, argument) if place else []
        if not listed and not (place is None and conf.block.type in OPTIONAL):
            yield Violation(".".join((*path, argument)), None, "private subnets")
        yield from in_turn(_exposed(subnet, ".".join((*path, argument))) for subnet in listed)


def _exposed(subnet: Arguments, where: str) -> Iterator[Violation]:
    for table, gateway in _internet_routes(subnet):
        got = f"{subnet.address}, from which {table} routes to {gateway}"
        yield Violation(where, got, "subnets without a route to an internet gateway")


def _internet_routes(subnet: Arguments) -> Iterator[tuple[str, object]]:
    if subnet.block.type == "aws_default_subnet":
        yield "the default VPC", "its internet gateway"
        return
    for table in _tables(subnet):
        for route in _routes(table):
            if _is_internet_gateway(route):
                yield table.address, route.values.get("gateway_id")


def _tables(subnet: Arguments) -> Iterator[Arguments]:
    associations = subnet.referred_by("aws_route_table_association", "subnet_id")
    for association in associations:
        table = _table(association)
        yield from _main_tables(table) if table.block.type in ("aws_vpc", "aws_default_vpc") else (table,)
    if not associations or {"count", "for_each"} & subnet.values.keys():  # of several, some may have no association
        vpc = subnet.follow("vpc_id", "aws_vpc", "aws_default_vpc")
        if vpc is None:
            raise CannotDecide(f"{subnet.address}.vpc_id", None, "a reference to a declared VPC")
        yield from _main_tables(vpc)


def _main_tables(vpc: Arguments) -> Iterator[Arguments]:
    """The VPC stands for the table that AWS makes with it."""
    yield vpc
    replaced = vpc.referred_by("aws_main_route_table_association", "vpc_id")
    yield from map(_table, replaced)
    if not replaced:
        yield from vpc.referred_by("aws_default_route_table", "default_route_table_id")


def _table(association: Arguments) -> Arguments:
    table = association.follow("route_table_id", *TABLES)
    if table is None:
        raise CannotDecide(f"{association.address}.route_table_id", None, "a reference to a declared route table")
    return table


def _routes(table: Arguments) -> Iterator[Arguments]:
    """The inline routes of a table and the aws_route resources that may be meant for it."""
    if table.block.type in ("aws_route_table", "aws_default_route_table"):
        yield from table.blocks("route")
    for route in table.resources("aws_route"):
        stated = declared(route, route.values.get("route_table_id"), *TABLES)
        if stated is None and _is_internet_gateway(route):
            raise CannotDecide(f"{route.address}.route_table_id", route.values.get("route_table_id"), "a known table")
        if stated is not None and stated.block is table.block:
            yield route


def _is_internet_gateway(route: Arguments) -> bool:
    gateway = route.text("gateway_id")
    if gateway in (None, "", "local"):
        return False
    target = route.target(gateway)
    if gateway.startswith("igw-") or (target and target.type.startswith("aws_internet_gateway")):
        return True
    if gateway.startswith(("vgw-", "vpce-")) or (target and target.type in INWARD):
        return False
    raise CannotDecide(f"{route.address}.{route.name_of('gateway_id')}", gateway, "a gateway that leads elsewhere")
