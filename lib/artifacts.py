"""What the stages hand to one another: frozen, stdlib only, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any


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
    evidence: Mapping[str, Any]


@dataclass(frozen=True)
class Subject:
    """One policy of the rule set as it ran: how many resources it judged, and how many it accepted.

    controls: framework id -> control ids it is evidence for. conflicts: those that a reader sees violated where it
    passes. strength: direct, supporting or internal. confidence: how apt that mapping is, high, medium or low.
    """

    policy_id: str
    subject: str
    family: str
    severity: str
    name: str
    judged: int
    passed: int
    reason: str = ""
    fix: str = ""
    source: str = ""
    waivable: bool = True
    controls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    conflicts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    strength: str = "direct"
    confidence: str = "medium"


@dataclass(frozen=True)
class Digest:
    """A file by its path, with / between folders, and its SHA-256 (hex)."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Actor:
    """Who ran the gate: a person or a pipeline. approver, run_url: empty where nobody said."""

    name: str
    kind: str
    approver: str = ""
    run_url: str = ""


@dataclass(frozen=True)
class Run:
    """One run: its id is its folder's name. started, ended: in UTC."""

    id: str
    started: datetime
    ended: datetime
    actor: Actor


UNSTAMPED = Run("", datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), Actor("", ""))
"""The run of a verdict that nobody has stamped: `judge` is pure, and the clock is read at the edge."""


@dataclass(frozen=True)
class Scope:
    """What was looked at, as the configuration states it; empty where it does not.

    form: hcl, json, plan or state. commit: of the checkout that holds it. uncommitted: whether that had changes that no
    commit holds; None where there is no checkout. files: everything that was read, beside the common folder of all.
    target, configuration, var_files: of those files or their folders, what the gate was pointed at; "." is all.
    waivers: the file of waivers as findings name it, empty where there was none.
    folder: where findings name files from, below the root of its checkout; empty if that is the root or there is none.
    """

    environment: str = ""
    environment_class: str = ""
    region: str = ""
    account: str = ""
    owner: str = ""
    form: str = ""
    commit: str = ""
    uncommitted: bool | None = None
    files: tuple[Digest, ...] = ()
    target: str = ""
    configuration: str = ""
    var_files: tuple[str, ...] = ()
    waivers: str = ""
    folder: str = ""


@dataclass(frozen=True)
class Versions:
    """With what it was judged. tools: name -> version. provider: source -> version or constraint as it is stated.

    rule_set_sha256: over the names and digests of `rule_set`, which is every file that has a say in a verdict.
    views_sha256: over those that have a say in how it is shown.
    """

    tools: Mapping[str, str] = field(default_factory=dict)
    provider: Mapping[str, str] = field(default_factory=dict)
    rule_set_sha256: str = ""
    rule_set: tuple[Digest, ...] = ()
    views_sha256: str = ""


@dataclass(frozen=True)
class Resource:
    """A resource that was looked at. line: 1-based, 0 where the input has none.

    references: addresses of the resources it refers to, for the picture of the architecture.
    """

    address: str
    type: str
    construct_path: str = ""
    file: str = ""
    line: int = 0
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Control:
    """One control of a framework, in words of our own.

    responsibility: ours, shared, aws (inherited) or outside (people, premises, plant). applicable: to the platform, as
    the organisation decided; why: the reason, needed where it is not. level: the least security level of
    IEC 62443-3-3 that selects it, else 0.
    """

    id: str
    title: str
    responsibility: str = "ours"
    applicable: bool = True
    why: str = ""
    level: int = 0


@dataclass(frozen=True)
class Framework:
    """A framework and those of its controls that we know. total: how many it has, 0 where that is not known.

    confidence: how sure its ids and version are; with the policy's own confidence the lower one counts.
    """

    id: str
    name: str
    version: str
    publisher: str
    confidence: str
    applicability: str
    notes: str
    total: int
    controls: tuple[Control, ...]


@dataclass(frozen=True)
class Limit:
    """What no configuration shows, so that a pass says nothing of it. subjects: of the policies that come near."""

    about: str
    subjects: tuple[str, ...]
    controls: Mapping[str, tuple[str, ...]]
    reason: str
    evidence: str


