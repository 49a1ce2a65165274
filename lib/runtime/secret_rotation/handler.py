"""Secrets Manager's four rotation steps for one PostgreSQL login.

Strategy: single user. One existing login owns the schema and the stack is given that login alone; alternating two
would need a second owner and an administrator's secret with the right to create it, a wider credential than the one
protected. The trade-off: from setSecret until finishSecret, seconds apart, AWSCURRENT still holds the old password
while the database accepts only the new one. Open sessions are not disturbed; a new one is refused until the labels
have moved. The sensor processor therefore reads the secret again on an authentication failure and retries, and Kinesis
keeps what waits. Should testSecret or finishSecret keep failing, that gap lasts until a repeat succeeds: alarm on the
function's Errors.

Every step can be repeated and resumed: createSecret keeps a value that is already pending, setSecret returns when the
database already accepts it, and a version that is already AWSCURRENT ends any step at once.

Event: {"Step": ..., "SecretId": <ARN>, "ClientRequestToken": <version id>}.
Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

import functools
import json
import logging
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from .errors import RotationError, RotationRefused
from .steps import STEPS, Rotation
from .versions import Versions

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

# At DEBUG the SDK logs request and response bodies, and here those are passwords: no log level of the function's
# configuration may turn that on.
for _chatty in ("boto3", "botocore", "urllib3"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)


# The event's RotationToken is left out on purpose: it proves who asked, so it is neither needed here nor to be logged.
_EVENT = {"step": "Step", "secret_arn": "SecretId", "version": "ClientRequestToken"}


def handler(event: Mapping[str, Any], context: object) -> None:
    """Run the one step that `event` asks for.

    Raises: RotationError, so that Secrets Manager repeats the step and the function's Errors metric counts it.
    """
    facts = {name: str(event.get(key, "")) for name, key in _EVENT.items()}
    where = {"step": facts["step"] or "unknown step", "secret_arn": facts["secret_arn"] or "unknown secret"}
    try:
        outcome = _run(**facts)
    except RotationError as error:
        _log("ERROR", **facts, error=type(error).__name__, cause=error.cause, fix=error.fix)
        raise error.during(**where) from error.__cause__
    _log("INFO", **facts, outcome=outcome)


def _run(*, step: str, secret_arn: str, version: str) -> str:
    if step not in STEPS or not secret_arn or not version:
        raise RotationRefused(
            f"the event asks for step {step!r} of secret {secret_arn!r}, version {version!r}",
            fix=f"let Secrets Manager invoke this function: SecretId, ClientRequestToken and one of {list(STEPS)}",
        )
    versions = Versions(_secrets_manager(), secret_arn, version)
    if versions.finished():
        return "already finished"
    return STEPS[step](Rotation(versions, dict(os.environ)))


@functools.cache
def _secrets_manager() -> "SecretsManagerClient":
    """One client for all steps that this execution environment runs; region and endpoint by the SDK's default chain."""
    return boto3.client(
        "secretsmanager", config=Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard"})
    )


def _log(level: str, **facts: str) -> None:
    """One JSON object a line; CloudWatch adds the time. Standard output is what the Lambda service collects."""
    sys.stdout.write(json.dumps({"level": level, **facts}) + "\n")
    sys.stdout.flush()
