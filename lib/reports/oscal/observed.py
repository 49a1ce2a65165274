"""Results -> OSCAL observations, one per policy and resource, and the inventory of everything that was looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lib.artifacts import Finding, Passed, State, Subject, Verdict, Waived
from lib.reports.oscal.legal import Json, Uuids, filled, last_second, line, prop, props, prose, reference, stamp

TOOL = "plantguard"


@dataclass(frozen=True)
class Observed:
    """What one policy says of one resource."""

    uuid: str
    policy_id: str
    address: str
    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...]
    passed: tuple[Passed, ...]

    @property
    def state(self) -> State:
        """The worst of its results."""
        if self.findings:
            failed = any(finding.state is State.FAILED for finding in self.findings)
            return State.FAILED if failed else State.UNDECIDED
        return State.WAIVED if self.waived else State.PASSED


def observed(verdict: Verdict, uuids: Uuids) -> tuple[Observed, ...]:
    """Every result of the verdict, by policy and resource; what was found comes first."""
    groups: dict[tuple[str, str], tuple[list[Finding], list[Waived], list[Passed]]] = {}

    def group(policy_id: str, address: str) -> tuple[list[Finding], list[Waived], list[Passed]]:
        return groups.setdefault((policy_id, address), ([], [], []))

    for finding in verdict.findings:
        group(finding.policy_id, finding.resource_address)[0].append(finding)
    for item in verdict.waived:
        group(item.finding.policy_id, item.finding.resource_address)[1].append(item)
    for passed in verdict.passed:
        group(passed.policy_id, passed.resource_address)[2].append(passed)
    return tuple(
        Observed(uuids.of("observation", *key), *key, tuple(found), tuple(waived), tuple(passed))
        for key, (found, waived, passed) in groups.items()
    )


def observations(verdict: Verdict, uuids: Uuids, items: tuple[Observed, ...]) -> list[Json]:
    """One observation each, collected when the run ended."""
    policies = {policy.policy_id: policy for policy in verdict.policies}
    files = _Files.of(verdict)
    common = {
        "methods": ["EXAMINE"],
        "origins": [{"actors": [{"type": "tool", "actor-uuid": uuids.of("component", TOOL)}]}],
        "collected": stamp(verdict.run.ended),
    }
    return [_observation(item, policies.get(item.policy_id), uuids, files) | common for item in items]


def inventory(verdict: Verdict, uuids: Uuids, items: tuple[Observed, ...]) -> list[Json]:
    """Every resource that was looked at, those no policy judges included."""
    uncovered = frozenset(verdict.uncovered)
    listed = {resource.address: resource for resource in verdict.resources}
    others = dict.fromkeys(item.address for item in items if item.address not in listed)
    made = []
    for resource in listed.values():
        place = {"construct_path": resource.construct_path, "file": resource.file, "line": resource.line or ""}
        judged = "no" if resource.address in uncovered else "yes"
        made.append(_item(uuids, resource.address, props(type=resource.type, **place, judged=judged)))
    return [*made, *(_item(uuids, address, []) for address in others)]


def _item(uuids: Uuids, address: str, more: list[Json]) -> Json:
    described = [prop("address", address), *more]
    return {"uuid": uuids.of("resource", address), "description": prose(address), "props": described}


@dataclass(frozen=True)
class _Files:
    """Where things stand. of_resource: address -> (file, line); digests: file -> SHA-256."""

    source: str
    of_resource: Mapping[str, tuple[str, int]]
    digests: Mapping[str, str]

    @classmethod
    def of(cls, verdict: Verdict) -> _Files:
        digests = {file.path: file.sha256 for file in verdict.scope.files}
        places = {resource.address: (resource.file, resource.line) for resource in verdict.resources}
        return cls(verdict.source, places, {verdict.source: verdict.source_sha256} | digests)

    def evidence(self, file: str, line_: int, description: str, more: list[Json]) -> Json:
        path = file or self.source
        where = props(line=line_ or "", sha256=self.digests.get(path, ""))
        return {"href": reference(path), "description": description, "props": [*where, *more]}


def _observation(item: Observed, policy: Subject | None, uuids: Uuids, files: _Files) -> Json:
    name = policy.name if policy else item.policy_id
    passed = item.state is State.PASSED
    # A waiver ends, and with it what was observed under it; of the others nobody said how long they hold.
    expires = min((waived.waiver.expires for waived in item.waived), default=None)
    return {
        "uuid": item.uuid,
        "title": line(f"{item.policy_id} on {item.address}"),
        "description": prose(f"{name}. On {item.address}: {_SENTENCES[item.state]}."),
        "props": props(policy=item.policy_id, state=item.state, severity=policy.severity if policy else ""),
        "types": ["control-objective" if passed else "finding"],
        "subjects": [{"subject-uuid": uuids.of("resource", item.address), "type": "inventory-item"}],
        **filled("relevant-evidence", _evidence(item, files)),
        **({"expires": last_second(expires)} if expires else {}),
    }


_SENTENCES = {
    State.PASSED: "nothing was found",
    State.FAILED: "not fulfilled",
    State.UNDECIDED: "not determined, which is not a pass",
    State.WAIVED: "not shown, and waived, which is not a pass",
}


def _evidence(item: Observed, files: _Files) -> Iterator[Json]:
    for finding in (*item.findings, *(waived.finding for waived in item.waived)):
        said = f"{finding.argument or 'the resource'}: got {finding.got}, requires {finding.required}"
        values = {"argument": finding.argument, "got": finding.got, "required": finding.required}
        state = props(state=finding.state, **values)
        yield files.evidence(finding.file, finding.line, prose(said), state)
    for passed in item.passed:
        values = {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in passed.evidence.items()
        }
        said = "; ".join(f"{name} = {value}" for name, value in values.items()) or "nothing that it refuses"
        state = props(state=State.PASSED)
        shown = [prop("evidence", f"{name} = {value}") for name, value in values.items()]
        yield files.evidence(*files.of_resource.get(item.address, ("", 0)), prose(said), [*state, *shown])
