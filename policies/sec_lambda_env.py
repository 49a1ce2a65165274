"""SEC.lambda-env."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.base import Policy, Violation
from policies.credentials import credential_in, credential_name, is_literal_secret
from policies.disclosure import secret_references
from policies.terraform import Arguments

POINTS_AT = tuple(
    f"{kind}{type_}" for type_ in ("aws_secretsmanager_secret", "aws_ssm_parameter") for kind in ("", "data.")
)


class SecLambdaEnv(Policy):
    """Variables are shown by GetFunctionConfiguration and in the console, and each version keeps them.

    A function reads its secret at run time; the most it is told is which one.
    """

    id = "PG_SEC_LAMBDA_ENV"
    name = "Ensure Lambda functions receive secrets by reference"
    severity = "HIGH"
    waivable = False
    resources = ("aws_lambda_function",)
    controls = {
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
    fix = "pass the ARN of the secret (DATABASE_SECRET_ARN) and read the secret in the handler"
    source = "https://docs.aws.amazon.com/lambda/latest/dg/with-secrets-manager.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """No variable has a credential's name with anything but a pointer, and none gives a secret's value."""
        maps = [variables for block in conf.blocks("environment") for variables in block.blocks("variables")]
        for variables in maps:
            for name, raw in variables.values.items():
                if _discloses(conf, name, raw):
                    yield Violation(variables.name_of(name), "a value (not shown)", "the ARN or name of a secret")
                variables.value(name)


def _discloses(conf: Arguments, name: str, raw: Any) -> bool:
    if credential_name(name) and is_literal_secret(raw) and not _is_pointer(conf, raw):
        return True
    return bool(credential_in(str(raw))) or any(secret_references(conf.configuration, str(raw)))


def _is_pointer(conf: Arguments, raw: Any) -> bool:
    block, attribute = conf.reference(raw) or (None, "")
    return block is not None and block.label in POINTS_AT and attribute in ("arn", "id", "name")
