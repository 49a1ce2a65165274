"""Expression -> value, as Terraform evaluates it, but with values that nobody knows until the apply.

An error in an expression is an unknown value: Terraform would stop there, and a policy must not decide it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from tree_sitter import Node

from policies.terraform.functions import FUNCTIONS
from policies.terraform.syntax import Expression, Json, expression, source
from policies.terraform.templates import NotATemplate, Piece, heredoc, pieces
from policies.terraform.values import (
    Invalid,
    NotKnown,
    Ref,
    Template,
    Unknown,
    is_known,
    joined,
    text_of,
    weight,
)

MOST_STEPS = 5_000_000
"""Nodes evaluated for one input: what takes more is not decided, so that no input can hold the gate up."""
MOST_ELEMENTS = 20_000
"""Elements of one collection, for the same reason."""
NEVER_NULL = re.compile(r"\.(?:arn|id|\w+_arn|\w+_id|url|name|key_id)$")
"""Attributes that AWS always gives."""
IN_VARIABLE = re.compile(r"(?:^|\.)var\.[\w-]+$")
SIMPLE_NAME = re.compile(r"[A-Za-z_][\w-]*")
SIMPLE = re.compile(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)+")
OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": math.fmod,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class Names(Protocol):
    """What the names of one module instance mean."""

    def root(self, name: str, following: str | None, scope: Scope) -> tuple[Any, int]:
        """The value of a traversal's first names and how many names it took (1 or 2)."""

    def attribute(self, ref: Ref, name: str) -> Any:
        """One attribute of a declared block."""

    def lookup(self, ref: Ref) -> Any:
        """The literal that a reference comes to, Unknown where the configuration does not tell."""

    def read_file(self, name: str) -> str:
        """Text of a file beside the configuration. Raises: Invalid."""


@dataclass
class Budget:
    """How much work is left for one input."""

    steps: int = MOST_STEPS

    def spend(self, steps: int = 1) -> None:
        """Raises: NotKnown once it is used up."""
        self.steps -= steps
        if self.steps < 0:
            raise NotKnown("an expression too large to evaluate")


@dataclass(frozen=True)
class Scope:
    """Where an expression stands: its module's names, and what `each`, `count` and loop variables are there."""

    names: Names
    bindings: Mapping[str, Any] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)

    def with_bindings(self, **more: Any) -> Scope:
        """The same place with more names."""
        return replace(self, bindings={**self.bindings, **more})


def value_of(expr: Expression, scope: Scope) -> Any:
    """The value; Unknown where the expression cannot be evaluated. Never raises for what an input holds."""
    try:
        value = _json(expr.value, scope) if isinstance(expr, Json) else node_value(expr.node, scope)
        size = weight(value, MOST_ELEMENTS)
        scope.budget.spend(size)
    except (Invalid, NotKnown, RecursionError):
        return Unknown.of(expr.text[:500])
    return value if size <= MOST_ELEMENTS else Unknown.of(expr.text[:500])


def node_value(node: Node, scope: Scope) -> Any:
    """The value of a node. Raises: Invalid, NotKnown."""
    scope.budget.spend()
    return NODES.get(node.type, _unreadable)(node, scope)


def template_value(text: str, scope: Scope, escapes: bool = False) -> Any:
    """A template's value: of its only expression, or a string. Raises: Invalid, NotKnown."""
    if "${" not in text and "%{" not in text and not (escapes and "\\" in text):
        return text
    try:
        cut = pieces(text, escapes)
    except NotATemplate:
        raise Invalid(text) from None
    if len(cut) == 1 and cut[0].kind == "value":
        return _piece(cut[0], scope)
    return joined(_rendered(iter(cut), scope))


def known(value: Any, scope: Scope) -> Any:
    """The literal that a value comes to, references looked up. Raises: NotKnown."""
    found = scope.names.lookup(value) if isinstance(value, Ref) else value
    if isinstance(found, Template):
        found = joined(scope.names.lookup(part) if isinstance(part, Ref) else part for part in found.parts)
    if not is_known(found):
        raise NotKnown(getattr(found, "text", "a value that is not known"))
    return found


