"""With what a verdict is reached: the digests of everything that has a say in it, and the versions of the tools."""

from __future__ import annotations

import hashlib
import platform
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

from lib.artifacts import Digest, Versions
from lib.gate.scope import providers_of
from lib.gate.sources import Source

ROOT = Path(__file__).resolve().parents[2]
JUDGING = ("policies/**/*.py", "policies/**/*.toml", "lib/gate/*.py")
SHOWING = ("lib/reports/**/*.py", "lib/reports/**/*.html", "lib/reports/**/*.css", "lib/reports/**/*.js")
INPUTS = frozenset({"policies/waivers.toml"})
"""Kept with the run instead: what a person decided, and no rule."""


def versions_of(source: Source) -> Versions:
    """The rule set's digests, the tools' versions, and the providers that the configuration accepts."""
    return replace(versions_here(), provider=providers_of(source))


@cache
def versions_here() -> Versions:
    """The rule set and the tools of this checkout, whatever is judged."""
    files = _digests(JUDGING)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    tools = {"checkov": version("checkov"), "plantguard": project["version"], "python": platform.python_version()}
    return Versions(tools=tools, rule_set_sha256=_over(files), rule_set=files, views_sha256=_over(_digests(SHOWING)))


def _digests(patterns: Sequence[str]) -> tuple[Digest, ...]:
    paths = {path.relative_to(ROOT).as_posix(): path for pattern in patterns for path in ROOT.glob(pattern)}
    files = ((name, path) for name, path in sorted(paths.items()) if path.is_file() and name not in INPUTS)
    return tuple(Digest(name, hashlib.sha256(path.read_bytes()).hexdigest()) for name, path in files)


def _over(files: Sequence[Digest]) -> str:
    listed = "".join(f"{file.path}\0{file.sha256}\n" for file in files)
    return hashlib.sha256(listed.encode()).hexdigest()
