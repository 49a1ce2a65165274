"""Attestations: what is signed, what a signature is worth, and that nothing hostile is taken for signed."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import example, given
from hypothesis import strategies as st
from securesystemslib.signer import CryptoSigner

from lib.artifacts import Digest, Outcome, Verdict, Versions
from lib.errors import ReportError
from lib.evidence import attestation
from lib.evidence.attestation import MOST_BYTES, Opened, Seal, opened, sealed
from lib.evidence.keys import read_public_key, read_signer
from lib.evidence.statement import (
    FILENAME,
    KEYLESS_FILENAME,
    MOST_PAYLOAD_BYTES,
    Difference,
    compare,
    payload,
    statement,
)
from lib.settings import load_settings
from tests.samples import hostile, passing, sample

FILES = (Digest("verdict.json", "ab" * 32), Digest("oscal/results.json", "cd" * 32), Digest("index.html", "ef" * 32))
STATEMENT = statement(FILES, sample())
SIGNER, OTHER = CryptoSigner.generate_ed25519(), CryptoSigner.generate_ed25519()
KEY = SIGNER.public_key
SIGNED = sealed(STATEMENT, SIGNER)
SETTINGS = {"PLANTGUARD_SETTINGS": os.devnull, "PLANTGUARD_SIGNING_KEY": "x", "PLANTGUARD_PUBLIC_KEY": "y"}
openssl = pytest.mark.skipif(
    not all(map(shutil.which, ("openssl", "jq", "base64", "sh"))), reason="the recipe needs openssl, jq and base64"
)


def changed(change: Callable[[dict[str, Any]], object], envelope: bytes = SIGNED) -> bytes:
    body = json.loads(envelope)
    change(body)
    return json.dumps(body).encode()


def resaid(change: Callable[[dict[str, Any]], object]) -> bytes:
    """An envelope, signed by the key itself, whose statement is changed."""
    said = json.loads(json.dumps(STATEMENT))
    change(said)
    return sealed(said, SIGNER)


def refusal(envelope: bytes) -> str:
    with pytest.raises(ReportError) as refused:
        opened(envelope, KEY)
    assert len(str(refused.value)) < 500
    assert str(refused.value).isprintable()
    return str(refused.value)


def pem(key: Any, password: bytes = b"", form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return bytes(key.private_bytes(Encoding.PEM, form, encryption))


def public_pem(signer: CryptoSigner) -> bytes:
    key = signer._private_key.public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    file = folder / "key.pem"
    file.write_bytes(content)
    file.chmod(mode)
    return file


# What is said


def test_every_file_is_a_subject_in_order_but_no_attestation() -> None:
    own = (Digest(FILENAME, "00" * 32), Digest(KEYLESS_FILENAME, "11" * 32))
    said = statement((*own, *FILES), sample())
    assert [each["name"] for each in said["subject"]] == ["index.html", "oscal/results.json", "verdict.json"]
    assert said["subject"][2]["digest"] == {"sha256": "ab" * 32}


def test_the_predicate_tells_of_the_run_its_rules_and_its_source() -> None:
    predicate = STATEMENT["predicate"]
    rules, source = predicate["configuration"]
    assert (rules["name"], rules["digest"]) == ("rule set", {"sha256": "cd" * 32})
    assert (source["digest"], source["annotations"]["path"]) == ({"sha256": "ab" * 32}, "cdk.tf.json")
    run = predicate["plantguard_run"]
    assert (run["outcome"], run["stack"], run["run"]) == ("fail", "sensor-dev", "20260301T120000Z-abababab")
    assert (run["started"], run["ended"]) == ("2026-03-01T12:00:00Z", "2026-03-01T12:00:07Z")
    assert run["tools"]["checkov"] == "3.3.30"


def test_a_digest_that_nobody_stamped_is_not_stated() -> None:
    predicate = statement(FILES, replace(sample(), versions=Versions()))["predicate"]
    assert [each["name"] for each in predicate["configuration"]] == ["source"]


def test_a_policy_is_passed_warned_or_failed_and_one_that_judged_nothing_is_none_of_them() -> None:
    predicate = STATEMENT["predicate"]
    assert predicate["passedTests"] == ["PG_DES_KMS_WINDOW", "PG_ROT_SECRET_30_DAYS"]
    assert predicate["warnedTests"] == ["PG_ENC_LOGS"]
    assert predicate["failedTests"] == ["PG_DES_CLASS_GUARD", "PG_ENC_SQS", "PG_NET_SG_NO_OPEN_INGRESS"]


@pytest.mark.parametrize(
    ("verdict", "result"),
    [
        (passing(), "PASSED"),
        (replace(passing(), waived=sample().waived), "WARNED"),
        (sample(), "FAILED"),
        (replace(passing(), outcome=Outcome.UNDECIDED), "FAILED"),
    ],
    ids=["pass", "pass by waivers", "fail", "undecided"],
)
def test_only_a_pass_is_passed(verdict: Verdict, result: str) -> None:
    assert statement(FILES, verdict)["predicate"]["result"] == result


# Sealed and opened


def test_what_was_signed_is_opened_as_signed_by_that_key() -> None:
    assert opened(SIGNED, KEY) == Opened(STATEMENT, Seal.SIGNED, KEY.keyid, (KEY.keyid,))


def test_the_same_statement_and_key_give_the_same_bytes() -> None:
    assert sealed(statement(reversed(FILES), sample()), SIGNER) == SIGNED


@pytest.mark.parametrize("verdict", [hostile(), hostile("x" * 100_000)], ids=["hostile", "long"])
def test_hostile_texts_come_out_as_they_went_in(verdict: Verdict) -> None:
    said = statement(FILES, verdict)
    assert opened(sealed(said, SIGNER), KEY) == Opened(said, Seal.SIGNED, KEY.keyid, (KEY.keyid,))


def test_a_signature_that_no_key_checked_is_unchecked() -> None:
    assert opened(SIGNED).seal is Seal.UNCHECKED


def test_a_signature_of_another_key_is_wrong_and_the_key_it_names_is_only_a_claim() -> None:
    found = opened(SIGNED, OTHER.public_key)
    assert (found.seal, found.signer, found.claimed) == (Seal.WRONG, "", (KEY.keyid,))
    renamed = changed(lambda body: body["signatures"][0].update(keyid=OTHER.public_key.keyid))
    assert opened(renamed, OTHER.public_key).seal is Seal.WRONG


def test_the_id_that_a_signature_names_decides_nothing() -> None:
    assert opened(changed(lambda body: body["signatures"][0].pop("keyid")), KEY).seal is Seal.SIGNED


@pytest.mark.parametrize("key", [None, KEY], ids=["without a key", "with a key"])
def test_without_signatures_it_is_unsigned_whoever_asks(key: Any) -> None:
    stripped = changed(lambda body: body["signatures"].clear())
    assert opened(sealed(STATEMENT, None), key).seal is opened(stripped, key).seal is Seal.UNSIGNED


@pytest.mark.parametrize("place", [0, 1])
def test_a_second_signature_takes_nothing_from_one_that_is_valid(place: int) -> None:
    foreign = json.loads(sealed(STATEMENT, OTHER))["signatures"][0]
    both = changed(lambda body: body["signatures"].insert(place, foreign))
    assert opened(both, KEY).seal is opened(both, OTHER.public_key).seal is Seal.SIGNED
    assert opened(both, CryptoSigner.generate_ed25519().public_key).seal is Seal.WRONG
    assert len(opened(both, KEY).claimed) == 2


def test_a_signature_over_another_payload_is_wrong() -> None:
    other = base64.b64encode(payload(statement(FILES[:1], passing()))).decode()
    assert opened(changed(lambda body: body.update(payload=other)), KEY).seal is Seal.WRONG


def test_a_signature_over_the_payload_without_its_type_is_wrong() -> None:
    bare = base64.b64encode(SIGNER._private_key.sign(payload(STATEMENT))).decode()
    assert opened(changed(lambda body: body["signatures"][0].update(sig=bare)), KEY).seal is Seal.WRONG


@given(st.integers(0, len(SIGNED) - 1), st.integers(1, 255))
@example(0, 1)
@example(SIGNED.index(b'"sig"') + 10, 1)
def test_no_changed_byte_makes_another_statement_signed(position: int, flip: int) -> None:
    envelope = bytearray(SIGNED)
    envelope[position] ^= flip
    try:
        found = opened(bytes(envelope), KEY)
    except ReportError:
        return
    assert found.seal is not Seal.SIGNED or found.statement == STATEMENT


@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["payload", "payloadType", "signatures", "sig", "keyid"]) | st.text(), inner),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_nothing_but_an_envelope_is_opened_and_nothing_ends_in_a_traceback(envelope: bytes) -> None:
    refusal(envelope)


HOSTILE = {
    "empty": (b"", "no strict JSON"),
    "huge": (b" " * (MOST_BYTES + 1), f"at most {MOST_BYTES}"),
    "deep": (b"[" * 100_000, "no strict JSON"),
    "no UTF-8": (SIGNED.decode().encode("utf-16"), "no strict JSON"),
    "a list": (b"[]", "at the top"),
    "a key twice": (SIGNED.replace(b'{"payload"', b'{"payload": "e30=", "payload"', 1), "no strict JSON"),
    "another payloadType": (changed(lambda body: body.update(payloadType="application/json")), "payloadType"),
    "no payloadType": (changed(lambda body: body.pop("payloadType")), "payloadType"),
    "more than is signed": (changed(lambda body: body.update(note="approved")), "at 'note'"),
    "a key without end": (changed(lambda body: body.update({"\x1b" * 100_000: 1})), r"at '\x1b"),
    "no base64": (changed(lambda body: body.update(payload="?")), "no canonical base64"),
    "not ASCII": (changed(lambda body: body.update(payload="ü")), "no canonical base64"),
    "base64 that two texts decode to": (changed(lambda body: body.update(payload="e31=")), "no canonical base64"),
    "a lone surrogate": (changed(lambda body: body["signatures"][0].update(keyid="\ud800")), "no strict JSON"),
    "signatures without end": (changed(lambda body: body.update(signatures=body["signatures"] * 17)), "signatures"),
    "signature is no text": (changed(lambda body: body["signatures"][0].update(sig=7)), "'signatures.0.sig'"),
    "payload is a text": (changed(lambda body: body.update(payload="IiI=")), "at payload: at the top"),
    "payload has a key twice": (
        changed(lambda body: body.update(payload=base64.b64encode(b'{"a":1,"a":2}').decode())), "no strict JSON"),
    "payload has NaN": (
        changed(lambda body: body.update(payload=base64.b64encode(b'{"a":NaN}').decode())), "no strict JSON"),
    "another statement type": (resaid(lambda said: said.update(_type="https://in-toto.io/Statement/v0.1")), "_type"),
    "another predicate": (resaid(lambda said: said.update(predicateType="https://slsa.dev/provenance/v1")), "Type"),
    "no subject": (resaid(lambda said: said["subject"].clear()), "at 'subject'"),
    "a subject twice": (resaid(lambda said: said["subject"].append(said["subject"][0])), "a subject twice"),
    "a digest that is none": (resaid(lambda said: said["subject"][0]["digest"].update(sha256="ab")), "sha256"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_envelope_of_a_run_is_refused_in_words_even_if_it_is_signed(case: str) -> None:
    envelope, words = HOSTILE[case]
    message = refusal(envelope)
    assert words in message
    assert message.startswith(FILENAME)


def test_nothing_is_sealed_that_would_not_be_opened() -> None:
    with pytest.raises(ReportError, match="no UTF-8"):
        sealed(statement((Digest("\udcff", "00" * 32),), sample()), None)
    with pytest.raises(ReportError, match=f"at most {MOST_PAYLOAD_BYTES}"):
        sealed(statement(FILES, replace(sample(), stack="x" * MOST_PAYLOAD_BYTES)), None)


def test_the_largest_statement_that_is_sealed_is_opened() -> None:
    room = MOST_PAYLOAD_BYTES - len(payload(statement(FILES, replace(sample(), stack=""))))
    said = statement(FILES, replace(sample(), stack="x" * room))
    assert len(payload(said)) == MOST_PAYLOAD_BYTES
    assert opened(sealed(said, SIGNER), KEY).seal is Seal.SIGNED


# Compared


def test_the_folder_as_it_was_attested_differs_in_nothing() -> None:
    assert not compare(STATEMENT, (*FILES, Digest(FILENAME, "99" * 32)))


def test_a_changed_a_missing_and_an_added_file_are_named() -> None:
    found = (Digest("verdict.json", "00" * 32), Digest("index.html", "ef" * 32), Digest("new.csv", "00" * 32))
    assert compare(STATEMENT, found) == Difference(("verdict.json",), ("oscal/results.json",), ("new.csv",))


# Keys


@openssl
def test_openssl_makes_keys_that_sign_and_verify(tmp_path: Path) -> None:
    private, public = tmp_path / "signing-key.pem", tmp_path / "public-key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", private], check=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
    private.chmod(0o600)
    signer, key = read_signer(private), read_public_key(public)
    assert signer is not None
    assert key is not None
    assert opened(sealed(STATEMENT, signer), key).seal is Seal.SIGNED
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", public, "-outform", "DER"], check=True, capture_output=True
    )
    digest = subprocess.run(["openssl", "dgst", "-sha256"], input=der.stdout, check=True, capture_output=True)
    assert digest.stdout.decode().strip().endswith(key.keyid)


@openssl
def test_an_auditor_verifies_with_the_recipe_alone(tmp_path: Path) -> None:
    """The recipe is the docstring's, so that what is published is what is tested."""
    recipe = "\n".join(line for line in (attestation.__doc__ or "").splitlines() if line.startswith("    "))
    verdict_json = tmp_path / "verdict.json"
    (tmp_path / "public-key.pem").write_bytes(public_pem(SIGNER))
    said = statement([Digest("verdict.json", hashlib.sha256(b"{}").hexdigest())], hostile())

    def verified(envelope: bytes, content: bytes = b"{}") -> bool:
        (tmp_path / FILENAME).write_bytes(envelope)
        verdict_json.write_bytes(content)
        return subprocess.run(["sh", "-ec", recipe], cwd=tmp_path, capture_output=True, check=False).returncode == 0

    assert verified(sealed(said, SIGNER))
    assert not verified(sealed(said, SIGNER), b"{ }")
    assert not verified(sealed(said, OTHER))
    assert not verified(sealed(said, None))
    other = base64.b64encode(payload({**said, "predicate": {"result": "PASSED"}})).decode()
    assert not verified(changed(lambda body: body.update(payload=other), sealed(said, SIGNER)))


