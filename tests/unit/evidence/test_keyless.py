"""Keyless attestations, signed and verified by sigstore's own client against a local Sigstore with real keys.

Only the public services are replaced, since tests have no network: tests/unit/evidence/local_sigstore.py says by what.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.artifacts import Digest
from lib.errors import ReportError
from lib.evidence.attestation import Seal
from lib.evidence.keyless import opened_keyless, sealed_keyless
from lib.evidence.statement import KEYLESS_FILENAME, payload, statement
from tests.samples import hostile, sample
from tests.unit.evidence.local_sigstore import IDENTITY, ISSUER, LocalSigstore

STATEMENT = statement([Digest("verdict.json", "ab" * 32)], sample())
OTHER_STATEMENT = statement([Digest("verdict.json", "cd" * 32)], sample())


@pytest.fixture(scope="module")
def sigstore() -> Iterator[LocalSigstore]:
    running = LocalSigstore()
    yield running
    running.close()


@pytest.fixture(scope="module")
def trust(sigstore: LocalSigstore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("trust") / "trust.json"
    file.write_text(sigstore.trust_config())
    return file


@pytest.fixture(scope="module")
def bundle(sigstore: LocalSigstore, trust: Path) -> bytes:
    with pytest.MonkeyPatch.context() as job:
        for name, value in sigstore.job().items():
            job.setenv(name, value)
        return sealed_keyless(STATEMENT, trust)


@pytest.fixture
def no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that no detector takes for a CI job."""
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "CIRCLECI", "BUILDKITE", "GOOGLE_SERVICE_ACCOUNT_NAME"):
        monkeypatch.delenv(name, raising=False)


def changed(bundle: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    body = json.loads(bundle)
    change(body)
    return json.dumps(body).encode()


def test_what_a_job_signed_is_opened_as_signed_by_its_workflow(bundle: bytes, trust: Path) -> None:
    found = opened_keyless(bundle, IDENTITY, ISSUER, trust)
    assert (found.statement, found.seal, found.signer) == (STATEMENT, Seal.SIGNED, f"{IDENTITY} ({ISSUER})")


def test_hostile_texts_are_signed_as_they_are(
    sigstore: LocalSigstore, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sigstore.job().items():
        monkeypatch.setenv(name, value)
    said = statement([Digest("verdict.json", "ab" * 32)], hostile())
    assert opened_keyless(sealed_keyless(said, trust), IDENTITY, ISSUER, trust).statement == said


@pytest.mark.parametrize(
    ("identity", "issuer"),
    [
        (IDENTITY.replace("main", "pull/1/merge"), ISSUER),
        (IDENTITY, "https://issuer.example.com"),
        (IDENTITY.removesuffix("main"), ISSUER),
        (".*", ISSUER),
    ],
    ids=["another ref", "another issuer", "a beginning", "a pattern"],
)
def test_who_was_not_demanded_is_wrong(bundle: bytes, trust: Path, identity: str, issuer: str) -> None:
    found = opened_keyless(bundle, identity, issuer, trust)
    assert (found.seal, found.signer) == (Seal.WRONG, "")


@pytest.mark.parametrize(("identity", "issuer"), [("", ISSUER), (IDENTITY, "")])
def test_an_identity_or_issuer_that_is_empty_is_refused(bundle: bytes, trust: Path, identity: str, issuer: str) -> None:
    with pytest.raises(ReportError, match="requires both"):
        opened_keyless(bundle, identity, issuer, trust)


def test_what_another_sigstore_vouches_for_is_wrong(bundle: bytes, tmp_path: Path) -> None:
    other, file = LocalSigstore(), tmp_path / "other.json"
    file.write_text(other.trust_config())
    other.close()
    assert opened_keyless(bundle, IDENTITY, ISSUER, file).seal is Seal.WRONG


def entry_of(body: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = body["verificationMaterial"]["tlogEntries"][0]
    return entry


TAMPERED: dict[str, Callable[[dict[str, Any]], object]] = {
    "payload": lambda body: body["dsseEnvelope"].update(payload=base64.b64encode(payload(OTHER_STATEMENT)).decode()),
    "signature": lambda body: body["dsseEnvelope"]["signatures"][0].update(sig=base64.b64encode(b"x" * 70).decode()),
    "no signature": lambda body: body["dsseEnvelope"]["signatures"].clear(),
    "two signatures": lambda body: body["dsseEnvelope"]["signatures"].append(body["dsseEnvelope"]["signatures"][0]),
    "time in the log": lambda body: entry_of(body).update(integratedTime="1"),
    "entry in the log": lambda body: entry_of(body).update(canonicalizedBody=base64.b64encode(b"{}").decode()),
    "promise of the log": lambda body: entry_of(body).pop("inclusionPromise"),
    "proof of the log": lambda body: entry_of(body).pop("inclusionProof"),
    "root of the log": lambda body: entry_of(body)["inclusionProof"].update(rootHash=base64.b64encode(b"x").decode()),
    "no log": lambda body: body["verificationMaterial"]["tlogEntries"].clear(),
    "certificate": lambda body: body["verificationMaterial"]["certificate"].update(rawBytes="AAAA"),
    "no certificate": lambda body: body["verificationMaterial"].pop("certificate"),
    "no material": lambda body: body.pop("verificationMaterial"),
    "media type": lambda body: body.update(mediaType="\x1b[31mtext/plain"),
}


@pytest.mark.parametrize("part", TAMPERED)
def test_a_bundle_that_was_tampered_with_is_wrong(bundle: bytes, trust: Path, part: str) -> None:
    found = opened_keyless(changed(bundle, TAMPERED[part]), IDENTITY, ISSUER, trust)
    assert (found.seal, found.signer) == (Seal.WRONG, "")
    assert found.why.isprintable()
    assert len(found.why) < 400


@settings(deadline=None)
@given(position=st.integers(0, 100_000), flip=st.integers(1, 255))
def test_no_changed_byte_makes_another_statement_signed(bundle: bytes, trust: Path, position: int, flip: int) -> None:
    envelope = bytearray(bundle)
    envelope[position % len(bundle)] ^= flip
    try:
        found = opened_keyless(bytes(envelope), IDENTITY, ISSUER, trust)
    except ReportError:
        return
    assert found.seal is not Seal.SIGNED or found.statement == STATEMENT


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b"{}", b'{"dsseEnvelope": 1}', b'{"dsseEnvelope": {}}', b"\xff"])
def test_garbage_is_refused_in_words(trust: Path, garbage: bytes) -> None:
    with pytest.raises(ReportError, match=KEYLESS_FILENAME):
        opened_keyless(garbage, IDENTITY, ISSUER, trust)


@pytest.mark.usefixtures("no_job")
def test_without_a_job_nothing_is_signed(trust: Path) -> None:
    with pytest.raises(ReportError, match="id-token: write"):
        sealed_keyless(STATEMENT, trust)


@pytest.mark.parametrize("url", ["", "http://[", "{sigstore}/nothing", "{sigstore}/token?"])
def test_a_job_that_gets_no_token_is_told_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch, sigstore: LocalSigstore, trust: Path, url: str
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of another job")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", url.format(sigstore=sigstore.url))
    with pytest.raises(ReportError, match="id-token: write") as refused:
        sealed_keyless(STATEMENT, trust)
    assert "of another job" not in str(refused.value)


