"""[Finding] -> Verdict; pure, but for the files of the mapping, which are read once."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from lib.artifacts import Finding, Outcome, Passed, State, Subject, Verdict, Waived
from lib.gate.frameworks import load_frameworks, load_limits, load_practices
from lib.gate.scope import resources_of
from lib.gate.sources import Source
from lib.gate.waivers import RULE
from policies.base import Policy

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW")


def verdict_of(
    stack: str,
    source: Source,
    rules: Mapping[str, Policy],
    findings: tuple[Finding, ...],
    passed: tuple[Passed, ...],
    *,
    waived: tuple[Waived, ...] = (),
) -> Verdict:
    """FAIL where anything failed, else UNDECIDED where anything is undecided or nothing passed, else PASS.

    What is waived has no part in the outcome, but counts as judged. Raises: GateError where the mapping is broken.
    """
    states = {finding.state for finding in findings}
    outcome = Outcome.FAIL if State.FAILED in states else Outcome.UNDECIDED if states or not passed else Outcome.PASS
    resources = resources_of(source)
    profile = source.configuration.profile
    chosen = {id_: policy for id_, policy in rules.items() if policy.applies_to(profile)}
    left_out = {id_: policy for id_, policy in rules.items() if id_ not in chosen}
    refused = (*findings, *(item.finding for item in waived))
    judged = {*(item.resource_address for item in refused), *(item.resource_address for item in passed)}
    return Verdict(
        outcome=outcome,
        stack=stack,
        source=source.file,
        source_sha256=source.sha256,
        profile=profile.name,
        thresholds=profile.thresholds(),
        changed_thresholds=profile.changed(),
        findings=tuple(sorted(findings, key=_most_severe_first)),
        passed=tuple(sorted(passed, key=lambda item: (item.policy_id, item.resource_address))),
        policies=_subjects(chosen, refused, passed),
        not_in_profile=_subjects(left_out, (), ()),
        resources=resources,
        uncovered=tuple(resource.address for resource in resources if resource.address not in judged),
        waived=tuple(sorted(waived, key=lambda item: _most_severe_first(item.finding))),
        frameworks=load_frameworks(),
        limits=load_limits(),
        practices=load_practices(),
    )


def _most_severe_first(finding: Finding) -> tuple[int, str, str, str]:
    return SEVERITIES.index(finding.severity), finding.policy_id, finding.resource_address, finding.argument


def _subjects(
    rules: Mapping[str, Policy], findings: tuple[Finding, ...], passed: tuple[Passed, ...]
) -> tuple[Subject, ...]:
    accepted = Counter(item.policy_id for item in passed)
    refused = Counter(policy_id for policy_id, _ in {(item.policy_id, item.resource_address) for item in findings})
    subjects = tuple(_subject(policy, accepted[policy.id], refused[policy.id]) for policy in rules.values())
    wrong_waivers = refused[RULE.policy_id]
    return (*subjects, replace(RULE, judged=wrong_waivers)) if wrong_waivers else subjects


def _subject(policy: Policy, accepted: int, refused: int) -> Subject:
    cls = type(policy)
    return Subject(
        policy_id=policy.id,
        subject=policy.subject,
        family=policy.family,
        severity=cls.severity,
        name=cls.name,
        judged=accepted + refused,
        passed=accepted,
        reason=inspect.cleandoc(cls.__doc__ or ""),
        fix=cls.fix,
        source=cls.source,
        waivable=cls.waivable,
        controls=cls.controls,
        conflicts=cls.conflicts,
        strength=cls.strength,
        confidence=cls.confidence,
    )
