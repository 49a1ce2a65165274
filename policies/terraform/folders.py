"""A folder of `.tf` and `.tf.json` files -> what it declares. One folder is one module, as Terraform has it."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from policies.terraform.model import Problem, loaded
from policies.terraform.syntax import Body, Hcl, Json, body_of_json, json_lines, parse_hcl

NESTED = frozenset({"resource", "data", "ephemeral"})
"""Blocks with two labels: a type and a name."""
LABELLED = frozenset({"output", "variable", "module", "check"})
"""Blocks with one label: a name."""
KINDS = NESTED | LABELLED | {"locals", "provider", "terraform", "moved", "import", "removed"}
SUFFIXES = (".tf", ".tf.json", ".tofu", ".tofu.json")
LARGEST_FILE = 64 * 1024 * 1024
READABLE = "a file that Terraform can read"


@dataclass
class Declaration:
    """One block of a module, not evaluated."""

    kind: str
    type: str
    name: str
    body: Body
    file: str
    line: int
    construct_path: str = ""


@dataclass
class Folder:
    """What the files of one module declare; `digests` has (file, SHA-256) of each that was read."""

    path: Path
    declarations: list[Declaration] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    digests: list[tuple[str, str]] = field(default_factory=list)

    def of_kind(self, kind: str) -> Iterator[Declaration]:
        """The blocks of one kind, in the order of the input."""
        return (declaration for declaration in self.declarations if declaration.kind == kind)


def terraform_files(path: Path) -> list[Path]:
    """The files of the module in a folder, sorted as Terraform reads them: overrides last."""
    names = [entry for entry in path.iterdir() if entry.name.endswith(SUFFIXES) and not entry.name.startswith(".")]
    return sorted((entry for entry in names if entry.is_file()), key=lambda entry: (is_override(entry), entry.name))


def is_override(path: Path) -> bool:
    """Whether Terraform merges the file's blocks over those of the others."""
    stem = path.name.split(".", 1)[0]
    return stem == "override" or stem.endswith("_override")


def read_folder(path: Path, root: Path, only: Path | None = None) -> Folder:
    """The module in a folder, or of one file of it. Files are named relative to `root`."""
    folder = Folder(path)
    for file in [only] if only else terraform_files(path):
        found = list(_read(file, named(file, root), folder))
        for declaration in found:
            _add(folder, declaration, override=is_override(file))
    return folder


def named(file: Path, root: Path) -> str:
    """How findings name a file: from the root of the configuration on, `modules/database/main.tf`."""
    name = Path(os.path.relpath(file, root)).as_posix()
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def content_of(file: Path, name: str, folder: Folder) -> bytes | None:
    """The bytes of a file, its digest noted; None, and a problem, where it cannot be read."""
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise OSError(f"more than {LARGEST_FILE} bytes")
        content = file.read_bytes()
    except OSError as error:
        folder.problems.append(_unreadable(name, error.strerror or str(error)))
        return None
    folder.digests.append((name, hashlib.sha256(content).hexdigest()))
    return content


def parse_json(content: bytes) -> Any:
    """JSON without repeated keys. Raises: ValueError, RecursionError."""
    return loaded(content.decode("utf-8-sig"), _without_repeats)


def _read(file: Path, name: str, folder: Folder) -> Iterator[Declaration]:
    content = content_of(file, name, folder)
    if content is None:
        return
    try:
        if name.endswith(".json"):
            document = parse_json(content)
            yield from from_json(document, name, json_lines(content.decode("utf-8", "replace")))
        else:
            body, problems = parse_hcl(content, name)
            folder.problems.extend(problems)
            yield from _from_hcl(body, name, folder)
    except (ValueError, RecursionError) as error:
        got = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        folder.problems.append(_unreadable(name, got))


def from_json(document: Any, file: str, lines: Mapping[str, int]) -> Iterator[Declaration]:
    """The blocks of Terraform JSON. Raises: ValueError where it is JSON of another kind."""
    if not isinstance(document, dict):
        raise ValueError(f"a JSON {type(document).__name__}, where Terraform JSON is an object")
    for kind, body in document.items():
        if kind == "//":
            continue
        if kind not in KINDS:
            raise ValueError(f"a block {kind!r} that Terraform does not have")
        for entry in _entries(body, kind):
            yield from _of_kind(kind, entry, file, lines)


