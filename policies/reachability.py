"""Can a function in a VPC reach a database, and the API of Secrets Manager? Security groups, endpoints and NAT say so.

A path is a rule on either side: egress of the one, ingress of the other, for TCP on the port. What admits a whole range
counts where the range holds every subnet of the other side. Network ACLs are not looked at (NET.nacl judges them).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.base import Violation
from policies.iam import statements
from policies.network import GROUPS, Network, Peer, Rule, declared, network, rules, within
from policies.rotation_chain import STEPS
from policies.terraform import Arguments, CannotDecide

STANDALONE = {"ingress": "aws_vpc_security_group_ingress_rule", "egress": "aws_vpc_security_group_egress_rule"}
DATABASES = ("aws_db_instance", "aws_rds_cluster")
DEFAULT_PORTS = {"postgres": 5432, "mysql": 3306, "mariadb": 3306, "aurora": 3306, "oracle": 1521, "sqlserver": 1433}
"""Word in the engine's name -> port; `aurora-postgresql` holds the first, `aurora` alone is MySQL."""
ENDPOINT_POLICY = ("aws_vpc_endpoint_policy", "vpc_endpoint_id")
ASSOCIATION = ("aws_vpc_endpoint_security_group_association", "vpc_endpoint_id")
WAYS_OUT = ("nat_gateway_id", "transit_gateway_id", "network_interface_id", "vpc_endpoint_id")
ANYWHERE = network("", "0.0.0.0/0")


def database_unreachable(function: Arguments, database: Arguments) -> Iterator[Violation]:
    """What keeps a function from a database. Raises: CannotDecide."""
    vpc = function.block_at("vpc_config")
    if vpc is None:
        requires = f"the subnets and a security group that reach {database.address}"
        yield Violation(f"{function.address}.vpc_config", None, requires)
        return
    sources, targets = _groups(vpc, "security_group_ids"), _groups(database, "vpc_security_group_ids")
    if {_vpc_of(group) for group in sources}.isdisjoint(_vpc_of(group) for group in targets):
        yield Violation(f"{function.address}.vpc_config", "another VPC", f"the VPC of {database.address}")
        return
    where = f"{database.address} on port {_port(database):g}"
    subnets = declared(database, database.values.get("db_subnet_group_name"), "aws_db_subnet_group")
    yield from _no_path(vpc, targets, subnets, _port(database), where)


def secrets_manager_unreachable(function: Arguments) -> Iterator[Violation]:
    """What keeps a function in a VPC from Secrets Manager: its endpoint, or else a way out. Raises: CannotDecide."""
    vpc = function.block_at("vpc_config")
    if vpc is None:
        return
    homes = {_vpc_of(group) for group in _groups(vpc, "security_group_ids")}
    for endpoint in function.resources("aws_vpc_endpoint"):
        ours = str(endpoint.text("service_name")).endswith(".secretsmanager") and _vpc_of(endpoint) in homes
        if ours and endpoint.flag("private_dns_enabled"):
            yield from _no_path(vpc, _endpoint_groups(endpoint), endpoint, 443, f"{endpoint.address} on port 443")
            yield from _stopped(endpoint)
            return
    egress = [rule for group in _groups(vpc, "security_group_ids") for rule in _rules(group, "egress")]
    peers = [peer for rule in egress if _carries(rule, 443) for peer in rule.peers("cidr")]
    leaves = _hold([peer.network for peer in peers], [ANYWHERE])
    if not leaves or not all(map(_has_way_out, _subnets(vpc))):
        requires = "an aws_vpc_endpoint of secretsmanager with private DNS in its VPC, or egress and a route by NAT"
        yield Violation(f"{function.address}.vpc_config", "no way to Secrets Manager", requires)


def _stopped(endpoint: Arguments) -> Iterator[Violation]:
    """What the policy of the endpoint keeps every caller from; without one it lets all through."""
    own = [endpoint] if endpoint.values.get("policy") not in (None, "") else []
    holders = [*own, *endpoint.referred_by(*ENDPOINT_POLICY)]
    for holder in holders:
        held = list(statements(holder))
        for action in (f"secretsmanager:{step}" for step in STEPS):
            if not any(statement.grants(action) for statement in held):
                yield Violation(f"{holder.address}.policy", None, f"an Allow of {action}, or no rotation gets through")


