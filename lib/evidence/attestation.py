r"""A statement <-> a DSSE envelope, signed with ed25519 or by nobody. Pure; what is read is hostile until checked.

An auditor verifies the signature with openssl, then the files with sha256sum, and needs no code of ours:

    jq -r .payload attestation.intoto.jsonl | base64 -d > payload
    jq -r '.signatures[0].sig' attestation.intoto.jsonl | base64 -d > sig
    { printf 'DSSEv1 28 application/vnd.in-toto+json %d ' $(wc -c < payload); cat payload; } > signed
    openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in signed -sigfile sig
    jq -r '.subject[] | "\(.digest.sha256)  \(.name)"' payload | sha256sum --check --quiet

Source: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import CryptoSigner, Signature, SSlibKey

from lib.errors import ReportError
from lib.evidence.statement import FILENAME, MOST_PAYLOAD_BYTES, PREDICATE_TYPE, payload

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MOST_BYTES = 2 * MOST_PAYLOAD_BYTES
"""Of an envelope or a bundle that is read: base64 takes a third more than the payload, a bundle's proofs some kB."""
REQUIRES = "requires an attestation that `gate` wrote"
M = TypeVar("M", bound=BaseModel)


class Seal(StrEnum):
    """What a signature is worth. Only `signed` vouches for anything: the others are never a pass."""

    SIGNED = "signed"
    UNSIGNED = "unsigned"
    UNCHECKED = "unchecked"
    WRONG = "wrong"


@dataclass(frozen=True)
class Opened:
    """A statement, and what its signature is worth.

    signer: the id of the key, or the identity, that it was verified with; empty unless it is signed. claimed: the key
    ids that its signatures name, in their order; anyone can write them. why: it is not signed, in words.
    """

    statement: Mapping[str, Any]
    seal: Seal
    signer: str = ""
    claimed: tuple[str, ...] = ()
    why: str = ""


def sealed(statement: Mapping[str, Any], signer: CryptoSigner | None) -> bytes:
    """The envelope, on one line; the same statement and key give the same bytes. Raises: ReportError."""
    envelope = Envelope(payload(statement), PAYLOAD_TYPE, {})
    if signer:
        envelope.sign(signer)
    return json.dumps(envelope.to_dict()).encode() + b"\n"


def opened(
    envelope: bytes, public_key: SSlibKey | None = None, name: str = FILENAME, predicate_type: str = PREDICATE_TYPE
) -> Opened:
    """What an envelope says, and whether the key's owner said it. name: the file's, for messages.

    One signature by the key is enough, whatever id it names and whatever stands beside it: DSSE has ids as hints.
    Raises: ReportError, where it is no envelope with a statement of a run.
    """
    found = _as(_Envelope, strict_json(envelope, name), name)
    content = _base64(found.payload, f"{name} at payload")
    signatures = [_base64(each.sig, f"{name} at signatures") for each in found.signatures]
    said = read_statement(content, f"{name} at payload", predicate_type)
    claimed = tuple(each.keyid for each in found.signatures)
    if not signatures:
        return Opened(said, Seal.UNSIGNED, why="it holds no signature: anyone can have written it")
    if public_key is None:
        return Opened(said, Seal.UNCHECKED, claimed=claimed, why="no public key was given to check its signature with")
    if not _verified(Envelope(content, PAYLOAD_TYPE, {}).pae(), signatures, public_key):
        return Opened(said, Seal.WRONG, claimed=claimed, why=f"no signature on it is by the key {public_key.keyid}")
    return Opened(said, Seal.SIGNED, public_key.keyid, claimed)


def strict_json(content: bytes, name: str) -> Any:
    """JSON in UTF-8 that every reader reads alike: no key twice, no NaN or infinity, no half of a surrogate pair."""
    if len(content) > MOST_BYTES:
        raise ReportError(f"{name}: got {len(content)} bytes, {REQUIRES}: at most {MOST_BYTES}")
    try:
        body = json.loads(content.decode(), object_pairs_hook=_without_twins)
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as wrong:
        raise ReportError(f"{name}: got no strict JSON ({type(wrong).__name__}), {REQUIRES}") from None
    return body


def read_statement(content: bytes, name: str, predicate_type: str = PREDICATE_TYPE) -> dict[str, Any]:
    """The statement that a payload is. Raises: ReportError, also where it states something of another type."""
    body: dict[str, Any] = strict_json(content, name)
    found = _as(_Statement, body, name)
    if found.predicate_type != predicate_type:
        raise ReportError(f"{name}: at 'predicateType', got {found.predicate_type!r}, requires {predicate_type!r}")
    names = [subject.name for subject in found.subject]
    if len(set(names)) != len(names):
        raise ReportError(f"{name}: got a subject twice, {REQUIRES}")
    return body


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _Signature(_Model, extra="forbid"):
    sig: str
    keyid: Annotated[str, Field(max_length=1024)] = ""


class _Envelope(_Model, extra="forbid"):  # no signature covers what else it would hold
    payload: str
    payload_type: Literal["application/vnd.in-toto+json"] = Field(alias="payloadType")
    signatures: Annotated[list[_Signature], Field(max_length=16)]


class _Digests(_Model):
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Subject(_Model):
    name: Annotated[str, Field(min_length=1)]
    digest: _Digests


class _Statement(_Model):
    type: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: Annotated[list[_Subject], Field(min_length=1)]
    predicate_type: Annotated[str, Field(alias="predicateType", max_length=200)]
    predicate: dict[str, Any]


def _as(model: type[M], body: Any, name: str) -> M:
    try:
        return model.model_validate(body)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_context=False, include_input=False)[0]
        where = repr(".".join(map(str, first["loc"])))[:80] if first["loc"] else "the top"  # a key can be hostile
        raise ReportError(f"{name}: at {where}, {first['msg']}; {REQUIRES}") from None


def _base64(text: str, name: str) -> bytes:
    """Standard base64 in its one canonical spelling."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except ValueError:
        decoded = b""
    if base64.b64encode(decoded).decode() != text:
        raise ReportError(f"{name}: got no canonical base64, {REQUIRES}")
    return decoded


def _verified(signed: bytes, signatures: Sequence[bytes], key: SSlibKey) -> bool:
    for signature in signatures:
        try:
            key.verify_signature(Signature(key.keyid, signature.hex()), signed)
        except UnverifiedSignatureError:
            continue
        return True
    return False


def _without_twins(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) != len(pairs):
        raise ValueError("a key twice")
    return body
