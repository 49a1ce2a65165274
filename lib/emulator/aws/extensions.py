"""All extensions, installed once."""

from __future__ import annotations

import functools

from lib.emulator.aws import (
    autoscaling,
    awslambda,
    ec2,
    ecs,
    elasticache,
    iam,
    iot,
    iot_rules,
    kinesis,
    kms,
    lambda_runtime,
    logs,
    rds,
    secretsmanager,
    sns,
    sqs,
    state,
)


@functools.cache
def install() -> None:
    """Patch moto in this process; a second call changes nothing."""
    for module in (
        autoscaling,
        awslambda,
        ec2,
        ecs,
        elasticache,
        iam,
        iot,
        iot_rules,
        kinesis,
        kms,
        lambda_runtime,
        logs,
        rds,
        secretsmanager,
        sns,
        sqs,
        state,
    ):
        module.install()
