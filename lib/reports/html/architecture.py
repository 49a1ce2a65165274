"""Verdict -> the stack as groups of nodes and what refers to what; how it is laid out is drawing.py's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lib.artifacts import Resource, Verdict
from lib.reports.html.standing import ORDER, Standing

NODES_OF_A_GROUP = 16
"""A larger group shows one node for each type instead; half as many where there are more than FEW_GROUPS."""
FEW_GROUPS = 12
GROUPS = 24
"""The smaller ones beyond it are shown as one."""
OTHERS = "other groups"
MORE_TYPES = "other types"
ROLES = {
    "source": ("aws_iot_", "aws_kinesis_", "aws_sqs_", "aws_msk_", "aws_mq_", "aws_api_gateway", "aws_apigatewayv2_"),
    "worker": ("aws_lambda_", "aws_ecs_", "aws_eks_", "aws_batch_", "aws_sfn_", "aws_instance"),
    "store": ("aws_db_", "aws_rds_", "aws_elasticache_", "aws_dynamodb_", "aws_s3_", "aws_opensearch_", "aws_efs_"),
}
"""Types that data comes in by, is worked on by and rests in: from left to right."""


@dataclass(frozen=True)
class Node:
    """One resource, or all of one type in a large group. refers_to: ids of nodes."""

    id: str
    name: str
    type: str
    resources: tuple[Resource, ...]
    counts: Mapping[str, int]
    worst: str
    refers_to: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Resources of one concern. role: source, worker or store where data flows through it, else empty."""

    name: str
    role: str
    nodes: tuple[Node, ...]
    states: Mapping[str, int]
    refers_to: Counter[str]

    @property
    def filter(self) -> str:
        """The name by which the list of resources is narrowed to it; empty where it is many groups."""
        return "" if self.name == OTHERS else self.name

    @property
    def resources(self) -> int:
        """How many it has."""
        return sum(len(node.resources) for node in self.nodes)


def group_of(resource: Resource) -> str:
    """The concern in its construct path; else its module; else the service that its type names."""
    path = resource.construct_path.split("/")
    if len(path) > 2:
        return path[1]
    if resource.address.startswith("module."):
        return ".".join(resource.address.split(".")[:2])
    words = resource.type.split("_")
    return words[1] if len(words) > 1 else resource.type


def architecture(verdict: Verdict, standings: Mapping[str, Standing]) -> tuple[Group, ...]:
    """The groups, the largest first among equals of a role."""
    members = _members(verdict.resources)
    most = NODES_OF_A_GROUP if len(members) <= FEW_GROUPS else NODES_OF_A_GROUP // 2
    nodes = {name: _merged(resources, most) for name, resources in members.items()}
    ids: dict[str, str] = {}
    for number, resources in enumerate(part for parts in nodes.values() for part in parts):
        ids |= {resource.address: f"n{number}" for resource in resources}
    home = {resource.address: name for name, resources in members.items() for resource in resources}
    links = {name: _links(name, resources, home) for name, resources in members.items()}
    roles = _roles(members, links)
    return tuple(
        Group(
            name,
            roles[name],
            tuple(sorted((_node(part, ids, standings) for part in nodes[name]), key=_place)),
            Counter(standings[resource.address].worst for resource in members[name]),
            links[name],
        )
        for name in members
    )


def _members(resources: Iterable[Resource]) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for resource in resources:
        found.setdefault(group_of(resource), []).append(resource)
    by_size = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    kept, rest = dict(by_size[:GROUPS]), by_size[GROUPS:]
    if rest:
        kept[OTHERS] = [resource for _, members in rest for resource in members]
    return kept


def _merged(resources: Sequence[Resource], most: int) -> list[tuple[Resource, ...]]:
    """Each resource by itself in a small group; each type in a large one, and the rarest types together."""
    if len(resources) <= most:
        return [(resource,) for resource in resources]
    by_type: dict[str, list[Resource]] = {}
    for resource in resources:
        by_type.setdefault(resource.type, []).append(resource)
    types = sorted(by_type.values(), key=len, reverse=True)
    shown, rest = types[: most - 1], types[most - 1 :]
    left = tuple(resource for members in rest for resource in members)
    return [*map(tuple, shown), *([left] if left else [])]


def _node(part: tuple[Resource, ...], ids: Mapping[str, str], standings: Mapping[str, Standing]) -> Node:
    types = dict.fromkeys(resource.type for resource in part)
    states = Counter(standings[resource.address].worst for resource in part)
    me = ids[part[0].address]
    targets = dict.fromkeys(ids[address] for resource in part for address in resource.references if address in ids)
    worst = min(states, key=ORDER.index)
    single = len(part) == 1
    return Node(
        id=me,
        name=part[0].address.removeprefix(f"{part[0].type}.") if single else _several(states, worst),
        type=next(iter(types)) if len(types) == 1 else MORE_TYPES,
        resources=part,
        counts=standings[part[0].address].counts if single else states,
        worst=worst,
        refers_to=tuple(target for target in targets if target != me),
    )


def _several(states: Counter[str], worst: str) -> str:
    some, every = states[worst], states.total()
    return f"{every:,} resources" if some == every else f"{some:,} of {every:,} {worst}"


def _place(node: Node) -> tuple[int, int, str, str]:
    return ORDER.index(node.worst), -len(node.resources), node.type, node.name


def _links(name: str, resources: Iterable[Resource], home: Mapping[str, str]) -> Counter[str]:
    """Other group -> how many references lead to it."""
    return Counter(
        home[address] for each in resources for address in each.references if home.get(address, name) != name
    )


def _roles(members: Mapping[str, Sequence[Resource]], links: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    """Group -> role, only of those that references join to the next role: a name alone shows no flow."""
    wanted = {name: "" if name == OTHERS else _role(resources) for name, resources in members.items()}

    def joined(name: str, role: str) -> bool:
        return any(wanted[other] == role and (other in links[name] or name in links[other]) for other in members)

    ways = {"source": ("worker",), "worker": ("source", "store"), "store": ("worker",), "": ()}
    return {name: role if any(joined(name, other) for other in ways[role]) else "" for name, role in wanted.items()}


def _role(resources: Iterable[Resource]) -> str:
    counts = Counter(
        role for resource in resources for role, starts in ROLES.items() if resource.type.startswith(starts)
    )
    return max(counts, key=lambda role: counts[role]) if counts else ""