@dataclass(frozen=True)
class Practice:
    """What running the gate at all is evidence for, whatever it finds: a baseline is kept, results are reviewed."""

    id: str
    title: str
    requirement: str
    controls: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Count:
    """Results of one family in one run."""

    family: str
    passed: int
    failed: int
    undecided: int
    waived: int


@dataclass(frozen=True)
class Past:
    """An earlier run of the same stack that was kept when this one ended; the oldest comes first."""

    run: str
    ended: datetime
    outcome: Outcome
    counts: tuple[Count, ...]


@dataclass(frozen=True)
class Verdict:
    """The gate's answer for one input, complete: findings, passes, policies, and resources no policy covers.

    thresholds: every number and list the policies compared with, by name; changed_thresholds: those that are not the
    profile's own. not_in_profile: policies that the profile leaves out, so that none is silently absent.
    baseline: None unless it was compared with an earlier verdict; it has no part in the outcome.
    settings: what the stack was built with, empty where it is another's; no setting is a secret.
    limits, frameworks, practices: what the claims of the reports rest on. past: earlier runs, for the trend.
    """

    outcome: Outcome
    stack: str
    source: str
    source_sha256: str
    profile: str
    thresholds: Mapping[str, Any]
    changed_thresholds: tuple[str, ...]
    findings: tuple[Finding, ...]
    passed: tuple[Passed, ...]
    policies: tuple[Subject, ...]
    not_in_profile: tuple[Subject, ...]
    resources: tuple[Resource, ...]
    uncovered: tuple[str, ...]
    run: Run = UNSTAMPED
    scope: Scope = Scope()
    versions: Versions = Versions()
    settings: Mapping[str, Any] = field(default_factory=dict)
    waived: tuple[Waived, ...] = ()
    baseline: Comparison | None = None
    frameworks: tuple[Framework, ...] = ()
    limits: tuple[Limit, ...] = ()
    practices: tuple[Practice, ...] = ()
    past: tuple[Past, ...] = ()


@dataclass(frozen=True)
class Target:
    """Where a plan goes. name: local (the embedded AWS) or aws. endpoint: empty where it is AWS itself.

    instance: which embedded AWS, by its start: another one knows nothing of what this one holds.
    """

    name: str
    account: str
    region: str
    endpoint: str = ""
    instance: str = ""


@dataclass(frozen=True)
class StateMark:
    """Which state a plan is against; serial 0 and no lineage where there is none yet. sha256: of all it holds."""

    lineage: str
    serial: int
    sha256: str


@dataclass(frozen=True)
class Changes:
    """What a plan does, in resources; one that is replaced is added and destroyed. outputs: that change."""

    add: int
    change: int
    destroy: int
    outputs: int = 0

    @property
    def none(self) -> bool:
        """Whether applying it would do nothing."""
        return not (self.add or self.change or self.destroy or self.outputs)


@dataclass(frozen=True)
class Receipt:
    """What the gate passed, bound to what may be applied; everything in it is compared again before that.

    run: the id of the run that holds the plan's verdict. created, expires: in UTC. files: everything in the plan's
    folder, relative to it. verdict_sha256: of verdict.json. waivers_sha256: empty where none were read.
    loosened_thresholds: those weaker than the profile's own, which somebody allowed. terraform: name and version.
    providers: source -> version. signer: id of the key that signs it, empty where nobody does.
    """

    stack: str
    environment_suffix: str
    run: str
    created: datetime
    expires: datetime
    files: tuple[Digest, ...]
    verdict_sha256: str
    rule_set_sha256: str
    waivers_sha256: str
    profile: str
    thresholds: Mapping[str, Any]
    loosened_thresholds: tuple[str, ...]
    state: StateMark
    terraform: str
    providers: Mapping[str, str]
    target: Target
    changes: Changes
    signer: str = ""


@dataclass(frozen=True)
class Plan:
    """A plan that may be deployed: its folder, and the run with its verdict and receipt."""

    folder: Path
    run: Path
    receipt: Receipt


@dataclass(frozen=True)
class Progress:
    """How far Terraform is. step: what has just begun, gone on or ended; open: addresses that it works on."""

    done: int
    total: int
    step: str
    elapsed_seconds: int = 0
    open: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drift:
    """A resource that is not as the state had it. action: update or delete. arguments: names of those that differ."""

    address: str
    action: str
    arguments: tuple[str, ...]
