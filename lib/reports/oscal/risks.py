"""Findings and waivers -> OSCAL risks: open until decided, or a deviation that somebody answers for until a day."""

from __future__ import annotations

from collections.abc import Iterator

from lib.artifacts import State, Subject, Verdict, Waived, Waiver
from lib.reports.oscal.legal import (
    NOT_STATED,
    Json,
    Uuids,
    first_second,
    last_second,
    line,
    paragraphs,
    props,
    prose,
    web_links,
)
from lib.reports.oscal.observed import TOOL, Observed


def risks(verdict: Verdict, uuids: Uuids, seen: tuple[Observed, ...]) -> Iterator[tuple[str, Json]]:
    """Each risk with the UUID of the observation it comes from; a waived finding is never merged into an open one."""
    policies = {policy.policy_id: policy for policy in verdict.policies}
    for item in seen:
        policy = policies.get(item.policy_id)
        if item.findings:
            yield item.uuid, _open(item, policy, uuids)
        by_waiver: dict[Waiver, list[Waived]] = {}
        for waived in item.waived:
            by_waiver.setdefault(waived.waiver, []).append(waived)
        for waiver, group in by_waiver.items():
            yield item.uuid, _deviation(item, policy, uuids, waiver, group)


def party(uuids: Uuids, name: str) -> str:
    """The UUID of a person, team or pipeline by its name; one that is not stated is a party of that name."""
    return uuids.of("party", name or NOT_STATED)


def _open(item: Observed, policy: Subject | None, uuids: Uuids) -> Json:
    found = paragraphs(*(prose(f"{one.argument or 'The resource'}: got {one.got}") for one in item.findings))
    undecided = "It could not be determined; undecided is not a pass." if item.state is State.UNDECIDED else ""
    fixes = dict.fromkeys(one.fix for one in item.findings)
    return {
        **_common(item, policy, uuids, "open"),
        "description": paragraphs(found, undecided),
        "status": "open",
        "origins": [{"actors": [_tool(uuids)]}],
        "remediations": [
            {
                "uuid": uuids.of("remediation", item.uuid, fix),
                "lifecycle": "recommendation",
                "title": line(f"Fulfil {item.policy_id}"),
                "description": prose(fix),
            }
            for fix in fixes
        ],
        "related-observations": [{"observation-uuid": item.uuid}],
    }


def _deviation(item: Observed, policy: Subject | None, uuids: Uuids, waiver: Waiver, group: list[Waived]) -> Json:
    key = repr(waiver)
    common = _common(item, policy, uuids, "deviation", key)
    approved = {"party-uuid": party(uuids, waiver.approver), "role-id": "risk-approver"}
    owner = {"type": "party", "actor-uuid": party(uuids, waiver.owner), "role-id": "risk-owner"}
    was = ", ".join(dict.fromkeys(waived.was.value for waived in group))
    return {
        **common,
        "description": prose(f"Waived, not passed ({was} without the waiver): {waiver.reason}"),
        "props": [
            *common["props"],
            *props(ticket=waiver.ticket, owner=waiver.owner, approver=waiver.approver, created=waiver.created,
                   expires=waiver.expires, argument=waiver.argument, days_left=group[0].days_left),
        ],
        **web_links("ticket", waiver.ticket),
        "status": "deviation-approved",
        "origins": [{"actors": [_tool(uuids), owner]}],
        "mitigating-factors": [
            {"uuid": uuids.of("mitigation", item.uuid, key), "description": prose(waiver.compensating_control)}
        ],
        "deadline": last_second(waiver.expires),
        "risk-log": {
            "entries": [
                {
                    "uuid": uuids.of("approval", item.uuid, key),
                    "title": "Deviation approved",
                    "description": prose(f"{waiver.approver} accepts it until {waiver.expires}: {waiver.ticket}"),
                    "start": first_second(waiver.created),
                    "logged-by": [approved],
                    "status-change": "deviation-approved",
                }
            ]
        },
        "related-observations": [{"observation-uuid": item.uuid}],
    }  # fmt: skip


def _common(item: Observed, policy: Subject | None, uuids: Uuids, kind: str, *key: str) -> Json:
    return {
        "uuid": uuids.of("risk", item.uuid, kind, *key),
        "title": line(f"{item.policy_id} on {item.address}"),
        "statement": prose(policy.reason if policy else item.policy_id),
        "props": props(policy=item.policy_id, severity=policy.severity if policy else ""),
    }


def _tool(uuids: Uuids) -> Json:
    return {"type": "tool", "actor-uuid": uuids.of("component", TOOL)}
