from __future__ import annotations

import pytest

from lib.errors import GuardViolation
from lib.guards.iam_role import guarded_iam_role
from lib.guards.lambda_function import guarded_lambda_function, guarded_lambda_permission
from lib.guards.security_group import guarded_security_group
from lib.guards.sqs_queue import guarded_sqs_queue

ACCOUNT = "123456789012"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:factory/db-AbCdEf"
ROTATOR = "secretsmanager.amazonaws.com"


def refused(caught) -> set[str]:
    return {refusal.argument for refusal in caught.value.refusals}


@pytest.fixture
def place(concern, tags, vpc, subnets):
    group = guarded_security_group(concern, "function", tags=tags, vpc=vpc, description="Rotation")
    return {"subnets": subnets, "security_groups": [group]}


@pytest.fixture
def rotation(concern, tags, key, place, built):
    """The arguments of a function."""
    who = {"service": "lambda.amazonaws.com", "account_id": ACCOUNT, "description": "Rotation"}
    return {
        "tags": tags,
        "key": key,
        "role": guarded_iam_role(concern, "rotation_role", tags=tags, **who),
        "package_file": "assets/secret_rotation.zip",
        "package_sha256_base64": "A" * 43 + "=",
        "handler": "secret_rotation.handler.handler",
        **place,
        "log_group": built("aws_cloudwatch_log_group", "events", name="/aws/lambda/sensor-rotation-dev"),
        "dead_letters": guarded_sqs_queue(concern, "dead_letters", key=key, tags=tags),
        "environment": {"PGSSLMODE": "verify-full", "DATABASE_SECRET_ARN": SECRET},
        "timeout_seconds": 60,
        "memory_mib": 256,
        "description": "Rotates the password",
    }


@pytest.fixture
def function(concern, rotation):
    return guarded_lambda_function(concern, "rotation", **rotation)


@pytest.fixture
def invoke(function):
    """The arguments of a permission."""
    return {"function": function, "principal": ROTATOR, "source_arn": SECRET, "source_account": ACCOUNT}


def test_a_function_runs_in_the_vpc_under_our_key(function, sealed):
    body = sealed()["resource"]["aws_lambda_function"]["rotation"]
    assert len(body["vpc_config"]["subnet_ids"]) == 2
    assert body["vpc_config"]["security_group_ids"] == ["${aws_security_group.function.id}"]
    assert body["kms_key_arn"] == "${aws_kms_key.stream.arn}"
    assert body["environment"]["variables"]["PGSSLMODE"] == "verify-full"
    assert (body["function_name"], body["reserved_concurrent_executions"]) == ("sensor-rotation-dev", 2)
    assert function.function_name == function.name == "sensor-rotation-dev"


def test_a_function_logs_is_traced_and_keeps_failed_events(function, sealed):
    body = sealed()["resource"]["aws_lambda_function"]["rotation"]
    assert body["tracing_config"] == {"mode": "Active"}
    assert (body["logging_config"]["log_format"], body["logging_config"]["log_group"]) == (
        "JSON",
        "${aws_cloudwatch_log_group.events.name}",
    )
    assert body["dead_letter_config"] == {"target_arn": "${aws_sqs_queue.dead_letters.arn}"}


def test_a_function_runs_the_packaged_code_and_no_other(function, sealed):
    body = sealed()["resource"]["aws_lambda_function"]["rotation"]
    assert (body["filename"], body["source_code_hash"]) == ("assets/secret_rotation.zip", "A" * 43 + "=")
    assert (body["runtime"], body["architectures"]) == ("python3.12", ["arm64"])
    assert not {"layers", "image_uri", "s3_bucket"} & set(body)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("key", "alias/aws/lambda"),
        ("role", "arn:aws:iam::123456789012:role/admin"),
        ("package_file", "/tmp/x.zip"),
        ("package_file", "../x.zip"),
        ("package_file", "a/../../x.zip"),
        ("package_file", "x.tar"),
        ("package_file", None),
        ("package_sha256_base64", "abc"),
        ("handler", "handler"),
        ("handler", "a b.c"),
        ("subnets", []),
        ("security_groups", []),
        ("log_group", "/aws/lambda/x"),
        ("dead_letters", None),
        ("timeout_seconds", 901),
        ("timeout_seconds", 0),
        ("memory_mib", 127),
        ("memory_mib", True),
        ("environment", {}),
        ("description", ""),
        ("reserved_concurrency", 0),
        ("reserved_concurrency", -1),
    ],
)
def test_a_function_refuses_each_argument_that_is_wrong(concern, rotation, argument, value):
    with pytest.raises(GuardViolation) as caught:
        guarded_lambda_function(concern, "rotation", **{**rotation, argument: value})
    assert refused(caught) == {argument}


def test_a_function_refuses_a_single_zone(concern, rotation, subnets):
    with pytest.raises(GuardViolation, match="at least 2"):
        guarded_lambda_function(concern, "rotation", **{**rotation, "subnets": subnets[:1]})


