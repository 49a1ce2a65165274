"""A plan that waits -> applied, byte for byte as it was judged, or refused with everything that differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from securesystemslib.signer import CryptoSigner

from lib.artifacts import Actor, Changes, Receipt, StateMark, Target
from lib.deploy import workspace
from lib.deploy.checking import Demand, live_differences, read_receipt, static_differences, verified_differences
from lib.deploy.outputs import Flat, as_json, read_outputs
from lib.deploy.planning import Place, laid_out
from lib.deploy.progress import Counted, OnProgress
from lib.deploy.record import OUTPUTS, Deployment, keep_deployment, receipt_beside
from lib.deploy.states import begin, mark, versions
from lib.deploy.terraform import LOCK_TIMEOUT, Terraform
from lib.errors import DeployRefused, TerraformFailed

DOING = {"deploy": "applying the plan (terraform apply)", "destroy": "destroying (terraform apply of a destroy plan)"}
AFTERWARDS = "free some space, then python main.py outputs: the state tells what is deployed"


@dataclass(frozen=True)
class Recording:
    """How it is recorded. reports: the folder of all stacks. clock: tells when it ended."""

    reports: Path
    actor: Actor
    signer: CryptoSigner | None
    clock: Callable[[], datetime]


@dataclass(frozen=True)
class Deployed:
    """What came of it. left_out: names of sensitive outputs. record: the folder that tells of it."""

    receipt: Receipt
    outputs: Flat
    left_out: tuple[str, ...]
    record: Path
    signed_by: str


def waiting(place: Place, reports: Path, run: str = "") -> tuple[Path, Path]:
    """(folder of the plan that waits, its run). Raises: DeployRefused where there is none, or not that one."""
    found = workspace.plans(place.folder)
    folder = next((each for each in reversed(found) if run in ("", each.name)), None)
    if folder is None:
        there = ", ".join(each.name for each in found) or "none"
        what = f"to deploy {place.stack} to {place.target.name}"
        raise DeployRefused(what, [f"no plan {run} waits (there: {there})".replace("  ", " ")])
    return folder, reports / place.stack / folder.name


def apply_plan(place: Place, run_id: str, demand: Demand, recording: Recording, tell: OnProgress) -> Deployed:
    """Applies the plan that waits. Raises: DeployRefused, before anything is changed; TerraformFailed."""
    with workspace.exclusive(place.folder, place.terraform) as terraform:
        folder, run = waiting(place, recording.reports, run_id)
        receipt, seal = read_receipt(run, demand)
        files = workspace.contents(folder)
        _refuse(run, static_differences(receipt, run, workspace.digests(files), as_planned(place), demand))
        with workspace.scratch(place.folder) as own:
            # From here on only bytes that were compared count: whatever happens to the plan's folder meanwhile.
            workspace.write_private(own, files)
            with workspace.scratch(place.folder) as apart:
                laid_out(own, apart / place.stack)
                _refuse(run, verified_differences(run, demand.trusted, apart))
            begin(terraform, own, locked=True)
            _refuse(run, live_differences(receipt, terraform.title, versions(terraform, own), mark(terraform, own)))
            told = begun("deploy", place, recording, receipt.changes, receipt.run)
            job = Job(terraform, own, told, recording, receipt_beside(run))
            outputs, left_out, record = _applied(job, tell)
        workspace.drop(folder)
    return Deployed(receipt, outputs, left_out, record, seal.signer)


def as_planned(place: Place) -> tuple[str, str, Target]:
    """What a plan is for: stack, environment and target."""
    return place.stack, place.environment_suffix, place.target


@dataclass(frozen=True)
class Job:
    """A plan in a folder that is ready, and what is told of it. beside: files that are kept with its record."""

    terraform: Terraform
    folder: Path
    told: Deployment
    recording: Recording
    beside: Mapping[str, bytes]

    def carry_out(self, counted: Counted) -> Deployment:
        """Applies it; what fails is recorded as well. Raises: TerraformFailed, with what is left to do."""
        arguments = ("apply", "-json", "-input=false", LOCK_TIMEOUT, workspace.PLAN)
        try:
            self.terraform.run(self.folder, *arguments, doing=DOING[self.told.verb], on_event=counted)
        except TerraformFailed as failed:
            result = "interrupted" if failed.interrupted else "failed"
            ended = replace(self.ended(counted, _state_if_any(self)), result=result, reason=failed.summary)
            raise _with_standing(failed, self.folder, ended, self.keep(ended)) from None
        return self.ended(counted, _state_if_any(self))

    def ended(self, counted: Counted, state: StateMark | None) -> Deployment:
        """What is told of it, as far as it came."""
        now = self.recording.clock()
        return replace(self.told, ended=now, done=counted.done, total=counted.total, state=state)

    def keep(self, ended: Deployment, further: Mapping[str, bytes] = MappingProxyType({})) -> Path:
        """Keeps its record. Raises: TerraformFailed, since what it tells of has happened all the same."""
        stack, beside = self.recording.reports / self.told.stack, {**self.beside, **further}
        try:
            return keep_deployment(stack, ended, self.recording.signer, beside)
        except OSError as error:
            what = f"{ended.result}, and its record could not be kept: {error.strerror}"
            raise TerraformFailed(f"recording the {ended.verb}", what, ended.reason, AFTERWARDS) from None


def begun(verb: str, place: Place, recording: Recording, changes: Changes, run: str = "") -> Deployment:
    """What is told of a job that begins now."""
    now = recording.clock()
    return Deployment(
        verb=verb,
        result="applied",
        stack=place.stack,
        run=run,
        started=now,
        ended=now,
        actor=recording.actor,
        target=place.target,
        terraform=place.terraform.title,
        changes=changes,
        done=0,
        total=0,
    )


def _refuse(run: Path, differs: Iterable[str]) -> None:
    if found := list(differs):
        raise DeployRefused(f"to apply the plan of run {run.name}", found)


def _applied(job: Job, tell: OnProgress) -> tuple[Flat, tuple[str, ...], Path]:
    ended = job.carry_out(Counted(tell))
    outputs, left_out = read_outputs(job.terraform, job.folder)
    return outputs, left_out, job.keep(ended, {OUTPUTS: as_json(outputs)})


def _state_if_any(job: Job) -> StateMark | None:
    try:
        return mark(job.terraform, job.folder)
    except TerraformFailed:
        return None


def _with_standing(failed: TerraformFailed, folder: Path, ended: Deployment, record: Path) -> TerraformFailed:
    """The failure, and what the state is now."""
    unsaved, hint = folder / workspace.ERRORED, failed.hint
    if unsaved.exists():
        standing = f"the state could not be saved where it belongs; it is in {unsaved}"
        hint = f"terraform -chdir={folder} state push {workspace.ERRORED}, then python main.py plan, and deploy"
    else:
        saved = (
            f"saved with serial {ended.state.serial}" if ended.state else "where it was, and cannot be asked for now"
        )
        standing = f"{ended.done} of {ended.total} steps are done; the state is {saved}"
    detail = "\n".join(filter(None, (failed.detail, standing, f"recorded in {record}")))
    return TerraformFailed(failed.doing, failed.summary, detail, hint, interrupted=failed.interrupted)
