"""HCL and JSON text -> bodies of attributes and blocks, with lines. Nothing is evaluated here.

HCL is parsed by tree-sitter's grammar: fast, and it goes on after an error, so that what can be read still is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import tree_sitter
import tree_sitter_hcl
from tree_sitter import Node

from policies.terraform.model import Problem

HCL = tree_sitter.Language(tree_sitter_hcl.language())
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|\n|[^\s"{}\[\]:,]+')
MOST_PROBLEMS = 20
"""Places named for one file; the first ones lead to the cause."""
DEEPEST_LINE = 4
"""Levels of JSON keys whose lines are kept: `resource/type/name/argument`."""


@dataclass(frozen=True)
class Hcl:
    """An expression as it stands in HCL."""

    node: Node

    @property
    def text(self) -> str:
        """Its source."""
        return source(self.node)


@dataclass(frozen=True)
class Json:
    """A JSON value; its strings are templates."""

    value: Any

    @property
    def text(self) -> str:
        """Its source, as HCL would have it."""
        if not isinstance(self.value, str):
            return json.dumps(self.value)
        whole = self.value.startswith("${") and self.value.endswith("}") and self.value.count("${") == 1
        return self.value[2:-1] if whole else f'"{self.value}"'


Expression = Hcl | Json


@dataclass
class Body:
    """Attributes by name and nested blocks in order; `lines` has the line of each (1-based)."""

    attributes: dict[str, Expression] = field(default_factory=dict)
    blocks: list[Nested] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Nested:
    """A block: `backend "s3" { ... }` has kind backend and the label s3."""

    kind: str
    labels: tuple[str, ...]
    body: Body
    file: str
    line: int


def source(node: Node) -> str:
    """The text of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def parse_hcl(text: bytes, file: str) -> tuple[Body, list[Problem]]:
    """The body of an HCL file, and a problem for each place that is no HCL."""
    tree = tree_sitter.Parser(HCL).parse(text)
    problems = [
        _problem(file, node.start_point[0] + 1, "text that is no HCL, at this line or before it")
        for node in _errors(tree.root_node)
    ]
    if b"\0" in text:
        problems.append(_problem(file, 1, "a NUL byte"))
    found = next((child for child in tree.root_node.named_children if child.type == "body"), None)
    return (_body(found, file, problems) if found else Body()), problems[:MOST_PROBLEMS]


def _problem(file: str, line: int, got: str) -> Problem:
    return Problem(
        file, line, got, "a file that Terraform can parse", "mend it; terraform validate says more. It was not judged"
    )


@lru_cache(maxsize=4096)
def expression(text: str) -> Node | None:
    """The node of one expression; None where the text is none."""
    tree = tree_sitter.Parser(HCL).parse(f"x=(\n{text}\n)".encode("utf-8", "surrogatepass"))
    if tree.root_node.has_error or len(tree.root_node.named_children) != 1:
        return None
    body = tree.root_node.named_children[0]
    attribute = body.named_children[0] if body.named_child_count == 1 else None
    return attribute.named_children[1] if attribute and attribute.type == "attribute" else None


def body_of_json(value: Mapping[str, Any]) -> Body:
    """The body of a JSON object: everything is an attribute, since only a provider's schema knows its blocks."""
    return Body({str(key): Json(item) for key, item in value.items() if key != "//"})


def json_lines(text: str) -> dict[str, int]:
    """Line of every key down to `resource/type/name/argument`; the text is known to be JSON."""
    return dict(_json_lines(text))


def _json_lines(text: str) -> Iterator[tuple[str, int]]:
    line, stack, key = 1, list[str](), ""
    for match in TOKEN.finditer(text):
        token = match[0]
        if token == "\n":
            line += 1
        elif token in "{[":
            stack.append(key)
            key = ""
        elif token in "}]":
            stack.pop()
        elif token[0] == '"' and len(stack) <= DEEPEST_LINE:
            if text[match.end() : match.end() + 8].lstrip().startswith(":"):
                key = token[1:-1]
                yield "/".join([*(part for part in stack if part), key]), line
        elif token == ",":
            key = ""


def _errors(node: Node) -> Iterator[Node]:
    pending = [node]
    while pending:
        here = pending.pop()
        if here.is_error or here.is_missing:
            yield here
        elif here.has_error:
            pending.extend(reversed(here.children))


def _body(node: Node, file: str, problems: list[Problem]) -> Body:
    body = Body()
    for child in node.named_children:
        line = child.start_point[0] + 1
        if child.type == "attribute" and child.named_child_count > 1:
            name = source(child.named_children[0])
            if name in body.attributes:
                problems.append(_problem(file, line, f"the argument {name} a second time"))
            body.attributes[name] = Hcl(child.named_children[1])
            body.lines[name] = line
        elif child.type == "block":
            heads = [c for c in child.named_children if c.type in ("identifier", "string_lit")]
            name, *labels = [source(head).strip('"') for head in heads]
            inner = next((c for c in child.named_children if c.type == "body"), None)
            nested = _body(inner, file, problems) if inner else Body()
            body.blocks.append(Nested(name, tuple(labels), nested, file, line))
            body.lines.setdefault(name, line)
    return body
