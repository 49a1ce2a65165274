"""What is deployed, against the state: what drifted, and what the policies say of it as it is now."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.artifacts import Drift, Verdict
from lib.deploy import workspace
from lib.deploy.planning import Place, laid_out, planned, with_override
from lib.deploy.progress import OnProgress
from lib.deploy.states import begin
from lib.errors import DeployRefused
from lib.gate.sources import Source

STATE_JSON = "state.json"
Judge = Callable[[Path, Path], tuple[Source, Verdict]]
Keep = Callable[[Source, Verdict], tuple[Path, Verdict]]


@dataclass(frozen=True)
class Drifted:
    """drift: every resource that is not as the state had it. run, verdict: on the state as it was read now."""

    drift: tuple[Drift, ...]
    run: Path
    verdict: Verdict


def find_drift(place: Place, configuration: Path, judge: Judge, keep: Keep, tell: OnProgress) -> Drifted:
    """Reads what is deployed; changes nothing, the state included. Raises: TerraformFailed, DeployRefused."""
    with workspace.exclusive(place.folder, place.terraform) as terraform, workspace.scratch(place.folder) as folder:
        workspace.write_private(folder, with_override(place, configuration))
        begin(terraform, folder)
        document = planned(terraform, folder, tell, "-refresh-only")
        state = document.get("prior_state") or {}
        if not state.get("values"):
            raise DeployRefused(f"to look for drift of {place.stack}", ["nothing is deployed: the state is empty"])
        workspace.write_private(folder, {workspace.PLAN_JSON: json.dumps(state).encode()})
        with workspace.scratch(place.folder) as apart:
            printed, sources = laid_out(folder, apart / place.stack)
            source, verdict = judge(printed.rename(printed.with_name(STATE_JSON)), sources)
            run, kept = keep(source, verdict)
    return Drifted(drift_of(document), run, kept)


def drift_of(document: Mapping[str, Any]) -> tuple[Drift, ...]:
    """What differs, by names of arguments only: their values may be secret. document: JSON of a refresh-only plan.

    A read-back that nobody declared, as an inline rule beside standalone ones, differs after every first apply: it is
    told apart, and the policies judge what it says.
    """
    declared = _declared(document.get("configuration", {}).get("root_module", {}))
    found = (_drift(each, declared) for each in document.get("resource_drift", []))
    return tuple(each for each in found if each.action == "delete" or each.arguments or each.undeclared)


def _declared(module: Mapping[str, Any]) -> dict[tuple[str, str, str], frozenset[str]]:
    resources = module.get("resources", [])
    return {(each["mode"], each["type"], each["name"]): frozenset(each.get("expressions", {})) for each in resources}


def _drift(entry: Mapping[str, Any], declared: Mapping[tuple[str, str, str], frozenset[str]]) -> Drift:
    """In a module nobody can tell what is declared, so that each argument counts."""
    change = entry["change"]
    if "delete" in change["actions"]:
        return Drift(entry["address"], "delete", ())
    before, after = (change.get(name) or {} for name in ("before", "after"))
    names = [
        name for name in sorted(before.keys() | after.keys()) if _plain(before.get(name)) != _plain(after.get(name))
    ]
    known = None if entry.get("module_address") else declared.get((entry["mode"], entry["type"], entry["name"]))
    arguments = tuple(name for name in names if known is None or name in known or name == "tags_all")
    return Drift(entry["address"], "update", arguments, tuple(name for name in names if name not in arguments))


def _plain(value: Any) -> Any:
    """A provider reads back as empty what was never set, which is no drift."""
    if isinstance(value, Mapping):
        plain = {name: _plain(item) for name, item in value.items()}
        return {name: item for name, item in plain.items() if item is not None} or None
    if isinstance(value, list):
        return [_plain(item) for item in value] or None
    return value if value != "" else None
