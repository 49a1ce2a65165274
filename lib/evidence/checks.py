"""What a verification found: one Check for each thing that was looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """Noted decides nothing by itself, but a reader must see it: a run that nobody signed, rules that are newer."""

    STANDS = "stands"
    NOTED = "noted"
    FAILS = "fails"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Check:
    """says: one sentence for each thing found."""

    name: str
    result: Result
    says: tuple[str, ...]


def exit_code(checks: Iterable[Check]) -> int:
    """0 where all stands, 1 where anything fails, else 3 where anything is undecided."""
    results = {check.result for check in checks}
    return 1 if Result.FAILS in results else 3 if Result.UNDECIDED in results else 0