def _no_path(
    vpc: Arguments, targets: Sequence[Arguments], target_subnets: Arguments | None, port: float, where: str
) -> Iterator[Violation]:
    sources = _groups(vpc, "security_group_ids")
    sides = (("egress", sources, targets, target_subnets, "to"), ("ingress", targets, sources, vpc, "at"))
    for direction, here, there, subnets, word in sides:
        requires = f"{direction} from the function {word} {where}"
        held = [(group, rule) for group in here for rule in _rules(group, direction)]
        carrying = [(group, rule) for group, rule in held if _carries(rule, port)]
        if any(_admits_group(group, rule, there) for group, rule in carrying):
            continue
        ranges = [peer.network for _, rule in carrying for peer in rule.peers("cidr")]
        if ranges and _hold(ranges, _ranges(subnets)):
            continue
        for group, rule in carrying:
            for peer in rule.peers():
                if _is_unknown(group, peer):
                    raise CannotDecide(f"{group.address}.{peer.argument}", peer.value, requires)
        yield Violation(f"{here[0].address}.{direction}", f"{len(held)} rules, none of which admits it", requires)


def _groups(conf: Arguments, argument: str) -> list[Arguments]:
    """The security groups in an argument. Raises: CannotDecide where one is not declared here, or none is named."""
    found = []
    for value in conf.strings(argument) or [""]:
        group = declared(conf, value, *GROUPS)
        if group is None:
            where = f"{conf.address}.{conf.name_of(argument)}"
            raise CannotDecide(where, value or None, "security groups that are declared here")
        found.append(group)
    return found


def _rules(group: Arguments, direction: str) -> Iterator[Rule]:
    yield from rules(group, direction)
    for type_ in (STANDALONE[direction], "aws_security_group_rule"):
        for rule in group.referred_by(type_, "security_group_id"):
            yield from rules(rule, direction)


def _carries(rule: Rule, port: float) -> bool:
    return rule.protocol not in ("udp", "17") and rule.covers(int(port))


def _admits_group(holder: Arguments, rule: Rule, peers: Sequence[Arguments]) -> bool:
    named = [holder.target(peer.value, *GROUPS) for peer in rule.peers("group")]
    return any(peer.block in named or (rule.to_itself and peer.block is holder.block) for peer in peers)


def _hold(ranges: Sequence[Network], inner: Sequence[Network]) -> bool:
    return bool(inner) and all(any(within(one, outer) for outer in ranges) for one in inner)


def _is_unknown(conf: Arguments, peer: Peer) -> bool:
    return peer.kind == "prefix list" or (peer.kind == "group" and conf.target(peer.value, *GROUPS) is None)


def _subnets(holder: Arguments) -> list[Arguments]:
    found = [declared(holder, value, "aws_subnet") for value in holder.strings("subnet_ids")]
    if not found or None in found:
        got = holder.values.get("subnet_ids")
        raise CannotDecide(f"{holder.address}.subnet_ids", got, "subnets that are declared here")
    return [subnet for subnet in found if subnet]


def _ranges(holder: Arguments | None) -> list[Network]:
    if holder is None:
        raise CannotDecide("subnet_ids", None, "subnets that are declared here, or a rule that names a security group")
    return [network(f"{subnet.address}.cidr_block", subnet.text("cidr_block")) for subnet in _subnets(holder)]


def _vpc_of(conf: Arguments) -> str:
    raw = conf.values.get("vpc_id")
    block = conf.target(raw, "aws_vpc", "data.aws_vpc")
    return block.address if block else str(raw)


def _endpoint_groups(endpoint: Arguments) -> list[Arguments]:
    groups = _groups(endpoint, "security_group_ids") if endpoint.has("security_group_ids") else []
    for association in endpoint.referred_by(*ASSOCIATION):
        groups += _groups(association, "security_group_id")
    if not groups:
        raise CannotDecide(f"{endpoint.address}.security_group_ids", None, "a security group that is declared here")
    return groups


def _has_way_out(subnet: Arguments) -> bool:
    for association in subnet.referred_by("aws_route_table_association", "subnet_id"):
        table = declared(association, association.values.get("route_table_id"), "aws_route_table")
        routes = [*table.blocks("route"), *table.referred_by("aws_route", "route_table_id")] if table else []
        for route in routes:
            target = route.text("cidr_block") or route.text("destination_cidr_block")
            if target == "0.0.0.0/0" and any(route.has(way) for way in WAYS_OUT):
                return True
    return False


def _port(database: Arguments) -> float:
    stated, engine = database.number("port"), database.text("engine") or ""
    known = next((port for word, port in DEFAULT_PORTS.items() if word in engine), None)
    if stated is None and known is None:
        raise CannotDecide(f"{database.address}.port", None, "a port, or an engine whose port is known")
    return stated if stated is not None else known or 0
