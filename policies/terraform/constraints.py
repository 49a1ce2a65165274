"""The type of a variable: what `optional(type, default)` in it adds to a value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tree_sitter import Node

from policies.terraform.evaluate import Scope, value_of
from policies.terraform.syntax import Hcl, source


def with_defaults(value: Any, node: Node, scope: Scope) -> Any:
    """The value of a variable with what `optional(type, default)` adds to its objects."""
    while node.type == "expression" and node.named_child_count == 1:
        node = node.named_children[0]
    if value is None or node.type != "function_call" or not isinstance(value, dict | list):
        return value
    name = source(node.children[0])
    arguments = next((child for child in node.named_children if child.type == "function_arguments"), None)
    inner = [child for child in arguments.named_children if child.type == "expression"] if arguments else []
    if name == "optional" and inner:
        return with_defaults(value, inner[0], scope)
    if name in ("list", "set", "tuple") and isinstance(value, list) and inner:
        return [with_defaults(entry, inner[0], scope) for entry in value]
    if name == "map" and isinstance(value, dict) and inner:
        return {key: with_defaults(entry, inner[0], scope) for key, entry in value.items()}
    if name != "object" or not isinstance(value, dict) or not inner:
        return value
    filled = dict(value)
    for key, type_ in members(inner[0]):
        if filled.get(key) is None:
            filled[key] = _optional(type_, scope)
        filled[key] = with_defaults(filled[key], type_, scope)
    return filled


def _optional(node: Node, scope: Scope) -> Any:
    call = node.named_children[0] if node.named_child_count else node
    if call.type != "function_call":
        return None
    arguments = next((child for child in call.named_children if child.type == "function_arguments"), None)
    given = [child for child in arguments.named_children if child.type == "expression"] if arguments else []
    return value_of(Hcl(given[1]), scope) if len(given) > 1 else None


def members(node: Node) -> Iterator[tuple[str, Node]]:
    """(name, type) of each element of an object constructor."""
    pending = [node]
    while pending:
        here = pending.pop()
        if here.type == "object":
            for element in here.named_children:
                if element.type == "object_elem":
                    key, *_, value = [child for child in element.named_children if child.type == "expression"]
                    yield source(key).strip('"'), value
            return
        pending.extend(here.named_children)
