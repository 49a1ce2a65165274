"""Which files of an input may be kept with its verdict: those that hold no secret, as far as can be told.

Evidence is copied, mailed and stored for years. A file that is left out is still named in the verdict by its digest, so
that whoever has it can show that it is the one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lib.artifacts import Finding, State, Verdict
from lib.errors import GateError
from lib.gate.scope import common_folder
from lib.gate.sources import Source
from policies.credentials import credential_in, credential_name, is_literal_secret, named_values
from policies.sec_no_plaintext_secret import HIDDEN as NOT_SHOWN
from policies.terraform.folders import parse_json
from policies.terraform.printed import HIDDEN, hidden

COMMENT = re.compile(r"(?:#|//)[^\n]*|/\*.*?\*/", re.DOTALL)
ABOVE = re.compile(r"^(?:\.\./)+")
ENTRY = re.compile(r"""^\s*"?([\w-]+)"?\s*[=:]\s*"?([^"\n]+)""", re.MULTILINE)
MARKED = (
    ("after", "after_sensitive"),
    ("before", "before_sensitive"),
    ("values", "sensitive_values"),
    ("value", "sensitive"),
)
"""Where Terraform's JSON has a value, and beside it which parts of it are secret."""


def archived(source: Source, verdict: Verdict) -> dict[str, bytes]:
    """Path below the common folder -> content, of each file that may be kept. Raises: GateError if one has changed."""
    root = common_folder(source)
    everything = (*verdict.findings, *(item.finding for item in verdict.waived))
    found = [item for item in everything if NOT_SHOWN in item.got and _hides_literal(source, item)]
    told = {item.file for item in found} | {problem.file for problem in source.configuration.problems}
    kept = {}
    for path, sha256 in sorted(source.files.items()):
        content = _unchanged(path, sha256)
        name = path.relative_to(root).as_posix()
        values = path.name.endswith((".tfvars", ".tfvars.json"))
        if not (_is_told(name, told) or (values and found) or _holds_secret(path.name, content)):
            kept[name] = content
    return kept


def without_secret(content: bytes) -> bool:
    """Whether a text file that is no Terraform, as one of waivers, may be kept."""
    return not any(credential_in(line) for line in _statements(content.decode("utf-8", "replace")))


def _hides_literal(source: Source, finding: Finding) -> bool:
    """Whether what a finding does not show may stand in the file; an undecided reference has no text that could."""
    block = source.block(finding.resource_address)
    if finding.state is not State.UNDECIDED or block is None:
        return True
    return '\\"' in json.dumps(block.arguments.get(re.split(r"[.\[]", finding.argument)[0]), default=str)


def _is_told(name: str, told: Iterable[str]) -> bool:
    """Whether a finding is about the file. Findings name files from the root module on, `../modules/db/main.tf`."""
    return any(name.endswith(f"/{ABOVE.sub('', Path(file).as_posix())}") for file in told if file)


def _unchanged(path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise GateError(f"{path}: cannot be read again to be kept: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise GateError(f"{path}: has changed since it was judged, so the verdict is not about it; judge it anew")
    return content


def _holds_secret(name: str, content: bytes) -> bool:
    if name.endswith(".json"):
        try:
            document = parse_json(content)
        except (ValueError, RecursionError):
            return True
        return _has_marked(document) or any(_is_secret(*pair) for pair in _named(document))
    text = content.decode("utf-8", "replace")
    remarks = (line for remark in COMMENT.findall(text) for line in _statements(remark))
    pairs = ENTRY.findall(text) if name.endswith(".tfvars") else ()
    return any(map(credential_in, remarks)) or any(_is_secret(key, value) for key, value in pairs)


def _statements(text: str) -> Iterator[str]:
    """Its lines without marks of comments, and what they quote: either would hide `password: ...` from a search."""
    for line in text.splitlines():
        plain = line.strip("#/* \t")
        yield from (plain, plain.replace('"', " "), *plain.split('"'))


def _named(document: Any) -> Iterator[tuple[str, Any]]:
    for path, name, value in named_values(document, "", ""):
        argument = path.rpartition(".")[0].rpartition(".")[2]  # plans have `password: {constant_value: ...}`
        yield (argument if name == "constant_value" else name), value


def _is_secret(name: str, value: Any) -> bool:
    if isinstance(value, str) and credential_in(value, name):
        return True
    return credential_name(name) and is_literal_secret(value) and "${" not in str(value)


def _has_marked(document: Any) -> bool:
    """Whether JSON of a plan or state holds a value that it marks as secret itself."""
    if isinstance(document, Mapping):
        pairs = ((document[at], document[marks]) for at, marks in MARKED if at in document and marks in document)
        return any(HIDDEN in str(hidden(value, marks)) for value, marks in pairs) or any(
            map(_has_marked, document.values())
        )
    return isinstance(document, list) and any(map(_has_marked, document))
