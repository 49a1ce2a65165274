"""A verdict against an earlier verdict.json: what is new, fixed, unchanged. It tells, and never decides."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from lib.artifacts import Comparison, Match, Verdict
from lib.errors import GateError


class _Found(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    policy_id: str
    resource_address: str
    argument: str
    got: str


class _Waived(BaseModel):
    finding: _Found


class Earlier(BaseModel):
    """What is compared of an earlier verdict: what it found, waived or not. Its other keys are not looked at."""

    model_config = ConfigDict(strict=True, frozen=True)

    schema_version: Literal[1, 2]
    stack: str
    source_sha256: str
    findings: tuple[_Found, ...]
    waived: tuple[_Waived, ...] = ()


def read_baseline(path: Path) -> Earlier:
    """An earlier verdict.json. Raises: GateError where it cannot be read, or is anything else."""
    requires = "requires a verdict.json that `gate` wrote"
    try:
        return Earlier.model_validate_json(path.read_bytes())
    except OSError as error:
        raise GateError(f"{path}: got {error.strerror}, {requires}") from error
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise GateError(f"{path}: at {where}, {first['msg']}; {requires}") from wrong


def compare(verdict: Verdict, earlier: Earlier) -> Comparison:
    """Each finding counts as often as it is there, so a second one that looks like an old one is new."""
    now = Counter(item.match for item in (*verdict.findings, *(item.finding for item in verdict.waived)))
    found = (*earlier.findings, *(item.finding for item in earlier.waived))
    before = Counter(Match(item.policy_id, item.resource_address, item.argument, item.got) for item in found)
    return Comparison(
        stack=earlier.stack,
        source_sha256=earlier.source_sha256,
        new=_sorted(now - before),
        fixed=_sorted(before - now),
        unchanged=_sorted(now & before),
    )


def _sorted(matches: Counter[Match]) -> tuple[Match, ...]:
    return tuple(sorted(matches.elements(), key=lambda m: (m.policy_id, m.resource_address, m.argument, m.got)))
