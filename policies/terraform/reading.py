"""A folder or file of Terraform -> Configuration: `.tf` with all it calls, `.tf.json`, what CDKTF synthesizes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies.terraform.evaluate import NO_NAMES, Scope, value_of
from policies.terraform.folders import Folder, content_of, named, parse_json, terraform_files
from policies.terraform.model import Block, Configuration, Problem
from policies.terraform.modules import Module, Tree
from policies.terraform.syntax import Hcl, Json, parse_hcl

INSTALLED = ".terraform/modules/modules.json"
SKIPPED = frozenset({".terraform", ".git", ".terragrunt-cache", ".external_modules", "node_modules", ".venv"})


@dataclass(frozen=True)
class Reading:
    """A configuration and the SHA-256 (hex) over the names and contents of all files it was read from.

    files: absolute path -> SHA-256 (hex) of each.
    """

    configuration: Configuration
    sha256: str
    files: Mapping[Path, str]


def read_module(folder: Path, only: Path | None = None, var_files: tuple[Path, ...] = ()) -> Reading:
    """The root module in a folder, or of one file in it, with every local or installed module that it calls."""
    folder, only = folder.resolve(), only.resolve() if only else None
    tree = Tree(folder)
    root = tree.folder(folder, only)
    given = _given(folder, None if only else root, var_files, root)
    tree.installed = _installed(folder, root)
    tree.digests.update(root.digests)
    tree.problems[:] = list(root.problems)
    module = Module(tree, root, given=given.get)
    for name in sorted(set(given) - set(module.variables)):
        if var_files:
            tree.problems.append(_undeclared(name))
    blocks: list[Block] = []
    done = 0
    while done < len(tree.modules):  # a module that is read may bring further ones
        blocks.extend(tree.modules[done].blocks())
        done += 1
    digests = sorted(tree.digests.items())
    content = "".join(f"{name}\0{digest}\n" for name, digest in digests)
    sha256 = digests[0][1] if len(digests) == 1 else hashlib.sha256(content.encode()).hexdigest()
    files = {Path(os.path.normpath(folder / name)): digest for name, digest in digests}
    return Reading(Configuration(tuple(blocks), tuple(tree.problems)), sha256, files)


def root_folders(path: Path) -> list[Path]:
    """The folders below `path` that hold Terraform and that no other one there calls as a module."""
    return calling_folders(entry for entry in [path, *_folders(path)] if terraform_files(entry))


def calling_folders(folders: Iterable[Path]) -> list[Path]:
    """Those of some module folders that no other one calls; all of them where each is called by another."""
    holding = list(folders)
    called = {target for folder in holding for target in _called(folder)}
    return [folder for folder in holding if folder.resolve() not in called] or holding


def _folders(path: Path) -> Iterator[Path]:
    for entry in sorted(path.iterdir()):
        if entry.is_dir() and not entry.is_symlink() and entry.name not in SKIPPED:
            yield entry
            yield from _folders(entry)


def _called(folder: Path) -> Iterator[Path]:
    """The local folders that the files of a folder name as module sources, without evaluating anything."""
    for file in terraform_files(folder):
        try:
            content = file.read_bytes()
        except OSError:
            continue
        if b"module" not in content:
            continue
        for source in _sources(content, file):
            if source.startswith("."):
                yield (folder / source).resolve()


def _sources(content: bytes, file: Path) -> Iterator[str]:
    if file.name.endswith(".json"):
        try:
            calls = json.loads(content).get("module", {})
        except (ValueError, RecursionError, AttributeError):
            return
        for entry in calls.values() if isinstance(calls, dict) else ():
            for body in entry if isinstance(entry, list) else [entry]:
                yield str(body.get("source", "")) if isinstance(body, dict) else ""
        return
    try:
        body, _ = parse_hcl(content, file.name)
    except RecursionError:
        return
    for block in body.blocks:
        if block.kind == "module" and "source" in block.body.attributes:
            yield block.body.attributes["source"].text.strip('"')


def _installed(folder: Path, notes: Folder) -> Mapping[str, str]:
    """Where `terraform init` put the modules that come from elsewhere."""
    file = folder / INSTALLED
    content = content_of(file, INSTALLED, notes) if file.is_file() else None
    try:
        listed = json.loads(content or b"")["Modules"]
        return {str(entry["Key"]): str(entry["Dir"]) for entry in listed if entry.get("Key")}
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return {}


def _given(folder: Path, module: Folder | None, var_files: tuple[Path, ...], notes: Folder) -> dict[str, Any]:
    """Values of input variables, in Terraform's order: terraform.tfvars, *.auto.tfvars, then the files named."""
    found: dict[str, Any] = {}
    automatic = [folder / "terraform.tfvars", folder / "terraform.tfvars.json"] if module else []
    for pattern in ("*.auto.tfvars", "*.auto.tfvars.json") if module else ():
        automatic.extend(folder.glob(pattern))
    ordered = automatic[:2] + sorted(automatic[2:], key=lambda path: path.name)
    for path in [path for path in ordered if path.is_file()] + list(var_files):
        found.update(_values(path, named(path.resolve(), folder), notes))
    return found


def _values(path: Path, name: str, notes: Folder) -> dict[str, Any]:
    content = content_of(path, name, notes)
    if content is None:
        return {}
    try:
        if path.suffix == ".json":
            document = parse_json(content)
            if not isinstance(document, dict):
                raise ValueError("not an object")
            return {str(key): _literal(Json(value)) for key, value in document.items()}
        body, problems = parse_hcl(content, name)
    except (ValueError, RecursionError) as error:
        notes.problems.append(Problem(name, 0, str(error), "values of variables", "mend the file"))
        return {}
    notes.problems.extend(problems)
    return {name: _literal(expression) for name, expression in body.attributes.items()}


def _literal(expression: Hcl | Json) -> Any:
    if isinstance(expression, Json):
        return expression.value
    return value_of(expression, Scope(NO_NAMES))


def _undeclared(name: str) -> Problem:
    return Problem("", 0, f"a value for {name}", "values of variables that are declared", f"declare variable {name}")
