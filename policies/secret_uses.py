"""Which secrets does a workload use, and are they declared here? What is not declared has no rotation to follow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from policies.base import Violation
from policies.iam import IDENTITY_POLICIES, identity_statements
from policies.terraform import Arguments, Block, CannotDecide

SECRET = ("data.aws_secretsmanager_secret", "aws_secretsmanager_secret")
WORKLOADS = (
    "aws_batch_job_definition",
    "aws_db_proxy",
    "aws_dms_endpoint",
    "aws_ecs_task_definition",
    "aws_lambda_function",
)
GRANTS = (*IDENTITY_POLICIES, "aws_iam_role")
MANAGED = {
    "aws_db_instance": "manage_master_user_password",
    "aws_rds_cluster": "manage_master_user_password",
}
SECRET_ARN = re.compile(r"arn:aws[\w-]*:secretsmanager:[^\s\"']*?:secret:([^\s\"',:]*)")
PARAMETER_ARN = re.compile(r"arn:aws[\w-]*:ssm:[^\s\"']*?:parameter/|\$\{(?:[^{}]*\.)?aws_ssm_parameter\.[^{}]*\}")
NAMES_SECRET = re.compile(r"SECRET_?(?:ARN|ID|NAME|PATH)$", re.IGNORECASE)
REQUIRES = "a reference to a declared secret"


def same_secret(secret: Arguments, block: Block | None) -> bool:
    """Whether a block is this secret, or means the same one by its name or ARN."""
    if block is None or block.label not in SECRET:
        return False
    mine, its = secret.values, block.arguments
    return block is secret.block or any(mine.get(n) is not None and mine[n] == its.get(n) for n in ("name", "arn"))


def read_secret(conf: Arguments) -> Iterator[Violation]:
    """An ephemeral block or a data source that reads a secret's value: of one that is declared here."""
    if conf.block.type == "aws_ssm_parameter":
        yield Violation("", "a parameter", "a secret in Secrets Manager: parameters do not rotate")
    if conf.block.type != "aws_secretsmanager_secret_version":
        return
    raw = conf.values.get("secret_id")
    block, _ = conf.reference(raw) or (None, "")
    if block is not None and block.type in MANAGED and str(raw).endswith("].secret_arn}"):
        conf.note("secret_id", "the secret that RDS keeps, and rotates every 7 days")
    elif conf.follow("secret_id", *SECRET) is None:
        yield Violation("secret_id", None, REQUIRES)


def workload_secrets(conf: Arguments) -> Iterator[Violation]:
    """The secrets that a workload is told of, by ARN or by name. Raises: CannotDecide where one is not declared."""
    if conf.block.type == "aws_ecs_task_definition":
        yield from _parameters(conf)
    for path, value in conf.raw():
        for name in SECRET_ARN.findall(value) if isinstance(value, str) else ():
            _refuse_undeclared(conf, path, name, "the ARN of a secret, written out")
    for path, name, value in _variables(conf):
        if NAMES_SECRET.search(name) and "${" not in value and not value.startswith("arn:") and value:
            _refuse_undeclared(conf, path, value, "the name of a secret, written out")
    conf.note("written out ARNs of undeclared secrets", 0)


def granted_secrets(conf: Arguments) -> None:
    """The secrets that an identity policy lets its holder read. Raises: CannotDecide where one is not declared."""
    reads = [s for s in identity_statements(conf) if s.grants("secretsmanager:GetSecretValue")]
    for statement in reads:
        for resource in statement.resources:
            for name in SECRET_ARN.findall(resource):
                _refuse_undeclared(conf, statement.path, name, "a right to read a secret")
            if resource.startswith("${") and conf.target(resource.rstrip("*?-")) is None:
                raise CannotDecide(statement.path, resource, REQUIRES)
    conf.note("rights to read undeclared secrets", 0)


def _parameters(conf: Arguments) -> Iterator[Violation]:
    for container in conf.documents("container_definitions"):
        for secret in container.blocks("secrets"):
            source = str(secret.values.get("valueFrom"))
            block, _ = conf.reference(source) or (None, "")
            if PARAMETER_ARN.search(source) and not (block and block.arguments.get("type") == "String"):
                requires = "a secret in Secrets Manager: parameters do not rotate"
                yield Violation(secret.name_of("valueFrom"), "a parameter", requires)


def _variables(conf: Arguments) -> Iterator[tuple[str, str, str]]:
    if conf.block.type == "aws_lambda_function":
        for block in conf.blocks("environment"):
            for variables in block.blocks("variables"):
                yield from ((variables.name_of(name), name, str(value)) for name, value in variables.values.items())
    if conf.block.type == "aws_ecs_task_definition":
        for container in conf.documents("container_definitions"):
            for variable in container.blocks("environment"):
                yield variable.path, str(variable.values.get("name")), str(variable.values.get("value") or "")


def _refuse_undeclared(conf: Arguments, path: str, name: str, got: str) -> None:
    for secret in (*conf.of_kind("data", "aws_secretsmanager_secret"), *conf.resources("aws_secretsmanager_secret")):
        known = secret.values.get("name")
        if secret.values.get("arn") is not None and str(secret.values["arn"]).endswith(f":secret:{name}"):
            return
        if isinstance(known, str) and (
            known == name or fnmatchcase(f"{known}-AbCdEf", re.sub(r"-\w{6}$", "-AbCdEf", name))
        ):
            return
    raise CannotDecide(path, got, REQUIRES)
