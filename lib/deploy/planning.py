"""Terraform JSON in a folder -> a plan, judged, and kept with a receipt where it may be deployed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner

from lib.artifacts import Changes, Outcome, Plan, Receipt, StateMark, Target, Verdict
from lib.deploy import workspace
from lib.deploy.outputs import Flat, read_outputs
from lib.deploy.progress import Counted, OnProgress
from lib.deploy.receipt import sealed_receipt
from lib.deploy.states import begin, mark, versions
from lib.deploy.terraform import LOCK_TIMEOUT, Terraform
from lib.deploy.thresholds import loosened
from lib.errors import DeployRefused, TerraformFailed
from lib.evidence.keeping import Keeping, keep
from lib.evidence.statement import RECEIPT_FILENAME
from lib.gate.sources import Source

OVERRIDE = "target_override.tf.json"


@dataclass(frozen=True)
class Place:
    """Where a stack is planned and deployed. home: the folder of all plans. override: Terraform JSON for this target
    alone, laid beside the configuration; empty where the configuration is applied as it is.
    """

    home: Path
    stack: str
    environment_suffix: str
    target: Target
    terraform: Terraform
    override: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """Of the stack's plans at this target: those of another are against another state."""
        return self.home / f"{self.stack}-{self.target.name}"


@dataclass(frozen=True)
class Judging:
    """How a plan is judged and kept. judge: (JSON of the plan, folder of its configuration) -> what the gate says.

    own_thresholds: the profile's. allow_loosened: whether weaker ones may be deployed by. longest: until it expires.
    waivers: the file's name in findings, and its path. settings: what the stack was built with.
    """

    judge: Callable[[Path, Path], tuple[Source, Verdict]]
    how: Keeping
    own_thresholds: Mapping[str, Any]
    longest: timedelta
    signer: CryptoSigner | None = None
    waivers: tuple[str, Path] | None = None
    settings: Mapping[str, Any] | None = None
    allow_loosened: bool = False


@dataclass(frozen=True)
class Planned:
    """What was planned: its run with the verdict, and the plan where it may be deployed."""

    run: Path
    verdict: Verdict
    changes: Changes
    plan: Plan | None
    loosened: tuple[str, ...]


@dataclass(frozen=True)
class _Facts:
    """What Terraform said of a plan. state: that it is against. providers: source -> version."""

    changes: Changes
    state: StateMark
    providers: Mapping[str, str]


def make_plan(place: Place, configuration: Path, by: Judging, tell: OnProgress) -> Planned:
    """Plans, judges the plan and keeps both; what was planned before may be deployed no more.

    configuration: a folder with everything that is planned. Raises: TerraformFailed, DeployRefused, GateError.
    """
    with workspace.exclusive(place.folder, place.terraform) as terraform, workspace.scratch(place.folder) as folder:
        for earlier in workspace.plans(place.folder):
            workspace.drop(earlier)
        workspace.write_private(folder, with_override(place, configuration))
        begin(terraform, folder)
        before = mark(terraform, folder)
        document = planned(terraform, folder, tell)
        if mark(terraform, folder) != before:
            raise TerraformFailed("planning", "the state has changed meanwhile", "", "python main.py plan")
        facts = _Facts(changes_of(document), before, versions(terraform, folder))
        return _judged(place, by, folder, facts)


def with_override(place: Place, configuration: Path) -> dict[str, bytes]:
    """The files of a configuration, and beside them what the target alone needs."""
    files = workspace.contents(configuration)
    override = json.dumps(place.override, indent=2).encode() + b"\n" if place.override else b""
    return files | ({OVERRIDE: override} if override else {})


def changes_of(document: Mapping[str, Any]) -> Changes:
    """What the JSON of a plan does."""
    actions = [tuple(each["change"]["actions"]) for each in document.get("resource_changes", [])]
    outputs = [each for each in document.get("output_changes", {}).values() if each["actions"] != ["no-op"]]
    return Changes(
        add=sum("create" in each for each in actions),
        change=sum("update" in each for each in actions),
        destroy=sum("delete" in each for each in actions),
        outputs=len(outputs),
    )


