"""A Terraform configuration: its blocks, one for each instance, and what their values refer to."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from policies.profiles import SENSOR_PLATFORM, Profile

INTERPOLATION = re.compile(r"(?<!\$)\$\{([^{}]*)\}")
KEY = r"\[(?:\d+|\"(?:[^\"\\]|\\.)*\")\]"
TRAVERSAL = re.compile(
    rf"^((?:module\.[\w-]+(?:{KEY})?\.)*)(data\.|ephemeral\.)?([a-z][a-z0-9]*_[a-z0-9_]+)\.([A-Za-z_][\w-]*)"
    rf"(\[[^\]]*\])?((?:\.\w+)*)"
)
"""`module.site["a"].aws_kms_key.stream[0].arn`: modules, kind, type, name, instance key, attributes."""
HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""An escape that may be half of a surrogate pair."""
GIVEN_BY_AWS = (".arn", ".id", ".account_id")
"""Attributes that no configuration sets: no wildcard hides in them, and they tell whose they are."""
MAXIMUM_DEPTH = 16
"""How far locals and variables are followed; deeper is a cycle or as good as one."""


class CannotDecide(Exception):
    """A value that a verdict needs is not in the configuration."""

    def __init__(
        self, argument: str, got: object, requires: str = "a value that the configuration itself decides"
    ) -> None:
        """argument: path of the value. got: the expression that hides it."""
        super().__init__(argument)
        self.argument, self.got, self.requires = argument, got, requires


@dataclass(frozen=True)
class Problem:
    """Something of the input that could not be read; line 0 where it has none."""

    file: str
    line: int
    got: str
    requires: str
    fix: str
    address: str = ""


@dataclass(frozen=True)
class Block:
    """One block, or one instance of it: kind is resource, data, ephemeral, provider, output, variable, module, ...

    module: address of the module instance that holds it, `module.site["a"]`; empty for the root.
    key: the instance key as Terraform writes it, `[0]` or `["a"]`; empty where there is neither count nor for_each.
    """

    kind: str
    type: str
    name: str
    arguments: Mapping[str, Any]
    file: str = ""
    line: int = 0
    module: str = ""
    key: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Argument -> line, where the input has lines."""
    construct_path: str = ""
    """CDKTF's path of the construct that made it, where the input has one."""

    @property
    def label(self) -> str:
        """Kind and type as `Arguments.follow` takes them: `aws_kms_key`, `data.aws_region`."""
        return self.type if self.kind == "resource" else f"{self.kind}.{self.type}"

    @property
    def address(self) -> str:
        """Terraform's address: `module.site["a"].aws_kms_key.stream[0]`, `data.aws_region.here`, `output.queue_url`."""
        kind = "" if self.kind == "resource" else self.kind
        return ".".join(part for part in (self.module, kind, self.type, self.name) if part) + self.key


