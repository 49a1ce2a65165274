"""One customer managed key per kind of data, each usable only by the roles or AWS services that need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lib.guards.iam_document import Statement
from lib.guards.kms_key import GuardedKey, guarded_kms_key
from lib.guards.naming import physical_name
from lib.guards.stack import GuardedStack
from lib.settings import Settings

USE = ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
GRANT = ("kms:CreateGrant", "kms:DescribeKey", "kms:ListGrants", "kms:RevokeGrant")
THIS_KEY = ("*",)
"""In a key policy, `*` means the key that carries the policy."""


@dataclass(frozen=True)
class Keys:
    """stream: readings on their way. queue: what could not be processed. compute: scratch storage and settings."""

    stream: GuardedKey
    queue: GuardedKey
    database: GuardedKey
    cache: GuardedKey
    logs: GuardedKey
    alarms: GuardedKey
    images: GuardedKey
    compute: GuardedKey


def add_keys(stack: GuardedStack, settings: Settings) -> Keys:
    """All keys of the environment."""
    concern = stack.concern("keys")

    def key(id_: str, description: str, *users: Statement) -> GuardedKey:
        return guarded_kms_key(
            concern,
            id_,
            tags=stack.tags,
            account_id=settings.account_id,
            description=description,
            users=users,
            rotation_days=settings.kms_key_rotation_days,
        )

    writers = ("iot_rule",) if settings.iot_rule_enabled else ()
    failures = ("iot_errors",) if settings.iot_rule_enabled else ()
    return Keys(
        stream=key("stream", "Sensor readings in the stream", _roles(settings, "kinesis", ("processor", *writers))),
        queue=key(
            "queue", "Readings and events that failed", _roles(settings, "sqs", ("processor", "rotation", *failures))
        ),
        database=key("database", "Readings and anomalies at rest", *_managed_by(settings, "rds")),
        cache=key("cache", "State of sensors in the cache", *_managed_by(settings, "elasticache")),
        logs=key("logs", "Log groups", _log_groups(settings)),
        alarms=key("alarms", "Notifications to operators", _publishers(settings)),
        images=key("images", "Container images", *_managed_by(settings, "ecr")),
        compute=key(
            "compute",
            "Task scratch storage and function settings",
            *_fargate(stack, settings),
            *_managed_by(settings, "lambda"),
        ),
    )


def _roles(settings: Settings, service: str, roles: tuple[str, ...]) -> Statement:
    """Named roles, and only through the service that holds the data."""
    return Statement(
        sid="UseByRoles",
        actions=USE,
        resources=THIS_KEY,
        principals={"AWS": tuple(f"${{aws_iam_role.{role}.arn}}" for role in roles)},
        conditions={"StringEquals": {"kms:ViaService": f"{service}.{settings.region}.amazonaws.com"}},
    )


def _managed_by(settings: Settings, service: str) -> tuple[Statement, Statement]:
    """A service that acts for whoever in this account may manage its resources; it works through grants.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    """
    account = {"AWS": (f"arn:aws:iam::{settings.account_id}:root",)}
    through = {"kms:ViaService": f"{service}.{settings.region}.amazonaws.com", "kms:CallerAccount": settings.account_id}
    return (
        Statement("UseThroughService", USE, THIS_KEY, principals=account, conditions={"StringEquals": through}),
        Statement(
            "GrantThroughService",
            GRANT,
            THIS_KEY,
            principals=account,
            conditions={"StringEquals": through, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


def _log_groups(settings: Settings) -> Statement:
    """CloudWatch Logs, for the log groups of this environment.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    groups = f"arn:aws:logs:{settings.region}:{settings.account_id}:log-group:*-{settings.environment_suffix}"
    return Statement(
        sid="EncryptLogGroups",
        actions=(*USE, "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
        resources=THIS_KEY,
        principals={"Service": (f"logs.{settings.region}.amazonaws.com",)},
        conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": (groups, f"{groups}/*")}},
    )


def _publishers(settings: Settings) -> Statement:
    """Without the key, an alarm that publishes to an encrypted topic is lost in silence.

    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    return Statement(
        sid="PublishEncrypted",
        actions=("kms:Decrypt", "kms:GenerateDataKey"),
        resources=THIS_KEY,
        principals={"Service": PUBLISHERS},
        conditions={"StringEquals": {"aws:SourceAccount": settings.account_id}},
    )


def _fargate(stack: GuardedStack, settings: Settings) -> tuple[Statement, Statement]:
    """Fargate's scratch storage, for the one cluster of this environment.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-create-storage-key.html
    """
    cluster: Mapping[str, str] = {
        "kms:EncryptionContext:aws:ecs:clusterAccount": settings.account_id,
        "kms:EncryptionContext:aws:ecs:clusterName": physical_name("processing", stack.tags),
    }
    service = {"Service": ("fargate.amazonaws.com",)}
    return (
        Statement(
            "FargateDataKey",
            ("kms:GenerateDataKeyWithoutPlaintext",),
            THIS_KEY,
            principals=service,
            conditions={"StringEquals": cluster},
        ),
        Statement(
            "FargateGrant",
            ("kms:CreateGrant",),
            THIS_KEY,
            principals=service,
            conditions={"StringEquals": cluster, "ForAnyValue:StringEquals": {"kms:GrantOperations": ("Decrypt",)}},
        ),
    )


PUBLISHERS = ("cloudwatch.amazonaws.com", "events.amazonaws.com", "events.rds.amazonaws.com")
"""AWS services that publish to the alarm topic."""
