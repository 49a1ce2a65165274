from __future__ import annotations

import json

import pytest

from lib.errors import GuardViolation
from lib.guards.ecs import guarded_ecs_cluster, guarded_ecs_service, guarded_ecs_task_definition
from lib.guards.iam_role import guarded_iam_role
from lib.guards.security_group import guarded_security_group

ACCOUNT = "123456789012"
DIGEST = "sha256:" + "a" * 64
IMAGE = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/sensor-images-dev@{DIGEST}"


def refused(caught) -> set[str]:
    return {refusal.argument for refusal in caught.value.refusals}


@pytest.fixture
def log_group(built):
    return built("aws_cloudwatch_log_group", "processor_logs", name="/ecs/sensor-processor-dev")


@pytest.fixture
def cluster(concern, tags, key, log_group):
    return guarded_ecs_cluster(concern, "processing", tags=tags, key=key, exec_log_group=log_group)


@pytest.fixture
def task(concern, tags, log_group):
    """The arguments of a task definition."""
    who = {"tags": tags, "service": "ecs-tasks.amazonaws.com", "account_id": ACCOUNT, "description": "Processor"}
    return {
        "tags": tags,
        "task_role": guarded_iam_role(concern, "processor", **who),
        "execution_role": guarded_iam_role(concern, "processor_start", **who),
        "image": IMAGE,
        "cpu_units": 512,
        "memory_mib": 1024,
        "log_group": log_group,
        "environment": {"PGSSLMODE": "verify-full", "DATABASE_SECRET_ARN": "${data.aws_secretsmanager_secret.db.arn}"},
        "stop_timeout_seconds": 60,
        "health_check": ("CMD", "python", "-m", "sensor_processor.health"),
    }


@pytest.fixture
def plain_task(task):
    """The same without references to what the test does not build."""
    return {**task, "environment": {"PGSSLMODE": "verify-full"}}


@pytest.fixture
def group(concern, tags, vpc):
    return guarded_security_group(concern, "tasks", tags=tags, vpc=vpc, description="Tasks")


@pytest.fixture
def service(concern, cluster, plain_task, subnets, group):
    """The arguments of a service."""
    return {
        "tags": plain_task["tags"],
        "cluster": cluster,
        "task_definition": guarded_ecs_task_definition(concern, "processor_task", **plain_task),
        "subnets": subnets,
        "security_groups": [group],
        "desired_count": 2,
    }


def test_a_cluster_encrypts_disks_and_records_sessions(cluster, sealed):
    body = sealed()["resource"]["aws_ecs_cluster"]["processing"]
    configuration = body["configuration"]
    assert body["setting"] == [{"name": "containerInsights", "value": "enhanced"}]
    sessions = configuration["execute_command_configuration"]
    assert (sessions["logging"], sessions["kms_key_id"]) == ("OVERRIDE", "${aws_kms_key.stream.arn}")
    assert sessions["log_configuration"]["cloud_watch_encryption_enabled"] is True
    storage = configuration["managed_storage_configuration"]
    assert storage == {"fargate_ephemeral_storage_kms_key_id": "${aws_kms_key.stream.arn}"}


def test_a_cluster_lists_everything_that_is_wrong(concern):
    with pytest.raises(GuardViolation) as caught:
        guarded_ecs_cluster(concern, "c", tags=None, key="alias/aws/ebs", exec_log_group="x", overrides={"setting": []})
    assert refused(caught) == {"tags", "key", "exec_log_group", "overrides[setting]"}


def test_a_container_has_minimal_rights(concern, plain_task, sealed):
    guarded_ecs_task_definition(concern, "processor_task", **plain_task)
    body = sealed()["resource"]["aws_ecs_task_definition"]["processor_task"]
    (container,) = json.loads(body["container_definitions"])
    assert (container["user"], container["privileged"]) == ("10001:10001", False)
    assert container["readonlyRootFilesystem"] is True
    assert container["linuxParameters"] == {"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": True}
    assert container["mountPoints"] == [{"sourceVolume": "scratch", "containerPath": "/tmp", "readOnly": False}]
    assert (container["memory"], container["stopTimeout"]) == (1024, 60)
    assert (body["cpu"], body["memory"], body["network_mode"]) == ("512", "1024", "awsvpc")
    assert body["runtime_platform"] == {"operating_system_family": "LINUX", "cpu_architecture": "X86_64"}


