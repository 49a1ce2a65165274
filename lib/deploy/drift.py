"""What is deployed, against the state: what drifted, and what the policies say of it as it is now."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
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
    """What differs, by names of arguments only: their values may be secret. document: JSON of a refresh-only plan."""
    return tuple(_drift(document))


def _drift(document: Mapping[str, Any]) -> Iterator[Drift]:
    for each in document.get("resource_drift", []):
        change = each["change"]
        action = "delete" if "delete" in change["actions"] else "update"
        before, after = (change.get(name) or {} for name in ("before", "after"))
        names = tuple(
            name for name in sorted(before.keys() | after.keys()) if _plain(before.get(name)) != _plain(after.get(name))
        )
        if action == "delete" or names:
            yield Drift(each["address"], action, names if action == "update" else ())


def _plain(value: Any) -> Any:
    """A provider reads back as empty what was never set, which is no drift."""
    if isinstance(value, Mapping):
        plain = {name: _plain(item) for name, item in value.items()}
        return {name: item for name, item in plain.items() if item is not None} or None
    if isinstance(value, list):
        return [_plain(item) for item in value] or None
    return value if value != "" else None