def _of_kind(kind: str, entry: Mapping[str, Any], file: str, lines: Mapping[str, int]) -> Iterator[Declaration]:
    if kind in NESTED:
        for type_, named_ in _items(entry):
            for inner in _entries(named_, f"{kind}.{type_}"):
                for name, arguments in _items(inner):
                    for body in _entries(arguments, f"{kind}.{type_}.{name}"):
                        yield _declared(kind, type_, name, arguments=body, file=file, lines=lines)
    elif kind == "provider":
        for type_, configured in _items(entry):
            for body in _entries(configured, f"provider.{type_}"):
                yield _declared(kind, type_, str(body.get("alias", "")), arguments=body, file=file, lines=lines)
    elif kind in LABELLED:
        for name, arguments in _items(entry):
            for body in _entries(arguments, f"{kind}.{name}"):
                yield _declared(kind, "", name, arguments=body, file=file, lines=lines)
    else:
        yield _declared(kind, "", "", arguments=entry, file=file, lines=lines)


def _declared(
    kind: str, type_: str, name: str, *, arguments: Mapping[str, Any], file: str, lines: Mapping[str, int]
) -> Declaration:
    label = type_ if kind == "provider" else "/".join(part for part in (type_, name) if part)
    place = f"{kind}/{label}" if label else kind
    body = body_of_json(arguments)
    body.lines = {key: line for key in body.attributes if (line := lines.get(f"{place}/{key}"))}
    return Declaration(kind, type_, name, body, file, lines.get(place, 0), _construct_path(arguments))


def _entries(value: Any, where: str) -> list[dict[str, Any]]:
    """The objects of a block that JSON may write once or as a list. Raises: ValueError."""
    entries = value if isinstance(value, list) else [value]
    for entry in entries:
        if not isinstance(entry, dict):
            raise ValueError(f"{where} is {type(entry).__name__}, requires an object")
    return entries


def _items(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((key, value) for key, value in body.items() if key != "//")


def _construct_path(arguments: Mapping[str, Any]) -> str:
    comment = arguments.get("//")
    metadata = comment.get("metadata") if isinstance(comment, dict) else None
    return str(metadata.get("path", "")) if isinstance(metadata, dict) else ""


def _from_hcl(body: Body, file: str, folder: Folder) -> Iterator[Declaration]:
    for name in body.attributes:
        folder.problems.append(_misplaced(file, body.lines[name], f"the argument {name} outside of any block"))
    for block in body.blocks:
        labels = 2 if block.kind in NESTED else 1 if block.kind in LABELLED or block.kind == "provider" else 0
        if block.kind not in KINDS or len(block.labels) != labels:
            got = f"a block {block.kind} with {len(block.labels)} labels"
            folder.problems.append(_misplaced(file, block.line, got))
            continue
        if block.kind == "provider":
            alias = block.body.attributes.get("alias")
            name = alias.text.strip('"') if alias else ""
            yield Declaration("provider", block.labels[0], name, block.body, file, block.line)
        else:
            type_, name = (*[""] * (2 - labels), *block.labels)
            yield Declaration(block.kind, type_, name, block.body, file, block.line)


def _add(folder: Folder, declaration: Declaration, *, override: bool) -> None:
    identity = (declaration.kind, declaration.type, declaration.name)
    single = declaration.kind in NESTED | LABELLED | {"provider"}
    same = [d for d in folder.declarations if (d.kind, d.type, d.name) == identity] if single or override else []
    if same and override:
        for earlier in same[:1]:
            _override(earlier.body, declaration.body)
        return
    if same:
        got = f"{'.'.join(part for part in identity if part)} a second time, first in {same[0].file}:{same[0].line}"
        folder.problems.append(_misplaced(declaration.file, declaration.line, got))
    folder.declarations.append(declaration)


def _override(body: Body, over: Body) -> None:
    """Arguments are replaced one by one, nested blocks all of a kind.

    Source: https://developer.hashicorp.com/terraform/language/files/override
    """
    body.attributes.update(over.attributes)
    kinds = {block.kind for block in over.blocks}
    body.blocks = [block for block in body.blocks if block.kind not in kinds] + over.blocks


def _misplaced(file: str, line: int, got: str) -> Problem:
    return Problem(file, line, got, "a configuration that Terraform accepts", "run terraform validate, and mend it")


def _unreadable(file: str, got: str) -> Problem:
    return Problem(file, 0, got, READABLE, "mend the file: what stands in it was not judged")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        repeated, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise ValueError(f"the key {repeated!r} is given twice; only one of them would be judged")
    return found


def alias_of(value: Hcl | Json | None) -> str:
    """`aws.west` of a `provider = aws.west`, in HCL or as JSON's string."""
    return value.text.strip().strip('"').removeprefix("${").removesuffix("}") if value else ""
