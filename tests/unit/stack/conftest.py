"""Whole stacks, synthesized once per settings and test session: a synthesis takes about two seconds."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
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


@pytest.fixture(scope="session")
def provider_mirror() -> Path | None:
    """A filesystem mirror with the AWS provider, if this machine has one.

    Terraform's own places first, then the whole disk: where a mirror is kept is up to the machine.
    """
    wanted = Path("registry.terraform.io", "hashicorp", "aws")
    homes = [Path.home() / ".terraform.d" / "plugins", Path("/usr/local/share/terraform/plugins"), Path("/opt")]
    for home in homes:
        if (home / wanted).is_dir():
            return home
    for folder, names, _ in os.walk("/"):
        names[:] = [n for n in names if n not in (".terraform", "proc", "sys", "node_modules", "site-packages", ".git")]
        if (Path(folder) / wanted).is_dir():
            return Path(folder)
    return None
