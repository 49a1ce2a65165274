"""What the gate is pointed at -> a Configuration with lines. First form: one Terraform JSON file."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.errors import GateError
from policies.terraform import Block, Configuration, declared

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|\n|[^\s"{}\[\]:,]+')
NESTED = frozenset({"resource", "data", "ephemeral"})
"""Blocks with two labels: a type and a name."""
LABELLED = frozenset({"output", "variable", "module"})


@dataclass(frozen=True)
class Source:
    """A configuration as it was read: the bytes' SHA-256 (hex) and the line of every argument (1-based)."""

    file: str
    sha256: str
    configuration: Configuration
    lines: Mapping[str, int]
    construct_paths: Mapping[str, str]
    """Address -> CDKTF construct path, where the input has one."""

    def line_of(self, address: str, argument: str) -> int:
        """Line of an argument, else of its block, else 0."""
        block = self.configuration.by_address.get(address)
        top = re.split(r"[.\[]", argument, maxsplit=1)[0]
        return self.lines.get(f"{address}#{top}", block.line if block else 0)


def read_source(path: Path) -> Source:
    """The Terraform JSON file at `path`.

    Raises: GateError where it is missing, is not JSON, repeats a key, or declares no resource: nothing was judged then.
    """
    try:
        content = path.read_bytes()
        document = json.loads(content, object_pairs_hook=_without_repeats)
    except (OSError, ValueError, RecursionError) as error:
        raise GateError(
            f"{path}: cannot be read as Terraform JSON: {error}. Without it there is no verdict."
        ) from error
    if not isinstance(document, dict) or not isinstance(document.get("resource", {}), dict):
        raise GateError(f"{path}: is JSON, but not Terraform JSON: requires an object with blocks such as `resource`")
    lines = dict(_lines(content.decode("utf-8", "replace")))
    blocks = tuple(_blocks(document, path.name, lines))
    paths = {b.address: _construct_path(b.arguments) for b in blocks}
    cleaned = (Block(b.kind, b.type, b.name, _without_comments(b.arguments), b.file, b.line) for b in blocks)
    configuration = declared(Configuration(tuple(cleaned)))
    if not any(block.kind == "resource" for block in configuration.blocks):
        raise GateError(f"{path}: declares no resource. A gate that looked at nothing gives no verdict.")
    return Source(
        path.name,
        hashlib.sha256(content).hexdigest(),
        configuration,
        _by_argument(blocks, lines),
        paths,
    )


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        repeated = next(key for index, (key, _) in enumerate(pairs) if key in dict(pairs[:index]))
        raise ValueError(f"the key {repeated!r} is given twice; only one of them would be judged")
    return found


def _blocks(document: Mapping[str, Any], file: str, lines: Mapping[str, int]) -> Iterator[Block]:
    for kind, body in document.items():
        if kind == "//":
            continue
        for entry in body if isinstance(body, list) else [body]:
            if not isinstance(entry, dict):
                raise GateError(f"{file}: {kind} holds {type(entry).__name__}, requires an object")
            yield from _of_kind(kind, entry, file, lines)


def _of_kind(kind: str, body: Mapping[str, Any], file: str, lines: Mapping[str, int]) -> Iterator[Block]:
    if kind in NESTED:
        for type_, named in _items(body):
            for name, arguments in _items(_object(named, f"{kind}.{type_}", file)):
                at = f"{kind}/{type_}/{name}"
                yield Block(kind, type_, name, _object(arguments, at, file), file, lines.get(at, 0))
    elif kind == "provider":
        for type_, configured in _items(body):
            for entry in configured if isinstance(configured, list) else [configured]:
                arguments = _object(entry, f"provider.{type_}", file)
                yield Block(
                    kind, type_, str(arguments.get("alias", "")), arguments, file, lines.get(f"{kind}/{type_}", 0)
                )
    elif kind in LABELLED:
        for name, arguments in _items(body):
            yield Block(
                kind, "", name, _object(arguments, f"{kind}.{name}", file), file, lines.get(f"{kind}/{name}", 0)
            )
    else:
        yield Block(kind, "", "", body, file, lines.get(kind, 0))


def _items(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((key, value) for key, value in body.items() if key != "//")


def _object(value: Any, where: str, file: str) -> dict[str, Any]:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        raise GateError(f"{file}: {where} is {type(value).__name__}, requires an object")
    return value


def _without_comments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if key != "//"}


def _construct_path(arguments: Mapping[str, Any]) -> str:
    comment = arguments.get("//")
    metadata = comment.get("metadata") if isinstance(comment, dict) else None
    return str(metadata.get("path", "")) if isinstance(metadata, dict) else ""


def _by_argument(blocks: tuple[Block, ...], lines: Mapping[str, int]) -> dict[str, int]:
    places = {"/".join(p for p in (b.kind, b.type, b.name) if p): b.address for b in blocks}
    found = {}
    for path, line in lines.items():
        parent, _, key = path.rpartition("/")
        if parent in places:
            found[f"{places[parent]}#{key}"] = line
    return found


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """Line of every key down to four levels (`resource/type/name/argument`); the text is known to be JSON."""
    line, stack, key = 1, list[str](), ""
    tokens = TOKEN.finditer(text)
    for match in tokens:
        token = match[0]
        if token == "\n":
            line += 1
        elif token in "{[":
            stack.append(key)
            key = ""
        elif token in "}]":
            stack.pop()
        elif token[0] == '"' and len(stack) <= 4:
            rest = text[match.end() : match.end() + 8].lstrip()
            if rest.startswith(":"):
                key = token[1:-1]
                yield "/".join([*(part for part in stack if part), key]), line
        elif token == ",":
            key = ""
