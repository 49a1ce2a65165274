"""A VPC of private subnets only: no internet gateway, no NAT; AWS is reached through endpoints that say what for."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from lib.guards.cloudwatch import guarded_cloudwatch_log_group
from lib.guards.guarded import Concern, Guarded
from lib.guards.iam_document import Statement
from lib.guards.iam_role import guarded_iam_role
from lib.guards.naming import physical_name
from lib.guards.security_group import (
    GuardedSecurityGroup,
    guarded_security_group,
    guarded_vpc_security_group_egress_rule,
    guarded_vpc_security_group_ingress_rule,
)
from lib.guards.stack import GuardedStack
from lib.guards.vpc import GuardedSubnet, GuardedVpc, guarded_flow_log, guarded_route_table, guarded_subnet, guarded_vpc
from lib.guards.vpc_endpoint import guarded_vpc_endpoint
from lib.settings import Settings
from lib.stack.keys import Keys
from policies.requirements import IMAGE_LAYERS

if TYPE_CHECKING:
    from lib.stack.database import Database
    from lib.stack.ingest import Ingest
    from lib.stack.processing import Processing

HTTPS = 443


@dataclass(frozen=True)
class Network:
    """The VPC, its subnets (one per availability zone) and one security group per workload and store."""

    vpc: GuardedVpc
    subnets: tuple[GuardedSubnet, ...]
    route_table: Guarded
    processor: GuardedSecurityGroup
    rotation: GuardedSecurityGroup
    database: GuardedSecurityGroup
    cache: GuardedSecurityGroup
    endpoints: GuardedSecurityGroup


def add_network(stack: GuardedStack, settings: Settings, keys: Keys) -> Network:
    """VPC, subnets, flow log, and the security groups with the paths between them."""
    concern, tags = stack.concern("network"), stack.tags
    vpc = guarded_vpc(concern, "platform", tags=tags, cidr=settings.vpc_cidr)
    ranges = IPv4Network(settings.vpc_cidr).subnets(prefixlen_diff=4)
    subnets = tuple(
        guarded_subnet(concern, f"private_{zone[-1]}", tags=tags, vpc=vpc, cidr=str(cidr), availability_zone=zone)
        for zone, cidr in zip(settings.availability_zones, ranges, strict=False)
    )
    route_table = guarded_route_table(concern, "private", tags=tags, vpc=vpc, subnets=subnets)
    _add_flow_log(concern, stack, settings, keys, vpc)
    groups = {
        id_: guarded_security_group(concern, id_, tags=tags, vpc=vpc, description=description)
        for id_, description in GROUPS.items()
    }
    network = Network(vpc=vpc, subnets=subnets, route_table=route_table, **groups)
    _connect(concern, stack, network.processor, network.endpoints, HTTPS, "AWS APIs")
    _connect(concern, stack, network.processor, network.database, settings.database_port, "PostgreSQL over TLS")
    _connect(concern, stack, network.processor, network.cache, settings.cache_port, "Redis over TLS")
    _connect(concern, stack, network.rotation, network.endpoints, HTTPS, "AWS APIs")
    _connect(concern, stack, network.rotation, network.database, settings.database_port, "PostgreSQL over TLS")
    return network


GROUPS = {
    "processor": "Sensor processor tasks",
    "rotation": "Credential rotation function",
    "database": "PostgreSQL, for the processor and the rotation only",
    "cache": "Redis, for the processor only",
    "endpoints": "Interface endpoints of the AWS APIs in use",
}


def _connect(
    concern: Concern,
    stack: GuardedStack,
    source: GuardedSecurityGroup,
    target: GuardedSecurityGroup,
    port: int,
    what: str,
) -> None:
    """Both ends of one path: the source may send, the target admits the source."""
    path = f"{source.id}_to_{target.id}"
    guarded_vpc_security_group_egress_rule(
        concern,
        f"{path}_egress",
        tags=stack.tags,
        group=source,
        destination=target,
        port=port,
        description=f"{what} from {source.id}",
    )
    guarded_vpc_security_group_ingress_rule(
        concern,
        f"{path}_ingress",
        tags=stack.tags,
        group=target,
        source=source,
        port=port,
        description=f"{what} from {source.id}",
    )


def _add_flow_log(concern: Concern, stack: GuardedStack, settings: Settings, keys: Keys, vpc: GuardedVpc) -> None:
    log_group = guarded_cloudwatch_log_group(
        concern,
        "flow_logs",
        key=keys.logs,
        tags=stack.tags,
        prefix="/aws/vpc/",
        owner_name=physical_name("flow_logs", stack.tags),
        retention_days=settings.log_retention_days,
    )
    role = guarded_iam_role(
        concern,
        "flow_log_writer",
        tags=stack.tags,
        service="vpc-flow-logs.amazonaws.com",
        account_id=settings.account_id,
        description="Writes the flow logs of the VPC",
        source_arn=f"arn:aws:ec2:{settings.region}:{settings.account_id}:vpc-flow-log/*",
        grants=[Statement("WriteFlowLogs", LOG_STREAM_ACTIONS, (f"{log_group.arn}:*",))],
    )
    guarded_flow_log(
        concern,
        "traffic",
        tags=stack.tags,
        vpc=vpc,
        log_group=log_group,
        role=role,
        interval_seconds=settings.flow_log_interval_seconds,
    )


LOG_STREAM_ACTIONS = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")


def add_endpoints(
    stack: GuardedStack,
    settings: Settings,
    keys: Keys,
    network: Network,
    ingest: Ingest,
    database: Database,
    processing: Processing,
) -> None:
    """One endpoint per AWS API that the workloads call, open for just these calls on just these resources."""
    concern = stack.concern("endpoints")
    key_arns = (keys.stream.arn, keys.queue.arn, keys.compute.arn, settings.database_secret_kms_key_arn)
    logs = f"arn:aws:logs:{settings.region}:{settings.account_id}:log-group:*"
    image = (processing.repository.arn,)
    pull = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
    secret = (
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
    )
    read = ("kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards")
    everything = ("*",)
    uses: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {
        "ecr.api": [(pull, image), (("ecr:GetAuthorizationToken",), everything)],
        "ecr.dkr": [(pull, image), (("ecr:GetAuthorizationToken",), everything)],
        "kinesis-streams": [((*read, "kinesis:PutRecord", "kinesis:PutRecords"), (ingest.stream.arn,))],
        "kms": [(("kms:Decrypt", "kms:GenerateDataKey"), key_arns)],
        "logs": [(("logs:CreateLogStream", "logs:PutLogEvents"), (logs,))],
        "monitoring": [(("cloudwatch:PutMetricData",), everything)],
        "secretsmanager": [(secret, (database.secret.arn,)), (("secretsmanager:GetRandomPassword",), everything)],
        "sqs": [(("sqs:SendMessage",), (ingest.dead_letters.arn,))],
        "sts": [(("sts:GetCallerIdentity",), everything)],
    }
    for service, allowed in uses.items():
        guarded_vpc_endpoint(
            concern,
            service.replace(".", "_").replace("-", "_"),
            tags=stack.tags,
            vpc=network.vpc,
            service=service,
            account_id=settings.account_id,
            subnets=network.subnets,
            security_groups=(network.endpoints,),
            statements=[_for_this_account(settings, index, *use) for index, use in enumerate(allowed)],
        )
    _add_layer_gateway(concern, stack, settings, network)


def _for_this_account(
    settings: Settings, index: int, actions: tuple[str, ...], resources: tuple[str, ...]
) -> Statement:
    return Statement(
        sid=f"Use{index}",
        actions=actions,
        resources=resources,
        principals={"*": ("*",)},
        conditions={"StringEquals": {"aws:PrincipalAccount": settings.account_id}},
    )


def _add_layer_gateway(concern: Concern, stack: GuardedStack, settings: Settings, network: Network) -> None:
    """S3, for image layers only: ECR signs their URLs itself, so not the caller's account but the VPC is pinned."""
    gateway = guarded_vpc_endpoint(
        concern,
        "s3",
        tags=stack.tags,
        vpc=network.vpc,
        service="s3",
        account_id=settings.account_id,
        route_tables=(network.route_table,),
        statements=[
            Statement(
                sid="PullImageLayers",
                actions=("s3:GetObject",),
                resources=(IMAGE_LAYERS,),
                principals={"*": ("*",)},
                conditions={"StringEquals": {"aws:SourceVpc": network.vpc.ref("id")}},
            )
        ],
    )
    guarded_vpc_security_group_egress_rule(
        concern,
        "processor_to_image_layers",
        tags=stack.tags,
        group=network.processor,
        prefix_list=gateway.ref("prefix_list_id"),
        port=HTTPS,
        description="Image layers from S3",
    )