@dataclass(frozen=True)
class Configuration:
    """All blocks of one root module and of what it calls, in the order of the input.

    profile: the thresholds that the policies judge it by.
    problems: what of the input could not be read; it was not judged, so it must not be passed over.
    """

    blocks: tuple[Block, ...]
    problems: tuple[Problem, ...] = ()
    profile: Profile = SENSOR_PLATFORM

    @cached_property
    def by_address(self) -> Mapping[str, Block]:
        """Address -> block."""
        return {block.address: block for block in self.blocks}

    @cached_property
    def by_type(self) -> Mapping[tuple[str, str], tuple[Block, ...]]:
        """(kind, type) -> blocks."""
        found: dict[tuple[str, str], list[Block]] = {}
        for block in self.blocks:
            found.setdefault((block.kind, block.type), []).append(block)
        return {key: tuple(blocks) for key, blocks in found.items()}

    @cached_property
    def by_kind(self) -> Mapping[str, tuple[Block, ...]]:
        """Kind -> blocks."""
        found: dict[str, list[Block]] = {}
        for block in self.blocks:
            found.setdefault(block.kind, []).append(block)
        return {kind: tuple(blocks) for kind, blocks in found.items()}

    @cached_property
    def _indices(self) -> dict[Any, Any]:
        return {}

    def index(self, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` gives for a key, made once: for policies that compare each block with all others."""
        if key not in self._indices:
            self._indices[key] = make()
        return self._indices[key]

    @cached_property
    def _variables(self) -> Mapping[str, Any]:
        """`module.site.var.password` -> value: those that hold secrets stay references until they are resolved."""
        found = {}
        for block in self.blocks:
            if block.kind == "variable":
                prefix = f"{block.module}." if block.module else ""
                found[f"{prefix}var.{block.name}"] = block.arguments.get("default")
        return found

    def referenced(self, expression: str) -> tuple[Block, str] | None:
        """The block and the attribute (`arn`) that a bare traversal names; None where no block here has the address."""
        match = TRAVERSAL.match(expression.strip())
        if not match:
            return None
        modules, kind, type_, name, key, attribute = match.groups()
        whole = f"{modules}{kind or ''}{type_}.{name}"
        block = self.by_address.get(f"{whole}{key or ''}") or self.by_address.get(whole)
        return (block, attribute.lstrip(".")) if block else None

    def resolve(self, value: Any, argument: str, depth: int = 0) -> Any:
        """`value` with locals, variable defaults and literal attributes of other blocks put in.

        A reference to an attribute that only AWS knows (`arn`, `id`) of a block that is declared here stays as it is.
        Raises: CannotDecide for anything else that is not a literal.
        """
        if depth > MAXIMUM_DEPTH:
            raise CannotDecide(argument, "a chain of references without end")
        if isinstance(value, str):
            return self._resolve_text(value, argument, depth)
        if isinstance(value, Mapping):
            return {key: self.resolve(item, f"{argument}.{key}", depth + 1) for key, item in value.items()}
        if isinstance(value, Sequence):
            return [self.resolve(item, f"{argument}[{index}]", depth + 1) for index, item in enumerate(value)]
        return value

    def resolve_inside(self, text: str, argument: str) -> str:
        """As `resolve`, for one string of a JSON document that was decoded before. Raises: CannotDecide.

        What is put in must not hold what would end the string, since Terraform puts it in before JSON is read.
        """
        resolved = str(self._resolve_text(text, argument, 0, inside=True))
        added = INTERPOLATION.sub("", resolved)
        if any(added.count(mark) > INTERPOLATION.sub("", text).count(mark) for mark in '"\\'):
            raise CannotDecide(argument, _expression(text), "text without quotes and backslashes")
        return resolved

    def _resolve_text(self, text: str, argument: str, depth: int, *, inside: bool = False) -> Any:
        whole = None if inside else INTERPOLATION.fullmatch(text)
        if whole:
            return self._evaluate(whole[1], argument, depth)
        if "%{" in text.replace("%%{", "") or "${" in INTERPOLATION.sub("", text).replace("$${", ""):
            raise CannotDecide(argument, _expression(text))
        document = inside or text.lstrip()[:1] in ("{", "[")
        return INTERPOLATION.sub(lambda match: self._part(match[1], argument, depth, document), text)

    def _part(self, expression: str, argument: str, depth: int, document: bool) -> str:
        """A part of a longer text. In a JSON document, an ARN or id of what is declared elsewhere hides nothing else.

        Terraform refuses a reference to nothing: where the document is applied, the block is in its module.
        """
        elsewhere = TRAVERSAL.fullmatch(expression.strip()) if document else None
        if elsewhere and elsewhere[6] in GIVEN_BY_AWS and not self.referenced(expression):
            return f"${{{expression}}}"
        return str(self._evaluate(expression, argument, depth))

    def _evaluate(self, expression: str, argument: str, depth: int) -> Any:
        expression = expression.strip()
        if self._variables.get(expression) is not None:
            return self.resolve(self._variables[expression], argument, depth + 1)
        found = self.referenced(expression)
        if not found or TRAVERSAL.sub("", expression, count=1):
            raise CannotDecide(argument, _expression(f"${{{expression}}}"))
        block, attribute = found
        given = f".{attribute}" in GIVEN_BY_AWS  # a plan or state knows it: it still says which block is meant
        literal = block.arguments.get(attribute) if block.kind == "resource" and not given else None
        if isinstance(literal, str | int | float) and depth < MAXIMUM_DEPTH:
            return self.resolve(literal, argument, depth + 1)
        return f"${{{expression}}}"


def decoded(text: str, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """A JSON document whose strings may hold references; the quotes of their instance keys would end the string.

    pairs: json's object_pairs_hook. Raises: ValueError, RecursionError.
    """
    quoted = INTERPOLATION.sub(lambda match: json.dumps(match[0])[1:-1] if '"' in match[0] else match[0], text)
    return loaded(quoted, pairs)


def loaded(text: str, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """JSON as Go's programs read it: half a surrogate pair is no character, and becomes U+FFFD.

    pairs: json's object_pairs_hook. Raises: ValueError, RecursionError.
    """
    found = json.loads(text, object_pairs_hook=pairs)
    return whole_characters(found) if HALF.search(text) else found


def whole_characters(value: Any) -> Any:
    """A value of JSON or YAML in whose texts U+FFFD stands for half of a surrogate pair, which no file could hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Mapping):
        return {whole_characters(key): whole_characters(item) for key, item in value.items()}
    return [whole_characters(item) for item in value] if isinstance(value, list) else value


def _expression(text: str) -> str:
    """An expression as a finding may show it: without the literals in it, which could be secrets."""
    call = re.match(r"\$\{\s*(\w+)\(", text)
    if call:
        return f"${{{call[1]}(...)}}"
    return re.sub(r'"[^"]*"', '"..."', text) if INTERPOLATION.fullmatch(text) else "an expression"


def is_reference(value: object) -> bool:
    """Whether a raw value is one `${...}` and nothing else."""
    return isinstance(value, str) and INTERPOLATION.fullmatch(value.strip()) is not None


def shown(value: object) -> object:
    """A value as evidence shows it: scalars as they are; a document or a long text as its size and digest."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    if len(text) <= 200 and not (isinstance(value, str) and text[:1] in "{["):
        return value if isinstance(value, str) else text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{len(text)} characters, sha256:{digest[:16]}"
