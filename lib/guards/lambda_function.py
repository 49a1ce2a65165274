"""Lambda functions inside the VPC, and who may invoke them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lib.guards.cloudwatch import GuardedLogGroup
from lib.guards.environment import check_environment
from lib.guards.guarded import Concern, Guarded
from lib.guards.iam_role import GuardedRole
from lib.guards.kms_key import GuardedKey
from lib.guards.refusal import Call
from lib.guards.security_group import GuardedSecurityGroup
from lib.guards.sqs_queue import GuardedQueue
from lib.guards.tags import Tags
from lib.guards.vpc import GuardedSubnet
from policies.requirements import LAMBDA_RUNTIMES, REGION

CONCURRENT_EXECUTIONS = 2
"""A rotation is one invocation at a time; the second leaves room for a retry."""
LEAST = "PG_NET_LAMBDA_IN_VPC"


class GuardedFunction(Guarded):
    """A function that reaches what is in the VPC and nothing else."""

    @property
    def function_name(self) -> str:
        """The physical name that was derived for it."""
        return str(self.arguments["function_name"])


def guarded_lambda_function(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    key: GuardedKey,
    role: GuardedRole,
    package_file: str,
    package_sha256_base64: str,
    handler: str,
    subnets: Sequence[GuardedSubnet],
    security_groups: Sequence[GuardedSecurityGroup],
    log_group: GuardedLogGroup,
    dead_letters: GuardedQueue,
    environment: Mapping[str, str],
    timeout_seconds: int,
    memory_mib: int,
    description: str,
    overrides: Mapping[str, Any] | None = None,
) -> GuardedFunction:
    """A Python function in private subnets; its settings are under `key`, its failures go to `dead_letters`.

    package_file: zip, relative to the Terraform JSON; package_sha256_base64: its digest. timeout_seconds: 1 to 900.
    memory_mib: 128 to 10_240.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    """
    call = Call(scope, id_, "aws_lambda_function")
    call.matches("package_file", package_file, r"[\w-]+(/[\w.-]+)*\.zip", "a zip beside the stack, by a relative path", "PG_BKP_IMAGE_INTEGRITY")
    call.matches("package_sha256_base64", package_sha256_base64, r"[A-Za-z0-9+/]{43}=", "a SHA-256 in base64", "PG_BKP_IMAGE_INTEGRITY")
    call.matches("handler", handler, r"\w+(\.\w+)+", "module.function", "PG_NAM_VALID")
    call.between("timeout_seconds", timeout_seconds, 1, 900, "PG_BKP_CAPACITY")
    call.between("memory_mib", memory_mib, 128, 10_240, "PG_BKP_CAPACITY")
    call.unless(bool(environment), "environment", environment, "where to find things", "PG_TLS_CLIENT_VERIFY")
    check_environment(call, environment, "PG_SEC_LAMBDA_ENV")
    return call.build(
        GuardedFunction,
        tags=tags,
        overrides=overrides,
        owned={
            "function_name": call.name(tags, 64),
            "description": description,
            "role": call.ref("role", role, "aws_iam_role", "PG_IAM_ROLES_NOT_USERS"),
            "runtime": LAMBDA_RUNTIMES[0],
            "architectures": ["arm64"],
            "handler": handler,
            "filename": package_file,
            "source_code_hash": package_sha256_base64,
            "timeout": timeout_seconds,
            "memory_size": memory_mib,
            "reserved_concurrent_executions": CONCURRENT_EXECUTIONS,
            "kms_key_arn": call.ref("key", key, "aws_kms_key", "PG_ENC_LAMBDA_ENV"),
            "environment": {"variables": dict(environment)},
            "vpc_config": {
                "subnet_ids": call.refs("subnets", subnets, "aws_subnet", LEAST, least=2),
                "security_group_ids": call.refs("security_groups", security_groups, "aws_security_group", LEAST),
            },
            "dead_letter_config": {"target_arn": call.ref("dead_letters", dead_letters, "aws_sqs_queue", "PG_BKP_DEAD_LETTER")},
            "tracing_config": {"mode": "Active"},
            "logging_config": {
                "log_format": "JSON",
                "application_log_level": "INFO",
                "system_log_level": "INFO",
                "log_group": call.ref("log_group", log_group, "aws_cloudwatch_log_group", "PG_LOG_LAMBDA", attribute="name"),
            },
            "skip_destroy": None,
        },
    )


def guarded_lambda_permission(
    scope: Concern,
    id_: str,
    *,
    function: GuardedFunction,
    principal: str,
    source_arn: str,
    source_account: str,
    overrides: Mapping[str, Any] | None = None,
) -> Guarded:
    """Lets one AWS service invoke `function`, for one resource of one account.

    principal: a service, such as `secretsmanager.amazonaws.com`. source_arn: an ARN or a reference to one.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """
    call = Call(scope, id_, "aws_lambda_permission")
    deputy = "PG_IAM_TRUST_CONFUSED_DEPUTY"
    call.matches("principal", principal, r"[a-z0-9.-]+\.amazonaws\.com", "one AWS service", "PG_IAM_NO_PUBLIC_PRINCIPAL")
    call.matches("source_arn", source_arn, rf"arn:aws:[a-z0-9-]+:{REGION}:\d{{12}}:[^*?]+|\$\{{[a-z0-9_.]+\.arn\}}", "the ARN of one resource", deputy)
    call.matches("source_account", source_account, r"\d{12}", "12 digits", deputy)
    return call.build(
        Guarded,
        overrides=overrides,
        owned={
            "action": "lambda:InvokeFunction",
            "function_name": call.ref("function", function, "aws_lambda_function", deputy, attribute="function_name"),
            "principal": principal,
            "source_arn": source_arn,
            "source_account": source_account,
            "principal_org_id": None,
            "function_url_auth_type": None,
        },
    )