def planned(terraform: Terraform, folder: Path, tell: OnProgress, *how: str) -> dict[str, Any]:
    """Plans into a folder that is ready; gives the JSON, which is written beside it. how: further options."""
    arguments = ("plan", "-json", "-input=false", LOCK_TIMEOUT, f"-out={workspace.PLAN}", *how)
    terraform.run(folder, *arguments, doing="planning (terraform plan)", on_event=Counted(tell))
    shown = terraform.run(folder, "show", "-json", workspace.PLAN, doing="reading the plan (terraform show)").stdout
    document: dict[str, Any] = json.loads(shown)
    if not document.get("complete", True):
        raise TerraformFailed(
            "planning", "the plan is not complete: it leaves changes to a later one", "", "plan again"
        )
    workspace.write_private(
        folder, {workspace.PLAN: (folder / workspace.PLAN).read_bytes(), workspace.PLAN_JSON: shown}
    )
    return document


def _judged(place: Place, by: Judging, folder: Path, facts: _Facts) -> Planned:
    with workspace.scratch(place.folder) as apart:
        source, verdict = by.judge(*laid_out(folder, apart / place.stack))
        weak = loosened(verdict, by.own_thresholds)
        deployable = verdict.outcome is Outcome.PASS and (by.allow_loosened or not weak)
        made: list[Receipt] = []
        receipt = replace(_receipt(place, by, verdict, facts), files=workspace.digests(workspace.contents(folder)))
        how = replace(by.how, seal=_with_receipt(by, receipt, made)) if deployable else by.how
        run, kept = keep(source, verdict, how, waivers=by.waivers, settings=by.settings or {})
    plan = None
    if made:
        folder.rename(place.folder / run.name)
        plan = Plan(place.folder / run.name, run, made[0])
    return Planned(run, kept, facts.changes, plan, weak)


def laid_out(folder: Path, judged: Path) -> tuple[Path, Path]:
    """Copies what the gate reads to a folder that is called as the stack, by which its reports name files."""
    judged.mkdir(parents=True)
    for path in (*folder.glob("*.tf.json"), *folder.glob("*.tf"), folder / workspace.PLAN_JSON):
        shutil.copyfile(path, judged / path.name)
    return judged / workspace.PLAN_JSON, judged


def _receipt(place: Place, by: Judging, verdict: Verdict, facts: _Facts) -> Receipt:
    """All but what is known only once the run is kept."""
    created: datetime = by.how.run.started
    return Receipt(
        stack=place.stack,
        environment_suffix=place.environment_suffix,
        run="",
        created=created,
        expires=created + by.longest,
        files=(),
        verdict_sha256="",
        rule_set_sha256=verdict.versions.rule_set_sha256,
        waivers_sha256=waivers_sha256(by.waivers),
        profile=verdict.profile,
        thresholds=verdict.thresholds,
        loosened_thresholds=loosened(verdict, by.own_thresholds),
        state=facts.state,
        terraform=place.terraform.title,
        providers=facts.providers,
        target=place.target,
        changes=facts.changes,
    )


def waivers_sha256(waivers: tuple[str, Path] | None) -> str:
    """Of the file of waivers as it is now, empty without one. Raises: DeployRefused where it cannot be read."""
    if not waivers:
        return ""
    try:
        return workspace.digests({"": waivers[1].read_bytes()})[0].sha256
    except OSError as error:
        raise DeployRefused("to go on", [f"{waivers[0]}: {error.strerror}"], "bring the file of waivers back") from None


def _with_receipt(by: Judging, receipt: Receipt, made: list[Receipt]) -> Callable[..., Mapping[str, bytes]]:
    """The run's seal, and the receipt: the run's id and the verdict's digest are known when it is sealed."""

    def seal(verdict: Verdict, digests: Mapping[str, str]) -> Mapping[str, bytes]:
        made.append(replace(receipt, run=verdict.run.id, verdict_sha256=digests["verdict.json"]))
        return {**by.how.seal(verdict, digests), RECEIPT_FILENAME: sealed_receipt(made[0], by.signer)}

    return seal


def deployed_outputs(place: Place, configuration: Path) -> tuple[Flat, tuple[str, ...]]:
    """What the state has of a stack that is deployed, and names of sensitive outputs. Raises: TerraformFailed."""
    with workspace.scratch(place.folder) as folder:
        workspace.write_private(folder, with_override(place, configuration))
        begin(place.terraform, folder)
        return read_outputs(place.terraform, folder)