def opened(value: Any, scope: Scope) -> Any:
    """The list or map that a reference stands for; what is in a variable that may hold secrets stays a reference."""
    found = scope.names.lookup(value) if isinstance(value, Ref) else value
    if not isinstance(found, dict | list) or not isinstance(value, Ref) or not IN_VARIABLE.search(value.address):
        return found if isinstance(found, dict | list) else value
    if isinstance(found, list):
        return [value.at(f"[{index}]") for index in range(len(found))]
    return {key: value.at(f".{key}" if SIMPLE_NAME.fullmatch(key) else f'["{key}"]') for key in found}


def truth(value: Any, scope: Scope) -> bool:
    """A condition. Raises: Invalid, NotKnown."""
    found = known(value, scope)
    if found in (True, "true"):
        return True
    if found in (False, "false"):
        return False
    raise Invalid(f"{found!r} is neither true nor false")


def elements(value: Any) -> list[tuple[Any, Any]]:
    """(key, value) of a collection whose elements are known as such. Raises: Invalid, NotKnown."""
    if isinstance(value, dict):
        return sorted(value.items())
    if isinstance(value, list):
        if len(value) > MOST_ELEMENTS:
            raise NotKnown("a collection too large to evaluate")
        return list(enumerate(value))
    if isinstance(value, Unknown | Ref | Template):
        raise NotKnown(value.text)
    raise Invalid("not a collection")


def same(left: Any, right: Any, scope: Scope) -> bool:
    """Whether two values are equal. Raises: NotKnown."""
    if left is None or right is None:
        other = right if left is None else left
        if isinstance(other, Ref) and (not other.path or NEVER_NULL.search(other.path)):
            return False
        if isinstance(other, Template):
            return False
    if isinstance(left, Ref) and left == right:
        return True
    if "" in (left, right) and any(isinstance(v, Ref) and NEVER_NULL.search(v.path) for v in (left, right)):
        return False
    left, right = known(left, scope), known(right, scope)
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _unreadable(node: Node, scope: Scope) -> Any:
    raise Invalid(source(node))


def _expression(node: Node, scope: Scope) -> Any:
    return _chain(node.children, scope)


def _chain(nodes: Sequence[Node], scope: Scope) -> Any:
    """A primary value and the attributes, indexes and splats behind it."""
    nodes = [node for node in nodes if node.type != "comment"]
    if not nodes:
        raise Invalid("nothing")
    if nodes[0].type == "(":
        value, rest = node_value(nodes[1], scope), nodes[3:]
    elif nodes[0].type == "variable_expr":
        following = source(nodes[1].named_children[0]) if len(nodes) > 1 and nodes[1].type == "get_attr" else None
        value, taken = _name(source(nodes[0]), following, scope)
        rest = nodes[taken:]
    else:
        value, rest = node_value(nodes[0], scope), nodes[1:]
    for index, node in enumerate(rest):
        if node.type == "splat":
            return _splat(value, node.children[0], rest[index + 1 :], scope)
        value = _step(value, node, scope)
    return value


def _name(name: str, following: str | None, scope: Scope) -> tuple[Any, int]:
    if name in scope.bindings:
        return scope.bindings[name], 1
    return scope.names.root(name, following, scope)


def _step(value: Any, node: Node, scope: Scope) -> Any:
    if node.type == "get_attr":
        return attribute(value, source(node.named_children[0]), scope)
    inner = node.children[0]
    if inner.type == "legacy_index":
        return item(value, int(source(inner)[1:]), scope)
    return item(value, node_value(inner.named_children[0], scope), scope)


def attribute(value: Any, name: str, scope: Scope) -> Any:
    """`value.name`. Raises: Invalid, NotKnown."""
    if isinstance(value, dict):
        if name not in value:
            raise Invalid(f"no attribute {name}")
        return value[name]
    if isinstance(value, Ref):
        return scope.names.attribute(value, name)
    if isinstance(value, Unknown):
        return Unknown.of(f"{value.text}.{name}")
    if hasattr(value, "output"):
        return value.output(name)
    raise Invalid(f"no attribute {name}")


