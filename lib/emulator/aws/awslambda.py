"""Lambda: arguments that moto drops."""

from __future__ import annotations

from typing import Any

from moto.awslambda.models import LambdaFunction

from lib.emulator.aws.patching import Original, wrap

KEPT = ("DeadLetterConfig", "LoggingConfig")
"""Of CreateFunction and UpdateFunctionConfiguration; aws_lambda_function differed on the next plan in both."""


def install() -> None:
    """Wrap the function's configuration."""
    wrap(LambdaFunction, "__init__", _function)
    wrap(LambdaFunction, "get_configuration", _get_configuration)
    wrap(LambdaFunction, "update_configuration", _update_configuration)


def _function(original: Original, self: Any, account_id: str, spec: dict[str, Any], *args: Any, **kwargs: Any) -> None:
    self.kept = {name: spec[name] for name in KEPT if spec.get(name)}
    original(self, account_id, spec, *args, **kwargs)


def _get_configuration(original: Original, self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    return {**original(self, *args, **kwargs), **self.kept}


def _update_configuration(original: Original, self: Any, changes: dict[str, Any]) -> Any:
    """moto also ignores a new key and a new tracing mode."""
    self.kept |= {name: changes[name] for name in KEPT if name in changes}
    self.kms_key_arn = changes.get("KMSKeyArn", self.kms_key_arn)
    self.tracing_config = changes.get("TracingConfig", self.tracing_config)
    return original(self, changes)
