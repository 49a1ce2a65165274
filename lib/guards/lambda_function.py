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

RUNTIME = LAMBDA_RUNTIMES[0]
ARCHITECTURE = "arm64"
PACKAGE = r"(?!/)(?!(.*/)?\.\.(/|$))[A-Za-z0-9._/-]+\.zip"
RESERVED = ("AWS_", "LAMBDA_", "_")
"""Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""
IN_VPC = "PG_NET_LAMBDA_IN_VPC"


class GuardedFunction(Guarded):
    """A function in private subnets that logs, is traced and keeps the events it could not process."""

    @property
    def function_name(self) -> str:
        """The physical name that was derived for it."""
        return str(self.arguments["function_name"])

    @property
    def name(self) -> str:
        """The same, under the name that all guarded blocks have."""
        return self.function_name


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
    reserved_concurrency: int = 2,
    overrides: Mapping[str, Any] | None = None,
) -> GuardedFunction:
    """A Python function from a zip beside the Terraform JSON; a zip with another digest is another function.

    package_file: relative path. package_sha256_base64: its SHA-256, as Lambda spells it. handler: `module.function`.
    log_group: `/aws/lambda/<name of the function>`. timeout_seconds: 1 to 900. memory_mib: 128 to 10_240.
    reserved_concurrency: how many run at once at most, 1 to 100; a rotation is one, the second leaves room for a retry.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    """
    call = Call(scope, id_, "aws_lambda_function")
    name = call.name(tags, 64)
    _check_package(call, package_file, package_sha256_base64, handler, description)
    _check_sizes(call, timeout_seconds, memory_mib, reserved_concurrency)
    _check_environment(call, environment)
    group = call.ref("log_group", log_group, "aws_cloudwatch_log_group", "PG_LOG_LAMBDA", attribute="name")
    if group and name:
        call.one_of("log_group", log_group.name, (f"/aws/lambda/{name}",), "PG_LOG_LAMBDA")
    return call.build(
        GuardedFunction,
        tags=tags,
        overrides=overrides,
        owned={
            "function_name": name,
            "description": description,
            "role": call.ref("role", role, "aws_iam_role", "PG_IAM_ROLES_NOT_USERS"),
            "package_type": "Zip",
            "filename": package_file,
            "source_code_hash": package_sha256_base64,
            "handler": handler,
            "runtime": RUNTIME,
            "architectures": [ARCHITECTURE],
            "timeout": timeout_seconds,
            "memory_size": memory_mib,
            "reserved_concurrent_executions": reserved_concurrency,
            "kms_key_arn": call.ref("key", key, "aws_kms_key", "PG_ENC_LAMBDA_ENV"),
            "environment": {"variables": dict(environment)},
            "vpc_config": {
                "subnet_ids": call.refs("subnets", subnets, "aws_subnet", IN_VPC, least=2),
                "security_group_ids": call.refs("security_groups", security_groups, "aws_security_group", IN_VPC),
            },
            "tracing_config": {"mode": "Active"},
            "logging_config": {
                "log_format": "JSON",
                "log_group": group,
                "application_log_level": "INFO",
                "system_log_level": "INFO",
            },
            "dead_letter_config": {
                "target_arn": call.ref("dead_letters", dead_letters, "aws_sqs_queue", "PG_BKP_DEAD_LETTER")
            },
            "skip_destroy": None,
            # Code from anywhere but the package: nobody has seen it here.
            **dict.fromkeys(("layers", "image_uri", "s3_bucket", "s3_key", "s3_object_version", "file_system_config")),
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
    """Lets one AWS service invoke `function`, on behalf of one resource of one account.

    principal: such as `secretsmanager.amazonaws.com`. source_arn: of the resource, or a reference to it.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html
    """
    call = Call(scope, id_, "aws_lambda_permission")
    deputy = "PG_IAM_TRUST_CONFUSED_DEPUTY"
    service = r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com"
    call.matches("principal", principal, service, "a service principal", "PG_IAM_NO_PUBLIC_PRINCIPAL")
    call.matches("source_account", source_account, r"\d{12}", "12 digits", deputy)
    arn = rf"arn:aws:[a-z0-9-]+:{REGION}:{source_account}:[^*?]+|\$\{{(data\.)?aws_[a-z0-9_]+\.[a-z0-9_]+\.arn\}}"
    call.matches("source_arn", source_arn, arn, f"one resource in {REGION} and source_account, without *", deputy)
    return call.build(
        Guarded,
        overrides=overrides,
        owned={
            "statement_id": "".join(part.title() for part in id_.split("_")),
            "statement_id_prefix": None,
            "action": "lambda:InvokeFunction",
            "function_name": call.ref("function", function, "aws_lambda_function", deputy, attribute="function_name"),
            "principal": principal,
            "source_arn": source_arn,
            "source_account": source_account,
            **dict.fromkeys(("principal_org_id", "function_url_auth_type", "event_source_token", "qualifier")),
        },
    )


def _check_package(call: Call, file: str, sha256_base64: str, handler: str, description: str) -> None:
    integrity = "PG_BKP_IMAGE_INTEGRITY"
    call.matches("package_file", file, PACKAGE, "a relative path of a zip, without ..", integrity)
    call.matches("package_sha256_base64", sha256_base64, r"[A-Za-z0-9+/]{43}=", "a SHA-256 in base64", integrity)
    handler_form = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+"
    call.matches("handler", handler, handler_form, "module.function", "PG_NAM_VALID")
    call.matches("description", description, r"[ -~]{1,256}", "what it does, in 1 to 256 characters", "PG_NAM_VALID")


def _check_sizes(call: Call, timeout_seconds: int, memory_mib: int, reserved_concurrency: int) -> None:
    call.between("timeout_seconds", timeout_seconds, 1, 900, "PG_BKP_CAPACITY")
    call.between("memory_mib", memory_mib, 128, 10_240, "PG_BKP_CAPACITY")
    call.between("reserved_concurrency", reserved_concurrency, 1, 100, "PG_BKP_CAPACITY")


def _check_environment(call: Call, environment: Mapping[str, str]) -> None:
    call.unless(bool(environment), "environment", environment, "where to find things", "PG_TLS_CLIENT_VERIFY")
    check_environment(call, environment, "PG_SEC_LAMBDA_ENV")
    taken = [name for name in environment if str(name).startswith(RESERVED)]
    call.unless(not taken, "environment", taken, "names that Lambda does not keep for itself", "PG_NAM_VALID")
