"""Verdict -> what the page's script reads: one JSON text that is safe inside HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lib.artifacts import Finding, Passed, Subject, Verdict, Waived
from lib.reports.coverage import Assessment, Coverage, mapping_confidence
from lib.reports.html.architecture import group_of
from lib.reports.html.standing import Standing
from lib.reports.html.values import kept, key

_IN_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def data(verdict: Verdict, covered: Sequence[Coverage], standings: Mapping[str, Standing]) -> str:
    """The JSON: policies and resources once, results by their positions in these."""
    policies = _policies(verdict)
    places = {id_: place for place, id_ in enumerate(policies)}
    addresses = {address: place for place, address in enumerate(standings)}
    new = frozenset(verdict.baseline.new) if verdict.baseline else None
    left_out = {policy.policy_id for policy in verdict.not_in_profile}
    body = {
        "stack": kept(verdict.stack),
        "compared": new is not None,
        "policies": [_policy(policy, left_out) for policy in policies.values()],
        "resources": _resources(verdict, standings, addresses),
        "findings": [
            _finding(finding, places, addresses, new, held)
            for finding, held in [*((f, None) for f in verdict.findings), *((w.finding, w) for w in verdict.waived)]
        ],
        "passed": [
            [places[item.policy_id], addresses[item.resource_address], kept(dict(item.evidence))]
            for item in verdict.passed
        ],
        "frameworks": [_framework(verdict, one, places) for one in covered],
        "limits": [kept(asdict(limit)) for limit in verdict.limits],
        "practices": [kept(asdict(practice)) for practice in verdict.practices],
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    for character, escaped in _IN_HTML.items():
        text = text.replace(character, escaped)
    return text


def _policies(verdict: Verdict) -> dict[str, Subject]:
    """Id -> policy: those that ran, those left out, and what else a finding names, as of a waiver that has expired."""
    known = {policy.policy_id: policy for policy in (*verdict.policies, *verdict.not_in_profile)}
    results: list[Finding | Passed] = [*verdict.findings, *(held.finding for held in verdict.waived), *verdict.passed]
    for item in results:
        if item.policy_id not in known:
            known[item.policy_id] = Subject(item.policy_id, item.subject, item.family, item.severity, "", 0, 0)
    return known


def _policy(policy: Subject, left_out: set[str]) -> dict[str, Any]:
    return {**kept(asdict(policy)), "key": key(policy.policy_id), "in_profile": policy.policy_id not in left_out}


def _resources(verdict: Verdict, standings: Mapping[str, Standing], places: Mapping[str, int]) -> list[dict[str, Any]]:
    """In the order of `standings`; a finding may be about what is no resource, as a file."""
    known = {resource.address: resource for resource in verdict.resources}
    made = []
    for address, standing in standings.items():
        entry: dict[str, Any] = {"address": kept(address), "key": key(address), "worst": standing.worst}
        if resource := known.get(address):
            entry |= {
                "type": kept(resource.type),
                "group": kept(group_of(resource)),
                "path": kept(resource.construct_path),
                "file": kept(resource.file),
                "line": resource.line,
                "refers": [places[other] for other in resource.references if other in places],
            }
        made.append(entry)
    return made


def _finding(
    finding: Finding,
    places: Mapping[str, int],
    addresses: Mapping[str, int],
    new: frozenset[object] | None,
    held: Waived | None,
) -> dict[str, Any]:
    names = ("argument", "got", "required", "fix", "file", "line", "controls")
    made = {name: kept(value) for name in names if (value := _plain(getattr(finding, name)))}
    made |= {
        "state": finding.state.value,
        "policy": places[finding.policy_id],
        "resource": addresses[finding.resource_address],
        "path": kept(finding.construct_path),
    }
    if new is not None:
        made["since"] = "new" if finding.match in new else "unchanged"
    if held:
        waiver = {name: kept(str(value)) for name, value in asdict(held.waiver).items()}
        made["waiver"] = {**waiver, "was": held.was.value, "days_left": held.days_left}
    return made


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def _framework(verdict: Verdict, covered: Coverage, places: Mapping[str, int]) -> dict[str, Any]:
    framework = covered.framework
    names = ("id", "name", "version", "publisher", "confidence", "applicability", "notes", "total")
    limits = {id(limit): place for place, limit in enumerate(verdict.limits)}
    practices = {id(practice): place for place, practice in enumerate(verdict.practices)}

    def mapped(policies: Sequence[Subject]) -> list[list[Any]]:
        return [[places[policy.policy_id], mapping_confidence(policy, framework)] for policy in policies]

    def control(one: Assessment) -> dict[str, Any]:
        return {
            **kept(asdict(one.control)),
            "key": key(one.control.id),
            "status": one.status.value,
            "touched": one.touched,
            "mapping": one.confidence,
            "policies": mapped(one.policies),
            "silent": mapped(one.silent),
            "against": mapped(one.contradicting),
            "limits": [limits[id(limit)] for limit in one.limits],
            "practices": [practices[id(practice)] for practice in one.practices],
        }

    return {
        **{name: kept(getattr(framework, name)) for name in names},
        "key": key(framework.id),
        "levels": covered.levels()[:2],  # nothing here supports the levels 3 and 4
        "controls": [control(one) for one in covered.controls],
    }
