"""What the stages hand to one another: frozen, stdlib only, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path


class State(StrEnum):
    """What a policy says of a resource. Undecided is a finding: it is never counted as passed, and nor is waived."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"
    WAIVED = "waived"


class Outcome(StrEnum):
    """What the gate says of a stack; the process ends with `exit_code`."""

    PASS = "pass"
    FAIL = "fail"
    UNDECIDED = "undecided"

    @property
    def exit_code(self) -> int:
        """0 pass, 1 refused, 3 undecided."""
        return {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.UNDECIDED: 3}[self]


@dataclass(frozen=True)
class Synthesis:
    """Terraform JSON on disk: its path, its SHA-256 (hex) and how many resources it declares."""

    stack: str
    path: Path
    sha256: str
    resource_count: int


@dataclass(frozen=True)
class Match:
    """What makes two findings of two runs the same: no file, no line, since those move."""

    policy_id: str
    resource_address: str
    argument: str
    got: str


@dataclass(frozen=True)
class Finding:
    """One thing a policy does not accept, or could not decide.

    line: 1-based in `file`, 0 where the input has none. controls: framework id -> control ids.
    """

    policy_id: str
    subject: str
    family: str
    severity: str
    state: State
    resource_address: str
    construct_path: str
    file: str
    line: int
    argument: str
    got: str
    required: str
    fix: str
    controls: Mapping[str, tuple[str, ...]]

    @property
    def match(self) -> Match:
        """What it is recognised by in another verdict."""
        return Match(self.policy_id, self.resource_address, self.argument, self.got)


@dataclass(frozen=True)
class Waiver:
    """Who answers, until when, for what one policy finds at one address. argument: empty means all it finds there.

    created, expires: the first and the last day on which it holds.
    """

    policy: str
    address: str
    argument: str
    reason: str
    owner: str
    approver: str
    ticket: str
    created: date
    expires: date
    compensating_control: str


@dataclass(frozen=True)
class Waived:
    """A finding that a waiver holds. was: failed or undecided. days_left: until `expires`, 0 on that day itself."""

    finding: Finding
    was: State
    waiver: Waiver
    days_left: int


@dataclass(frozen=True)
class Comparison:
    """A verdict against an earlier one, waived findings included: a waiver fixes nothing.

    stack, source_sha256: of the earlier verdict.
    """

    stack: str
    source_sha256: str
    new: tuple[Match, ...]
    fixed: tuple[Match, ...]
    unchanged: tuple[Match, ...]


@dataclass(frozen=True)
class Passed:
    """One policy met by one resource, with the values that prove it (argument -> value)."""

    policy_id: str
    subject: str
    family: str
    severity: str
    resource_address: str
    construct_path: str
    evidence: Mapping[str, object]


@dataclass(frozen=True)
class Subject:
    """One policy of the rule set as it ran: how many resources it judged, and how many it accepted."""

    policy_id: str
    subject: str
    family: str
    severity: str
    name: str
    judged: int
    passed: int


@dataclass(frozen=True)
class Verdict:
    """The gate's answer for one input, complete: findings, passes, policies, and resources no policy covers.

    thresholds: every number and list the policies compared with, by name; changed_thresholds: those that are not the
    profile's own. not_in_profile: policies that the profile leaves out, so that none is silently absent.
    baseline: None unless it was compared with an earlier verdict; it has no part in the outcome.
    """

    outcome: Outcome
    stack: str
    source: str
    source_sha256: str
    profile: str
    thresholds: Mapping[str, object]
    changed_thresholds: tuple[str, ...]
    findings: tuple[Finding, ...]
    passed: tuple[Passed, ...]
    policies: tuple[Subject, ...]
    not_in_profile: tuple[Subject, ...]
    resources: tuple[str, ...]
    uncovered: tuple[str, ...]
    waived: tuple[Waived, ...] = ()
    baseline: Comparison | None = None