def test_a_function_refuses_the_log_group_of_another(concern, rotation, built):
    other = built("aws_cloudwatch_log_group", "other", name="/aws/lambda/sensor-other-dev")
    with pytest.raises(GuardViolation, match="PG_LOG_LAMBDA"):
        guarded_lambda_function(concern, "rotation", **{**rotation, "log_group": other})


@pytest.mark.parametrize(
    "environment", [{"DATABASE_PASSWORD": "hunter2-and-more"}, {"X": "${aws_db_instance.a.password}"}]
)
def test_a_function_refuses_secrets_in_its_environment(concern, rotation, environment):
    with pytest.raises(GuardViolation, match="PG_SEC_LAMBDA_ENV") as caught:
        guarded_lambda_function(concern, "rotation", **{**rotation, "environment": environment})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["AWS_REGION", "LAMBDA_TASK_ROOT"])
def test_a_function_refuses_names_that_lambda_keeps_for_itself(concern, rotation, name):
    with pytest.raises(GuardViolation, match="keep for itself"):
        guarded_lambda_function(concern, "rotation", **{**rotation, "environment": {name: "x"}})


@pytest.mark.parametrize(
    "weaker",
    [{"layers": ["arn:x"]}, {"runtime": "python3.8"}, {"tracing_config": {"mode": "PassThrough"}}, {"s3_bucket": "b"}],
)
def test_a_function_refuses_overrides_that_weaken_it(concern, rotation, weaker):
    with pytest.raises(GuardViolation, match="which the guard owns"):
        guarded_lambda_function(concern, "rotation", **rotation, overrides=weaker)


def test_a_function_lists_everything_that_is_wrong(concern):
    with pytest.raises(GuardViolation) as caught:
        guarded_lambda_function(
            concern,
            "R",
            tags=None,
            key=None,
            role=None,
            package_file="",
            package_sha256_base64="",
            handler="",
            subnets=[],
            security_groups=[],
            log_group=None,
            dead_letters=None,
            environment={"TOKEN": "t"},
            timeout_seconds=0,
            memory_mib=0,
            description="",
            reserved_concurrency=0,
        )
    assert refused(caught) == {
        "id_",
        "tags",
        "key",
        "role",
        "package_file",
        "package_sha256_base64",
        "handler",
        "subnets",
        "security_groups",
        "log_group",
        "dead_letters",
        "environment[TOKEN]",
        "timeout_seconds",
        "memory_mib",
        "description",
        "reserved_concurrency",
    }


def test_a_permission_names_service_resource_and_account(concern, invoke, sealed):
    guarded_lambda_permission(concern, "rotation_invoke", **invoke)
    body = sealed()["resource"]["aws_lambda_permission"]["rotation_invoke"]
    assert (body["action"], body["principal"]) == ("lambda:InvokeFunction", ROTATOR)
    assert (body["source_arn"], body["source_account"]) == (SECRET, ACCOUNT)
    assert body["function_name"] == "${aws_lambda_function.rotation.function_name}"
    assert body["statement_id"] == "RotationInvoke"


@pytest.mark.parametrize("principal", ["*", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", "*.amazonaws.com", None])
def test_a_permission_refuses_whoever_is_no_service(concern, invoke, principal):
    with pytest.raises(GuardViolation, match="PG_IAM_NO_PUBLIC_PRINCIPAL"):
        guarded_lambda_permission(concern, "p", **{**invoke, "principal": principal})


@pytest.mark.parametrize(
    "source",
    [
        "*",
        f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:*",
        f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:a",
        "arn:aws:secretsmanager:eu-west-1:999999999999:secret:a",
        None,
    ],
)
def test_a_permission_refuses_to_be_used_for_other_resources(concern, invoke, source):
    with pytest.raises(GuardViolation, match="PG_IAM_TRUST_CONFUSED_DEPUTY"):
        guarded_lambda_permission(concern, "p", **{**invoke, "source_arn": source})


def test_a_permission_accepts_a_reference(concern, invoke, built, sealed):
    topic = built("aws_sns_topic", "alarms", name="sensor-alarms-dev")
    guarded_lambda_permission(concern, "p", **{**invoke, "principal": "sns.amazonaws.com", "source_arn": topic.arn})
    assert sealed()["resource"]["aws_lambda_permission"]["p"]["source_arn"] == "${aws_sns_topic.alarms.arn}"


def test_a_permission_lists_everything_that_is_wrong(concern):
    with pytest.raises(GuardViolation) as caught:
        guarded_lambda_permission(
            concern,
            "p",
            function="f",
            principal="*",
            source_arn="*",
            source_account="*",
            overrides={"action": "lambda:*"},
        )
    assert refused(caught) == {"function", "principal", "source_arn", "source_account", "overrides[action]"}