def item(value: Any, key: Any, scope: Scope) -> Any:
    """`value[key]`. Raises: Invalid, NotKnown."""
    key = known(key, scope)
    if isinstance(value, Unknown):
        return Unknown.of(f"{value.text}[{key}]")
    if isinstance(value, Ref):
        if not value.path:  # a block whose count is not known
            return value if not value.certain else _no_item(key)
        return value.at(f"[{key}]" if isinstance(key, int | float) else f'["{key}"]')
    if isinstance(value, dict):
        return value[text_of(key)] if text_of(key) in value else _no_item(key)
    if isinstance(value, list):
        number = int(key) if re.fullmatch(r"\d+", text_of(key)) else -1
        return value[number] if 0 <= number < len(value) else _no_item(key)
    return _no_item(key)


def _no_item(key: Any) -> Any:
    raise Invalid(f"no element {key}")


def _splat(value: Any, splat: Node, behind: Sequence[Node], scope: Scope) -> Any:
    value = opened(value, scope)
    if value is None:
        return []
    if isinstance(value, Unknown) or (isinstance(value, Ref) and (value.path or not value.certain)):
        raise NotKnown(value.text)
    items = value if isinstance(value, list) else [value]
    steps = [*splat.named_children, *behind]
    if any(step.type == "splat" for step in steps):
        raise NotKnown("a splat within a splat")
    results = []
    for one in items:
        value = one
        for step in steps:
            value = _step(value, step, scope)
        results.append(value)
    return results


def _literal(node: Node, scope: Scope) -> Any:
    inner = node.named_children[0]
    if inner.type == "string_lit":
        return _quoted(inner, scope)
    text = source(inner)
    if inner.type == "numeric_lit":
        number = float(int(text, 16)) if text.lower().startswith("0x") else float(text)
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return {"true": True, "false": False, "null": None}[text]


def _quoted(node: Node, scope: Scope) -> Any:
    return template_value(source(node)[1:-1], scope, escapes=True)


def _template(node: Node, scope: Scope) -> Any:
    inner = node.named_children[0]
    if inner.type == "quoted_template":
        return _quoted(inner, scope)
    return template_value(heredoc(source(inner)), scope)


def _collection(node: Node, scope: Scope) -> Any:
    inner = node.named_children[0]
    if inner.type == "tuple":
        return [_element(child, scope) for child in inner.named_children if child.type == "expression"]
    found: dict[str, Any] = {}
    for element in inner.named_children:
        if element.type != "object_elem":
            continue
        key, *_, value = [child for child in element.named_children if child.type == "expression"]
        found[_key(key, scope)] = _element(value, scope)
    return found


def _element(node: Node, scope: Scope) -> Any:
    """One element of a collection: that it is not known says nothing of the others. Raises: Invalid."""
    try:
        return node_value(node, scope)
    except NotKnown:
        return Unknown.of(source(node))


def _key(node: Node, scope: Scope) -> str:
    """An object key: a bare name stands for itself."""
    child = node.children[0]
    if len(node.children) == 1 and child.type == "variable_expr":
        return source(child)
    return text_of(known(node_value(node, scope), scope))


def _conditional(node: Node, scope: Scope) -> Any:
    condition, yes, no = [child for child in node.named_children if child.type != "comment"]
    try:
        chosen = truth(node_value(condition, scope), scope)
    except NotKnown:
        left, right = node_value(yes, scope), node_value(no, scope)
        if is_known(left) and left == right:
            return left
        return Unknown.of(source(node))
    return node_value(yes if chosen else no, scope)


