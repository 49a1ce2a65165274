"""ECS on Fargate: cluster, task definition and service."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lib.guards.environment import check_environment
from lib.guards.guarded import Concern, Guarded
from lib.guards.iam_role import GuardedRole
from lib.guards.kms_key import GuardedKey
from lib.guards.refusal import Call
from lib.guards.security_group import GuardedSecurityGroup
from lib.guards.tags import Tags
from lib.guards.vpc import GuardedSubnet
from lib.settings import FARGATE_MEMORY_MIB
from policies.requirements import REGION

IMAGE = (
    rf"(\$\{{aws_ecr_repository\.[a-z0-9_]+\.repository_url\}}|\d{{12}}\.dkr\.ecr\.{REGION}\.amazonaws\.com/[a-z0-9._/-]+)"
    r"@sha256:[0-9a-f]{64}"
)
USER = "10001:10001"
LOG_BUFFER = "25m"
SCRATCH = "scratch"
LEAST = "PG_IAM_CONTAINER_LEAST_PRIVILEGE"


class GuardedCluster(Guarded):
    """A cluster that encrypts the disks of its tasks and records what is typed into them."""


class GuardedService(Guarded):
    """A service of at least two tasks in at least two zones."""


def guarded_ecs_cluster(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    key: GuardedKey,
    exec_log_group: Guarded,
    overrides: Mapping[str, Any] | None = None,
) -> GuardedCluster:
    """A cluster whose tasks' disks, and sessions in tasks if there ever are any, are encrypted with `key`.

    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-storage-encryption.html
    """
    call = Call(scope, id_, "aws_ecs_cluster")
    sessions = call.ref(
        "exec_log_group", exec_log_group, "aws_cloudwatch_log_group", "PG_LOG_ECS_EXEC_AUDIT", attribute="name"
    )
    key_arn = call.ref("key", key, "aws_kms_key", "PG_ENC_FARGATE_EPHEMERAL")
    return call.build(
        GuardedCluster,
        tags=tags,
        overrides=overrides,
        owned={
            "name": call.name(tags, 255),
            "setting": [{"name": "containerInsights", "value": "enhanced"}],
            "configuration": {
                "execute_command_configuration": {
                    "kms_key_id": key_arn,
                    "logging": "OVERRIDE",
                    "log_configuration": {
                        "cloud_watch_encryption_enabled": True,
                        "cloud_watch_log_group_name": sessions,
                    },
                },
                "managed_storage_configuration": {"fargate_ephemeral_storage_kms_key_id": key_arn},
            },
        },
    )


def guarded_ecs_task_definition(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    task_role: GuardedRole,
    execution_role: GuardedRole,
    image: str,
    cpu_units: int,
    memory_mib: int,
    log_group: Guarded,
    environment: Mapping[str, str],
    stop_timeout_seconds: int,
    health_check: Sequence[str],
    architecture: str = "X86_64",
    overrides: Mapping[str, Any] | None = None,
) -> Guarded:
    """A task of one container that is not root, can write to `/tmp` only, and is named by its digest.

    image: in ECR of this region, `...@sha256:<digest>`; it must declare `VOLUME /tmp`, writable for user 10001.
    cpu_units, memory_mib: one of Fargate's combinations. stop_timeout_seconds: from SIGTERM to SIGKILL, 2 to 120.
    health_check: a command that starts with `CMD`. architecture: X86_64 or ARM64, as the image was built.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
    """
    call = Call(scope, id_, "aws_ecs_task_definition")
    _check_task(call, cpu_units, memory_mib, stop_timeout_seconds, architecture)
    call.matches(
        "image", image, IMAGE, f"an image in ECR of {REGION}, named by @sha256:<digest>", "PG_BKP_IMAGE_INTEGRITY"
    )
    check_environment(call, environment, "PG_SEC_CONTAINER_SECRETS")
    command = [*health_check]
    fine = len(command) > 1 and command[0] == "CMD" and all(isinstance(part, str) and part for part in command)
    call.unless(fine, "health_check", command, '"CMD" and a program, without a shell', LEAST)
    roles = [
        call.ref(name, role, "aws_iam_role", "PG_IAM_ROLES_NOT_USERS")
        for name, role in (("task_role", task_role), ("execution_role", execution_role))
    ]
    call.unless(
        roles[0] != roles[1] or not roles[0], "task_role", roles[0], "not execution_role", "PG_IAM_ROLE_PER_WORKLOAD"
    )
    family = call.name(tags, 255)
    container = {
        **_least_privilege(),
        "name": family,
        "image": image,
        "memory": memory_mib,
        "environment": [{"name": name, "value": value} for name, value in sorted(environment.items())],
        "healthCheck": {"command": command, "interval": 30, "timeout": 5, "retries": 3, "startPeriod": 60},
        "stopTimeout": stop_timeout_seconds,
        "logConfiguration": _logging(call, log_group),
    }
    return call.build(
        Guarded,
        tags=tags,
        overrides=overrides,
        owned={
            "family": family,
            "requires_compatibilities": ["FARGATE"],
            "network_mode": "awsvpc",
            "pid_mode": None,
            "ipc_mode": None,
            "proxy_configuration": None,
            "enable_fault_injection": False,
            "cpu": str(cpu_units),
            "memory": str(memory_mib),
            "runtime_platform": {"operating_system_family": "LINUX", "cpu_architecture": architecture},
            "task_role_arn": roles[0],
            "execution_role_arn": roles[1],
            "volume": [{"name": SCRATCH}],
            "container_definitions": json.dumps([container], sort_keys=True, separators=(",", ":")),
        },
    )


def guarded_ecs_service(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    cluster: GuardedCluster,
    task_definition: Guarded,
    subnets: Sequence[GuardedSubnet],
    security_groups: Sequence[GuardedSecurityGroup],
    desired_count: int,
    depends_on: Sequence[Guarded] = (),
    overrides: Mapping[str, Any] | None = None,
) -> GuardedService:
    """A Fargate service in private subnets that goes back to the last working version when a new one does not start.

    desired_count: tasks at the start, at least 2; autoscaling moves it afterwards, and Terraform lets it.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service_definition_parameters.html
    """
    call = Call(scope, id_, "aws_ecs_service")
    spread, private = "PG_BKP_ECS_SPREAD", "PG_NET_PRIVATE_SUBNETS"
    whole = isinstance(desired_count, int)
    call.between("desired_count", desired_count if whole else None, 2, 1_000, spread, "raise Settings.task_count_min")
    return call.build(
        GuardedService,
        tags=tags,
        overrides=overrides,
        depends_on=depends_on,
        # Not awaited by default: the first images reach a new repository after the service.
        defaults={"wait_for_steady_state": False},
        owned={
            "name": call.name(tags, 255),
            "cluster": call.ref("cluster", cluster, "aws_ecs_cluster", private),
            "task_definition": call.ref("task_definition", task_definition, "aws_ecs_task_definition", private),
            "desired_count": desired_count,
            "launch_type": "FARGATE",
            "capacity_provider_strategy": None,
            "platform_version": "LATEST",
            "network_configuration": {
                "subnets": call.refs("subnets", subnets, "aws_subnet", spread, least=2),
                "security_groups": call.refs("security_groups", security_groups, "aws_security_group", private),
                "assign_public_ip": False,
            },
            "load_balancer": None,
            "enable_execute_command": False,
            "deployment_minimum_healthy_percent": 100,
            "deployment_maximum_percent": 200,
            "deployment_circuit_breaker": {"enable": True, "rollback": True},
            "availability_zone_rebalancing": "ENABLED",
            "enable_ecs_managed_tags": True,
            "propagate_tags": "SERVICE",
            "lifecycle": {"ignore_changes": ["desired_count"]},
        },
    )


def _check_task(call: Call, cpu_units: int, memory_mib: int, stop_timeout_seconds: int, architecture: str) -> None:
    call.one_of("cpu_units", cpu_units, tuple(FARGATE_MEMORY_MIB), "PG_BKP_CAPACITY", "set Settings.task_cpu_units")
    if cpu_units in FARGATE_MEMORY_MIB:
        allowed = FARGATE_MEMORY_MIB[cpu_units]
        call.one_of("memory_mib", memory_mib, allowed, "PG_BKP_CAPACITY", "set Settings.task_memory_mib")
    call.between("stop_timeout_seconds", stop_timeout_seconds, 2, 120, "PG_BKP_ECS_SPREAD")
    call.one_of("architecture", architecture, ("X86_64", "ARM64"), "PG_BKP_IMAGE_INTEGRITY")


def _least_privilege() -> dict[str, Any]:
    return {
        "essential": True,
        "privileged": False,
        "user": USER,
        "readonlyRootFilesystem": True,
        "mountPoints": [{"sourceVolume": SCRATCH, "containerPath": "/tmp", "readOnly": False}],
        "linuxParameters": {"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": True},
    }


def _logging(call: Call, log_group: Guarded) -> dict[str, Any]:
    """Log events that CloudWatch does not take in time are dropped, rather than stop the processor."""
    group = call.ref("log_group", log_group, "aws_cloudwatch_log_group", "PG_LOG_ECS_TASK", attribute="name")
    options = {
        "awslogs-group": group,
        "awslogs-region": REGION,
        "awslogs-stream-prefix": "ecs",
        "mode": "non-blocking",
        "max-buffer-size": LOG_BUFFER,
    }
    return {"logDriver": "awslogs", "options": options}
