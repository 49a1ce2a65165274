"""Checkov's own graph -> Configuration, so that the policies also run under plain `checkov`."""

from __future__ import annotations

import re
from collections.abc import Mapping
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
_latest: tuple[Any, Configuration] = (None, Configuration(()))


def configuration_of(graph: Any) -> Configuration:
    """The blocks of a Checkov graph (rustworkx, networkx or None); the latest graph's answer is kept."""
    global _latest  # noqa: PLW0603  # Checkov asks once per check and resource with the same graph
    if graph is None:
        return Configuration(())
    if _latest[0] is not graph:
        nodes = graph.nodes() if callable(graph.nodes) else graph.nodes
        attributes = [node[1] if isinstance(node, tuple) else node for node in nodes]
        _latest = (graph, Configuration(tuple(b for a in attributes if (b := _block(a)))))
    return _latest[1]


def _block(node: Mapping[str, Any]) -> Block | None:
    kind = KINDS.get(str(node.get("block_type_", "")))
    config = node.get("config_")
    if kind is None or not isinstance(config, Mapping):
        return None
    names = str(node.get("block_name_", "")).removeprefix("data.").split(".")
    for name in names:
        config = config.get(name, config) if isinstance(config, Mapping) else config
    type_, name = (names[0], names[-1]) if len(names) > 1 else ("", names[0])
    return Block(kind, type_ if kind != "provider" else name, name, plain(config), str(node.get("file_path_", "")))


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