def test_keys_come_from_the_environment_where_no_file_is_given(tmp_path: Path) -> None:
    environ = {
        "PLANTGUARD_SIGNING_KEY": SIGNER.private_bytes.decode(),
        "PLANTGUARD_PUBLIC_KEY": public_pem(SIGNER).decode(),
    }
    signer, key = read_signer(environ=environ), read_public_key(environ=environ)
    assert signer is not None
    assert opened(sealed(STATEMENT, signer), key).seal is Seal.SIGNED
    from_file = read_signer(key_file(tmp_path, OTHER.private_bytes), environ)
    assert from_file is not None
    assert from_file.public_key.keyval == OTHER.public_key.keyval


def test_without_file_and_variable_there_is_no_key() -> None:
    assert read_signer(environ={}) is read_public_key(environ={}) is None


def test_a_key_in_the_environment_is_no_setting() -> None:
    required = {"owner": "factory-platform", "cost_centre": "CC-4711", "image_digest": f"sha256:{'9b2c' * 16}"}
    arn = "arn:aws:kms:eu-west-1:123456789012:key/4f8d2a6c-13be-4c57-9e20-7ab5d1c3e984"
    secret = {"database_secret_name": "factory/database", "database_secret_kms_key_arn": arn}
    assert load_settings(overrides=required | secret, environ=SETTINGS).owner == "factory-platform"


