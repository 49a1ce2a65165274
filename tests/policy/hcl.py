"""Terraform JSON -> the same configuration as HCL, so that every fixture is judged in both forms.

Documents in strings become `jsonencode(...)` calls where they are JSON. What JSON leaves open, whether an object is a
block or a map, is told by its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from policies.terraform import decoded
from policies.terraform.templates import NotATemplate, pieces

MAPS = frozenset(
    {"default", "dimensions", "environment_variables", "for_each", "input", "keepers", "options", "parameters",
     "providers", "request_parameters", "required_providers", "tags", "tags_all", "triggers", "triggers_replace",
     "value", "variables"}
)  # fmt: skip
"""Arguments that hold an object without being a block."""
TRAVERSALS = frozenset({"provider", "from", "to", "depends_on", "ignore_changes", "replace_triggered_by"})
"""Arguments whose JSON strings are traversals."""
NAME = re.compile(r"[A-Za-z_][\w-]*")


def hcl(document: dict[str, Any]) -> str:
    """The text of a .tf file that declares what the Terraform JSON does."""
    return "\n".join(line for kind, body in document.items() if kind != "//" for line in _top(kind, body)) + "\n"


def _top(kind: str, body: Any) -> Iterator[str]:
    for entry in body if isinstance(body, list) else [body]:
        if kind in ("resource", "data", "ephemeral"):
            for type_, named in entry.items():
                for name, arguments in named.items():
                    yield from _block(f'{kind} "{type_}" "{name}"', arguments, "")
        elif kind == "provider":
            for type_, configured in entry.items():
                for arguments in configured if isinstance(configured, list) else [configured]:
                    yield from _block(f'provider "{type_}"', arguments, "")
        elif kind in ("output", "variable", "module"):
            for name, arguments in entry.items():
                yield from _block(f'{kind} "{name}"', arguments, "")
        else:
            yield from _block(kind, entry, "", everything_an_argument=kind == "locals")


def _block(head: str, arguments: dict[str, Any], indent: str, *, everything_an_argument: bool = False) -> Iterator[str]:
    yield f"{indent}{head} {{"
    inner = indent + "  "
    for name, value in arguments.items():
        if name == "//":
            continue
        if name == "dynamic":
            for kind, content in _dynamics(value):
                yield from _dynamic(kind, content, inner)
        elif name == "backend" and isinstance(value, dict):
            for kind, body in value.items():
                yield from _block(f'backend "{kind}"', body, inner)
        elif not everything_an_argument and name not in MAPS and _is_block(value):
            for body in value if isinstance(value, list) else [value]:
                yield from _block(name, body, inner)
        elif name in TRAVERSALS:
            yield f"{inner}{name} = {_traversal(value)}"
        else:
            yield f"{inner}{name} = {written(value)}"
    yield f"{indent}}}"


def _is_block(value: Any) -> bool:
    """An object, or a list of objects; braces in a list of mixed values cannot be blocks."""
    entries = value if isinstance(value, list) else [value]
    return bool(entries) and all(isinstance(entry, dict) for entry in entries)


def _dynamics(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in value if isinstance(value, list) else [value]:
        for kind, content in entry.items():
            for each in content if isinstance(content, list) else [content]:
                yield kind, each


def _dynamic(kind: str, content: dict[str, Any], indent: str) -> Iterator[str]:
    yield f'{indent}dynamic "{kind}" {{'
    yield f"{indent}  for_each = {written(content.get('for_each'))}"
    if "iterator" in content:
        yield f"{indent}  iterator = {content['iterator']}"
    yield from _block("content", content.get("content", {}), indent + "  ")
    yield f"{indent}}}"


def _traversal(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_traversal, value))}]"
    return str(value).removeprefix("${").removesuffix("}")


def written(value: Any) -> str:
    """A value as an HCL expression."""
    if isinstance(value, dict):
        entries = (
            f"{key if NAME.fullmatch(key) else json.dumps(key)} = {written(item)}" for key, item in value.items()
        )
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if not isinstance(value, str):
        return json.dumps(value)
    return _document(value) or _string(value)


def _document(text: str) -> str:
    """A JSON document as a call of jsonencode; empty where the text is none, or one with a repeated key."""
    if text[:1] not in ("{", "["):
        return ""
    try:
        found = decoded(text, _once)
    except (ValueError, RecursionError):
        return ""
    return f"jsonencode({written(found)})"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a repeated key")
    return found


def _string(text: str) -> str:
    try:
        cut = pieces(text)
    except NotATemplate:
        return json.dumps(text)
    if len(cut) == 1 and cut[0].kind == "value":
        return cut[0].text
    parts = []
    for piece in cut:
        if piece.kind == "literal":
            quoted = json.dumps(piece.text, ensure_ascii=False)[1:-1]
            parts.append(quoted.replace("${", "$${").replace("%{", "%%{"))
        else:
            parts.append(f"{'$' if piece.kind == 'value' else '%'}{{{piece.text}}}")
    return f'"{"".join(parts)}"'
