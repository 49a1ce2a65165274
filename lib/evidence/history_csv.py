"""History -> tables for a spreadsheet: one row a run and family, and one row a finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime

from lib.evidence.history import History, Open
from lib.reports.cells import csv_text

RUNS, FINDINGS = "history.csv", "history-findings.csv"
RUN_COLUMNS = ("run", "ended", "verdict", "commit", "rule set", "family", "passed", "failed", "undecided", "waived")
FINDING_COLUMNS = (
    "policy", "family", "severity", "resource", "argument", "value", "state", "first seen", "fixed", "days open"
)  # fmt: skip


def runs(history: History) -> str:
    """Results by run and family, the oldest run first."""
    return csv_text(
        RUN_COLUMNS,
        (
            (point.run, point.ended.isoformat(), point.outcome.value, point.commit, point.rule_set, *astuple(count))
            for point in history.points
            for count in point.counts
        ),
    )


def findings(history: History) -> str:
    """Every finding that any run had, those still open last; days are from its first run to its last."""
    until = history.points[-1].ended
    return csv_text(FINDING_COLUMNS, (_row(one, until) for one in history.findings))


def _row(one: Open, until: datetime) -> Sequence[str | float]:
    state = "fixed" if one.fixed else "waived" if one.waived else "open"
    match = one.match
    return (
        match.policy_id, one.family, one.severity, match.resource_address, match.argument, match.got, state,
        one.seen.isoformat(), one.fixed.isoformat() if one.fixed else "", round(one.days(until), 1),
    )  # fmt: skip
