"""A waiver file -> its entries, with their lines -> waivers, or what is wrong with their shape."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from lib.artifacts import Waiver
from lib.errors import GateError
from policies.credentials import credential_in
from policies.terraform import KEY, shown

ADDRESS = re.compile(rf"[\w-]+(?:{KEY})?(?:\.[\w-]+(?:{KEY})?)*")
HEADER = re.compile(r"\s*\[\[\s*waiver\s*\]\]")
REQUIRED = {
    "policy": "the id of one policy, such as PG_ENC_SQS",
    "address": "one exact address, such as aws_sqs_queue.raw: a type or a pattern is over-broad",
    "argument": "one argument as the finding names it; leave the key out to mean all of them",
    "reason": "one text that says why the risk is accepted",
    "owner": "who answers for the risk",
    "approver": "who accepted the risk: another person than the owner",
    "ticket": "where the decision is recorded",
    "created": "a date without quotes, such as 2026-01-31",
    "expires": "a date without quotes, such as 2026-04-30: the last day on which the waiver holds",
    "compensating_control": "what limits the risk until then",
}


@dataclass(frozen=True)
class Entry:
    """One `[[waiver]]` as it was read. lines: key -> line in `file` (1-based), "" -> that of its header."""

    file: str
    lines: Mapping[str, int]
    values: Mapping[str, object]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an entry: the key, what it holds, what it must hold, what to do."""

    key: str
    got: str
    requires: str
    fix: str = "correct the waiver, or remove it and meet the policy"


def _printable(text: str) -> str:
    line = " ".join(text.split())
    if not line or not line.isprintable():
        raise ValueError("blank, or of characters that do not show")
    return line


def _exact(address: str) -> str:
    if not ADDRESS.fullmatch(address) or ("." not in address and "_" in address):
        raise ValueError("no exact address")
    return address


Text = Annotated[str, AfterValidator(_printable)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    policy: Text
    address: Annotated[str, AfterValidator(_exact)]
    argument: Text = ""
    reason: Text
    owner: Text
    approver: Text
    ticket: Text
    created: date
    expires: date
    compensating_control: Text


def read_waivers(path: Path, name: str = "") -> tuple[Entry, ...]:
    """Every entry of a waiver file, right or wrong. name: how findings call the file; else its own name.

    Raises: GateError where the file cannot be read, is not TOML or holds anything but `[[waiver]]` entries.
    """
    name = name or path.name
    try:
        text = path.read_bytes().decode()
        document = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        raise GateError(f"{name}: got {reason}, requires a TOML file of [[waiver]] entries") from error
    others = sorted(document.keys() - {"waiver"})
    if others:
        raise GateError(f"{name}: got {', '.join(map(safe, others))}, requires [[waiver]] entries and nothing else")
    entries = document.get("waiver", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise GateError(f"{name}: got waiver as {type(entries).__name__}, requires [[waiver]], in two brackets")
    places = _places(text.splitlines())
    if len(places) != len(entries):  # written inline, or a text that looks like a header
        places = [{}] * len(entries)
    return tuple(Entry(name, lines, entry) for lines, entry in zip(places, entries, strict=True))


def shaped(entry: Entry) -> tuple[Waiver | None, tuple[Problem, ...]]:
    """The waiver that an entry states, or all that keeps it from being one. Never shows a credential."""
    problems = list(_credentials(entry))
    try:
        waiver = Waiver(**_Shape.model_validate(entry.values).model_dump())
    except ValidationError as wrong:
        problems.extend(_misshapen(entry, wrong))
    return (None if problems else waiver), tuple(problems)


def safe(value: object) -> str:
    """A value as a report may show it: no credential, and no character that does not show."""
    text = str(shown(value))
    kind = credential_in(text)
    return f"a text that holds {kind}" if kind else "".join(c if c.isprintable() else "?" for c in text)


def _credentials(entry: Entry) -> Iterator[Problem]:
    for key, value in entry.values.items():
        kind = credential_in(value) if key in REQUIRED and isinstance(value, str) else ""
        if kind:
            yield Problem(key, f"a text that holds {kind}", "no credential: reports show the waiver", "replace it")


def _misshapen(entry: Entry, wrong: ValidationError) -> Iterator[Problem]:
    for error in wrong.errors(include_url=False, include_context=False, include_input=False):
        key = str(error["loc"][0])
        if key in REQUIRED:
            got = safe(entry.values[key]).strip() or "blank" if key in entry.values else "absent"
            yield Problem(key, got, REQUIRED[key])
        else:
            near = get_close_matches(key, REQUIRED, n=1)
            yield Problem("", f"the key {safe(key)}", near[0] if near else f"only the keys {', '.join(REQUIRED)}")


def _places(lines: Sequence[str]) -> list[dict[str, int]]:
    """For each header in order: its line, and the line of each key below it."""
    places: list[dict[str, int]] = []
    for number, line in enumerate(lines, start=1):
        if HEADER.match(line):
            places.append({"": number})
        elif places and "=" in line:
            places[-1].setdefault(line.partition("=")[0].strip(), number)
    return places
