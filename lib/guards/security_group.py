"""Security groups that refer to each other: no rule takes an address range, so none can be opened to the internet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lib.guards.guarded import Concern, Guarded
from lib.guards.refusal import Call
from lib.guards.tags import Tags
from lib.guards.vpc import GuardedVpc

DESCRIPTION = r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;!*]{1,255}"
"""Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html"""
PREFIX_LIST = re.compile(r"\$\{aws_vpc_endpoint\.[a-z][a-z0-9_]*\.prefix_list_id\}")
ADMINISTRATION_PORTS = (22, 3389)


class GuardedSecurityGroup(Guarded):
    """A group whose rules are resources of their own, each of which names its peer."""


def guarded_security_group(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    vpc: GuardedVpc,
    description: str,
    overrides: Mapping[str, Any] | None = None,
) -> GuardedSecurityGroup:
    """A group that admits nothing and reaches nothing until rules say so.

    description: what the group is for, 1 to 255 characters; AWS replaces the group when it changes.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
    """
    call = Call(scope, id_, "aws_security_group")
    _check_description(call, description)
    return call.build(
        GuardedSecurityGroup,
        tags=tags,
        overrides=overrides,
        owned={
            "name": call.name(tags, 255),
            "description": description,
            "vpc_id": call.ref("vpc", vpc, "aws_vpc", "PG_NET_PRIVATE_SUBNETS", attribute="id"),
            # Inline rules fight with rule resources, and would be seen by no rule factory.
            "ingress": None,
            "egress": None,
            "name_prefix": None,
            # Two groups that refer to each other could otherwise never be destroyed.
            "revoke_rules_on_delete": True,
        },
    )


def guarded_vpc_security_group_ingress_rule(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    group: GuardedSecurityGroup,
    source: GuardedSecurityGroup,
    port: int,
    description: str,
    overrides: Mapping[str, Any] | None = None,
) -> Guarded:
    """Lets `source` reach `group` on one TCP port.

    port: 1 to 65535, but neither 22 nor 3389: nobody logs in to anything here.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    """
    call = Call(scope, id_, "aws_vpc_security_group_ingress_rule")
    source_id = call.ref("source", source, "aws_security_group", "PG_NET_SG_REFERENCE", attribute="id")
    peer = {"referenced_security_group_id": source_id, "prefix_list_id": None}
    policy = "PG_NET_SG_NO_OPEN_INGRESS"
    return _rule(
        call, policy, tags=tags, group=group, port=port, description=description, peer=peer, overrides=overrides
    )


def guarded_vpc_security_group_egress_rule(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    group: GuardedSecurityGroup,
    port: int,
    description: str,
    destination: GuardedSecurityGroup | None = None,
    prefix_list: str | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Guarded:
    """Lets `group` reach one destination on one TCP port.

    destination, prefix_list: one of the two; a prefix list is a gateway endpoint's `prefix_list_id`, as a reference.
    port: 1 to 65535, but neither 22 nor 3389.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    """
    call = Call(scope, id_, "aws_vpc_security_group_egress_rule")
    policy = "PG_NET_SG_EGRESS_SCOPED"
    group_id = None
    if (destination is None) == (prefix_list is None):
        call.refuse("destination", destination, "either a destination or a prefix_list, not both and not none", policy)
    elif destination is not None:
        group_id = call.ref("destination", destination, "aws_security_group", policy, attribute="id")
    else:
        known = isinstance(prefix_list, str) and PREFIX_LIST.fullmatch(prefix_list) is not None
        call.unless(known, "prefix_list", prefix_list, "the prefix_list_id of a guarded_vpc_endpoint", policy)
    peer = {"referenced_security_group_id": group_id, "prefix_list_id": prefix_list}
    return _rule(
        call, policy, tags=tags, group=group, port=port, description=description, peer=peer, overrides=overrides
    )


def _rule(
    call: Call,
    policy: str,
    *,
    tags: Tags,
    group: GuardedSecurityGroup,
    port: int,
    description: str,
    peer: Mapping[str, Any],
    overrides: Mapping[str, Any] | None,
) -> Guarded:
    whole = isinstance(port, int) and not isinstance(port, bool) and 1 <= port <= 65_535
    fine = whole and port not in ADMINISTRATION_PORTS
    call.unless(fine, "port", port, "one port from 1 to 65535, neither 22 nor 3389", policy)
    _check_description(call, description)
    return call.build(
        Guarded,
        tags=tags,
        overrides=overrides,
        owned={
            "security_group_id": call.ref("group", group, "aws_security_group", policy, attribute="id"),
            "ip_protocol": "tcp",
            "from_port": port,
            "to_port": port,
            "cidr_ipv4": None,
            "cidr_ipv6": None,
            "description": description,
            **peer,
        },
    )


def _check_description(call: Call, description: str) -> None:
    requires = "what it is for: 1 to 255 letters, digits, spaces or ._-:/()#,@[]+=&;!*"
    call.matches("description", description, DESCRIPTION, requires, "PG_NET_SG_REFERENCE")
