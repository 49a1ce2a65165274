"""Coverage -> a local objective and an OSCAL finding for every control that a policy judged.

A finding answers that objective, never the control: only what a configuration shows was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lib.reports.coverage import Status, mapping_confidence
from lib.reports.oscal.controls import Reviewed
from lib.reports.oscal.legal import Json, Uuids, filled, line, paragraphs, prose
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
