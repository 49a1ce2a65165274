"""Secrets Manager: a rotation that really runs the function, and labels that move."""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any

from moto.awslambda.utils import get_backend
from moto.core.utils import unix_time
from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    ResourceNotFoundException,
    SecretsManagerClientError,
)
from moto.secretsmanager.models import SecretsManagerBackend

from lib.emulator.aws.patching import Original, wrap

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
PRINCIPAL = "secretsmanager.amazonaws.com"
DAY_SECONDS = 86_400
LOG = logging.getLogger(__name__)


def install() -> None:
    """aws_secretsmanager_secret_rotation, and the calls that a rotation function makes."""
    wrap(SecretsManagerBackend, "update_secret_version_stage", _update_secret_version_stage)
    wrap(SecretsManagerBackend, "rotate_secret", _rotate_secret)


def _update_secret_version_stage(
    original: Original, self: Any, secret_id: str, version_stage: str, **versions: str | None
) -> Any:
    """moto moves the label, and GetSecretValue goes on giving the former value."""
    answer = original(self, secret_id=secret_id, version_stage=version_stage, **versions)
    if version_stage == "AWSCURRENT" and versions.get("move_to_version_id"):
        self.secrets[secret_id].set_default_version_id(versions["move_to_version_id"])
    return answer


def _rotate_secret(original: Original, self: Any, secret_id: str, **wanted: Any) -> Any:
    """moto passes the secret's name where AWS passes its ARN, and takes a failed step for a rotation.

    AWS answers at once and rotates on its own; here the answer waits for the rotation, so that nobody has to poll. A
    step that fails ends the rotation and is logged; AWSCURRENT stays, and the next call resumes the pending version.
    """
    secret = self.describe_secret(secret_id)
    arn = wanted.get("rotation_lambda_arn") or secret.rotation_lambda_arn
    if not arn or secret.is_deleted():
        return original(self, secret_id=secret_id, **wanted)
    function = _function(self, secret, arn)
    secret.rotation_requested, secret.rotation_enabled, secret.rotation_lambda_arn = True, True, arn
    secret.auto_rotate_after_days = _days(wanted.get("rotation_rules") or {}, secret.auto_rotate_after_days)
    secret.next_rotation_date = int(unix_time()) + secret.auto_rotate_after_days * DAY_SECONDS
    version = None
    if wanted.get("rotate_immediately", True) and secret.versions:
        version = _pending(secret, wanted.get("client_request_token"))
        _run_steps(function, secret, version)
    return secret.to_short_dict(version_id=version)


def _days(rules: dict[str, Any], former: int) -> int:
    days = int(rules.get("AutomaticallyAfterDays", former))
    if not 0 <= days <= 1000:
        raise InvalidParameterException("RotationRules.AutomaticallyAfterDays must be within 1-1000.")
    return days


def _function(self: Any, secret: Any, arn: str) -> Any:
    """The function, if its own policy lets Secrets Manager invoke it for this secret."""
    try:
        function = get_backend(self.account_id, self.region_name).get_function(arn)
    except Exception:
        raise ResourceNotFoundException(f"Resource not found for ARN '{arn}'.") from None
    if not any(_admits(statement, secret, self.account_id) for statement in function.policy.statements):
        raise SecretsManagerClientError(
            "AccessDeniedException",
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
            f"access to the principal {PRINCIPAL}.",
        )
    return function


def _admits(statement: dict[str, Any], secret: Any, account_id: str) -> bool:
    conditions = {
        key.lower(): value
        for operator in (statement.get("Condition") or {}).values()
        for key, value in operator.items()
    }
    known = {"aws:sourcearn": secret.arn, "aws:sourceaccount": account_id}
    fits = all(known.get(key) == value for key, value in conditions.items())
    return statement["Effect"] == "Allow" and PRINCIPAL in str(statement["Principal"]) and fits


def _pending(secret: Any, token: str | None) -> str:
    """The version that an unfinished rotation left, or a new one without a value."""
    for version_id, version in secret.versions.items():
        if "AWSPENDING" in version["version_stages"] and "AWSCURRENT" not in version["version_stages"]:
            return str(version_id)
    version_id = token or str(uuid.uuid4())
    secret.remove_version_stages_from_old_versions(["AWSPENDING"])
    secret.versions[version_id] = {
        "createdate": int(unix_time()),
        "version_id": version_id,
        "version_stages": ["AWSPENDING"],
    }
    return version_id


def _run_steps(function: Any, secret: Any, version: str) -> None:
    for step in STEPS:
        event = {"Step": step, "SecretId": secret.arn, "ClientRequestToken": version}
        headers: dict[str, str] = {}
        function.invoke(json.dumps(event), {}, headers)
        if "x-amz-function-error" in headers:
            LOG.warning(
                "rotation of %s stopped at %s: read the log group of %s", secret.name, step, function.function_name
            )
            return
    secret.last_rotation_date = int(unix_time())
