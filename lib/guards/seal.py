"""The seal: what was synthesized is what the guards approved, no block more, none less, no argument different.

An escape hatch (a raw L1 construct, `add_override`, an Aspect that changes arguments, a removed child) leaves the
guards' sight but not the synthesized JSON, so that is where it is caught.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lib.errors import SynthError
from lib.guards.guarded import Ledger

SEALED_KINDS = ("resource", "data", "ephemeral")
REFERENCE = re.compile(r"(?<!\$)\$\{(?:jsondecode\()?((?:data\.|ephemeral\.)?aws_[a-z0-9_]+\.[a-z0-9_]+)[.\[)]")


def verify_seal(document: Mapping[str, Any], ledger: Ledger) -> None:
    """Raises: SynthError, naming the construct path of every block that no guard built as it stands."""
    found = dict(_blocks(document))
    problems = [
        *(_unguarded(key, body) for key, body in found.items() if key not in ledger.entries),
        *(
            f"{_name(key)} at {entry.path} was approved by its guard and then removed: keep it, or do not build it"
            for key, entry in ledger.entries.items()
            if key not in found
        ),
        *(line for key, body in found.items() if key in ledger.entries for line in _changed(key, body, ledger)),
        *_dangling(document, found),
    ]
    if problems:
        raise SynthError(problems)


def _blocks(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str, str], Any]]:
    for kind, body in document.items():
        if kind == "//":
            continue
        if kind in SEALED_KINDS:
            for type_, named in body.items():
                for name, arguments in named.items():
                    yield (kind, type_, name), arguments
        elif kind == "output":
            for name, arguments in body.items():
                yield (kind, "", name), arguments
        else:
            yield (kind, "", ""), body


def _name(key: tuple[str, str, str]) -> str:
    return ".".join(part for part in (key if key[0] != "resource" else key[1:]) if part)


def _unguarded(key: tuple[str, str, str], body: Any) -> str:
    kind, type_, name = key
    path = body.get("//", {}).get("metadata", {}).get("path", name) if isinstance(body, Mapping) else name
    factory = "a factory of lib/guards" if kind not in SEALED_KINDS else f"guarded_{type_.removeprefix('aws_')}"
    return f"{_name(key)} at {path} was not built by a guard: use {factory} (in lib/guards; write it if it is missing)"


def _changed(key: tuple[str, str, str], body: Any, ledger: Ledger) -> Iterator[str]:
    entry = ledger.entries[key]
    approved = entry.arguments
    if not isinstance(body, Mapping) or not isinstance(approved, Mapping):
        if body != approved:
            yield f"{_name(key)} at {entry.path} is not what its guard approved"
        return
    for argument in sorted({*body, *approved} - {"//"}):
        if body.get(argument) != approved.get(argument):
            yield (
                f"{_name(key)} at {entry.path}: {argument} was changed behind its guard "
                f"(approved {_short(approved.get(argument))}, synthesized {_short(body.get(argument))}): "
                f"change it through guarded_{key[1].removeprefix('aws_')}, not by an override or an Aspect"
            )


def _dangling(document: Mapping[str, Any], found: Mapping[tuple[str, str, str], Any]) -> Iterator[str]:
    declared = {_name(key) for key in found}
    for path, text in _texts(document, ""):
        for address in REFERENCE.findall(text):
            if address not in declared:
                yield f"{path} refers to {address}, which is not in the stack"


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{path}[{index}]")
    elif isinstance(value, str):
        yield path, value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
