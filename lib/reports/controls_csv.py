"""The controls as CSV (RFC 4180), one row per framework and control, for a spreadsheet or a register of controls."""

from __future__ import annotations

from collections.abc import Callable

from lib.artifacts import Verdict
from lib.reports.cells import csv_text
from lib.reports.control_rows import ControlRow, control_rows, listed

FILENAME = "controls.csv"
COLUMNS: dict[str, Callable[[ControlRow], str | int]] = {
    "framework": lambda row: row.framework.id,
    "version": lambda row: row.framework.version,
    "control": lambda row: row.control.id,
    "title": lambda row: row.control.title,
    "applicable": lambda row: "yes" if row.control.applicable else "no",
    "responsibility": lambda row: row.control.responsibility,
    "status": lambda row: row.status.value,
    "policies_run": lambda row: listed(policy.policy_id for policy in row.assessment.policies),
    "policies_silent": lambda row: listed(policy.policy_id for policy in row.assessment.silent),
    "passes": lambda row: row.passes,
    "failed": lambda row: row.failed,
    "undecided": lambda row: row.undecided,
    "waived": lambda row: row.waived,
    "confidence": lambda row: row.assessment.confidence,
    "limits": lambda row: len(row.assessment.limits),
    "evidence": lambda row: row.href,
    "owner": lambda row: row.owner,
}


def render(verdict: Verdict) -> str:
    """The rows under a header."""
    rows = (row for _, rows in control_rows(verdict) for row in rows)
    return csv_text(COLUMNS, ([of(row) for of in COLUMNS.values()] for row in rows))
