"""The zip that Lambda runs: our source and its pure-Python distributions, the same bytes on every machine.

Terraform replaces a function's code when the digest of its zip changes, and synth promises the same JSON for the same
settings; so nothing of the machine enters the zip: no clock, no permissions, no order of a directory, no file that an
installer writes about itself. Members are stored, not deflated, because zlib and its replacements compress the same
input to different bytes; the megabyte this costs is far below what Lambda takes.
Source: https://docs.aws.amazon.com/lambda/latest/dg/python-package.html
"""

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path, PurePosixPath

from lib.errors import SynthError

# The rotation function's: pg8000, and what it needs. AWS provides boto3 inside Lambda.
SECRET_ROTATION_DISTRIBUTIONS = ("asn1crypto", "pg8000", "python-dateutil", "scramp", "six")

# A certificate bundle beside the code is data the code reads (verify-full needs one).
SOURCE_SUFFIXES = frozenset({".py", ".pem"})
# Compiled for one platform, or (.pth) not a module but a pointer to where an editable installation really is.
REFUSED_SUFFIXES = frozenset({".so", ".pyd", ".dll", ".dylib", ".pth"})
# What installers write for themselves: it differs between pip and uv, and may hold a path of this machine.
INSTALLER_FILES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"})
EXCLUDED_FOLDERS = frozenset({"__pycache__", "tests"})

# The oldest time a zip can hold, and a plain file that everybody may read (Lambda runs as another user).
_TIMESTAMP = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_MODE = 0o100644 << 16


@dataclass(frozen=True)
class Package:
    """A zip, and its digest as Terraform's source_code_hash and Lambda's CodeSha256 spell it: SHA-256, base64."""

    content: bytes = field(repr=False)
    sha256_base64: str


def lambda_package(source: Path, distributions: Sequence[str]) -> Package:
    """Package the folder `source` under its own name, and beside it the installed `distributions`.

    source: `.../secret_rotation` makes the handler `secret_rotation.handler.handler`.
    distributions: names as on the package index; none is added for being a dependency of another.
    Raises: SynthError where the folder or a distribution cannot be packaged whole.
    """
    members: dict[str, bytes] = {}
    for part in (_source_files(source), *map(_distribution_files, distributions)):
        twice = sorted(members.keys() & part.keys())
        if twice:
            raise SynthError(f"the package of {source.name} would hold {twice[0]} twice; fix: name each part once")
        members |= part
    content = _zip(members)
    return Package(content, base64.b64encode(hashlib.sha256(content).digest()).decode())


def _source_files(source: Path) -> dict[str, bytes]:
    files = {
        PurePosixPath(source.name, path.relative_to(source).as_posix()): path
        for path in source.rglob("*")
        if path.suffix in SOURCE_SUFFIXES
    }
    if not files:
        raise SynthError(f"{source.name} holds no .py file to package; fix: name the folder of the Lambda's handler")
    return {str(name): path.read_bytes() for name, path in files.items() if EXCLUDED_FOLDERS.isdisjoint(name.parts)}


def _distribution_files(name: str) -> dict[str, bytes]:
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise SynthError(f"distribution {name} is not installed; fix: install requirements.lock") from None
    files = [path for path in distribution.files or () if _ships(path)]
    if not files:
        raise SynthError(f"distribution {name} records no file to package; fix: install it from its wheel")
    unfit = [str(path) for path in files if not REFUSED_SUFFIXES.isdisjoint(path.suffixes)]
    if unfit or "Root-Is-Purelib: false" in (distribution.read_text("WHEEL") or ""):
        raise SynthError(
            f"distribution {name} is not pure Python ({', '.join(unfit[:3]) or 'its WHEEL says so'}), "
            "and what is built for this machine need not run on Lambda; fix: name a pure-Python distribution"
        )
    return {path.as_posix(): _recorded_bytes(name, path) for path in files}


def _ships(path: metadata.PackagePath) -> bool:
    # A script lies outside the library folder (`../../bin/x`), and its first line is a path of this machine.
    outside = ".." in path.parts or path.is_absolute()
    return not outside and path.name not in INSTALLER_FILES and EXCLUDED_FOLDERS.isdisjoint(path.parts)


def _recorded_bytes(name: str, path: metadata.PackagePath) -> bytes:
    """The file as its wheel had it: what requirements.lock pins by hash is what reaches AWS."""
    file = Path(str(path.locate()))
    content = file.read_bytes() if file.is_file() else None
    if content is None or (path.hash is not None and _digest(path.hash.mode, content) != path.hash.value):
        raise SynthError(f"{path} of distribution {name} is not the file its wheel recorded; fix: install it again")
    return content


def _digest(algorithm: str, content: bytes) -> str:
    """As a RECORD spells it: URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest()).decode().rstrip("=")


def _zip(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, _TIMESTAMP)
            entry.create_system, entry.external_attr = _UNIX, _MODE
            archive.writestr(entry, members[name])
    return buffer.getvalue()
