"""What an expression can come to: a literal, a reference to what only AWS knows, or a value nobody here knows.

Literals are Python's. `rendered` writes any value as Terraform JSON would: references as `${address.attribute}`,
which policies follow, unknown values as the expression that hides them, which policies refuse to decide.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

LONGEST_SHOWN = 240
"""Characters of an expression that a finding quotes."""
LONGEST_TEXT = 1_000_000
"""Characters of one string that is put together; a longer one is not decided, so that no input can hold the gate up."""


class NotKnown(Exception):
    """A value that the evaluation needs is not in the configuration, or too large to look at."""


class Invalid(Exception):
    """An expression that Terraform would refuse; `try` goes on behind it."""


class Source(str):
    """Text that is Terraform's already: rendering leaves it alone."""

    __slots__ = ()


HEREDOC = re.compile(r"<<-?(\w+)\n(.*?)\n\s*\1\b", re.DOTALL)


@dataclass(frozen=True)
class Unknown:
    """A value that the configuration does not tell; `text` is the expression that hides it, without its literals."""

    text: str

    @classmethod
    def of(cls, source: str) -> Unknown:
        """From source text: literals may be secrets and are left out, braces would end an interpolation."""
        text = " ".join(without_literals(source).split()).replace("{", "(").replace("}", ")")
        return cls(text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "...")


@dataclass(frozen=True)
class Ref:
    """A declared block (`path` empty) or an attribute of it: `.arn`, `.rule[0].id`.

    certain: False where the block has a count or for_each that is not known.
    """

    address: str
    path: str = ""
    certain: bool = True

    def at(self, step: str) -> Ref:
        """The attribute or element one step further in."""
        return Ref(self.address, self.path + step, self.certain)

    @property
    def text(self) -> str:
        """As Terraform writes it."""
        return self.address + self.path


@dataclass(frozen=True)
class Template:
    """A string with references or unknown values in it."""

    parts: tuple[str | Ref | Unknown, ...]

    @property
    def text(self) -> str:
        """As a template, for messages."""
        return str(rendered(self))


def without_literals(source: str) -> str:
    """An expression without the text of its strings and heredocs; what is interpolated into them stays."""
    source = HEREDOC.sub(lambda match: json.dumps(match[2]), source)
    shown, inside, position = list[str](), list[str](), 0
    while position < len(source):
        character = source[position]
        if inside and inside[-1] == '"':
            if character == "\\":
                position += 1
            elif character == '"':
                inside.pop()
            elif character in "$%" and source[position + 1 : position + 2] == "{":
                inside.append("${")
                shown.append(" ")
                position += 1
        elif character == '"':
            inside.append('"')
            shown.append('"..."')
        elif character == "}" and inside:
            shown.append(" " if inside.pop() == "${" else character)
        else:
            if character == "{":
                inside.append(character)
            shown.append(character)
        position += 1
    return "".join(shown)


def is_known(value: Any) -> bool:
    """Whether a value, everything in it included, is literal."""
    if isinstance(value, dict):
        return all(is_known(item) for item in value.values())
    if isinstance(value, list):
        return all(is_known(item) for item in value)
    return not isinstance(value, Unknown | Ref | Template) and not hasattr(value, "output")


def weight(value: Any, most: int) -> int:
    """About how many values and kilobytes something holds; counting ends above `most`."""
    total, pending = 0, [value]
    while pending and total <= most:
        here = pending.pop()
        total += 1 + (len(here) // 1000 if isinstance(here, str) else 0)
        if isinstance(here, dict | list):
            pending.extend(here.values() if isinstance(here, dict) else here)
        elif isinstance(here, Template):
            pending.extend(here.parts)
    return total


def joined(parts: Iterable[Any]) -> str | Template:
    """A string from parts: literal where all are. Raises: NotKnown where it is too long."""
    flat: list[str | Ref | Unknown] = []
    for part in (piece for item in parts for piece in _pieces(item)):
        if isinstance(part, str) and flat and isinstance(flat[-1], str):
            flat[-1] += part
        else:
            flat.append(part)
    if sum(len(part) for part in flat if isinstance(part, str)) > LONGEST_TEXT:
        raise NotKnown("a text too long to look at")
    if not flat:
        return ""
    return flat[0] if len(flat) == 1 and isinstance(flat[0], str) else Template(tuple(flat))


def text_of(value: Any) -> str:
    """A literal scalar as Terraform writes it into a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def rendered(value: Any) -> Any:
    """The value as Terraform JSON holds it, with `${` of literals escaped."""
    if isinstance(value, str):
        literal = "{" in value and not isinstance(value, Source)
        return value.replace("${", "$${").replace("%{", "%%{") if literal else str(value)
    if isinstance(value, Ref | Unknown):
        return f"${{{value.text}}}"
    if isinstance(value, Template):
        return "".join(rendered(part) for part in value.parts)
    if isinstance(value, dict):
        return {str(key): rendered(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rendered(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else "${an object}"


HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
"""What Terraform's jsonencode escapes, besides what JSON demands."""


def encoded(value: Any, *, as_terraform: bool = False) -> str | Template:
    """The value as a JSON document, references and unknown values as strings in it.

    as_terraform: with sorted keys and `<` escaped, byte for byte as jsonencode.
    """
    return joined(_json(value, as_terraform))


def _json(value: Any, exact: bool) -> Iterator[Any]:
    if isinstance(value, dict):
        yield "{"
        for index, (key, item) in enumerate(sorted(value.items()) if exact else value.items()):
            yield f"{',' if index else ''}{_json_text(str(key), exact)}:"
            yield from _json(item, exact)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for index, item in enumerate(value):
            yield "," if index else ""
            yield from _json(item, exact)
        yield "]"
    elif isinstance(value, Template):
        yield '"'
        for part in value.parts:
            yield _json_text(part, exact)[1:-1] if isinstance(part, str) else part
        yield '"'
    elif isinstance(value, Ref | Unknown):
        yield from ('"', value, '"')
    else:
        whole = isinstance(value, float) and value.is_integer()
        yield _json_text(int(value) if whole else value, exact)


def _json_text(value: Any, exact: bool) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[<>&]", lambda match: HTML[match[0]], text) if exact else text


def _pieces(item: Any) -> tuple[Any, ...]:
    if isinstance(item, Template):
        return item.parts
    if isinstance(item, Ref | Unknown):
        return (item,)
    return (text_of(item),) if item is not None and item != "" else ()
