"""Template text -> pieces: literals, the expressions between `${` and `}`, and directives between `%{` and `}`.

tree-sitter drops white space around literals, and JSON strings never pass through it, so templates are cut here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

OPENING = re.compile(r"\$\$\{|%%\{|\$\{|%\{|\\.", re.DOTALL)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)


class NotATemplate(ValueError):
    """A `${` or `%{` that nothing closes, or a directive that is none."""


@dataclass(frozen=True)
class Piece:
    """kind: literal, value or directive; text: the literal, or the expression's source."""

    kind: str
    text: str


@lru_cache(maxsize=4096)
def pieces(text: str, escapes: bool = False) -> tuple[Piece, ...]:
    """The pieces of a template; `escapes` where backslashes mean something, as between quotes. Raises: NotATemplate."""
    found = list(_cut(text, escapes))
    for index, (piece, strip_before, strip_after) in enumerate(found):
        if strip_before and index and found[index - 1][0].kind == "literal":
            found[index - 1] = (Piece("literal", found[index - 1][0].text.rstrip()), False, False)
        if strip_after and index + 1 < len(found) and found[index + 1][0].kind == "literal":
            found[index + 1] = (Piece("literal", found[index + 1][0].text.lstrip()), False, False)
        del piece
    return tuple(piece for piece, _, _ in found)


def heredoc(text: str) -> str:
    """The template in a heredoc's source: without its two markers, and for `<<-` without the common indentation."""
    first, _, rest = text.partition("\n")
    lines = rest.split("\n")
    marker = first.lstrip("<-").strip()
    while lines and lines[-1].strip() != marker:
        lines.pop()
    lines = lines[:-1]
    if first.startswith("<<-"):
        indents = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
        cut = min(indents, default=0)
        lines = [line[cut:] for line in lines]
    return "\n".join(lines) + "\n" if lines else ""


def _cut(text: str, escapes: bool) -> Iterator[tuple[Piece, bool, bool]]:
    literal, position = "", 0
    for match in _openings(text):
        token = match[0]
        if match.start() < position or (token[0] == "\\"):
            continue
        literal += _plain(text[position : match.start()], escapes)
        position = match.end()
        if len(token) == 3:
            literal += token[1:]
            continue
        if literal:
            yield Piece("literal", literal), False, False
            literal = ""
        end = closing(text, position)
        inner = text[position:end]
        before, after = inner.startswith("~"), inner.endswith("~")
        kind = "value" if token == "${" else "directive"
        yield Piece(kind, inner.removeprefix("~").removesuffix("~").strip()), before, after
        position = end + 1
    literal += _plain(text[position:], escapes)
    if literal:
        yield Piece("literal", literal), False, False


def _openings(text: str) -> Iterator[re.Match[str]]:
    position = 0
    while match := OPENING.search(text, position):
        yield match
        position = match.end() if len(match[0]) == 3 or match[0][0] == "\\" else closing(text, match.end()) + 1


def _plain(text: str, escapes: bool) -> str:
    return ESCAPE.sub(_unescaped, text) if escapes and "\\" in text else text


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) == 1:
        return ESCAPES.get(code, match[0])
    point = int(code[1:], 16)
    return chr(point) if point <= sys.maxunicode and not 0xD800 <= point <= 0xDFFF else "\ufffd"  # as Terraform has it


def closing(text: str, position: int) -> int:
    """Index of the `}` that ends an expression beginning at `position`; strings in it may hold templates themselves.

    Raises: NotATemplate where there is none.
    """
    stack = ["}"]
    while position < len(text):
        character = text[position]
        if stack[-1] == '"':
            if character == "\\":
                position += 1
            elif character == '"':
                stack.pop()
            elif character in "$%" and text[position + 1 : position + 2] == "{":
                stack.append("}")
                position += 1
        elif character == '"':
            stack.append('"')
        elif character == "{":
            stack.append("}")
        elif character == "}":
            stack.pop()
            if not stack:
                return position
        position += 1
    raise NotATemplate("an interpolation that nothing closes")
