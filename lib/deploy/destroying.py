"""A stack -> gone: planned, shown, confirmed, applied, and checked that nothing is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from lib.artifacts import Changes
from lib.deploy import workspace
from lib.deploy.applying import Job, Recording, begun
from lib.deploy.leftovers import kept_by_aws
from lib.deploy.outputs import Flat, read_outputs
from lib.deploy.planning import Place, changes_of, planned, with_override
from lib.deploy.progress import Counted, OnProgress
from lib.deploy.states import begin, left

Confirm = Callable[[tuple[str, ...], Changes], None]
"""Told the addresses that go; raises where nobody agrees."""


@dataclass(frozen=True)
class Destroyed:
    """left: addresses that the state still holds. kept: what AWS keeps, in words. outputs: as they were before."""

    changes: Changes
    left: tuple[str, ...]
    kept: tuple[str, ...]
    outputs: Flat
    record: Path


def destroy(place: Place, configuration: Path, confirm: Confirm, recording: Recording, tell: OnProgress) -> Destroyed:
    """Destroys everything that the state holds; what was planned before is dropped. Raises: TerraformFailed."""
    with workspace.exclusive(place.folder, place.terraform) as terraform, workspace.scratch(place.folder) as folder:
        workspace.write_private(folder, with_override(place, configuration))
        begin(terraform, folder)
        outputs, _ = read_outputs(terraform, folder)
        document = planned(terraform, folder, tell, "-destroy")
        changes = changes_of(document)
        going = (each for each in document.get("resource_changes", []) if "delete" in each["change"]["actions"])
        confirm(tuple(each["address"] for each in going), changes)
        for earlier in workspace.plans(place.folder):
            workspace.drop(earlier)
        job = Job(terraform, folder, begun("destroy", place, recording, changes), recording, {})
        ended = job.carry_out(Counted(tell))
        remains, kept = left(terraform, folder), kept_by_aws(document, ended.ended)
        record = job.keep(replace(ended, left=(*remains, *kept)))
    return Destroyed(changes, remains, kept, outputs, record)
