"""Declarations -> blocks, one for each instance: modules called, `count` and `for_each` expanded, values evaluated.

Source: https://developer.hashicorp.com/terraform/language
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tree_sitter import Node

from policies.credentials import credential_name
from policies.terraform.bodies import body_values, source_of
from policies.terraform.constraints import members, with_defaults
from policies.terraform.documents import TYPE as POLICY_DOCUMENT
from policies.terraform.documents import policy_document
from policies.terraform.evaluate import IN_VARIABLE, Budget, Scope, elements, known, opened, value_of
from policies.terraform.folders import Declaration, Folder, alias_of, named, read_folder, terraform_files
from policies.terraform.functions import as_set
from policies.terraform.model import Block, Problem
from policies.terraform.syntax import Body, Hcl, Json, expression, source
from policies.terraform.values import Invalid, NotKnown, Ref, Template, Unknown, is_known, joined, rendered, text_of

RAW_KINDS = frozenset({"moved", "import", "removed", "check", "terraform"})
REPEATERS = ("count", "for_each")
DEEPEST_MODULE = 12
LARGEST_TEXT_FILE = 1_000_000
"""Bytes of a file that `file` or `templatefile` reads."""
MOST_INSTANCES = 20_000
STEP = re.compile(r"\.([\w-]+)|\[(\d+)\]|\[\"([^\"]*)\"\]")
PLAIN = re.compile(r"\.[\w-]+")
"""One attribute of a block."""
PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov", "us-iso": "aws-iso", "us-isob": "aws-iso-b"}


@dataclass
class Tree:
    """One configuration while it is read: the module instances, the problems, and how much work is left."""

    root: Path
    budget: Budget = field(default_factory=Budget)
    problems: list[Problem] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    folders: dict[Path, Folder] = field(default_factory=dict)
    modules: list[Module] = field(default_factory=list)
    installed: Mapping[str, str] = field(default_factory=dict)
    """Module path (`site.database`) -> folder, as `terraform init` noted it."""
    instances: int = 0

    def folder(self, path: Path, only: Path | None = None) -> Folder:
        """The module in a folder, parsed once."""
        key = only or path
        if key not in self.folders:
            self.folders[key] = found = read_folder(path, self.root, only)
            self.problems.extend(found.problems)
            self.digests.update(found.digests)
        return self.folders[key]

    def problem(self, at: Declaration, address: str, got: str, requires: str, fix: str) -> None:
        """Notes what could not be read, where, and how to mend it."""
        self.problems.append(Problem(at.file, at.line, got, requires, fix, address))


class Module:
    """One instance of a module: what its names mean, and its blocks."""

    def __init__(
        self,
        tree: Tree,
        folder: Folder,
        address: str = "",
        given: Callable[[str], Any] | None = None,
        providers: Mapping[str, str] | None = None,
    ) -> None:
        """given: the value of an input variable, None where the caller sets none. providers: name here -> in root."""
        self.tree, self.folder, self.address = tree, folder, address
        self.given = given or (lambda name: None)
        self.providers = providers
        self.scope = Scope(self, {}, tree.budget)
        self.variables = {d.name: d for d in folder.of_kind("variable")}
        self.outputs = {d.name: d for d in folder.of_kind("output")}
        self.calls = {d.name: d for d in folder.of_kind("module")}
        self.locals = {key: expr for d in folder.of_kind("locals") for key, expr in d.body.attributes.items()}
        self.declared = {
            ("" if d.kind == "resource" else d.kind, d.type, d.name): d
            for d in folder.declarations
            if d.kind in ("resource", "data", "ephemeral")
        }
        self.memo: dict[Any, Any] = {}
        self.active: set[Any] = set()
        tree.modules.append(self)

    def named(self, text: str) -> str:
        """An address of this module as the root sees it."""
        return f"{self.address}.{text}" if self.address else text

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` gives, made once. A value that needs itself is not known."""
        if key in self.memo:
            return self.memo[key]
        if key in self.active:
            raise Invalid(f"a cycle through {key[-1]}")
        self.active.add(key)
        try:
            self.memo[key] = made = make()
        finally:
            self.active.discard(key)
        return made

    # Names

    def root(self, name: str, following: str | None, scope: Scope) -> tuple[Any, int]:
        """The value of a traversal's first names and how many it took. Raises: Invalid, NotKnown."""
        if following is None:
            raise Invalid(name)
        meanings = {"var": self.variable, "local": self.local, "module": self.called, "path": self._path}
        if name in meanings:
            return meanings[name](following), 2
        if name in ("data", "ephemeral"):
            return _Types(self, name).output(following), 2
        if name in ("self", "each", "count", "terraform"):
            return Unknown.of(f"{name}.{following}"), 2
        return self.block("", name, following), 2

    def block(self, kind: str, type_: str, name: str) -> Any:
        """A declared block: a reference, or a list or map of them where it has count or for_each."""
        declaration = self.declared.get((kind, type_, name))
        text = self.named(".".join(part for part in (kind, type_, name) if part))
        if declaration is None:
            return Unknown.of(text)
        keys = self.keys(declaration)
        if keys is None:
            return Ref(text, certain=False)
        if not keys or keys[0][0] is None:
            return Ref(text) if keys else []
        refs = [Ref(f"{text}[{key}]" if isinstance(key, int) else f"{text}[{json.dumps(key)}]") for key, _ in keys]
        return refs if isinstance(keys[0][0], int) else dict(zip([key for key, _ in keys], refs, strict=True))

    def variable(self, name: str) -> Any:
        """An input variable; one that holds a secret stays a reference, so that it can be told apart from a literal."""
        declaration = self.variables.get(name)
        text = self.named(f"var.{name}")
        if declaration is None:
            return Unknown.of(text)
        value = self.once(("var", name), lambda: self._variable(declaration))
        sensitive = declaration.body.attributes.get("sensitive")
        secret = credential_name(name) or (sensitive is not None and value_of(sensitive, self.scope) in (True, "true"))
        return Ref(text) if secret and is_known(value) and value is not None else value

    def _variable(self, declaration: Declaration) -> Any:
        value, default = self.given(declaration.name), declaration.body.attributes.get("default")
        nullable = declaration.body.attributes.get("nullable")
        if value is None or (value is NULL and nullable and value_of(nullable, self.scope) is False):
            if default is None:
                return Unknown.of(self.named(f"var.{declaration.name}"))
            value = value_of(default, self.scope)
        value = None if value is NULL else value
        type_ = declaration.body.attributes.get("type")
        node = type_.node if isinstance(type_, Hcl) else expression(str(type_.value)) if type_ else None
        return with_defaults(value, node, self.scope) if node else value

    def local(self, name: str) -> Any:
        """A local value."""
        if name not in self.locals:
            return Unknown.of(self.named(f"local.{name}"))
        return self.once(("local", name), lambda: value_of(self.locals[name], self.scope))

    def output(self, name: str) -> Any:
        """An output of this module, as its caller sees it."""
        declaration = self.outputs.get(name)
        value = declaration.body.attributes.get("value") if declaration else None
        if value is None:
            return Unknown.of(f"{self.address}.{name}")
        return self.once(("output", name), lambda: value_of(value, self.scope))

    def _path(self, which: str) -> Any:
        if which == "module":
            return named(self.folder.path, self.tree.root)
        return "." if which in ("root", "cwd") else Unknown.of(f"path.{which}")

    def attribute(self, ref: Ref, name: str) -> Any:
        """One attribute of a declared block; what a data source makes of the configuration alone is computed."""
        if ref.path:
            return ref.at(f".{name}")
        module, declaration, scope = self.tree_place(ref.address)
        if declaration and declaration.kind == "data":
            if declaration.type == POLICY_DOCUMENT and name in ("json", "minified_json"):
                return module.once(("document", ref.address), lambda: module._document(declaration, scope))
            found = module._environment(declaration, name)
            if found is not None:
                return found
        if declaration and (declaration.type, name) == ("terraform_data", "output"):
            given = declaration.body.attributes.get("input")
            return value_of(given, scope) if given else None
        return ref.at(f".{name}")

    def _rendered(self, declaration: Declaration, key: Any) -> Any:
        """The document of one instance, as those that refer to it see it."""
        try:
            return self.attribute(Ref(self.instance_address(declaration, key)), "json")
        except (Invalid, NotKnown) as gap:
            return Unknown.of(f"{self.named(f'data.{declaration.type}.{declaration.name}')}.json: {gap}")

    def _document(self, declaration: Declaration, scope: Scope) -> Any:
        try:
            return policy_document(self.arguments(declaration, scope), lambda value: known(value, scope))
        except NotKnown as gap:
            return Unknown.of(f"{self.named(f'data.{declaration.type}.{declaration.name}')}.json: {gap}")

    def _environment(self, declaration: Declaration, name: str) -> Any:
        """The region and the partition, where the root's provider states the region."""
        if declaration.type not in ("aws_region", "aws_partition") or "region" in declaration.body.attributes:
            return None
        region = self.tree.modules[0].region(self.provider(declaration))
        if region is None:
            return None
        prefix = next((p for p in sorted(PARTITIONS, key=len, reverse=True) if region.startswith(f"{p}-")), "")
        if declaration.type == "aws_region":
            return region if name in ("name", "id", "region") else None
        return {"partition": PARTITIONS.get(prefix, "aws"), "id": PARTITIONS.get(prefix, "aws")}.get(name) or (
            "amazonaws.com" if name == "dns_suffix" and not prefix else None
        )

    def region(self, provider: str) -> str | None:
        """The region of a provider of the root module, None where it is not stated or not known."""
        for declaration in self.folder.of_kind("provider"):
            stated = f"aws.{declaration.name}" if declaration.name else ""
            if declaration.type == "aws" and stated == provider and "region" in declaration.body.attributes:
                value = value_of(declaration.body.attributes["region"], self.scope)
                value = self.lookup(value) if isinstance(value, Ref) else value
                return value if isinstance(value, str) else None
        return None

    def lookup(self, ref: Ref) -> Any:
        """The literal that a reference comes to, Unknown where the configuration does not tell."""
        unknown = Unknown.of(ref.text)
        name = re.fullmatch(r"(?:(.+)\.)?var\.([\w-]+)", ref.address)
        if name:
            module = next((m for m in self.tree.modules if m.address == (name[1] or "")), None)
            value = module.memo.get(("var", name[2]), unknown) if module else unknown
            return _walk(value, ref.path, unknown)
        module, declaration, scope = self.tree_place(ref.address)
        steps = STEP.findall(ref.path)
        if declaration is None or not steps:
            return unknown
        try:
            first = steps[0][0]
            value = module.once(("at", ref.address, first), lambda: module._first(declaration, first, scope))
        except (Invalid, NotKnown):
            return unknown
        value = _walk(value, ref.path[len(f".{steps[0][0]}") :], unknown)
        return self.lookup(value) if isinstance(value, Ref) and value != ref else value

    def _first(self, declaration: Declaration, name: str, scope: Scope) -> Any:
        stated = declaration.body.attributes.get(name)
        if stated is not None:
            return value_of(stated, scope)
        blocks = [block for block in declaration.body.blocks if block.kind == name]
        return [body_values(block.body, scope) for block in blocks] or Unknown.of(f"{declaration.name}.{name}")

    def tree_place(self, address: str) -> tuple[Module, Declaration | None, Scope]:
        """Module, declaration and scope of a block's address, or no declaration."""
        for module in self.tree.modules:
            found = module.memo.get(("place", address))
            if found:
                return module, *found
        return self, None, self.scope

    def read_file(self, name: str) -> str:
        """A file below the root of the configuration, or in a module it calls. Raises: Invalid, NotKnown."""
        path = (self.tree.root / name).resolve()
        inside = any(path.is_relative_to(module.folder.path) for module in self.tree.modules)
        if not inside or not path.is_file() or path.stat().st_size > LARGEST_TEXT_FILE:
            raise NotKnown(f"file {name}")
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise NotKnown(f"file {name}") from None

    # Instances

    def keys(self, declaration: Declaration) -> list[tuple[Any, Mapping[str, Any]]] | None:
        """(key, names that its instance sees) of each instance; the key None without count and for_each.

        None where the configuration does not tell.
        """
        identity = (declaration.kind, declaration.type, declaration.name)
        found: list[tuple[Any, Mapping[str, Any]]] | None
        try:
            found = self.once(("keys", *identity), lambda: self._keys(declaration.body))
        except (Invalid, NotKnown, RecursionError):
            found = None
        self._place(declaration, found)
        return found

    def _keys(self, body: Body) -> list[tuple[Any, Mapping[str, Any]]]:
        count, each = (body.attributes.get(name) for name in REPEATERS)
        if count is not None:
            number = known(value_of(count, self.scope), self.scope)
            number = int(text_of(number)) if re.fullmatch(r"\d{1,6}", text_of(number)) else -1
            if not 0 <= number <= MOST_INSTANCES:
                raise NotKnown("count")
            return [(index, {"count": {"index": index}}) for index in range(number)]
        if each is not None:
            value = value_of(each, self.scope)
            value = opened(value, self.scope)
            pairs = elements(value) if isinstance(value, dict) else [(v, v) for _, v in elements(as_set(value))]
            return [(text_of(known(k, self.scope)), {"each": {"key": k, "value": v}}) for k, v in pairs]
        return [(None, {})]

    def _place(self, declaration: Declaration, keys: list[tuple[Any, Mapping[str, Any]]] | None) -> None:
        """Remembers where the address of each instance leads, so that references can be looked up."""
        for key, bindings in keys if keys is not None else [(None, {})]:
            address = self.instance_address(declaration, key)
            self.memo.setdefault(("place", address), (declaration, self.scope.with_bindings(**bindings)))

    def instance_address(self, declaration: Declaration, key: Any) -> str:
        """`module.site.aws_kms_key.data["a"]`."""
        kind = "" if declaration.kind == "resource" else declaration.kind
        text = self.named(".".join(part for part in (kind, declaration.type, declaration.name) if part))
        return text + key_text(key)

    def called(self, name: str) -> Any:
        """A module call: one instance, a list or a map of them. Raises: NotKnown where it is not known."""
        if name not in self.calls:
            return Unknown.of(self.named(f"module.{name}"))
        found = self.once(("module", name), lambda: self._instances(self.calls[name]))
        if found is None:
            return Unknown.of(self.named(f"module.{name}"))
        return found

    def _instances(self, call: Declaration) -> Any:
        folder = self._folder_of(call)
        if folder is None:
            return None
        keys = self.keys(call)
        if keys is None:
            self.tree.problem(
                call, self.named(f"module.{call.name}"), "a count or for_each that is not known",
                "a module whose instances the configuration tells", "give count or for_each a value that is known",
            )  # fmt: skip
            keys = [(None, {"each": {"key": Unknown("each.key"), "value": Unknown("each.value")}})]
        made = [(key, self._instance(call, folder, key, bindings)) for key, bindings in keys]
        if len(made) == 1 and made[0][0] is None:
            return made[0][1]
        if all(isinstance(key, int) for key, _ in made):
            return [module for _, module in made]
        return dict(made)

    def _instance(self, call: Declaration, folder: Folder, key: Any, bindings: Mapping[str, Any]) -> Module:
        self.tree.instances += 1
        if self.tree.instances > MOST_INSTANCES // 20:
            raise NotKnown("more module instances than can be judged")
        scope = self.scope.with_bindings(**bindings)

        def given(name: str) -> Any:
            stated = call.body.attributes.get(name)
            if stated is None:
                return None
            value = value_of(stated, scope)
            return NULL if value is None else value

        address = self.named(f"module.{call.name}{key_text(key)}")
        return Module(self.tree, folder, address, given, self._providers(call))

    def _folder_of(self, call: Declaration) -> Folder | None:
        address = self.named(f"module.{call.name}")
        stated = call.body.attributes.get("source")
        where = value_of(stated, self.scope) if stated else None
        names = [re.sub(r"\[.*?\]", "", part) for part in re.split(r"\.?module\.", address) if part]
        installed = self.tree.installed.get(".".join(names))
        path = None
        if isinstance(where, str) and where.startswith((".", "/")):
            path = Path(where) if where.startswith("/") else self.folder.path / where
        elif installed:
            path = self.tree.root / installed
        if path is None or not path.is_dir() or not terraform_files(path):
            requires = "a module that is on this disk: its resources were not judged"
            fix = "run terraform init (or get), or judge the JSON of terraform show -json"
            self.tree.problem(call, address, f"the source {rendered(where)}", requires, fix)
            return None
        if len(names) > DEEPEST_MODULE:
            got = f"{len(names)} modules within one another"
            self.tree.problem(call, address, got, f"at most {DEEPEST_MODULE}", "untangle the calls")
            return None
        return self.tree.folder(path.resolve())

    # Providers

    def provider(self, declaration: Declaration) -> str:
        """`aws.west`, as the root module names it; empty for the default one."""
        stated = alias_of(declaration.body.attributes.get("provider"))
        type_, _, alias = (stated or declaration.type.partition("_")[0]).partition(".")
        if any(d.type == type_ and d.name == alias for d in self.folder.of_kind("provider")) and self.address:
            return f"{type_}.{self.address}{'.' if alias else ''}{alias}"
        if self.providers is None:
            return stated if alias else ""
        found = self.providers.get(f"{type_}.{alias}" if alias else type_)
        return found if found is not None else (f"{type_}.{alias}" if alias else self.providers.get("", ""))

    def _providers(self, call: Declaration) -> Mapping[str, str]:
        """How a called module's provider names read in the root."""
        stated = call.body.attributes.get("providers")
        pairs: Iterable[tuple[str, str]] = ()
        if isinstance(stated, Json) and isinstance(stated.value, dict):
            pairs = stated.value.items()
        if isinstance(stated, Hcl):
            pairs = _pairs(stated.node)
        found = {}
        for inner, outer in pairs:
            outer_type, _, alias = str(outer).partition(".")
            mapped = f"{outer_type}.{alias}" if alias else outer_type
            above = self.providers.get(mapped, mapped) if self.providers is not None else mapped
            found[str(inner)] = above if "." in above else ""
        return found

    # Blocks

    def blocks(self) -> Iterator[Block]:
        """Every block of this module instance, in the order of the input; of called modules only their call."""
        for declaration in self.folder.declarations:
            kind = declaration.kind
            if kind in ("resource", "data", "ephemeral"):
                yield from self._expanded(declaration)
            elif kind == "variable":
                yield self._emit(declaration, self._variable_arguments(declaration), "")
            elif kind == "output" and self.address:
                continue  # only the root's outputs leave the configuration
            elif kind == "provider":
                yield self._provider_block(declaration)
            elif kind == "module":
                self.called_or_none(declaration.name)
                yield self._emit(declaration, self.arguments(declaration, self.scope), "")
            else:
                yield self._emit(declaration, self.arguments(declaration, self.scope), "")

    def called_or_none(self, name: str) -> Any:
        """A module call, read so that its resources are judged; problems are noted."""
        try:
            return self.called(name)
        except (Invalid, NotKnown, RecursionError) as gap:
            self.tree.problem(
                self.calls[name], self.named(f"module.{name}"), str(gap) or "a module within itself",
                "a module that can be read", "untangle the calls",
            )  # fmt: skip
            return None

    def _expanded(self, declaration: Declaration) -> Iterator[Block]:
        keys = self.keys(declaration)
        for key, bindings in keys if keys is not None else [(None, {})]:
            self.tree.instances += 1
            if self.tree.instances > MOST_INSTANCES:
                got = f"more than {MOST_INSTANCES} instances"
                self.tree.problem(declaration, "", got, "fewer", "judge it in parts")
                return
            skip = REPEATERS if keys is not None else ()
            arguments = self.arguments(declaration, self.scope.with_bindings(**bindings), skip)
            provider = self.provider(declaration)
            arguments.pop("provider", None)
            if provider:
                arguments["provider"] = provider
            if (declaration.kind, declaration.type) == ("data", POLICY_DOCUMENT):
                arguments["json"] = self._rendered(declaration, key)
            yield self._emit(declaration, arguments, key_text(key))

    def _provider_block(self, declaration: Declaration) -> Block:
        """A provider of a called module takes the module's address into its alias, so that it is told apart."""
        arguments = self.arguments(declaration, self.scope)
        if not self.address:
            return self._emit(declaration, arguments, "")
        alias = f"{self.address}{'.' if declaration.name else ''}{declaration.name}"
        arguments["alias"] = alias
        return Block("provider", declaration.type, alias, rendered(arguments), declaration.file, declaration.line)

    def _variable_arguments(self, declaration: Declaration) -> dict[str, Any]:
        """A variable with the value it has, as its default."""
        arguments = self.arguments(declaration, self.scope, skip=("type", "validation"))
        try:
            value = self.once(("var", declaration.name), lambda: self._variable(declaration))
        except (Invalid, NotKnown):
            value = Unknown.of(f"var.{declaration.name}")
        if not (isinstance(value, Unknown) and value.text == self.named(f"var.{declaration.name}")):
            arguments["default"] = value
        return arguments

    def _emit(self, declaration: Declaration, arguments: Mapping[str, Any], key: str) -> Block:
        settled = (
            arguments if declaration.kind == "output" else self._settled(arguments)
        )  # an output leaks what it names
        return Block(
            declaration.kind, declaration.type, declaration.name, rendered(settled), declaration.file,
            declaration.line, self.address, key, declaration.body.lines, declaration.construct_path,
        )  # fmt: skip

    def _settled(self, value: Any) -> Any:
        """A value with what lies deeper in other blocks put in: policies follow `.arn`, but not `.tags["Name"]`."""
        if isinstance(value, dict):
            return {key: self._settled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._settled(item) for item in value]
        if isinstance(value, Template):
            return joined(self._settled(part) for part in value.parts)
        if not isinstance(value, Ref) or not value.path:
            return value
        if PLAIN.fullmatch(value.path) and not IN_VARIABLE.search(value.address):
            return value
        found = self.lookup(value)
        return value if isinstance(found, Unknown) else found

    def arguments(self, declaration: Declaration, scope: Scope, skip: tuple[str, ...] = ()) -> dict[str, Any]:
        """The arguments of a block, evaluated; nested blocks are lists of maps."""
        if declaration.kind in RAW_KINDS:
            return source_of(declaration.body)
        return body_values(declaration.body, scope, skip)


class _Types:
    """`data` or `ephemeral` in a traversal: the type comes next, then the name."""

    def __init__(self, module: Module, kind: str, type_: str = "") -> None:
        self.module, self.kind, self.type = module, kind, type_

    def output(self, name: str) -> Any:
        if not self.type:
            return _Types(self.module, self.kind, name)
        return self.module.block(self.kind, self.type, name)


class _Null:
    """A variable that the caller sets to null, which is not the same as leaving it out."""


NULL = _Null()


def key_text(key: Any) -> str:
    """An instance key as Terraform writes it."""
    return "" if key is None else f"[{key}]" if isinstance(key, int) else f"[{json.dumps(key, ensure_ascii=False)}]"


def _walk(value: Any, path: str, unknown: Unknown) -> Any:
    """What stands at a path inside a value."""
    for name, index, key in STEP.findall(path):
        try:
            if isinstance(value, dict):
                value = value[name or key]
            elif isinstance(value, list) and index:
                value = value[int(index)]
            else:
                return unknown
        except (KeyError, IndexError):
            return unknown
    return value


def _pairs(node: Node) -> Iterator[tuple[str, str]]:
    return ((key, source(value)) for key, value in members(node))
