"""What the run was to assess, and by which rules -> OSCAL back matter; the results import the plan from there."""

from __future__ import annotations

import json

from lib.artifacts import Verdict
from lib.reports.oscal.legal import Json, Uuids, digested, line, prop, props, prose


def import_plan(uuids: Uuids) -> Json:
    """The reference to the plan."""
    return {
        "href": f"#{uuids.of('back-matter', 'plan')}",
        "remarks": "No assessment plan is kept apart; that resource states rule set and scope.",
    }


def back_matter(verdict: Verdict, uuids: Uuids) -> Json:
    """The plan, every file that was read and every file of the rule set, each with its digest."""
    read = {file.path: file.sha256 for file in verdict.scope.files} or {verdict.source: verdict.source_sha256}
    rules = {file.path: file.sha256 for file in verdict.versions.rule_set}
    return {
        "resources": [
            _resource(uuids, "plan", "Rule set and scope", _plan(verdict), {"verdict.json": ""}),
            _resource(uuids, "inputs", "Files that were read", scope_props(verdict), read),
            *([_resource(uuids, "rule set", "Files of the rule set", [], rules)] if rules else []),
        ]
    }


def scope_props(verdict: Verdict) -> list[Json]:
    """What was assessed, as the configuration states it."""
    scope = verdict.scope
    uncommitted = {None: "", True: "yes", False: "no"}[scope.uncommitted]
    return props(
        stack=verdict.stack, source=verdict.source, source_sha256=verdict.source_sha256, account=scope.account,
        region=scope.region, environment=scope.environment, environment_class=scope.environment_class,
        form=scope.form, commit=scope.commit, uncommitted_changes=uncommitted, target=scope.target,
        configuration=scope.configuration, var_files=", ".join(scope.var_files),
    )  # fmt: skip


def _plan(verdict: Verdict) -> list[Json]:
    versions, changed = verdict.versions, frozenset(verdict.changed_thresholds)
    made = props(profile=verdict.profile, rule_set_sha256=versions.rule_set_sha256)
    for name, value in verdict.thresholds.items():
        made.append(prop("changed-threshold" if name in changed else "threshold", f"{name} = {json.dumps(value)}"))
    made += [prop("provider", f"{name} {version}") for name, version in versions.provider.items()]
    made += [prop("not-in-profile", policy.policy_id) for policy in verdict.not_in_profile]
    return [*made, *scope_props(verdict)]


def _resource(uuids: Uuids, key: str, title: str, properties: list[Json], files: dict[str, str]) -> Json:
    # OSCAL wants each reference once; two paths that are written alike as a URI stand for one.
    links = {made["href"]: made for made in (digested(path, sha256) for path, sha256 in files.items())}
    return {
        "uuid": uuids.of("back-matter", key),
        "title": line(title),
        "description": prose(f"{title}; {len(files)} in number"),
        **({"props": properties} if properties else {}),
        "rlinks": list(links.values()),
    }
