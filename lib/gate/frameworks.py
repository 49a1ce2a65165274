"""The mapping beside the policies: frameworks with their controls, practices, and the limits of what is judged."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

import policies
from lib.artifacts import Control, Framework, Limit, Practice
from lib.errors import GateError

FOLDER = Path(next(iter(policies.__path__)))
REQUIRED = {
    "id": "the id as the framework writes it",
    "responsibility": "ours, shared, aws or outside",
    "applicable": "true or false",
    "why": "a text without line breaks, needed where the control is not applicable",
    "level": "the least security level, 1 to 4, or no such key",
    "confidence": "high, medium or low",
    "total": "how many controls the framework has, 0 where that is not known",
    "control": "a list of one control or more, each a table with id and title",
    "limit": "[[limit]] entries",
    "practice": "[[practice]] entries",
    "subjects": "a list of subjects of policies, such as ENC.kinesis",
    "controls": "a table of framework ids, each with a list of control ids",
}
TEXT = "one line of text"
"""What every other key requires."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\x00-\x1f]+$")]
Ids = dict[str, Annotated[tuple[Text, ...], Field(min_length=1)]]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Control(_Shape):
    id: Text
    title: Text
    responsibility: Literal["ours", "shared", "aws", "outside"] = "ours"
    applicable: Annotated[bool, Field(strict=True)] = True
    why: Text = Field(default="")
    level: Annotated[int, Field(strict=True, ge=1, le=4)] = Field(default=0)


class _Framework(_Shape):
    id: Text
    name: Text
    version: Text
    publisher: Text
    confidence: Literal["high", "medium", "low"]
    total: Annotated[int, Field(strict=True, ge=0)]
    applicability: Text
    notes: Text
    source: Text = Field(default="")
    """Where the ids can be looked up; for whoever keeps the file, so no report has it."""
    control: Annotated[list[_Control], Field(min_length=1)]


class _Practice(_Shape):
    id: Text
    title: Text
    requirement: Text
    controls: Ids


class _Practices(_Shape):
    practice: list[_Practice]


class _Limit(_Shape):
    about: Text
    subjects: tuple[Text, ...]
    controls: Ids
    reason: Text
    evidence: Text


class _Limits(_Shape):
    limit: list[_Limit]


Model = TypeVar("Model", bound=_Shape)


@cache
def load_frameworks(folder: Path = FOLDER / "frameworks") -> tuple[Framework, ...]:
    """Every framework of the folder, by id. Raises: GateError where a file is not what reports can rest on."""
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise GateError(f"{_called(folder)}: got no file, requires one <framework id>.toml for each framework")
    return tuple(map(_framework, files))


@cache
def load_practices(file: Path = FOLDER / "practices.toml") -> tuple[Practice, ...]:
    """What running the gate is evidence for. Raises: GateError, as above."""
    return tuple(Practice(**dict(practice)) for practice in _read(file, _Practices).practice)


@cache
def load_limits(file: Path = FOLDER / "undecidable.toml") -> tuple[Limit, ...]:
    """What no configuration can show. Raises: GateError, as above."""
    return tuple(Limit(**dict(limit)) for limit in _read(file, _Limits).limit)


def _framework(file: Path) -> Framework:
    read = _read(file, _Framework)
    if read.id != file.stem:
        raise _wrong(file, "id", read.id, f"{file.stem}, the name of the file")
    counts = Counter(control.id for control in read.control)
    for id_, count in counts.items():
        if count > 1:
            raise _wrong(file, "control", f"{id_} {count} times", "each id once")
    for number, control in enumerate(read.control, start=1):
        if not control.applicable and not control.why:
            raise _wrong(file, f"control {number} ({control.id}), why", "absent", REQUIRED["why"])
    facts = read.model_dump(exclude={"source", "control"})
    return Framework(**facts, controls=tuple(Control(**dict(control)) for control in read.control))


def _read(file: Path, model: type[Model]) -> Model:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        got = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        raise GateError(f"{_called(file)}: got {got}, requires a TOML file") from error
    try:
        return model.model_validate(document)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_context=False)[0]
        got = "absent" if first["type"] == "missing" else repr(first["input"])
        raise _wrong(file, _place(document, first["loc"]), got, _requires(first)) from wrong


def _requires(error: Mapping[str, Any]) -> str:
    named = [str(part) for part in error["loc"] if isinstance(part, str)]
    if error["type"] == "extra_forbidden":
        return "no such key"
    return REQUIRED["controls"] if "controls" in named else REQUIRED.get(named[-1], TEXT)


def _place(document: Mapping[str, Any], path: Sequence[int | str]) -> str:
    """`control 3 (SC-7), title`: entries are counted from 1, and called by what they call themselves."""
    shown: list[str] = []
    here: Any = document
    for part in path:
        if isinstance(part, int):
            here = here[part]
            name = here.get("id", here.get("about")) if isinstance(here, dict) else None
            shown[-1] += f" {part + 1}" + (f" ({name})" if isinstance(name, str) else "")
        else:
            here = here.get(part) if isinstance(here, dict) else None
            shown.append(part)
    return ", ".join(shown)


def _wrong(file: Path, place: str, got: str, requires: str) -> GateError:
    cut = got if len(got) <= 120 else f"{got[:117]}..."
    return GateError(f"{_called(file)}: at {place}: got {cut}, requires {requires}")


def _called(path: Path) -> str:
    """The file as the repository names it, without the folder that holds the checkout."""
    return path.relative_to(FOLDER.parent).as_posix() if path.is_relative_to(FOLDER.parent) else path.name
