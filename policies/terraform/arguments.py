"""A block as a policy reads it.

Each accessor gives a decided value or raises `CannotDecide`, so that a policy cannot mistake an unknown value for a
good one; and each remembers what it gave, which becomes the evidence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from policies.profiles import Profile
from policies.requirements import SECRET_NAME_WORDS
from policies.terraform.model import (
    INTERPOLATION,
    TRAVERSAL,
    Block,
    CannotDecide,
    Configuration,
    decoded,
    is_reference,
    shown,
)

NAMING_ARGUMENTS = (
    "name",
    "identifier",
    "replication_group_id",
    "user_id",
    "user_group_id",
    "family",
    "function_name",
    "bucket",
)
"""Arguments that a literal elsewhere may refer to a resource by."""


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

    def each_string(self, name: str) -> Iterator[str]:
        """What `strings` gives, one by one: the first that cannot be decided is raised after all others were given."""
        raw = self.values.get(name)
        if not isinstance(raw, list):
            yield from self.strings(name)
            return
        gap = None
        for index, item in enumerate(raw):
            part = replace(self, values={f"{name}[{index}]": item})
            try:
                value = part.text(f"{name}[{index}]")
            except CannotDecide as found:
                gap = gap or found
            else:
                yield from () if value is None else (value,)
        if gap:
            raise gap

    def blocks(self, name: str) -> list[Arguments]:
        """Nested blocks, or one map, of that name; empty where absent. Raises: CannotDecide for `dynamic`."""
        dynamic = self.values.get("dynamic")
        if dynamic and name in json.dumps(dynamic):
            raise CannotDecide(self.name_of(name), "a dynamic block")
        return list(self.each_block(name))

    def each_block(self, name: str) -> Iterator[Arguments]:
        """What `blocks` gives, one by one: what cannot be decided is raised after all others were given."""
        value = self.values.get(name)
        items = [] if value is None else value if isinstance(value, list) else [value]
        if not items:
            self._remember(name, None)
        gap = None
        for index, item in enumerate(items):
            try:
                yield self._inside(item, self.name_of(name), index if len(items) > 1 else None)
            except CannotDecide as found:
                gap = gap or found
        dynamic = self.values.get("dynamic")
        if dynamic and name in json.dumps(dynamic):
            gap = CannotDecide(self.name_of(name), "a dynamic block")
        if gap:
            raise gap

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
