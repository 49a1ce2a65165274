"""Is a plan still what the gate passed, for that state and target? Each difference is a sentence, and refuses it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lib.artifacts import Digest, Outcome, Receipt, StateMark, Target, Verdict
from lib.deploy.receipt import open_receipt
from lib.deploy.thresholds import loosened
from lib.deploy.workspace import differences
from lib.errors import DeployRefused, ReportError
from lib.evidence.attestation import MOST_BYTES, Opened, Seal
from lib.evidence.checks import Result
from lib.evidence.reproduction import RULES_CHECK
from lib.evidence.runs import VERDICT, read_verdict
from lib.evidence.sealing import Trusted
from lib.evidence.statement import RECEIPT_FILENAME
from lib.evidence.verification import verify

CLOCKS_DIFFER = timedelta(minutes=5)
"""By which two machines' clocks may differ: a receipt from the future beyond that is refused."""


@dataclass(frozen=True)
class Demand:
    """What holds now, beside what a receipt has. longest: the age that a plan may reach.

    trusted: whose signature counts. allow_unsigned: whether a receipt that nobody signed will do.
    own_thresholds: the profile's. waivers_sha256: of the file as it is now.
    """

    now: datetime
    longest: timedelta
    trusted: Trusted
    allow_unsigned: bool
    own_thresholds: Mapping[str, Any]
    waivers_sha256: str


def read_receipt(run: Path, demand: Demand) -> tuple[Receipt, Opened]:
    """The receipt of a run, signed by whom it has to be. Raises: DeployRefused."""
    path = run / RECEIPT_FILENAME
    try:
        with path.open("rb") as file:
            receipt, seal = open_receipt(file.read(MOST_BYTES + 1), demand.trusted.key, str(path))
    except OSError as error:
        raise DeployRefused(
            f"the run {run.name}", [f"{path}: {error.strerror}; without a receipt nothing is applied"]
        ) from None
    except ReportError as wrong:
        raise DeployRefused(f"the run {run.name}", [str(wrong)]) from None
    if wrong_seal := _seal_differences(receipt, seal, demand):
        raise DeployRefused(f"the receipt of run {run.name}", [wrong_seal], _go_on(seal))
    return receipt, seal


def _seal_differences(receipt: Receipt, seal: Opened, demand: Demand) -> str:
    if seal.seal is Seal.SIGNED:
        return "" if receipt.signer == seal.signer else f"it names another signer, {receipt.signer or 'nobody'}"
    if seal.seal is Seal.UNSIGNED and receipt.signer:
        return f"it was signed by {receipt.signer}, and the signature was taken off"
    if seal.seal is Seal.UNSIGNED and not demand.trusted.anyone and demand.allow_unsigned:
        return ""
    return seal.why


def _go_on(seal: Opened) -> str:
    if seal.seal is Seal.UNCHECKED:
        return "give --public-key FILE or PLANTGUARD_PUBLIC_KEY, from where you trust it"
    if seal.seal is Seal.UNSIGNED:
        return "python main.py plan --signing-key FILE, then deploy (--allow-unsigned applies what nobody vouches for)"
    return "python main.py plan, then deploy"


def static_differences(
    receipt: Receipt, run: Path, files: Sequence[Digest], place: tuple[str, str, Target], demand: Demand
) -> Iterator[str]:
    """Everything that can be compared before Terraform is started. files: of the plan's folder as they are now.

    place: the stack, the environment and the target that are meant.
    """
    stack, suffix, target = place
    if (receipt.stack, receipt.run) != (stack, run.name):
        yield f"the receipt is of run {receipt.run} of {receipt.stack}, this is run {run.name} of {stack}"
    if receipt.environment_suffix != suffix:
        yield f"it was planned for the environment {receipt.environment_suffix}, this is {suffix}"
    yield from differences(receipt.files, files)
    yield from _of_target(receipt.target, target)
    yield from _of_time(receipt, demand)
    if receipt.waivers_sha256 != demand.waivers_sha256:
        yield "the file of waivers is not the one that the plan was judged by"
    yield from _of_verdict(receipt, run, demand)


def verified_differences(run: Path, trusted: Trusted, original: Path) -> Iterator[str]:
    """Whether the run is what the gate wrote, its rules are those of now, and its results come out again."""
    for check in verify(run, trusted, original):
        unsettled = check.result in (Result.FAILS, Result.UNDECIDED)
        if unsettled or (check.name == RULES_CHECK and check.result is Result.NOTED):
            yield from (f"{check.name} of the run: {sentence}" for sentence in check.says)


def live_differences(receipt: Receipt, terraform: str, providers: Mapping[str, str], state: StateMark) -> Iterator[str]:
    """What Terraform says of itself and of the state, against the receipt."""
    if receipt.terraform != terraform:
        yield f"it was planned with {receipt.terraform}, this is {terraform}"
    for name in sorted(receipt.providers.keys() | providers.keys()):
        then, now = receipt.providers.get(name, "none"), providers.get(name, "none")
        if then != now:
            yield f"provider {name} was {then}, is {now}"
    if receipt.state.lineage != state.lineage:
        yield f"the state is another: its lineage was {receipt.state.lineage or 'none'}, is {state.lineage or 'none'}"
    elif receipt.state.serial != state.serial:
        yield f"the state has changed since: its serial was {receipt.state.serial}, is {state.serial}"
    elif receipt.state.sha256 != state.sha256:
        yield f"the state has other content under the same serial {state.serial}"


def _of_target(then: Target, now: Target) -> Iterator[str]:
    for name, before in vars(then).items():
        if before != getattr(now, name):
            yield f"the target's {name} was {before or 'none'}, is {getattr(now, name) or 'none'}"


def _of_time(receipt: Receipt, demand: Demand) -> Iterator[str]:
    expires = min(receipt.expires, receipt.created + demand.longest)
    if demand.now >= expires:
        yield f"it was planned at {receipt.created:%Y-%m-%d %H:%M} UTC and expired at {expires:%Y-%m-%d %H:%M} UTC"
    if receipt.created > demand.now + CLOCKS_DIFFER:
        yield f"it was planned in the future, at {receipt.created:%Y-%m-%d %H:%M} UTC"


def _of_verdict(receipt: Receipt, run: Path, demand: Demand) -> Iterator[str]:
    try:
        verdict = read_verdict(run)
    except ReportError as wrong:
        yield str(wrong)
        return
    if hashlib.sha256((run / VERDICT).read_bytes()).hexdigest() != receipt.verdict_sha256:
        yield f"{VERDICT} is not the one that the receipt names"
    yield from _of_outcome(receipt, verdict, demand)


def _of_outcome(receipt: Receipt, verdict: Verdict, demand: Demand) -> Iterator[str]:
    if verdict.outcome is not Outcome.PASS:
        yield f"the verdict on the plan is {verdict.outcome.value}, requires pass"
    if receipt.rule_set_sha256 != verdict.versions.rule_set_sha256 or receipt.profile != verdict.profile:
        yield "the receipt names other rules than the verdict"
    weak = loosened(verdict, demand.own_thresholds)
    if weak != receipt.loosened_thresholds:
        yield f"thresholds weaker than the profile's: {', '.join(weak) or 'none'}, and the receipt allows others"
    for each in verdict.waived:
        if each.waiver.expires < demand.now.date():
            yield f"the waiver of {each.waiver.policy} at {each.waiver.address} is over since {each.waiver.expires}"
