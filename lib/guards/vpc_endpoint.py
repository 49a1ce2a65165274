"""VPC endpoints: the only way from the private subnets to AWS, and only for this account, over TLS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lib.guards.guarded import Concern, Guarded
from lib.guards.iam_document import Statement, deny_without_tls, document
from lib.guards.refusal import Call
from lib.guards.security_group import GuardedSecurityGroup
from lib.guards.tags import Tags
from lib.guards.vpc import GuardedSubnet, GuardedVpc
from policies.requirements import IMAGE_LAYERS, REGION

GATEWAY_SERVICES = ("s3", "dynamodb")
"""Services whose endpoint is an entry in route tables and costs nothing.

Source: https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
"""


class GuardedEndpoint(Guarded):
    """An endpoint with a policy of its own; AWS's default policy would let every account through."""

    @property
    def prefix_list_id(self) -> str:
        """Reference to the addresses of a gateway endpoint's service, for egress rules."""
        return self.ref("prefix_list_id")


def guarded_vpc_endpoint(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    vpc: GuardedVpc,
    service: str,
    account_id: str,
    subnets: Sequence[GuardedSubnet] = (),
    security_groups: Sequence[GuardedSecurityGroup] = (),
    route_tables: Sequence[Guarded] = (),
    statements: Sequence[Statement] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> GuardedEndpoint:
    """An endpoint for one AWS service: a gateway in `route_tables` for S3 and DynamoDB, else interfaces in `subnets`.

    service: the last part of the service name, such as `kinesis-streams`.
    statements: what may pass, each for principals of `account_id` only (image layers: for callers in `vpc`, since ECR
    signs their URLs itself); a denial of clear text is always added.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    """
    call = Call(scope, id_, "aws_vpc_endpoint")
    call.matches("service", service, r"[a-z0-9]+([.-][a-z0-9]+)*", "a service such as ecr.api", "PG_NET_VPC_ENDPOINTS")
    call.matches("account_id", account_id, r"\d{12}", "12 digits", "PG_TLS_ENDPOINT_POLICY")
    vpc_id = call.ref("vpc", vpc, "aws_vpc", "PG_NET_VPC_ENDPOINTS", attribute="id")
    _check_statements(call, statements or (), account_id, vpc_id)
    if service in GATEWAY_SERVICES:
        reached = _gateway(call, subnets, security_groups, route_tables)
    else:
        reached = _interface(call, subnets, security_groups, route_tables)
    return call.build(
        GuardedEndpoint,
        tags=tags,
        overrides=overrides,
        owned={
            "vpc_id": vpc_id,
            "service_name": f"com.amazonaws.{REGION}.{service}",
            "service_region": None,
            "policy": document([*(statements or ()), deny_without_tls("DenyClearText", ("*",), ("*",))]),
            **reached,
        },
    )


def _gateway(call: Call, subnets: Sequence[Any], groups: Sequence[Any], tables: Sequence[Any]) -> dict[str, Any]:
    policy = "PG_NET_VPC_ENDPOINTS"
    call.unless(not subnets, "subnets", f"{len(subnets)} given", "none: a gateway stands in route tables", policy)
    call.unless(not groups, "security_groups", f"{len(groups)} given", "none: a gateway has no interface", policy)
    return {
        "vpc_endpoint_type": "Gateway",
        "route_table_ids": call.refs("route_tables", tables, "aws_route_table", policy),
        "subnet_ids": None,
        "security_group_ids": None,
        "private_dns_enabled": None,
    }


def _interface(call: Call, subnets: Sequence[Any], groups: Sequence[Any], tables: Sequence[Any]) -> dict[str, Any]:
    policy = "PG_NET_VPC_ENDPOINTS"
    call.unless(not tables, "route_tables", f"{len(tables)} given", "none: an interface stands in subnets", policy)
    return {
        "vpc_endpoint_type": "Interface",
        "private_dns_enabled": True,
        # Two subnets, or the loss of one zone would cut the workloads in the other off from AWS.
        "subnet_ids": call.refs("subnets", subnets, "aws_subnet", policy, least=2),
        "security_group_ids": call.refs("security_groups", groups, "aws_security_group", policy),
        "route_table_ids": None,
    }


def _check_statements(call: Call, statements: Sequence[Statement], account_id: str, vpc_id: str) -> None:
    policy = "PG_TLS_ENDPOINT_POLICY"
    call.unless(
        bool(statements), "statements", statements, "at least one: an endpoint that lets nobody through", policy
    )
    for index, statement in enumerate(statements):
        where = f"statements[{index}]"
        call.unless(bool(statement.principals), f"{where}.principals", None, "the principals who may pass", policy)
        key, value = "aws:PrincipalAccount", account_id
        if (statement.actions, statement.resources) == (("s3:GetObject",), (IMAGE_LAYERS,)):
            key, value = "aws:SourceVpc", vpc_id  # see IMAGE_LAYERS; within ECR's own bucket this lets nothing out
        pinned = statement.conditions.get("StringEquals", {}).get(key)
        if statement.effect == "Allow":
            call.unless(pinned == value, f"{where}.conditions", pinned, f"StringEquals {key} {value}", policy)
