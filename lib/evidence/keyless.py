"""A statement <-> a Sigstore bundle: signed with the identity of a CI job, so that there is no key to keep.

The job's OIDC token buys a certificate of some minutes, and a public log keeps who signed what digest when. The log
is for good: it tells the world the pipeline's identity, and its operator is handed the statement.

Needs the network to sign, and to fetch whom to trust; where `trust` is given, verifying needs none. It is the client
trust config of another Sigstore, as `sigstore --trust-config` takes it.
Source: https://docs.sigstore.dev/about/bundle/ and https://sigstore.github.io/sigstore-python/
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lib.errors import ReportError
from lib.evidence.attestation import Opened, Seal, opened, read_statement, strict_json
from lib.evidence.statement import KEYLESS_FILENAME, payload

if TYPE_CHECKING:
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityToken

T = TypeVar("T")


def sealed_keyless(statement: Mapping[str, Any], trust: Path | None = None) -> bytes:
    """The bundle, signed as the job that this runs in. Raises: ReportError."""
    _require_library()
    from sigstore.dsse import Statement
    from sigstore.sign import SigningContext

    said, token, context = payload(statement), _token(), _trusting(trust, SigningContext.from_trust_config)
    try:
        with context.signer(token) as signer:
            return signer.sign_dsse(Statement(said)).to_json().encode() + b"\n"
    except Exception as wrong:  # the library lets those of its HTTP client and its parsers through
        raise ReportError(
            f"keyless signing: got {_told(wrong)}, requires the trusted Fulcio and Rekor to answer"
        ) from None


def opened_keyless(
    bundle: bytes, identity: str, issuer: str, trust: Path | None = None, name: str = KEYLESS_FILENAME
) -> Opened:
    """What a bundle says, and whether that identity said it, as that issuer told Fulcio at the time.

    identity: as in the certificate, for GitHub the workflow with its ref. Raises: ReportError, where it holds no
    statement of a run, or nobody can say whom to trust.
    """
    if not (identity and issuer):
        raise ReportError(f"{name}: got no identity or no issuer, requires both: anyone can sign as somebody")
    _require_library()
    from sigstore.models import Bundle
    from sigstore.verify import Verifier
    from sigstore.verify.policy import Identity

    body = strict_json(bundle, name)
    envelope = body.get("dsseEnvelope") if isinstance(body, dict) else None
    found = opened(json.dumps(envelope).encode(), name=f"{name} at dsseEnvelope")
    verifier = _trusting(trust, lambda config: Verifier(trusted_root=config.trusted_root))
    try:
        policy = Identity(identity=identity, issuer=issuer)
        _, content = verifier.verify_dsse(Bundle.from_json(bundle), policy)
    except Exception as wrong:  # hostile bytes reach parsers of others: whatever they raise, it is not signed
        return replace(found, seal=Seal.WRONG, why=f"Sigstore refuses it: {_told(wrong)}")
    return Opened(read_statement(content, name), Seal.SIGNED, f"{identity} ({issuer})", found.claimed)


def _require_library() -> None:
    if find_spec("sigstore") is None:
        raise ReportError("keyless attestation: got no library sigstore, requires it; fix: pip install sigstore")


def _token() -> IdentityToken:
    from sigstore.oidc import IdentityToken, detect_credential

    requires = "requires a CI job that may ask for an OIDC token (GitHub: permissions: id-token: write)"
    try:
        token = detect_credential()
        identity = None if token is None else IdentityToken(token)
    except Exception as wrong:  # IdentityError, and what its HTTP clients let through
        raise ReportError(f"keyless signing: got {_told(wrong)}, {requires}") from None
    if identity is None:
        raise ReportError(f"keyless signing: got no ambient OIDC identity, {requires}")
    return identity


def _trusting(trust: Path | None, make: Callable[[ClientTrustConfig], T]) -> T:
    """What is made of the trust config: that of the file, else the one that sigstore.dev publishes now."""
    from sigstore.models import ClientTrustConfig

    where = trust or "the trust root of sigstore.dev"
    try:
        return make(ClientTrustConfig.from_json(trust.read_text("utf-8")) if trust else ClientTrustConfig.production())
    except Exception as wrong:  # OSError, ValueError, and what the TUF client lets through
        raise ReportError(f"{where}: got {_told(wrong)}, requires the network, or a client trust config") from None


def _told(wrong: Exception) -> str:
    """What a library says, short, and without characters that a terminal would obey."""
    return f"{type(wrong).__name__} {str(wrong)[:200]!r}"
