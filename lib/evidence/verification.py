"""Is a kept run still what the gate wrote, who vouches for it, and does it come out the same again?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lib.artifacts import Digest, Verdict
from lib.errors import ReportError
from lib.evidence.attestation import Opened, Seal
from lib.evidence.checks import Check, Result
from lib.evidence.reproduction import reproduce
from lib.evidence.runs import VERDICT, read_verdict
from lib.evidence.sealing import Trusted, open_seal
from lib.evidence.statement import ATTESTATIONS, compare, statement
from lib.gate.versions import versions_here
from lib.reports import views_of
from lib.verdict_json import to_json

NOBODY = Trusted()
SIGNATURE, FILES, VIEWS = "signature", "files", "views"


def verify(run: Path, trusted: Trusted = NOBODY, original: Path | None = None) -> Iterator[Check]:
    """Everything that can be checked of a run, one after the other. trusted: whose signature counts.

    original: the folder with the input, where it was not kept with the run.
    """
    found, odd = _digests(run)
    envelope = None
    try:
        envelope = open_seal(run, trusted)
        yield _signature(envelope, trusted)
        yield _files(envelope.statement, found, odd)
    except ReportError as gap:
        yield Check(SIGNATURE, Result.FAILS, (str(gap),))
    try:
        verdict = read_verdict(run)
    except ReportError as gap:
        yield Check(VERDICT, Result.FAILS, (str(gap),))
        return
    yield _verdict(run, verdict, found, envelope)
    yield _views(run, verdict)
    yield from reproduce(run, verdict, original)


def _signature(envelope: Opened, trusted: Trusted) -> Check:
    if envelope.seal is Seal.SIGNED:
        return Check(SIGNATURE, Result.STANDS, (f"signed by {envelope.signer}",))
    if envelope.seal is Seal.UNSIGNED:
        return Check(SIGNATURE, Result.FAILS if trusted.anyone else Result.NOTED, (f"UNSIGNED: {envelope.why}",))
    if envelope.seal is Seal.UNCHECKED:
        claimed = ", ".join(envelope.claimed)
        hint = "give --public-key, or --identity and --issuer, from where you trust them: not from this folder"
        return Check(SIGNATURE, Result.UNDECIDED, (f"{envelope.why} (it names {claimed}); {hint}",))
    return Check(SIGNATURE, Result.FAILS, (envelope.why,))


def _files(said: Mapping[str, Any], found: tuple[Digest, ...], odd: tuple[str, ...]) -> Check:
    differs = compare(said, found)
    wrong = (
        *(f"{name} has changed" for name in differs.changed),
        *(f"{name} is missing" for name in differs.missing),
        *(f"{name} was not there" for name in differs.extra),
        *(f"{name} is no plain file" for name in odd),
    )
    return _check(FILES, wrong, f"all {len(found)} files are those written")


def _verdict(run: Path, verdict: Verdict, found: tuple[Digest, ...], envelope: Opened | None) -> Check:
    wrong = []
    if to_json(verdict).encode() != (run / VERDICT).read_bytes():
        wrong.append("it is not as `gate` writes a verdict: something was added, left out or set otherwise")
    if verdict.run.id != run.name:
        wrong.append(f"it is of the run {verdict.run.id}, and the folder is called {run.name}")
    if envelope and statement(found, verdict)["predicate"] != envelope.statement["predicate"]:
        wrong.append("the attestation tells of another verdict")
    return _check(VERDICT, tuple(wrong), f"{verdict.outcome.value}, as attested")


def _check(name: str, wrong: tuple[str, ...], right: str) -> Check:
    return Check(name, Result.FAILS if wrong else Result.STANDS, wrong or (right,))


def _views(run: Path, verdict: Verdict) -> Check:
    """Views that were made by another version look otherwise; the attestation alone speaks for those."""
    views = views_of(verdict)
    other = [name for name, content in views.items() if _content(run / name) != content]
    if not other:
        return Check(VIEWS, Result.STANDS, (f"all {len(views)} are what {VERDICT} renders to",))
    same = versions_here().views_sha256 == verdict.versions.views_sha256
    words = "is not what verdict.json renders to" if same else "was rendered by another version of this tool"
    return Check(VIEWS, Result.FAILS if same else Result.NOTED, tuple(f"{name} {words}" for name in other))


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _digests(run: Path) -> tuple[tuple[Digest, ...], tuple[str, ...]]:
    """(the run's files but those that vouch for the others, what is neither a file nor a folder)."""
    digests, odd = [], []
    for path in sorted(run.rglob("*")):
        name = path.relative_to(run).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            odd.append(name)
        elif path.is_file() and name not in ATTESTATIONS:
            digests.append(Digest(name, hashlib.sha256(path.read_bytes()).hexdigest()))
    return tuple(digests), tuple(odd)
