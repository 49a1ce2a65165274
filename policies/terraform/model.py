"""A Terraform configuration as a policy reads it: blocks, their arguments, and what refers to what.

A policy sees `Arguments` only. Each accessor gives a decided value or raises `CannotDecide`, so that a policy
cannot mistake an unknown value for a good one; and each remembers what it gave, which becomes the evidence.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from policies.profiles import SENSOR_PLATFORM, Profile
from policies.requirements import SECRET_NAME_WORDS

INTERPOLATION = re.compile(r"(?<!\$)\$\{([^{}]*)\}")
KEY = r"\[(?:\d+|\"(?:[^\"\\]|\\.)*\")\]"
TRAVERSAL = re.compile(
    rf"^((?:module\.[\w-]+(?:{KEY})?\.)*)(data\.|ephemeral\.)?([a-z][a-z0-9]*_[a-z0-9_]+)\.([A-Za-z_][\w-]*)"
    rf"(\[[^\]]*\])?((?:\.\w+)*)"
)
"""`module.site["a"].aws_kms_key.stream[0].arn`: modules, kind, type, name, instance key, attributes."""
GIVEN_BY_AWS = (".arn", ".id", ".account_id")
"""Attributes that no configuration sets, so that no wildcard hides in them."""
NAMING_ARGUMENTS = ("name", "identifier", "replication_group_id", "user_id", "family", "function_name", "bucket")
"""Arguments that a literal elsewhere may refer to a resource by."""
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
        literal = block.arguments.get(attribute) if block.kind == "resource" else None
        if isinstance(literal, str | int | float) and depth < MAXIMUM_DEPTH:
            return self.resolve(literal, argument, depth + 1)
        return f"${{{expression}}}"


@dataclass(frozen=True)
class Arguments:
    """The arguments of a block, or of a block or document inside it; `path` says where, `reads` what was looked at."""

    configuration: Configuration
    block: Block
    values: Mapping[str, Any]
    path: str = ""
    reads: dict[str, object] = field(default_factory=dict)
    home: str = ""
    """Address of the block that is being judged: evidence from other blocks is told apart by their address."""

    @classmethod
    def of(cls, configuration: Configuration, block: Block) -> Arguments:
        """What a policy gets to judge `block` by."""
        return cls(configuration, block, block.arguments, home=block.address)

    @property
    def address(self) -> str:
        """Terraform address of the block these arguments belong to."""
        return self.block.address

    @property
    def profile(self) -> Profile:
        """The thresholds in force."""
        return self.configuration.profile

    def name_of(self, name: str) -> str:
        """Full path of an argument, as findings and evidence call it."""
        return f"{self.path}.{name}" if self.path else name

    def has(self, name: str) -> bool:
        """Whether the argument is set to anything but null; its value need not be known."""
        present = self.values.get(name) is not None
        if not present:
            self._remember(name, None)
        return present

    def value(self, name: str) -> Any:
        """The decided value, None where absent or null. Raises: CannotDecide."""
        raw = self.values.get(name)
        value = self.configuration.resolve(raw, self.name_of(name))
        self._remember(name, raw if isinstance(raw, str) else value)
        return value

    def text(self, name: str) -> str | None:
        """The decided value as Terraform would write it into a string. Raises: CannotDecide for a list or map."""
        value = self.value(name)
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, list | dict):
            raise CannotDecide(self.name_of(name), value, "a string")
        return None if value is None else str(value)

    def number(self, name: str) -> float | None:
        """The decided number, None where absent. Raises: CannotDecide where it is no number."""
        text = self.text(name)
        try:
            return None if text is None else float(text)
        except ValueError:
            raise CannotDecide(self.name_of(name), text, "a number") from None

    def flag(self, name: str) -> bool | None:
        """The decided bool, None where absent. Raises: CannotDecide where it is neither true nor false."""
        text = self.text(name)
        if text is None:
            return None
        if text in ("true", "false"):
            return text == "true"
        raise CannotDecide(self.name_of(name), text, "true or false")

    def strings(self, name: str) -> list[str]:
        """The decided list of strings, empty where absent; one string counts as a list of one. Raises: CannotDecide."""
        value = self.value(name)
        items = [] if value is None else value if isinstance(value, list) else [value]
        if any(isinstance(item, dict | list) for item in items):
            raise CannotDecide(self.name_of(name), value, "a list of strings")
        return [str(item) for item in items if item is not None]

    def blocks(self, name: str) -> list[Arguments]:
        """Nested blocks, or one map, of that name; empty where absent. Raises: CannotDecide for `dynamic`."""
        dynamic = self.values.get("dynamic")
        if dynamic and name in json.dumps(dynamic):
            raise CannotDecide(self.name_of(name), "a dynamic block")
        value = self.values.get(name)
        items = [] if value is None else value if isinstance(value, list) else [value]
        if not items:
            self._remember(name, None)
        return [
            self._inside(item, self.name_of(name), index if len(items) > 1 else None)
            for index, item in enumerate(items)
        ]

    def block_at(self, *names: str) -> Arguments | None:
        """The single nested block at a chain of names; None where one is absent. Raises: CannotDecide for several."""
        here: Arguments = self
        for name in names:
            found = here.blocks(name)
            if len(found) > 1:
                raise CannotDecide(here.name_of(name), f"{len(found)} blocks", "one block")
            if not found:
                return None
            here = found[0]
        return here

    def documents(self, name: str) -> list[Arguments]:
        """The objects of a JSON document (an object, or a list of objects) held in a string; empty where absent or "".

        Raises: CannotDecide where the string is no JSON that the configuration decides.
        """
        raw = self.values.get(name)
        text = self.configuration.resolve(raw, self.name_of(name))
        if text in (None, ""):
            self._remember(name, None)
            return []
        try:
            document = decoded(text) if isinstance(text, str) else text
        except (ValueError, RecursionError):
            raise CannotDecide(self.name_of(name), shown(raw), "a JSON document") from None
        items = document if isinstance(document, list) else [document]
        return [
            self._inside(item, self.name_of(name), index if len(items) > 1 else None)
            for index, item in enumerate(items)
        ]

    def follow(self, name: str, *types: str) -> Arguments | None:
        """The declared block that the argument refers to, by reference or by its literal name; None where absent.

        types: `aws_kms_key`, or `data.aws_kms_key` for a data source.
        Raises: CannotDecide where it refers to nothing that is declared here, or to a block of none of `types`.
        """
        raw = self.values.get(name)
        self._remember(name, raw)
        if raw is None:
            return None
        block = self.target(raw, *types)
        if block is None:
            raise CannotDecide(self.name_of(name), raw, f"a reference to a declared {' or '.join(types) or 'block'}")
        return self._other(block)

    def target(self, raw: Any, *types: str) -> Block | None:
        """The declared block of one of `types` that a raw value refers to, by reference or literal name."""
        if not isinstance(raw, str):
            return None
        direct = self._referenced(raw)
        if direct is None and is_reference(raw):
            try:
                raw = self.configuration.resolve(raw, "")
            except CannotDecide:
                return None
            direct = self._referenced(raw)
        if direct:
            return direct if not types or direct.label in types else None
        named = [block for type_ in types for block in self.configuration.by_type.get(("resource", type_), ())]
        return next((block for block in named if raw in [block.arguments.get(key) for key in NAMING_ARGUMENTS]), None)

    def reference(self, raw: Any) -> tuple[Block, str] | None:
        """The declared block, of whatever kind, and the attribute (`arn`) that a raw `${...}` names; else None."""
        whole = INTERPOLATION.fullmatch(raw.strip()) if isinstance(raw, str) else None
        return self.configuration.referenced(whole[1]) if whole else None

    def _referenced(self, raw: Any) -> Block | None:
        found = self.reference(raw)
        return found[0] if found else None

    def referred_by(self, type_: str, argument: str) -> list[Arguments]:
        """Resources of a type whose argument refers to this block.

        Raises: CannotDecide where none does and one of them refers to something that is not declared here.
        """
        found, open_ends = [], []
        for candidate in self.configuration.by_type.get(("resource", type_), ()):
            raw = candidate.arguments.get(argument)
            for item in raw if isinstance(raw, list) else [raw]:
                means = self._means_this(item)
                if means and _instances(self.configuration, candidate):
                    found.append(candidate)
                elif means is not False:
                    open_ends.append((candidate, item))
        if not found and open_ends:
            candidate, item = open_ends[0]
            requires = f"a reference, and a count, that tell whether it means {self.address}"
            raise CannotDecide(f"{candidate.address}.{argument}", item, requires)
        others = [self._other(block) for block in found]
        for other in others:
            other._remember(argument, other.values.get(argument))
        return others

    def _means_this(self, item: Any) -> bool | None:
        """Whether a raw value refers to this block, None where the configuration does not tell."""
        target = self.target(item, self.block.label)
        elsewhere = self._referenced(item)
        known = (elsewhere and elsewhere.kind == "resource") or self._names_another(item)
        if target is None and not known and INTERPOLATION.search(str(item)):
            return None
        return target is self.block

    def _names_another(self, item: Any) -> bool:
        """Whether a raw value names a resource, declared or not, that is called otherwise than this block."""
        whole = INTERPOLATION.fullmatch(item.strip()) if isinstance(item, str) else None
        named = TRAVERSAL.fullmatch(whole[1].strip()) if whole else None
        return bool(named and not named[2] and named[3] == self.block.type and named[4] != self.block.name)

    def resources(self, *types: str) -> list[Arguments]:
        """All resources of these types in the configuration. Raises: CannotDecide where one of them may not exist."""
        found = [block for type_ in types for block in self.configuration.by_type.get(("resource", type_), ())]
        for block in found:
            if _instances(self.configuration, block) is None:
                raise CannotDecide(f"{block.address}.count", "not known", "a count or for_each that is known")
        return [self._other(block) for block in found]

    def of_kind(self, kind: str, type_: str | None = None) -> list[Arguments]:
        """All blocks of a kind (data, provider, output, terraform, ...), of one type where given."""
        return [self._other(b) for b in self.configuration.by_kind.get(kind, ()) if type_ in (None, b.type)]

    def raw(self) -> Iterator[tuple[str, Any]]:
        """Every argument path with its unresolved scalar: for policies that search all values."""
        yield from _leaves(self.values, self.path)

    def note(self, name: str, value: object) -> None:
        """Adds a value to the evidence, where the accessors cannot tell what was decided."""
        self.reads[self._key(name)] = value

    def _remember(self, name: str, value: object) -> None:
        secret = any(word in name.lower() for word in SECRET_NAME_WORDS) and not is_reference(value)
        self.reads.setdefault(self._key(name), "(not shown)" if secret and value is not None else shown(value))

    def _key(self, name: str) -> str:
        return self.name_of(name) if self.address == self.home else f"{self.address}.{self.name_of(name)}"

    def _inside(self, item: Any, path: str, index: int | None) -> Arguments:
        where = path if index is None else f"{path}[{index}]"
        item = self.configuration.resolve(item, where) if isinstance(item, str) else item
        if not isinstance(item, Mapping):
            raise CannotDecide(where, shown(item), "a block")
        return Arguments(self.configuration, self.block, item, where, self.reads, self.home)

    def _other(self, block: Block) -> Arguments:
        return Arguments(self.configuration, block, block.arguments, "", self.reads, self.home)


def declared(configuration: Configuration) -> Configuration:
    """Without the blocks that decidedly have no instance: `count = 0`, an empty `for_each`."""
    kept = tuple(block for block in configuration.blocks if _instances(configuration, block) is not False)
    return replace(configuration, blocks=kept)


def _instances(configuration: Configuration, block: Block) -> bool | None:
    """Whether the block has an instance, None where the configuration does not decide it."""
    for argument in ("count", "for_each"):
        if block.kind in ("resource", "data") and block.arguments.get(argument) is not None:
            try:
                if configuration.resolve(block.arguments[argument], argument) in (0, "0", [], {}):
                    return False
            except CannotDecide:
                return None
    return True


def decoded(text: str, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """A JSON document whose strings may hold references; the quotes of their instance keys would end the string.

    pairs: json's object_pairs_hook. Raises: ValueError, RecursionError.
    """
    quoted = INTERPOLATION.sub(lambda match: json.dumps(match[0])[1:-1] if '"' in match[0] else match[0], text)
    return json.loads(quoted, object_pairs_hook=pairs)


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


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        single = len(value) == 1 and isinstance(value[0], Mapping)  # a block: JSON may write it without the list
        for index, item in enumerate(value):
            yield from _leaves(item, path if single else f"{path}[{index}]")
    else:
        yield path, value
