"""The runs that were kept -> a trend: findings by family over time, days to fix, waivers that end.

A finding is recognised by its `match`: policy, address, argument and value. It is open from the first run that has it
to the first that has it no more; one that is still open at the end has no days to fix yet. Waived is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from lib.artifacts import Count, Match, Outcome, Verdict, Waived
from lib.errors import ReportError
from lib.evidence.runs import counts_of, kept_runs, read_verdict

SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class Point:
    """One run. new, fixed: against the run before it. rule_set: digest of the policies, for a change that explains."""

    run: str
    ended: datetime
    outcome: Outcome
    commit: str
    rule_set: str
    counts: tuple[Count, ...]
    new: int
    fixed: int


@dataclass(frozen=True)
class Open:
    """A finding over time. fixed: None where it is still there in the last run. severity: as it was seen last."""

    match: Match
    family: str
    severity: str
    waived: bool
    seen: datetime
    fixed: datetime | None

    def days(self, until: datetime) -> float:
        """How long it was, or has been, open."""
        return ((self.fixed or until) - self.seen).total_seconds() / SECONDS_PER_DAY


@dataclass(frozen=True)
class History:
    """A stack over the runs that were kept. unreadable: runs whose verdict could not be read, so they are not in it."""

    stack: str
    points: tuple[Point, ...]
    findings: tuple[Open, ...]
    waived: tuple[Waived, ...]
    unreadable: tuple[str, ...] = ()

    def mean_days_to_fix(self, family: str = "") -> float | None:
        """Over the findings that were fixed; None where none was."""
        days = [one.days(one.fixed) for one in self.findings if one.fixed and family in ("", one.family)]
        return sum(days) / len(days) if days else None

    @property
    def families(self) -> tuple[str, ...]:
        """Every family that any run has a result of, in the order of the policies."""
        return tuple(dict.fromkeys(count.family for point in self.points for count in point.counts))


def history_of(verdicts: Sequence[Verdict], unreadable: Sequence[str] = ()) -> History:
    """The trend over verdicts of one stack, the oldest first. Raises: ValueError where there is none."""
    if not verdicts:
        raise ValueError("a history of no run")
    points: list[Point] = []
    closed: list[Open] = []
    open_: dict[Match, Open] = {}
    for verdict in verdicts:
        now = _found(verdict)
        fixed = [open_[match] for match in open_ if match not in now]
        points.append(_point(verdict, sum(match not in open_ for match in now), len(fixed)))
        closed += [replace(one, fixed=verdict.run.ended) for one in fixed]
        open_ = {m: replace(one, seen=open_[m].seen) if m in open_ else one for m, one in now.items()}
    last = verdicts[-1]
    waived = tuple(sorted(last.waived, key=lambda item: item.days_left))
    return History(last.stack, tuple(points), (*closed, *open_.values()), waived, tuple(unreadable))


def _found(verdict: Verdict) -> dict[Match, Open]:
    """Everything that is open in one run, as if it was seen there first."""
    now = verdict.run.ended
    open_ = {item.match: Open(item.match, item.family, item.severity, False, now, None) for item in verdict.findings}
    held = (item.finding for item in verdict.waived)
    return {item.match: Open(item.match, item.family, item.severity, True, now, None) for item in held} | open_


def _point(verdict: Verdict, new: int, fixed: int) -> Point:
    return Point(
        run=verdict.run.id,
        ended=verdict.run.ended,
        outcome=verdict.outcome,
        commit=verdict.scope.commit,
        rule_set=verdict.versions.rule_set_sha256,
        counts=counts_of(verdict),
        new=new,
        fixed=fixed,
    )


def read_history(stack: Path) -> History:
    """The trend of all kept runs of a stack. Raises: ReportError where none can be read."""
    verdicts, unreadable = [], []
    for run in kept_runs(stack):
        try:
            verdicts.append(read_verdict(run))
        except ReportError as gap:
            unreadable.append(str(gap))
    if not verdicts:
        raise ReportError("\n".join([f"{stack}: requires a run that can be read", *unreadable]))
    return history_of(verdicts, unreadable)
