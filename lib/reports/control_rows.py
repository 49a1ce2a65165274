"""Verdict -> one row per framework and control, in the words that a spreadsheet shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from lib.artifacts import Control, Framework, State, Verdict
from lib.reports.coverage import Assessment, Coverage, Status, coverage

NOT_STATED = "not stated"
OWNERS = {"aws": "AWS", "outside": "to be assigned by the organisation"}
"""Of what is not in the hands of those who own the stack."""


@dataclass(frozen=True)
class ControlRow:
    """One control in one run. failed, undecided: findings that no waiver holds."""

    framework: Framework
    control: Control
    assessment: Assessment
    passes: int
    failed: int
    undecided: int
    waived: int
    owner: str

    @property
    def status(self) -> Status:
        """What the run says of it."""
        return self.assessment.status

    @property
    def href(self) -> str:
        """Where the page of the run shows it, seen from a file beside that page."""
        return f"index.html#/control/{_part(self.framework.id)}/{_part(self.control.id)}"


def control_rows(verdict: Verdict) -> tuple[tuple[Coverage, tuple[ControlRow, ...]], ...]:
    """Each framework with a row for every control of it that we know."""
    return tuple((cover, tuple(_rows(verdict, cover))) for cover in coverage(verdict))


def _rows(verdict: Verdict, cover: Coverage) -> Iterator[ControlRow]:
    for one in cover.controls:
        yield ControlRow(
            framework=cover.framework,
            control=one.control,
            assessment=one,
            passes=len(one.passed),
            failed=_count(one, State.FAILED),
            undecided=_count(one, State.UNDECIDED),
            waived=len(one.waived),
            owner=OWNERS.get(one.control.responsibility, verdict.scope.owner or NOT_STATED),
        )


def _count(one: Assessment, state: State) -> int:
    return sum(finding.state is state for finding in one.findings)


def _part(id_: str) -> str:
    """The id as encodeURIComponent of a browser writes it."""
    return quote(id_.encode("utf-8", "replace"), safe="!'()*")


def listed(ids: Iterable[str]) -> str:
    """The ids, each once, on one line."""
    return ", ".join(dict.fromkeys(ids))