def _operation(node: Node, scope: Scope) -> Any:
    inner = node.named_children[0]
    parts = [child for child in inner.children if child.type != "comment"]
    if inner.type == "unary_operation":
        value = known(_chain(parts[1:], scope), scope)
        return not truth(value, scope) if parts[0].type == "!" else -_number(value)
    at = next(index for index, part in enumerate(parts) if not part.is_named and part.type not in "()")
    operator, left, right = parts[at].type, parts[:at], parts[at + 1 :]
    if operator in ("&&", "||"):
        return _logic(operator, left, right, scope)
    first, second = _chain(left, scope), _chain(right, scope)
    if operator in ("==", "!="):
        return same(first, second, scope) == (operator == "==")
    try:
        result = OPERATORS[operator](_number(known(first, scope)), _number(known(second, scope)))
    except (ZeroDivisionError, OverflowError):
        raise Invalid(source(node)) from None
    return int(result) if isinstance(result, float) and result.is_integer() and abs(result) < 2**53 else result


def _logic(operator: str, left: Sequence[Node], right: Sequence[Node], scope: Scope) -> bool:
    """Either side may decide alone, whatever the other one is."""
    decisive, gap = operator == "||", None
    for side in (left, right):
        try:
            if truth(_chain(side, scope), scope) == decisive:
                return decisive
        except NotKnown as unknown:
            gap = unknown
    if gap:
        raise gap
    return not decisive


