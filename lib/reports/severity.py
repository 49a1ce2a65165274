"""Which findings a reader is shown first. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from lib.artifacts import Finding, State

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW")


def most_severe_first(findings: Iterable[Finding]) -> list[Finding]:
    """By severity, failed before undecided, else as they came."""
    return sorted(findings, key=lambda item: (SEVERITIES.index(item.severity), item.state is State.UNDECIDED))