def test_a_container_logs_to_the_declared_group_without_waiting(concern, plain_task, sealed):
    guarded_ecs_task_definition(concern, "processor_task", **plain_task)
    body = sealed()["resource"]["aws_ecs_task_definition"]["processor_task"]
    logging = json.loads(body["container_definitions"])[0]["logConfiguration"]
    assert logging["logDriver"] == "awslogs"
    assert logging["options"]["awslogs-group"] == "${aws_cloudwatch_log_group.processor_logs.name}"
    assert (logging["options"]["mode"], logging["options"]["awslogs-region"]) == ("non-blocking", "eu-west-1")


def test_definitions_are_the_same_for_the_same_environment_in_any_order(concern, task):
    one, other = {"A": "1", "B": "2"}, {"B": "2", "A": "1"}
    first = guarded_ecs_task_definition(concern, "task", **{**task, "environment": one})
    second = guarded_ecs_task_definition(concern, "other", **{**task, "environment": other})
    same = first.arguments["container_definitions"].replace("sensor-task-dev", "sensor-other-dev")
    assert same == second.arguments["container_definitions"]


def test_accepts_an_image_of_the_declared_repository(concern, task):
    image = f"${{aws_ecr_repository.images.repository_url}}@{DIGEST}"
    definition = guarded_ecs_task_definition(concern, "task", **{**task, "image": image})
    assert image in definition.arguments["container_definitions"]


@pytest.mark.parametrize(
    "image",
    [
        "python:3.13",
        f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/images:latest",
        f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/images@{DIGEST}",
        f"public.ecr.aws/images@{DIGEST}",
        f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/images@sha256:abc",
        f"evil.example/{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/images@{DIGEST}",
        None,
    ],
)
def test_refuses_an_image_that_is_not_ours_or_not_fixed(concern, task, image):
    with pytest.raises(GuardViolation, match="PG_BKP_IMAGE_INTEGRITY"):
        guarded_ecs_task_definition(concern, "task", **{**task, "image": image})


@pytest.mark.parametrize(
    "environment",
    [
        {"DATABASE_PASSWORD": "hunter2-and-more"},
        {"API_TOKEN": "${aws_x.y.z}"},
        {"LOGIN": '${jsondecode(ephemeral.aws_secretsmanager_secret_version.db.secret_string)["password"]}'},
        {"LOGIN": "${data.aws_secretsmanager_secret_version.db.secret_string}"},
        {"LOGIN": "${aws_db_instance.records.password}"},
    ],
)
def test_refuses_secrets_in_the_environment_and_does_not_show_them(concern, task, environment):
    with pytest.raises(GuardViolation, match="PG_SEC_CONTAINER_SECRETS") as caught:
        guarded_ecs_task_definition(concern, "task", **{**task, "environment": environment})
    assert next(iter(environment.values())) not in str(caught.value)


def test_refuses_a_literal_credential_under_a_harmless_name(concern, task):
    environment = {"QUEUE": "AKIAIOSFODNN7EXAMPLE"}
    with pytest.raises(GuardViolation, match="PG_SEC_NO_PLAINTEXT_SECRET") as caught:
        guarded_ecs_task_definition(concern, "task", **{**task, "environment": environment})
    assert "AKIA" not in str(caught.value)


@pytest.mark.parametrize("environment", [{"REDIS_URL": "redis://cache:6379"}, {"PGSSLMODE": "require"}])
def test_refuses_clear_text_and_unverified_certificates(concern, task, environment):
    with pytest.raises(GuardViolation, match="PG_TLS_CLIENT_VERIFY"):
        guarded_ecs_task_definition(concern, "task", **{**task, "environment": environment})


