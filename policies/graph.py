"""Checkov's own graph -> Configuration, so that the policies also run under plain `checkov`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from policies.terraform import Block, Configuration

KINDS = {
    "resource": "resource",
    "data": "data",
    "provider": "provider",
    "output": "output",
    "variable": "variable",
    "terraform": "terraform",
}
BARE = re.compile(
    r"^(?:data\.)?[a-z][a-z0-9]*_[a-z0-9_]+\.[A-Za-z_][\w-]*(?:\[[^\]]*\])?(?:\.\w+)+$|^(?:var|local|each|count)\.\w+$"
)


@lru_cache(maxsize=1)
def configuration_of(graph: Any) -> Configuration:
    """The blocks of a Checkov graph (rustworkx, networkx or None); every check asks for every resource."""
    if graph is None:
        return Configuration(())
    nodes = graph.nodes() if callable(graph.nodes) else graph.nodes
    attributes = [node[1] if isinstance(node, tuple) else node for node in nodes]
    return Configuration(tuple(block for a in attributes if (block := _block(a))))


def _block(node: Mapping[str, Any]) -> Block | None:
    kind = KINDS.get(str(node.get("block_type_", "")))
    config = node.get("config_")
    if kind is None or not isinstance(config, Mapping):
        return None
    names = str(node.get("block_name_", "")).removeprefix("data.").split(".")
    for name in names:
        config = config.get(name, config) if isinstance(config, Mapping) else config
    arguments, type_, name = plain(config), names[0] if len(names) > 1 else "", names[-1]
    if kind == "provider":
        type_, name = names[0], str(arguments.get("alias", ""))
    return Block(kind, type_, name, arguments, str(node.get("file_path_", "")))


def plain(value: Any) -> Any:
    """A Checkov value as Terraform JSON has it: lists of one unwrapped, line markers gone, references in `${}`."""
    if isinstance(value, Mapping):
        return {k: _unwrapped(v) for k, v in value.items() if not str(k).startswith("__")}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str) and BARE.match(value):
        return f"${{{value}}}"
    return value


def _unwrapped(value: Any) -> Any:
    return plain(value[0]) if isinstance(value, list) and len(value) == 1 else plain(value)