def _number(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        raise Invalid("not a number")
    if isinstance(value, int | float):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise Invalid("not a number") from None
    return int(number) if number.is_integer() else number


def _for(node: Node, scope: Scope) -> Any:
    inner = node.named_children[0]
    intro = next(child for child in inner.named_children if child.type == "for_intro")
    names = [source(child) for child in intro.named_children if child.type == "identifier"]
    collection = next(child for child in intro.named_children if child.type == "expression")
    results = [child for child in inner.named_children if child.type == "expression"]
    condition = next((child.named_children[0] for child in inner.named_children if child.type == "for_cond"), None)
    grouped = any(child.type == "ellipsis" for child in inner.named_children)
    listed: list[Any] = []
    mapped: dict[str, Any] = {}
    for key, value in elements(opened(node_value(collection, scope), scope)):
        inside = scope.with_bindings(**dict(zip(names, (key, value) if len(names) > 1 else (value,), strict=True)))
        if condition is not None and not truth(node_value(condition, inside), inside):
            continue
        if len(results) == 1:
            listed.append(node_value(results[0], inside))
            continue
        name = text_of(known(node_value(results[0], inside), inside))
        result = node_value(results[1], inside)
        if grouped:
            mapped.setdefault(name, []).append(result)
        else:
            mapped[name] = result
    return listed if inner.type == "for_tuple_expr" else mapped


def _call(node: Node, scope: Scope) -> Any:
    name = source(node.children[0])
    arguments = next((child for child in node.named_children if child.type == "function_arguments"), None)
    given = [child for child in arguments.named_children if child.type == "expression"] if arguments else []
    if name in ("try", "can"):
        return _try(name, given, scope)
    values = [opened(node_value(child, scope), scope) for child in given]
    if arguments and any(child.type == "ellipsis" for child in arguments.named_children):
        values[-1:] = [value for _, value in elements(values[-1])]
    if name in ("file", "templatefile", "templatestring"):
        return _file(name, values, scope)
    function = FUNCTIONS.get(name)
    if function is None:
        return Unknown.of(source(node))
    try:
        return function(values, lambda value: known(value, scope))
    except NotKnown:
        return Unknown.of(source(node))
    except (TypeError, ValueError, KeyError, IndexError, OverflowError, AttributeError, re.error) as error:
        raise Invalid(f"{name}: {type(error).__name__}") from None


def _try(name: str, given: Sequence[Node], scope: Scope) -> Any:
    for child in given:
        try:
            value = node_value(child, scope)
        except Invalid:
            continue
        if isinstance(value, Unknown):
            raise NotKnown(value.text)
        return True if name == "can" else value
    if name == "can":
        return False
    raise Invalid("try: no argument is valid")


def _file(name: str, values: Sequence[Any], scope: Scope) -> Any:
    text = known(values[0], scope)
    text = text if name == "templatestring" else scope.names.read_file(str(text))
    if name == "file":
        return text
    given = values[1] if len(values) > 1 else {}
    if not isinstance(given, dict):
        raise NotKnown(name)
    return template_value(text, replace(scope, bindings=given))


def _json(value: Any, scope: Scope) -> Any:
    scope.budget.spend()
    if isinstance(value, str):
        return template_value(value, scope)
    if isinstance(value, list):
        return [
            value_of(Json(entry), scope) if isinstance(entry, dict) else _json_entry(entry, scope) for entry in value
        ]
    if isinstance(value, dict):
        return {_json_key(key, scope): value_of(Json(entry), scope) for key, entry in value.items()}
    return value


def _json_entry(value: Any, scope: Scope) -> Any:
    try:
        return _json(value, scope)
    except NotKnown:
        return Unknown.of(Json(value).text)


def _json_key(key: str, scope: Scope) -> str:
    return text_of(known(template_value(key, scope), scope)) if "${" in key else key


def _piece(piece: Piece, scope: Scope) -> Any:
    scope.budget.spend()
    if SIMPLE.fullmatch(piece.text):  # most of what a stack holds; no parser is needed for it
        first, *names = piece.text.split(".")
        value, taken = _name(first, names[0], scope)
        for name in names[taken - 1 :]:
            value = attribute(value, name, scope)
        return value
    node = expression(piece.text)
    if node is None:
        raise Invalid(piece.text)
    try:
        return node_value(node, scope)
    except NotKnown:
        return Unknown.of(piece.text)


def _rendered(cut: Iterator[Piece], scope: Scope) -> list[Any]:
    """The parts of a template, its directives carried out."""
    parts: list[Any] = []
    for piece in cut:
        if piece.kind == "literal":
            parts.append(piece.text)
        elif piece.kind == "value":
            value = _piece(piece, scope)
            if isinstance(value, dict | list):
                raise Invalid("a collection in a string")
            parts.append(value)
        else:
            word, _, rest = piece.text.partition(" ")
            parts.extend(_directive(word, rest, cut, scope))
    return parts


def _directive(word: str, rest: str, cut: Iterator[Piece], scope: Scope) -> list[Any]:
    if word == "if":
        chosen = truth(_piece(Piece("value", rest), scope), scope)
        branch = _collect(cut, ("else", "endif"))
        other = _collect(cut, ("endif",)) if branch[-1].text == "else" else [Piece("directive", "endif")]
        return _rendered(iter(branch[:-1] if chosen else other[:-1]), scope)
    if word == "for":
        names, _, collection = rest.partition(" in ")
        body = _collect(cut, ("endfor",))[:-1]
        bound = [name.strip() for name in names.split(",")]
        parts: list[Any] = []
        for key, value in elements(_piece(Piece("value", collection), scope)):
            inside = scope.with_bindings(**dict(zip(bound, (key, value) if len(bound) > 1 else (value,), strict=True)))
            parts.extend(_rendered(iter(body), inside))
        return parts
    raise Invalid(f"no directive {word}")


def _collect(cut: Iterator[Piece], until: tuple[str, ...]) -> list[Piece]:
    """The pieces up to the directive that ends this one, that directive included."""
    found: list[Piece] = []
    depth = 0
    for piece in cut:
        found.append(piece)
        word = piece.text.split(" ")[0] if piece.kind == "directive" else ""
        if word in until and not depth:
            return found
        depth += (word in ("if", "for")) - (word in ("endif", "endfor"))
    raise Invalid("a directive without end")


NODES: Mapping[str, Callable[[Node, Scope], Any]] = {
    "expression": _expression,
    "literal_value": _literal,
    "template_expr": _template,
    "collection_value": _collection,
    "conditional": _conditional,
    "operation": _operation,
    "for_expr": _for,
    "function_call": _call,
    "variable_expr": lambda node, scope: _chain([node], scope),
}


class _NoNames:
    """Where nothing is declared: a file of values refers to nothing."""

    def root(self, name: str, following: str | None, scope: Scope) -> tuple[Any, int]:
        raise Invalid(name)

    def attribute(self, ref: Any, name: str) -> Any:
        return ref

    def lookup(self, ref: Any) -> Any:
        return ref

    def read_file(self, name: str) -> str:
        return ""


NO_NAMES = _NoNames()
