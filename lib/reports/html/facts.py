"""Verdict -> what the part of the page that needs no script shows: counts, bars, runs, what was judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

from lib.artifacts import Count, Finding, Verdict, Waived
from lib.reports.coverage import Coverage, Status

STATES = ("failed", "undecided", "waived", "passed")
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
STATUSES = tuple(status.value for status in Status)
FINDINGS_SHOWN = 200
"""Findings written out in the part without script; the table and verdict.json have all."""
RUNS_SHOWN = 20
LEAST_SHARE = 0.02
"""Of a bar's width for what is there at all."""


@dataclass(frozen=True)
class Segment:
    """A part of a bar; x and width in percent."""

    kind: str
    count: int
    x: float
    width: float


@dataclass(frozen=True)
class FamilyRow:
    """One family of policies: how many ran, how many found nothing to judge, and its results by state."""

    name: str
    policies: int
    silent: int
    counts: Mapping[str, int]
    bar: tuple[Segment, ...]


@dataclass(frozen=True)
class FrameworkRow:
    """One framework: its controls by status."""

    coverage: Coverage
    counts: Mapping[str, int]
    bar: tuple[Segment, ...]


@dataclass(frozen=True)
class RunColumn:
    """One run of the trend: findings by family, and by state."""

    run: str
    ended: str
    outcome: str
    families: Mapping[str, int]
    counts: Mapping[str, int]


def bar(counts: Mapping[str, int], kinds: Iterable[str]) -> tuple[Segment, ...]:
    """The segments of the kinds that are there, in their order; one among thousands is still to be seen."""
    present = [(kind, counts[kind]) for kind in kinds if counts.get(kind)]
    least = LEAST_SHARE * sum(count for _, count in present)
    sizes = [max(count, least) for _, count in present]
    ends = list(accumulate((100 * size / sum(sizes) for size in sizes), initial=0.0))
    return tuple(
        Segment(kind, count, round(start, 3), round(end - start, 3))
        for (kind, count), start, end in zip(present, ends, ends[1:], strict=False)
    )


def counts_of(verdict: Verdict) -> dict[str, Counter[str]]:
    """Family -> results by state, families of the rule set first."""
    found: dict[str, Counter[str]] = {policy.family: Counter() for policy in verdict.policies}
    for finding in verdict.findings:
        found.setdefault(finding.family, Counter())[finding.state.value] += 1
    for held in verdict.waived:
        found.setdefault(held.finding.family, Counter())["waived"] += 1
    for item in verdict.passed:
        found.setdefault(item.family, Counter())["passed"] += 1
    return found


def families(verdict: Verdict) -> list[FamilyRow]:
    """By name."""
    policies = Counter(policy.family for policy in verdict.policies)
    silent = Counter(policy.family for policy in verdict.policies if not policy.judged)
    return [
        FamilyRow(name, policies[name], silent[name], counts, bar(counts, STATES))
        for name, counts in sorted(counts_of(verdict).items())
    ]


def frameworks(covered: Iterable[Coverage]) -> list[FrameworkRow]:
    """In the verdict's order."""
    rows = []
    for one in covered:
        counts = {status.value: one.count(status) for status in Status}
        rows.append(FrameworkRow(one, counts, bar(counts, STATUSES)))
    return rows


def runs(verdict: Verdict) -> list[RunColumn]:
    """The last runs that were kept, and this one at the end."""
    this = [
        Count(family, counts["passed"], counts["failed"], counts["undecided"], counts["waived"])
        for family, counts in counts_of(verdict).items()
    ]
    kept = [(past.run, past.ended, past.outcome, past.counts) for past in verdict.past]
    every = [*kept, (verdict.run.id or "this run", verdict.run.ended, verdict.outcome, tuple(this))]
    return [
        RunColumn(
            run,
            f"{ended:%Y-%m-%d %H:%M}" if ended.year > 1970 else "",
            outcome.value,
            {count.family: count.failed + count.undecided + count.waived for count in counts},
            {state: sum(getattr(count, state) for count in counts) for state in STATES[:3]},
        )
        for run, ended, outcome, counts in every[-RUNS_SHOWN:]
    ]


def gravest(findings: Iterable[Finding]) -> list[Finding]:
    """The most severe come first, and of these what failed."""
    severities = {severity: place for place, severity in enumerate(SEVERITIES)}
    return sorted(findings, key=lambda one: (severities.get(one.severity, len(SEVERITIES)), STATES.index(one.state)))


def soonest(waived: Iterable[Waived]) -> list[Waived]:
    """What expires first comes first."""
    return sorted(waived, key=lambda held: (held.days_left, held.finding.policy_id, held.finding.resource_address))