@pytest.mark.parametrize("environment", [{"A-B": "1"}, {"A": ""}, {"A": 1}, {1: "a"}, {"A": None}])
def test_refuses_an_environment_that_ecs_would_not_take(concern, task, environment):
    with pytest.raises(GuardViolation, match="PG_NAM_VALID"):
        guarded_ecs_task_definition(concern, "task", **{**task, "environment": environment})


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("cpu_units", 300),
        ("memory_mib", 512),
        ("stop_timeout_seconds", 121),
        ("stop_timeout_seconds", 1),
        ("health_check", ()),
        ("health_check", ("CMD",)),
        ("health_check", ("CMD-SHELL", "curl localhost")),
        ("architecture", "arm64"),
        ("log_group", "/ecs/other"),
        ("task_role", "arn:aws:iam::123456789012:role/admin"),
        ("execution_role", None),
    ],
)
def test_a_task_refuses_each_argument_that_is_wrong(concern, task, argument, value):
    with pytest.raises(GuardViolation) as caught:
        guarded_ecs_task_definition(concern, "task", **{**task, argument: value})
    assert refused(caught) == {argument}


def test_a_task_refuses_one_role_for_both_purposes(concern, task):
    with pytest.raises(GuardViolation, match="PG_IAM_ROLE_PER_WORKLOAD"):
        guarded_ecs_task_definition(concern, "task", **{**task, "execution_role": task["task_role"]})


@pytest.mark.parametrize(
    "weaker", [{"pid_mode": "task"}, {"network_mode": "bridge"}, {"volume": []}, {"skip_destroy": True}]
)
def test_a_task_refuses_overrides_that_weaken_it(concern, task, weaker):
    with pytest.raises(GuardViolation, match=r"overrides\["):
        guarded_ecs_task_definition(concern, "task", **task, overrides=weaker)


def test_a_service_is_private_spread_and_rolls_back(concern, service, sealed):
    guarded_ecs_service(concern, "processor_service", **service)
    body = sealed()["resource"]["aws_ecs_service"]["processor_service"]
    network = body["network_configuration"]
    assert network["assign_public_ip"] is False and len(network["subnets"]) == 2
    assert body["deployment_circuit_breaker"] == {"enable": True, "rollback": True}
    assert (body["launch_type"], body["platform_version"]) == ("FARGATE", "LATEST")
    assert (body["propagate_tags"], body["enable_ecs_managed_tags"]) == ("SERVICE", True)
    assert body["enable_execute_command"] is False
    assert body["lifecycle"] == {"ignore_changes": ["desired_count"]}


def test_a_service_waits_for_what_it_depends_on(concern, service, sealed):
    guarded_ecs_service(concern, "processor_service", **service, depends_on=[service["cluster"]])
    assert sealed()["resource"]["aws_ecs_service"]["processor_service"]["depends_on"] == ["aws_ecs_cluster.processing"]


@pytest.mark.parametrize("count", [1, 0, True, 2.5, "2", None])
def test_a_service_refuses_fewer_than_two_tasks(concern, service, count):
    with pytest.raises(GuardViolation, match="PG_BKP_ECS_SPREAD"):
        guarded_ecs_service(concern, "s", **{**service, "desired_count": count})


@pytest.mark.parametrize(
    "weaker", [{"enable_execute_command": True}, {"load_balancer": [{}]}, {"launch_type": "EC2"}, {"lifecycle": {}}]
)
def test_a_service_refuses_overrides_that_weaken_it(concern, service, weaker):
    with pytest.raises(GuardViolation, match=r"overrides\["):
        guarded_ecs_service(concern, "s", **service, overrides=weaker)


def test_a_service_lists_everything_that_is_wrong(concern, subnets):
    with pytest.raises(GuardViolation) as caught:
        guarded_ecs_service(
            concern,
            "s",
            tags=None,
            cluster="c",
            task_definition="t",
            subnets=subnets[:1],
            security_groups=[],
            desired_count=1,
        )
    assert refused(caught) == {"tags", "cluster", "task_definition", "subnets", "security_groups", "desired_count"}
