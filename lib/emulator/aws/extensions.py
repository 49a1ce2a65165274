"""All extensions, installed once."""

from __future__ import annotations

import functools
from importlib import import_module

MODULES = (
    "autoscaling", "awslambda", "ec2", "ecs", "elasticache", "iam", "iot", "iot_rules", "kinesis", "kms",
    "lambda_runtime", "logs", "rds", "secretsmanager", "sns", "sqs", "state",
)  # fmt: skip
"""One for each service; some build on what an earlier one has patched."""


@functools.cache
def install() -> None:
    """Patch moto in this process; a second call changes nothing."""
    for name in MODULES:
        import_module(f"{__package__}.{name}").install()
