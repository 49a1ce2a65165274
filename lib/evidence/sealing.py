"""Who vouches for a run: the owner of a key, a CI job by its own identity, both, or nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from securesystemslib.signer import CryptoSigner, SSlibKey

from lib.artifacts import Digest, Verdict
from lib.errors import ReportError
from lib.evidence.attestation import MOST_BYTES, Opened, opened, sealed
from lib.evidence.keyless import opened_keyless, sealed_keyless
from lib.evidence.runs import Seal
from lib.evidence.statement import FILENAME, KEYLESS_FILENAME, statement


@dataclass(frozen=True)
class Trusted:
    """Whose signature counts: the owner of a key, or who an issuer says it is. trust: of another Sigstore."""

    key: SSlibKey | None = None
    identity: str = ""
    issuer: str = ""
    trust: Path | None = None

    @property
    def anyone(self) -> bool:
        """Whether the verifier named somebody, so that a run of nobody is refused."""
        return self.key is not None or bool(self.identity)


def seal_by(signer: CryptoSigner | None, *, keyless: bool, trust: Path | None = None) -> Seal:
    """What seals a run. The envelope is always there, since it names every file; without a signer nobody signed it."""

    def seal(verdict: Verdict, digests: Mapping[str, str]) -> Mapping[str, bytes]:
        said = statement((Digest(*pair) for pair in digests.items()), verdict)
        bundle = {KEYLESS_FILENAME: sealed_keyless(said, trust)} if keyless else {}
        return {FILENAME: sealed(said, signer), **bundle}

    return seal


def open_seal(run: Path, trusted: Trusted) -> Opened:
    """What vouches for the files of a run, by the identity where one is demanded, else by the key.

    Raises: ReportError.
    """
    name = KEYLESS_FILENAME if trusted.identity else FILENAME
    try:
        with (run / name).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ReportError(f"{name}: {error.strerror}; without it nothing says what the folder held") from error
    if trusted.identity:
        return opened_keyless(content, trusted.identity, trusted.issuer, trusted.trust)
    return opened(content, trusted.key)
