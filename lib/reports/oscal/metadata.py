"""The run -> OSCAL metadata, assets and log: what was assessed, with which tools, when and by whom."""

from __future__ import annotations

from collections.abc import Iterator

from lib.artifacts import Verdict
from lib.reports.oscal.legal import NOT_STATED, Json, Uuids, filled, line, props, prose, stamp, web_links
from lib.reports.oscal.observed import TOOL
from lib.reports.oscal.risks import party

OSCAL_VERSION = "1.2.1"
_ROLES = {
    "prepared-by": "Ran the gate",
    "run-approver": "Approved the run",
    "system-owner": "Answers for the system",
    "risk-owner": "Answers for what a waiver holds",
    "risk-approver": "Approved a waiver",
}


def metadata(verdict: Verdict, uuids: Uuids) -> Json:
    """Title, version, and everybody who has a part in the run."""
    held = {role: dict.fromkeys(name for name in names if name) for role, names in _holders(verdict)}
    everybody = dict.fromkeys(name for names in held.values() for name in names)
    return {
        "title": line(f"Assessment results of {verdict.stack}, run {verdict.run.id}"),
        "last-modified": stamp(verdict.run.ended),
        "version": line(verdict.run.id),
        "oscal-version": OSCAL_VERSION,
        "roles": [{"id": id_, "title": title} for id_, title in _ROLES.items()],
        **filled("parties", (_party(verdict, uuids, name) for name in everybody)),
        **filled(
            "responsible-parties",
            (
                {"role-id": role, "party-uuids": [party(uuids, name) for name in names]}
                for role, names in held.items()
                if names
            ),
        ),
    }


def _holders(verdict: Verdict) -> Iterator[tuple[str, list[str]]]:
    waivers = [item.waiver for item in verdict.waived]
    yield "prepared-by", [verdict.run.actor.name or NOT_STATED]
    yield "run-approver", [verdict.run.actor.approver]
    yield "system-owner", [verdict.scope.owner]
    yield "risk-owner", [waiver.owner or NOT_STATED for waiver in waivers]
    yield "risk-approver", [waiver.approver or NOT_STATED for waiver in waivers]


def _party(verdict: Verdict, uuids: Uuids, name: str) -> Json:
    actor = verdict.run.actor
    ran = name == actor.name
    pipeline = ran and actor.kind != "person"
    return {
        "uuid": party(uuids, name),
        "type": "organization" if pipeline else "person",
        "name": line(name),
        **filled("props", props(kind=actor.kind, run_url=actor.run_url) if ran else ()),
        **(web_links("run", actor.run_url) if ran else {}),
        **({"remarks": "Not a person; OSCAL knows persons and organizations only."} if pipeline else {}),
    }


def assets(verdict: Verdict, uuids: Uuids) -> Json:
    """The tools that observed, each a component; the gate itself is always one."""
    tools = {TOOL: "", **verdict.versions.tools}
    components = [
        {
            "uuid": uuids.of("component", name),
            "type": "software",
            "title": line(name),
            "description": prose(f"{name} {version}"),
            **filled("props", props(version=version)),
            "status": {"state": "operational"},
        }
        for name, version in tools.items()
    ]
    used = [{"component-uuid": component["uuid"]} for component in components]
    platform = {"uuid": uuids.of("platform"), "title": "The gate", "uses-components": used}
    return {"components": components, "assessment-platforms": [platform]}


def log(verdict: Verdict, uuids: Uuids) -> Json:
    """When the run started and when it ended, logged by who ran it."""
    run = verdict.run
    by = [{"party-uuid": party(uuids, run.actor.name), "role-id": "prepared-by"}]
    ended = prose(f"Judged {len(verdict.resources)} resources; the outcome is {verdict.outcome}.")
    moments = (
        ("Run started", prose(f"Reads {verdict.source}"), run.started),
        ("Run ended", ended, run.ended),
    )
    return {
        "entries": [
            {
                "uuid": uuids.of("log", title),
                "title": title,
                "description": description,
                "start": stamp(moment),
                "end": stamp(moment),
                "logged-by": by,
            }
            for title, description, moment in moments
        ]
    }
