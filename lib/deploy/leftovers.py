"""What AWS keeps of a stack that was destroyed, as its own services do it. Pure.

Sources: https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deregister-task-definition-v2.html
https://docs.aws.amazon.com/lambda/latest/dg/foundation-networking.html
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

Values = Mapping[str, Any]


def _key(values: Values, now: datetime) -> str:
    days = int(values.get("deletion_window_in_days") or 30)
    return (
        f"key {values.get('key_id')} is pending deletion until {(now + timedelta(days=days)).date()}; it costs nothing"
    )


def _secret(values: Values, now: datetime) -> str:
    days = values.get("recovery_window_in_days")
    if days == 0:
        return ""
    return f"secret {values.get('name')} can be restored until {(now + timedelta(days=int(days or 30))).date()}"


def _task_definition(values: Values, _now: datetime) -> str:
    return f"task definition {values.get('family')}:{values.get('revision')} stays listed as INACTIVE"


def _cluster(values: Values, _now: datetime) -> str:
    return f"cluster {values.get('name')} stays listed as INACTIVE for a while"


def _function(values: Values, _now: datetime) -> str:
    if not values.get("vpc_config"):
        return ""
    return f"network interfaces of function {values.get('function_name')} linger for up to 20 minutes"


def _database(values: Values, _now: datetime) -> str:
    kept = []
    if values.get("delete_automated_backups") is False:
        kept.append("its automated backups")
    if values.get("skip_final_snapshot") is False:
        kept.append(f"its final snapshot {values.get('final_snapshot_identifier') or ''}".rstrip())
    return f"database {values.get('identifier')} leaves {' and '.join(kept)}" if kept else ""


KEEPS: Mapping[str, Callable[[Values, datetime], str]] = {
    "aws_kms_key": _key,
    "aws_secretsmanager_secret": _secret,
    "aws_ecs_task_definition": _task_definition,
    "aws_ecs_cluster": _cluster,
    "aws_lambda_function": _function,
    "aws_db_instance": _database,
}


def kept_by_aws(document: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    """Address and what stays, of each resource that a plan destroys. document: the plan's JSON."""
    return tuple(_kept(document, now))


def _kept(document: Mapping[str, Any], now: datetime) -> Iterator[str]:
    for each in document.get("resource_changes", []):
        before = each["change"].get("before") or {}
        if "delete" in each["change"]["actions"] and (words := KEEPS.get(each["type"], _nothing)(before, now)):
            yield f"{each['address']}: {words}"


def _nothing(_values: Values, _now: datetime) -> str:
    return ""
