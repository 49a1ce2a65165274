"""Plain Checkov's graph -> our own reading of the files it scans, so that both judge the same configuration.

Checkov renders variables in its own way and loses unknown values; its graph only tells here which files there are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from policies.terraform import Block, Configuration
from policies.terraform.folders import SUFFIXES, parse_json
from policies.terraform.plans import is_plan_or_state, read_plan
from policies.terraform.reading import calling_folders, read_module


def blocks_meant(graph: Any, file: str, conf: Mapping[str, Any], path: str) -> list[tuple[Configuration, Block]]:
    """The blocks that one call of a check is about: several where Checkov did not expand a count or for_each.

    file: as Checkov names it, relative to what it scans. path: its entity path, which ends in type and name.
    """
    address = str(conf.get("__address__", ""))
    name = path.rpartition(":")[2]
    found = [
        (configuration, block)
        for folder, configuration in configurations_of(graph)
        for block in configuration.blocks
        if _is_meant(block, address, name) and _same_file(folder, block.file, file)
    ]
    exact = [(configuration, block) for configuration, block in found if block.address == address]
    return exact or found


def configurations_of(graph: Any) -> list[tuple[Path, Configuration]]:
    """(folder, configuration) of every root module, plan or state that a Checkov graph was made from."""
    if graph is None:
        return []
    nodes = graph.nodes() if callable(graph.nodes) else graph.nodes
    attributes = (node[1] if isinstance(node, tuple) else node for node in nodes)
    files = frozenset(str(a["file_path_"]) for a in attributes if isinstance(a, Mapping) and a.get("file_path_"))
    return _read(files)


@lru_cache(maxsize=4)
def _read(files: frozenset[str]) -> list[tuple[Path, Configuration]]:
    paths = [Path(file) for file in sorted(files) if Path(file).is_file()]
    folders = sorted({path.parent for path in paths if path.name.endswith(SUFFIXES)})
    found = [(folder, read_module(folder).configuration) for folder in calling_folders(folders)]
    found.extend(_plans(path for path in paths if path.suffix == ".json" and not path.name.endswith(SUFFIXES)))
    return found


def _plans(paths: Iterable[Path]) -> Iterable[tuple[Path, Configuration]]:
    for path in paths:
        content = path.read_bytes()
        document = parse_json(content)
        if is_plan_or_state(document):
            digest = hashlib.sha256(content).hexdigest()
            yield path.parent, read_plan(document, path, digest).configuration


def _is_meant(block: Block, address: str, name: str) -> bool:
    kind = "" if block.kind == "resource" else f"{block.kind}."
    if block.kind == "provider":
        return address in ("", f"{block.type}.{block.name or 'default'}") and name in (block.type, block.name, "")
    if address:
        module, label = f"{block.module}." if block.module else "", f"{block.type}.{block.name}"
        return address in (block.address, *(f"{before}{label}" for before in (f"{module}{kind}", module, kind, "")))
    return name in (block.name, f"{block.type}.{block.name}")


def _same_file(folder: Path, ours: str, theirs: str) -> bool:
    return (folder / ours).resolve().as_posix().endswith(Path(theirs).as_posix().lstrip("/").lstrip("./"))


def plain(value: Any) -> Any:
    """A Checkov value as Terraform JSON has it: lists of one unwrapped, line markers gone."""
    if isinstance(value, Mapping):
        return {k: _unwrapped(v) for k, v in value.items() if not str(k).startswith("__")}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def _unwrapped(value: Any) -> Any:
    return plain(value[0]) if isinstance(value, list) and len(value) == 1 else plain(value)
