"""KMS: the rotation period of a key."""

from __future__ import annotations

import json
from typing import Any

from moto.kms.responses import KmsResponse

from lib.emulator.aws.patching import Original, wrap

DEFAULT_PERIOD_DAYS = 365


def install() -> None:
    """moto keeps whether a key rotates, not how often: aws_kms_key.rotation_period_in_days differed on every plan."""
    wrap(KmsResponse, "enable_key_rotation", _enable_key_rotation)
    wrap(KmsResponse, "get_key_rotation_status", _get_key_rotation_status)


def _enable_key_rotation(original: Original, self: Any) -> str:
    answer: str = original(self)
    _key(self).rotation_period_in_days = self._get_param("RotationPeriodInDays") or DEFAULT_PERIOD_DAYS
    return answer


def _get_key_rotation_status(original: Original, self: Any) -> str:
    status = {"KeyId": _key(self).id, **json.loads(original(self))}
    if status["KeyRotationEnabled"]:
        status["RotationPeriodInDays"] = getattr(_key(self), "rotation_period_in_days", DEFAULT_PERIOD_DAYS)
    return json.dumps(status)


def _key(self: Any) -> Any:
    backend = self.kms_backend
    return backend.keys[backend.get_key_id(self._get_param("KeyId"))]
