"""The existing database secret, rotated every 30 days by a function inside the VPC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lib.guards.cloudwatch import guarded_cloudwatch_event_rule, guarded_cloudwatch_log_group
from lib.guards.guarded import Concern
from lib.guards.iam_document import Statement
from lib.guards.iam_role import GuardedRole, guarded_iam_role
from lib.guards.lambda_function import GuardedFunction, guarded_lambda_function, guarded_lambda_permission
from lib.guards.naming import physical_name
from lib.guards.secretsmanager_secret import guarded_secretsmanager_secret_rotation
from lib.guards.stack import GuardedStack
from lib.settings import Settings
from lib.stack.database import Database
from lib.stack.ingest import Ingest
from lib.stack.keys import Keys
from lib.stack.lambda_package import SECRET_ROTATION_DISTRIBUTIONS, lambda_package
from lib.stack.monitoring import Notifications
from lib.stack.network import Network
from policies.requirements import ROTATION_DAYS

SOURCE = Path(__file__).resolve().parents[1] / "runtime" / "secret_rotation"
PACKAGE_FILE = "assets/secret_rotation.zip"
HANDLER = "secret_rotation.handler.handler"
TIMEOUT_SECONDS = 60
MEMORY_MIB = 256

ROTATE = (
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)
READ_INTERFACES = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets")
CHANGE_INTERFACES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
)


@dataclass(frozen=True)
class Rotation:
    """The function, and the files that ship with it (path beside the Terraform JSON -> bytes)."""

    function: GuardedFunction
    assets: Mapping[str, bytes]


def add_rotation(
    stack: GuardedStack,
    settings: Settings,
    keys: Keys,
    network: Network,
    ingest: Ingest,
    database: Database,
    notifications: Notifications,
) -> Rotation:
    """The function, the permission to invoke it, the schedule, and a notice to operators when a rotation fails."""
    concern, tags = stack.concern("rotation"), stack.tags
    package = lambda_package(SOURCE, SECRET_ROTATION_DISTRIBUTIONS)
    log_group = guarded_cloudwatch_log_group(
        concern,
        "rotation_logs",
        key=keys.logs,
        tags=tags,
        prefix="/aws/lambda/",
        owner_name=physical_name("secret_rotation", tags),
        retention_days=settings.log_retention_days,
    )
    function = guarded_lambda_function(
        concern,
        "secret_rotation",
        tags=tags,
        key=keys.compute,
        role=_role(concern, stack, settings, keys, network, ingest, database, log_group.arn),
        package_file=PACKAGE_FILE,
        package_sha256_base64=package.sha256_base64,
        handler=HANDLER,
        subnets=network.subnets,
        security_groups=(network.rotation,),
        log_group=log_group,
        dead_letters=ingest.dead_letters,
        environment={
            "DATABASE_HOST": database.instance.ref("address"),
            "DATABASE_NAME": settings.database_name,
            "DATABASE_PORT": database.instance.ref("port"),
            "PGSSLMODE": "verify-full",
        },
        timeout_seconds=TIMEOUT_SECONDS,
        memory_mib=MEMORY_MIB,
        description="Rotates the password of the database login",
    )
    permission = guarded_lambda_permission(
        concern,
        "secret_rotation_invoke",
        function=function,
        principal="secretsmanager.amazonaws.com",
        source_arn=database.secret.arn,
        source_account=settings.account_id,
    )
    guarded_secretsmanager_secret_rotation(
        concern,
        "database_rotation",
        secret=database.secret,
        function=function,
        permission=permission,
        rotation_days=ROTATION_DAYS,
    )
    guarded_cloudwatch_event_rule(
        concern,
        "rotation_failed",
        tags=tags,
        pattern={"source": ["aws.secretsmanager"], "detail": {"eventName": ["RotationFailed", "RotationAbandoned"]}},
        description="A rotation of the database secret failed",
        topic=notifications.topic,
    )
    return Rotation(function, {PACKAGE_FILE: package.content})


def _role(
    concern: Concern,
    stack: GuardedStack,
    settings: Settings,
    keys: Keys,
    network: Network,
    ingest: Ingest,
    database: Database,
    log_group_arn: str,
) -> GuardedRole:
    ec2 = f"arn:aws:ec2:{settings.region}:{settings.account_id}"
    interfaces = (f"{ec2}:network-interface/*", *(s.arn for s in network.subnets), network.rotation.arn)
    return guarded_iam_role(
        concern,
        "rotation",
        tags=stack.tags,
        service="lambda.amazonaws.com",
        account_id=settings.account_id,
        description="Rotates the password of the database login",
        grants=[
            Statement("RotateDatabaseSecret", ROTATE, (database.secret.arn,)),
            Statement("MakePasswords", ("secretsmanager:GetRandomPassword",), ("*",)),
            Statement(
                "UseKeyOfDatabaseSecret",
                ("kms:Decrypt", "kms:GenerateDataKey"),
                (settings.database_secret_kms_key_arn,),
                conditions={"StringEquals": {"kms:ViaService": f"secretsmanager.{settings.region}.amazonaws.com"}},
            ),
            Statement("DecryptOwnSettings", ("kms:Decrypt",), (keys.compute.arn,)),
            Statement("WriteLogs", ("logs:CreateLogStream", "logs:PutLogEvents"), (f"{log_group_arn}:*",)),
            Statement("KeepFailures", ("sqs:SendMessage",), (ingest.dead_letters.arn,)),
            Statement("EncryptFailures", ("kms:Decrypt", "kms:GenerateDataKey"), (keys.queue.arn,)),
            Statement("Trace", ("xray:PutTelemetryRecords", "xray:PutTraceSegments"), ("*",)),
            Statement("SeeNetwork", READ_INTERFACES, ("*",)),
            Statement("AttachToNetwork", CHANGE_INTERFACES, interfaces),
        ],
    )
