"""The body of a block -> its arguments: values, nested blocks as lists of maps, `dynamic` written out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tree_sitter import Node

from policies.terraform.evaluate import NO_NAMES, Scope, elements, opened, value_of
from policies.terraform.folders import alias_of
from policies.terraform.syntax import Body, Expression, Hcl, Json, Nested, source
from policies.terraform.values import Invalid, NotKnown, Source, Unknown

RAW = frozenset({"lifecycle", "provisioner", "connection", "depends_on", "provider", "providers"})
"""What Terraform does not evaluate for the plan, or not as a value: kept as its source."""
BARE = frozenset({"depends_on", "from", "ignore_changes", "provider", "replace_triggered_by", "to"})
"""Arguments whose traversals stand for themselves."""


def body_values(body: Body, scope: Scope, skip: tuple[str, ...] = ()) -> dict[str, Any]:
    """Every argument but those of `skip`, evaluated where the block stands."""
    found: dict[str, Any] = {}
    for name, stated in body.attributes.items():
        if name in RAW:
            found[name] = _raw(stated, name in BARE)
        elif name == "dynamic" and isinstance(stated, Json):
            for kind, content in _json_dynamics(stated.value):
                _append(found, kind, _json_dynamic(kind, content, scope))
        elif name not in skip:
            found[name] = _value(stated, scope)
    for block in body.blocks:
        if block.kind == "dynamic" and len(block.labels) == 1:
            _append(found, block.labels[0], _dynamic(block, scope))
        elif block.kind in RAW:
            _append(found, block.kind, [_labelled(block, source_of(block.body))])
        elif block.kind not in skip:
            _append(found, block.kind, [_labelled(block, body_values(block.body, scope))])
    return found


def _value(expression: Expression, scope: Scope) -> Any:
    """A value; the objects of a JSON one may hold `dynamic` blocks themselves."""
    value = expression.value if isinstance(expression, Json) else None
    if isinstance(value, dict) and isinstance(value.get("dynamic"), dict | list):
        return body_values(Body({key: Json(inner) for key, inner in value.items()}), scope)
    if isinstance(value, list) and any(isinstance(inner, dict) and "dynamic" in inner for inner in value):
        return [_value(Json(inner), scope) for inner in value]
    return value_of(expression, scope)


def _dynamic(block: Nested, scope: Scope) -> Any:
    attributes = block.body.attributes
    content = next((inner for inner in block.body.blocks if inner.kind == "content"), None)
    iterator = alias_of(attributes.get("iterator")) or block.labels[0]
    made = _each(attributes.get("for_each"), iterator, scope)
    if made is None or content is None:
        return Unknown.of(f"dynamic {block.labels[0]}")
    return [body_values(content.body, inside) for inside in made]


def _json_dynamic(kind: str, content: Mapping[str, Any], scope: Scope) -> Any:
    iterator = str(content.get("iterator") or kind)
    made = _each(Json(content.get("for_each")), iterator, scope)
    inner = content.get("content")
    inner = inner[0] if isinstance(inner, list) and len(inner) == 1 else inner
    if made is None or not isinstance(inner, dict):
        return Unknown.of(f"dynamic {kind}")
    return [body_values(Body({key: Json(value) for key, value in inner.items()}), inside) for inside in made]


def _each(for_each: Expression | None, iterator: str, scope: Scope) -> list[Scope] | None:
    if for_each is None:
        return None
    try:
        value = value_of(for_each, scope)
        value = opened(value, scope)
        pairs = [] if value is None else elements(value)
    except (Invalid, NotKnown):
        return None
    keyed = pairs if isinstance(value, dict) else [(inner, inner) for _, inner in pairs]
    return [scope.with_bindings(**{iterator: {"key": key, "value": inner}}) for key, inner in keyed]


def _append(found: dict[str, Any], name: str, more: Any) -> None:
    """Adds nested blocks to those of the same name; unknown ones stay unknown among them."""
    entries = more if isinstance(more, list) else [more]
    earlier = found.get(name)
    found[name] = [*(earlier if isinstance(earlier, list) else [] if earlier is None else [earlier]), *entries]


def _labelled(block: Nested, arguments: dict[str, Any]) -> dict[str, Any]:
    for label in reversed(block.labels):
        arguments = {label: [arguments]}
    return arguments


def _json_dynamics(value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for entry in value if isinstance(value, list) else [value]:
        for kind, content in entry.items() if isinstance(entry, dict) else ():
            for each in content if isinstance(content, list) else [content]:
                if isinstance(each, dict):
                    yield kind, each


def source_of(body: Body) -> dict[str, Any]:
    """A body that is not evaluated: literals, and everything else as its source."""
    found: dict[str, Any] = {name: _raw(expression, name in BARE) for name, expression in body.attributes.items()}
    for block in body.blocks:
        _append(found, block.kind, [_labelled(block, source_of(block.body))])
    return found


def _raw(expression: Expression, bare: bool) -> Any:
    """bare: whether a traversal stands for itself, as in ignore_changes, and not for a value."""
    return _verbatim(expression.value) if isinstance(expression, Json) else _raw_node(expression.node, bare)


def _raw_node(node: Node, bare: bool) -> Any:
    text = source(node)
    inner = node.named_children[0] if node.type == "expression" and node.named_child_count == 1 else node
    if inner.type == "literal_value" and "${" not in text and "%{" not in text:
        return value_of(Hcl(node), Scope(NO_NAMES))
    if inner.type == "collection_value" and inner.named_children[0].type == "tuple":
        return [
            _raw_node(child, bare) for child in inner.named_children[0].named_children if child.type == "expression"
        ]
    if bare and re.fullmatch(r"[\w.-]+(?:\[[^\]]*\])?[\w.]*", text):
        return text
    if inner.type == "template_expr":
        return Source(text.strip('"'))
    return Source(f"${{{text}}}")


def _verbatim(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _verbatim(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_verbatim(item) for item in value]
    return Source(value) if isinstance(value, str) else value
