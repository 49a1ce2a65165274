"""Verdict -> how each resource stands: its worst state and its counts. For the picture and the page's data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from lib.artifacts import Verdict

ORDER = ("failed", "undecided", "waived", "passed", "uncovered", "not judged")
"""The worst first. Uncovered: no policy is about it. Not judged: those that are about it are not in the profile."""


@dataclass(frozen=True)
class Standing:
    """One resource: its results by state, and whether no policy is about it."""

    counts: Mapping[str, int]
    uncovered: bool

    @property
    def worst(self) -> str:
        """The first of ORDER that applies."""
        found = [state for state in ORDER[:4] if self.counts.get(state)]
        return found[0] if found else ORDER[4] if self.uncovered else ORDER[5]


def standings(verdict: Verdict) -> dict[str, Standing]:
    """Address -> standing, of every resource of the verdict."""
    counts: dict[str, Counter[str]] = {resource.address: Counter() for resource in verdict.resources}
    for finding in verdict.findings:
        counts.setdefault(finding.resource_address, Counter())[finding.state.value] += 1
    for held in verdict.waived:
        counts.setdefault(held.finding.resource_address, Counter())["waived"] += 1
    for item in verdict.passed:
        counts.setdefault(item.resource_address, Counter())["passed"] += 1
    uncovered = frozenset(verdict.uncovered)
    return {address: Standing(states, address in uncovered) for address, states in counts.items()}
