"""Keys of runs: ed25519 as PEM, from a file or the environment. No message holds a part of a key.

openssl genpkey -algorithm ed25519 -out signing-key.pem        (umask 077 first: it is read by its owner alone)
openssl pkey -in signing-key.pem -pubout -out public-key.pem   (goes to whoever verifies)
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.signer import CryptoSigner, SSlibKey

from lib.errors import ReportError
from lib.settings import PUBLIC_KEY_VARIABLE, SIGNING_KEY_VARIABLE, load_public_key, load_signing_key

MOST_BYTES = 16 * 1024
PRIVATE = (
    "an ed25519 private key as PEM (PKCS8) without a password; "
    "make one: openssl genpkey -algorithm ed25519 -out signing-key.pem && chmod 600 signing-key.pem"
)
PUBLIC = (
    "an ed25519 public key as PEM; "
    "make it from the private one: openssl pkey -in signing-key.pem -pubout -out public-key.pem"
)
LABELS = {
    b"ENCRYPTED": "an encrypted private key",
    b"PRIVATE KEY-----": "PEM that calls itself a private key",
    b"PUBLIC KEY-----": "PEM that calls itself a public key",
    b"CERTIFICATE-----": "PEM that calls itself a certificate",
}
"""What PEM that is not accepted is called: by the first that it holds."""


def read_signer(file: Path | None = None, environ: Mapping[str, str] | None = None) -> CryptoSigner | None:
    """Who signs: the key of the file, else of PLANTGUARD_SIGNING_KEY; None where neither is given.

    Raises: ReportError, also where others than its owner may read the file, or the variable is empty.
    """
    where, pem = _given(file, SIGNING_KEY_VARIABLE, load_signing_key(environ), PRIVATE)
    if pem is None:
        return None
    key = _loaded(lambda: load_pem_private_key(pem, None), pem)
    if not isinstance(key, Ed25519PrivateKey):
        raise _refused(where, key, pem, PRIVATE)
    return CryptoSigner(key, _public(key.public_key()))


def read_public_key(file: Path | None = None, environ: Mapping[str, str] | None = None) -> SSlibKey | None:
    """By what is verified: the key of the file, else of PLANTGUARD_PUBLIC_KEY; None where neither is given.

    Raises: ReportError, also where it is a private key: whoever verifies must not be able to sign.
    """
    where, pem = _given(file, PUBLIC_KEY_VARIABLE, load_public_key(environ), PUBLIC)
    if pem is None:
        return None
    key = _loaded(lambda: load_pem_public_key(pem), pem)
    if not isinstance(key, Ed25519PublicKey):
        raise _refused(where, key, pem, PUBLIC)
    return _public(key)


def _public(key: Ed25519PublicKey) -> SSlibKey:
    """Its id can be had without us: openssl pkey -pubin -in public-key.pem -outform DER | sha256sum."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return SSlibKey.from_crypto(key, keyid=hashlib.sha256(der).hexdigest())


def _given(file: Path | None, variable: str, value: str | None, requires: str) -> tuple[str, bytes | None]:
    """Where the key is from, for messages, and its text."""
    if file is not None:
        return str(file), _read(file, requires)
    return f"environment variable {variable}", None if value is None else value.encode("utf-8", "surrogateescape")


def _read(file: Path, requires: str) -> bytes:
    if "-----" in str(file):
        raise ReportError(f"the path of a key: got the text of a key (withheld), requires a file that holds {requires}")
    try:
        with file.open("rb") as opened:
            mode, content = os.fstat(opened.fileno()).st_mode, opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise ReportError(f"{file}: got {error.strerror}, requires {requires}") from None
    if requires == PRIVATE and os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ReportError(
            f"{file}: got mode {stat.S_IMODE(mode):04o}, by which others than its owner reach a private key, "
            f"requires 0600; fix: chmod 600 {file}, and make a new key if others may have read this one"
        )
    return content


def _loaded(load: Callable[[], object], pem: bytes) -> object:
    """None where nothing can be read; TypeError is how the library says that a password is missing."""
    try:
        return load() if len(pem) <= MOST_BYTES else None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def _refused(where: str, key: object, pem: bytes, requires: str) -> ReportError:
    if key is not None:
        got = f"another type of key ({type(key).__name__})"
    elif len(pem) > MOST_BYTES:
        got = f"more than {MOST_BYTES} bytes"
    elif pem.strip():
        got = next((words for part, words in LABELS.items() if part in pem), "no PEM")
    else:
        got = "nothing"
    return ReportError(f"{where}: got {got}, requires {requires}")
