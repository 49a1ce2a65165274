"""Verdict -> what each framework's controls have been shown, and what not. Pure; every view tells the same from it.

Touched is not met: a policy that finds nothing is evidence for a part of a control, seen in a configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, TypeVar

from lib.artifacts import Control, Finding, Framework, Limit, Passed, Practice, State, Subject, Verdict, Waived

CONFIDENCES = ("high", "medium", "low")
T = TypeVar("T")
_Groups: TypeAlias = Mapping[str, tuple[T, ...]]


class Status(StrEnum):
    """What a run says of a control; the first that applies. Where none of its policies judged anything, nothing."""

    FAILED = "failed"
    UNDECIDED = "undecided"
    WAIVED = "waived"
    CONTRADICTED = "contradicted"
    NO_FINDING = "no finding"
    NOT_ASSESSED = "not assessed"


@dataclass(frozen=True)
class Assessment:
    """One control in one run.

    policies: that are evidence for it and judged something. silent: those that judged nothing, or that the profile
    leaves out.
    contradicting: policies of ours that ask for what the control advises against, and were met.
    limits: what none of them can see. practices: what running the gate is evidence for; it assesses nothing by itself.
    confidence: the lowest of its mappings that ran, empty where none did.
    """

    control: Control
    status: Status
    policies: tuple[Subject, ...]
    silent: tuple[Subject, ...]
    contradicting: tuple[Subject, ...]
    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...]
    passed: tuple[Passed, ...]
    limits: tuple[Limit, ...]
    practices: tuple[Practice, ...]
    confidence: str

    @property
    def touched(self) -> bool:
        """Whether a result, or running the gate at all, is evidence for a part of it."""
        return self.status is not Status.NOT_ASSESSED or bool(self.practices)


@dataclass(frozen=True)
class Coverage:
    """One framework in one run: every control of it that we know, in its own order."""

    framework: Framework
    controls: tuple[Assessment, ...]

    @property
    def assessed(self) -> tuple[Assessment, ...]:
        """Controls that at least one result is evidence for."""
        return tuple(one for one in self.controls if one.status is not Status.NOT_ASSESSED)

    @property
    def touched(self) -> tuple[Assessment, ...]:
        """Controls that a result, or running the gate at all, is evidence for; touched is not met."""
        return tuple(one for one in self.controls if one.touched)

    def count(self, status: Status) -> int:
        """How many controls have this status."""
        return sum(one.status is status for one in self.controls)

    def levels(self) -> tuple[tuple[int, int, int], ...]:
        """IEC 62443-3-3: (level, touched, required) for levels 1 to 4; a level requires what those below it do."""
        leveled = [one for one in self.controls if one.control.level]
        return tuple(
            (
                level,
                sum(one.control.level <= level and one.touched for one in leveled),
                sum(one.control.level <= level for one in leveled),
            )
            for level in (1, 2, 3, 4)
            if leveled
        )


def coverage(verdict: Verdict) -> tuple[Coverage, ...]:
    """Each framework of the verdict, with what this run is evidence for."""
    results = _Results(
        _grouped((item.policy_id, item) for item in verdict.findings),
        _grouped((item.finding.policy_id, item) for item in verdict.waived),
        _grouped((item.policy_id, item) for item in verdict.passed),
    )
    return tuple(_coverage(verdict, framework, results) for framework in verdict.frameworks)


def mapping_confidence(policy: Subject, framework: Framework) -> str:
    """How far one mapping can be trusted: the lower confidence of the policy's and the framework's."""
    return max(policy.confidence, framework.confidence, key=CONFIDENCES.index)


@dataclass(frozen=True)
class _Results:
    """Policy id -> what it gave."""

    findings: Mapping[str, tuple[Finding, ...]]
    waived: Mapping[str, tuple[Waived, ...]]
    passed: Mapping[str, tuple[Passed, ...]]


def _coverage(verdict: Verdict, framework: Framework, results: _Results) -> Coverage:
    def by_control(items: Iterable[T], controls_of: Callable[[T], Mapping[str, tuple[str, ...]]]) -> _Groups[T]:
        return _grouped((id_, item) for item in items for id_ in controls_of(item).get(framework.id, ()))

    everyone = (*verdict.policies, *verdict.not_in_profile)
    mapped = by_control(everyone, lambda policy: policy.controls)
    contradicting = by_control(verdict.policies, lambda policy: policy.conflicts)
    limits = by_control(verdict.limits, lambda limit: limit.controls)
    practices = by_control(verdict.practices, lambda practice: practice.controls)

    def assessed(control: Control) -> Assessment:
        policies = tuple(policy for policy in mapped.get(control.id, ()) if policy.judged)
        findings = _of(results.findings, policies)
        waived = _of(results.waived, policies)
        against = tuple(policy for policy in contradicting.get(control.id, ()) if policy.passed)
        confidences = [mapping_confidence(policy, framework) for policy in policies]
        return Assessment(
            control=control,
            status=_status(policies, findings, waived, against),
            policies=policies,
            silent=tuple(policy for policy in mapped.get(control.id, ()) if not policy.judged),
            contradicting=against,
            findings=findings,
            waived=waived,
            passed=_of(results.passed, policies),
            limits=limits.get(control.id, ()),
            practices=practices.get(control.id, ()),
            confidence=max(confidences, key=CONFIDENCES.index, default=""),
        )

    return Coverage(framework, tuple(map(assessed, framework.controls)))


def _status(
    policies: Sequence[Subject], findings: Sequence[Finding], waived: Sequence[Waived], against: Sequence[Subject]
) -> Status:
    states = {finding.state for finding in findings}
    if State.FAILED in states:
        return Status.FAILED
    if states:
        return Status.UNDECIDED
    if waived:
        return Status.WAIVED
    if against:
        return Status.CONTRADICTED
    return Status.NO_FINDING if policies else Status.NOT_ASSESSED


def _of(results: _Groups[T], policies: Iterable[Subject]) -> tuple[T, ...]:
    return tuple(item for policy in policies for item in results.get(policy.policy_id, ()))


def _grouped(pairs: Iterable[tuple[str, T]]) -> _Groups[T]:
    found: dict[str, list[T]] = {}
    for key, item in pairs:
        found.setdefault(key, []).append(item)
    return {key: tuple(items) for key, items in found.items()}
