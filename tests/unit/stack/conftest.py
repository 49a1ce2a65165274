"""Whole stacks, synthesized once per settings and test session: a synthesis takes about two seconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from lib.artifacts import Synthesis
from lib.settings import Settings, load_settings
from lib.synth import synthesize


def settings(**overrides: object) -> Settings:
    return load_settings(environ={}, overrides=overrides)


@pytest.fixture(scope="session")
def synthesis(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Synthesis]:
    """Settings' overrides -> Synthesis."""

    @cache
    def make(**overrides: object) -> Synthesis:
        return synthesize(settings(**overrides), tmp_path_factory.mktemp("out"))

    return make


@pytest.fixture(scope="session")
def document(synthesis: Callable[..., Synthesis]) -> Callable[..., dict[str, Any]]:
    """Settings' overrides -> Terraform JSON."""
    return lambda **overrides: json.loads(synthesis(**overrides).path.read_text())