def test_a_statement_of_no_file_is_not_signed(
    monkeypatch: pytest.MonkeyPatch, sigstore: LocalSigstore, trust: Path
) -> None:
    for name, value in sigstore.job().items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ReportError, match="malformed in-toto statement"):
        sealed_keyless(statement([], sample()), trust)


def test_services_that_do_not_answer_are_told_without_the_token(
    monkeypatch: pytest.MonkeyPatch, sigstore: LocalSigstore, tmp_path: Path
) -> None:
    for name, value in sigstore.job().items():
        monkeypatch.setenv(name, value)
    gone, file = LocalSigstore(), tmp_path / "gone.json"
    file.write_text(gone.trust_config())
    gone.close()
    with pytest.raises(ReportError, match="requires the trusted Fulcio and Rekor to answer") as refused:
        sealed_keyless(STATEMENT, file)
    assert sigstore.token().split(".")[0] not in str(refused.value)


@pytest.mark.parametrize("emptied", ["tlogs", "certificateAuthorities"])
def test_a_trust_config_that_trusts_nobody_is_refused(
    bundle: bytes, sigstore: LocalSigstore, tmp_path: Path, emptied: str
) -> None:
    config, file = json.loads(sigstore.trust_config()), tmp_path / "trust.json"
    config["trustedRoot"][emptied] = []
    file.write_text(json.dumps(config))
    with pytest.raises(ReportError, match="client trust config"):
        opened_keyless(bundle, IDENTITY, ISSUER, file)


@pytest.mark.parametrize("content", [None, "", "{}"], ids=["missing", "empty", "another file"])
def test_a_trust_config_that_is_none_is_refused_by_its_path(bundle: bytes, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "trust.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ReportError, match="client trust config") as refused:
        opened_keyless(bundle, IDENTITY, ISSUER, file)
    assert str(file) in str(refused.value)


def test_where_the_library_is_not_installed_it_is_named(monkeypatch: pytest.MonkeyPatch, bundle: bytes) -> None:
    monkeypatch.setitem(sys.modules, "sigstore", None)  # as the import system marks what is not to be found
    for attempt in (lambda: sealed_keyless(STATEMENT), lambda: opened_keyless(bundle, IDENTITY, ISSUER)):
        with pytest.raises(ReportError, match="pip install sigstore"):
            attempt()
