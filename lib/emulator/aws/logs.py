"""CloudWatch Logs: the class of a log group."""

from __future__ import annotations

from typing import Any

from moto.logs.models import LogGroup
from moto.logs.responses import LogsResponse

from lib.emulator.aws.patching import Original, wrap


def install() -> None:
    """moto drops logGroupClass, and aws_cloudwatch_log_group is replaced where it differs."""
    wrap(LogsResponse, "create_log_group", _create_log_group)
    wrap(LogGroup, "to_describe_dict", _to_describe_dict)


def _create_log_group(original: Original, self: Any) -> Any:
    answer = original(self)
    self.logs_backend.groups[self._get_param("logGroupName")].log_group_class = self._get_param("logGroupClass")
    return answer


def _to_describe_dict(original: Original, self: Any) -> dict[str, Any]:
    return {**original(self), "logGroupClass": getattr(self, "log_group_class", None) or "STANDARD"}
