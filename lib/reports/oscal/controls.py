"""Coverage -> what was reviewed, the local objectives, and one OSCAL finding per control that a policy judged.

A finding answers a local objective, never the control: only what a configuration shows was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lib.artifacts import Framework, Verdict
from lib.reports.coverage import Assessment, Status, coverage, mapping_confidence
from lib.reports.oscal.legal import Json, Uuids, filled, line, paragraphs, props, prose, token
from lib.reports.oscal.observed import Observed

TOUCHED = "Touched is not met: this is evidence for a part of the control, as configured at one point in time."
_STATES = {
    Status.FAILED: ("not-satisfied", "fail"),
    Status.UNDECIDED: ("not-satisfied", "other"),
    Status.WAIVED: ("not-satisfied", "other"),
    Status.CONTRADICTED: ("not-satisfied", "other"),
    Status.NO_FINDING: ("satisfied", "pass"),
}
_REASONS = {
    Status.FAILED: "At least one policy is not fulfilled.",
    Status.UNDECIDED: "At least one value could not be determined; undecided is not a pass.",
    Status.WAIVED: "What was found is waived; waived is not passed.",
    Status.CONTRADICTED: "What our policies ask for is what this control advises against.",
    Status.NO_FINDING: "The policies that judged something found nothing.",
}


@dataclass(frozen=True)
class Reviewed:
    """One control that was reviewed. token: its id as OSCAL's identifiers allow it."""

    framework: Framework
    assessment: Assessment
    token: str

    @property
    def objective(self) -> str:
        """The identifier of the local objective."""
        return f"{self.token}_configuration"

    def props(self) -> list[Json]:
        """Which control of which framework it is, in that framework's own words."""
        control, framework = self.assessment.control, self.framework
        applicable = "yes" if control.applicable else "no"
        return props(
            framework=framework.id, control=control.id, applicable=applicable, responsibility=control.responsibility,
            status=self.assessment.status, mapping_confidence=self.assessment.confidence,
        )  # fmt: skip


def reviewed(verdict: Verdict) -> tuple[tuple[Reviewed, ...], int]:
    """The controls whose policies ran, each with an identifier of its own, and how many controls had none that ran."""
    covers = coverage(verdict)
    taken: set[str] = set()
    made = []
    for cover in covers:
        for one in cover.touched:
            id_ = _unique(control_token(cover.framework, one.control.id), taken)
            made.append(Reviewed(cover.framework, one, id_))
    return tuple(made), sum(cover.count(Status.NOT_ASSESSED) for cover in covers)


def control_token(framework: Framework, control_id: str) -> str:
    """The id as NIST's own OSCAL catalogs write it (SC-28(1): sc-28.1); those of others name their framework first."""
    if framework.id.startswith("nist-800-53"):
        return token(control_id)
    return token(f"{framework.id}_{control_id}")


def _unique(wanted: str, taken: set[str]) -> str:
    number = 1
    while (made := wanted if number == 1 else f"{wanted}_{number}") in taken:
        number += 1
    taken.add(made)
    return made


def objectives(items: tuple[Reviewed, ...]) -> list[Json]:
    """What a configuration can show of each control, in words of ours."""
    return [
        {
            "control-id": item.token,
            "description": prose(f"{item.assessment.control.id} of {item.framework.name}: what a configuration shows"),
            "props": item.props(),
            "parts": [{"id": item.objective, "name": "assessment-objective", "prose": paragraphs(*_shows(item))}],
            "remarks": TOUCHED,
        }
        for item in items
    ]


def reviewed_controls(items: tuple[Reviewed, ...]) -> Json:
    """The controls by framework, since their ids are not all from one catalog."""
    groups: dict[str, list[Reviewed]] = {}
    for item in items:
        groups.setdefault(item.framework.id, []).append(item)
    selected = [_selection(group) for group in groups.values()]
    chosen = ({"include-objectives": [{"objective-id": item.objective} for item in g]} for g in groups.values())
    return {
        "description": "Only controls with a policy that judged something in this run.",
        "control-selections": selected or [_NOTHING],
        **filled("control-objective-selections", chosen),
    }


# OSCAL has no empty selection, and to include all would be a claim: a name that no catalog has stands for none.
_NOTHING = {
    "description": "No policy judged anything, so no control was reviewed.",
    "include-controls": [{"control-id": "_none"}],
}


def _selection(group: list[Reviewed]) -> Json:
    framework = group[0].framework
    facts = {"version": framework.version, "publisher": framework.publisher, "confidence": framework.confidence}
    return {
        "description": prose(f"{framework.name} {framework.version}. {framework.applicability}"),
        "props": props(framework=framework.id, name=framework.name, **facts),
        "include-controls": [{"control-id": item.token} for item in group],
    }


def findings(
    items: tuple[Reviewed, ...], uuids: Uuids, seen: tuple[Observed, ...], risks: Mapping[str, list[str]]
) -> list[Json]:
    """One finding per reviewed control. risks: UUID of an observation -> those of its risks."""
    by_policy: dict[str, list[str]] = {}
    for one in seen:
        by_policy.setdefault(one.policy_id, []).append(one.uuid)
    return [_finding(item, uuids, by_policy, risks) for item in items]


def _finding(item: Reviewed, uuids: Uuids, by_policy: Mapping[str, list[str]], risks: Mapping[str, list[str]]) -> Json:
    one = item.assessment
    state, reason = _STATES[one.status]
    used = dict.fromkeys(policy.policy_id for policy in (*one.policies, *one.contradicting))
    related = [uuid for policy_id in used for uuid in by_policy.get(policy_id, ())]
    at_risk = [risk for uuid in related for risk in risks.get(uuid, ())]
    what = f"{item.framework.name} {one.control.id}"
    return {
        "uuid": uuids.of("finding", item.framework.id, one.control.id, item.token),
        "title": line(f"{what}: what the configuration shows"),
        "description": paragraphs(prose(one.control.title), _REASONS[one.status], TOUCHED),
        "props": item.props(),
        "target": {
            "type": "objective-id",
            "target-id": item.objective,
            "title": line(f"The part of {what} that a configuration shows"),
            "status": {"state": state, "reason": reason, "remarks": f"{_REASONS[one.status]} {TOUCHED}"},
        },
        **filled("related-observations", ({"observation-uuid": uuid} for uuid in related)),
        **filled("related-risks", ({"risk-uuid": uuid} for uuid in at_risk)),
        "remarks": paragraphs(*_shows(item), *_hides(item), TOUCHED),
    }


def _shows(item: Reviewed) -> Iterator[str]:
    one = item.assessment
    for policy in one.policies:
        yield prose(
            f"A configuration shows for each resource that {policy.policy_id} judges: {policy.name}. "
            f"Its mapping is {policy.strength}, with {mapping_confidence(policy, item.framework)} confidence."
        )
    for policy in one.contradicting:
        yield prose(f"{policy.policy_id} was fulfilled, which this control advises against: {policy.name}.")


def _hides(item: Reviewed) -> Iterator[str]:
    one = item.assessment
    silent = ", ".join(policy.policy_id for policy in one.silent)
    if silent:
        yield prose(f"Mapped too, but judged nothing: {silent}.")
    for limit in one.limits:
        yield prose(f"A configuration cannot show: {limit.about}. {limit.reason} Needed instead: {limit.evidence}.")
    if not one.limits:
        yield "A configuration cannot show that anything works in operation."
    if not one.control.applicable:
        yield prose(f"The organisation holds this control not applicable: {one.control.why}.")