ED25519 = SIGNER._private_key
RSA = rsa.generate_private_key(65537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())
WRONG_PRIVATE = {
    "RSA": (pem(RSA), "RSAPrivateKey"),
    "ECDSA": (pem(P256), "ECPrivateKey"),
    "encrypted": (pem(ED25519, b"password"), "an encrypted private key"),
    "encrypted, in the old form": (
        pem(P256, b"password", PrivateFormat.TraditionalOpenSSL), "an encrypted private key"),
    "public": (public_pem(SIGNER), "PEM that calls itself a public key"),
    "cut": (pem(ED25519)[:60] + b"\n", "PEM that calls itself a private key"),
    "garbage": (b"\x00\xff" * 500, "no PEM"),
    "huge": (b" " * 100_000 + pem(ED25519), "more than 16384 bytes"),
    "empty": (b" \n", "nothing"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG_PRIVATE)
def test_what_is_no_ed25519_private_key_is_refused_without_a_word_of_it(tmp_path: Path, case: str) -> None:
    content, got = WRONG_PRIVATE[case]
    for given_ in (
        {"file": key_file(tmp_path, content)},
        {"environ": {"PLANTGUARD_SIGNING_KEY": content.decode("latin-1")}},
    ):
        with pytest.raises(ReportError) as refused:
            read_signer(**given_)
        message = str(refused.value)
        assert got in message
        assert "openssl genpkey -algorithm ed25519 -out" in message
        assert not any(line in message for line in content.decode("latin-1").splitlines()[1:-1] if line)
        assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (SIGNER.private_bytes, "PEM that calls itself a private key"),
        (P256.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), "ECPublicKey"),
        (b"ssh-ed25519 AAAA", "no PEM"),
    ],
    ids=["private", "ECDSA", "ssh"],
)
def test_what_is_no_ed25519_public_key_is_refused(tmp_path: Path, content: bytes, got: str) -> None:
    with pytest.raises(ReportError, match=got) as refused:
        read_public_key(key_file(tmp_path, content))
    assert "-pubout -out" in str(refused.value)


def test_a_key_that_is_not_there_is_refused_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"none\.pem: got No such file or directory, requires"):
        read_signer(tmp_path / "none.pem")


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_private_key_that_others_reach_is_refused_and_a_public_one_is_not(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ReportError, match=f"got mode {mode:04o}.* requires 0600; fix: chmod 600"):
        read_signer(key_file(tmp_path, SIGNER.private_bytes, mode))
    assert read_public_key(key_file(tmp_path, public_pem(SIGNER), mode)) is not None


def test_a_key_in_the_place_of_its_path_is_not_shown() -> None:
    secret = SIGNER.private_bytes.decode()
    with pytest.raises(ReportError, match="withheld") as refused:
        read_signer(Path(secret))
    assert secret.splitlines()[1] not in str(refused.value)
