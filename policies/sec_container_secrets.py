"""SEC.container-secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.credentials import credential_in, credential_name, is_literal_secret
from policies.disclosure import secret_references
from policies.terraform import Arguments

BY_ARN = re.compile(
    r"arn:aws:(?:secretsmanager|ssm):(?:[\w-]+|\$\{[^{}]+\}):(?:\d{12}|\$\{[^{}]+\}):(?:secret:|parameter/)\S+"
)
BY_REFERENCE = re.compile(r"(\$\{[^{}]+\})(?::\S*)?")
"""A reference, and the key, stage and version that may follow the ARN of a secret."""
REQUIRES_ARN = "the ARN of a secret or parameter"
POINTS_AT = ("aws_secretsmanager_secret", "aws_ssm_parameter")
CONTAINERS = {"aws_ecs_task_definition": "container_definitions", "aws_batch_job_definition": "container_properties"}


class SecContainerSecrets(Policy):
    """Anyone with DescribeTaskDefinition reads `environment`; old revisions keep it for ever.

    AwsSolutions-ECS2 forbids environment variables altogether. We forbid those that hold a credential: a name or ARN
    tells nothing. `secrets` is read once at task start, so a program that reads the secret itself needs none.
    """

    id = "PG_SEC_CONTAINER_SECRETS"
    name = "Ensure containers receive secrets by reference"
    severity = "CRITICAL"
    waivable = False
    resources = tuple(CONTAINERS)
    controls = {
        "aws-fsbp": ("ECS.8",),
        "eu-cra": ("Annex I Part I (2)(d)", "Annex I Part I (2)(e)"),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 1.5", "SR 4.1"),
        "iso27001-2022": ("A.5.17",),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.6.2.b",),
        "nist-800-53-r5": ("IA-5", "IA-5(7)"),
        "nist-csf-2.0": ("PR.AA-01",),
        "pci-dss-4.0": ("8.3.2", "8.6.2"),
        "soc2": ("CC6.1",),
    }
    confidence = "high"
    fix = "pass the secret's ARN in environment, or use secrets[].valueFrom"
    source = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """No container has a credential in its environment, and each secret it is given is named by ARN."""
        argument = CONTAINERS[conf.block.type]
        for reference in secret_references(conf.configuration, str(conf.values.get(argument))):
            yield Violation(argument, reference, f"{REQUIRES_ARN} in `secrets`, not its value")
        containers = conf.documents(argument)
        if not containers:
            yield Violation(argument, None, "at least one container, to be judged")
        for container in containers:
            yield from _environment(container)
            yield from _secrets(container)


def _environment(container: Arguments) -> Iterator[Violation]:
    for file in container.blocks("environmentFiles"):
        yield Violation(file.path, "a file in S3", "no environment file: what it holds cannot be judged")
    for variable in container.blocks("environment"):
        name = variable.text("name") or ""
        if credential_name(name):
            yield Violation(f"{variable.path} ({name})", "a value (not shown)", f"{REQUIRES_ARN} in `secrets`")
        elif kind := credential_in(str(variable.values.get("value"))):
            yield Violation(f"{variable.path} ({name})", f"{kind} (not shown)", f"{REQUIRES_ARN} in `secrets`")


def _secrets(container: Arguments) -> Iterator[Violation]:
    logging = container.block_at("logConfiguration")
    named = [(secret, "valueFrom") for secret in container.blocks("secrets")]
    named += [(secret, "valueFrom") for secret in (logging.blocks("secretOptions") if logging else ())]
    named += [(secret, "credentialsParameter") for secret in container.blocks("repositoryCredentials")]
    for secret, argument in named:
        source = secret.text(argument)
        if source is None or not _is_pointer(container, source):
            yield Violation(secret.name_of(argument), "(not shown)" if source else None, REQUIRES_ARN)
    for options in logging.blocks("options") if logging else ():
        for name, value in options.values.items():
            if (credential_name(name) and is_literal_secret(value)) or credential_in(str(value)):
                yield Violation(options.name_of(name), "a value (not shown)", f"{REQUIRES_ARN} in `secretOptions`")


def _is_pointer(conf: Arguments, source: str) -> bool:
    """Whether it is the ARN of a secret, or of a parameter that is encrypted as far as this configuration tells."""
    if BY_ARN.fullmatch(source):
        return True
    match = BY_REFERENCE.fullmatch(source)
    block, attribute = conf.reference(match[1]) or (None, "") if match else (None, "")
    if block is None:
        return False
    plain = block.label == "aws_ssm_parameter" and block.arguments.get("type") in ("String", "StringList")
    return attribute in ("arn", "id") and block.label.removeprefix("data.") in POINTS_AT and not plain
