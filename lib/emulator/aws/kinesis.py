"""Kinesis: tags given at creation."""

from __future__ import annotations

from typing import Any

from moto.kinesis.responses import KinesisResponse

from lib.emulator.aws.patching import Original, wrap


def install() -> None:
    """moto drops CreateStream's Tags, which the provider sends there and nowhere else."""
    wrap(KinesisResponse, "create_stream", _create_stream)


def _create_stream(original: Original, self: Any) -> Any:
    answer = original(self)
    self.kinesis_backend.add_tags_to_stream(None, self._get_param("StreamName"), self._get_param("Tags") or {})
    return answer
