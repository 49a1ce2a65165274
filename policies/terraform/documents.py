"""`data.aws_iam_policy_document` -> the JSON that its `json` attribute holds.

Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from policies.terraform.values import NotKnown, Ref, Template, Unknown, encoded, rendered

TYPE = "aws_iam_policy_document"
LISTS = {"actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"}
PRINCIPALS = {"principals": "Principal", "not_principals": "NotPrincipal"}
REFERENCE_MARK = "\ue000"


def policy_document(arguments: Mapping[str, Any], known: Callable[[Any], Any]) -> str | Template:
    """The rendered policy: sources first, then its own statements, then overrides by Sid.

    A statement, or a source, that is not known is a text among the statements, so that it hides no other.
    Raises: NotKnown where an override is not known, which may replace any statement.
    """
    parsed = [s for raw in _sources(arguments) for s in _listed(_or_gap(_parsed, raw, known))]
    own = [_or_gap(_statement, entry, known) for entry in _entries(arguments)]
    statements = _overridden(parsed, own)
    for raw in _documents(arguments, "override"):
        statements = _overridden(statements, _parsed(raw, known))
    document: dict[str, Any] = {"Version": arguments.get("version") or "2012-10-17"}
    if arguments.get("policy_id") is not None:
        document["Id"] = arguments["policy_id"]
    return encoded({**document, "Statement": statements})


def _sources(arguments: Mapping[str, Any]) -> list[Any]:
    try:
        return _documents(arguments, "source")
    except NotKnown as gap:
        return [Unknown.of(str(gap))]


def _entries(arguments: Mapping[str, Any]) -> list[Any]:
    found = arguments.get("statement")
    return [found] if isinstance(found, Unknown | Ref) else _blocks(arguments, "statement")


def _or_gap(read: Callable[[Any, Callable[[Any], Any]], Any], raw: Any, known: Callable[[Any], Any]) -> Any:
    """What is read, or the text that says what is not known."""
    try:
        return read(raw, known)
    except NotKnown as gap:
        return Unknown.of(str(gap))


def _overridden(statements: list[Any], more: list[Any]) -> list[Any]:
    """Statements with a Sid replace the one of the same Sid; all others are added."""
    found = list(statements)
    for statement in more:
        sid = statement.get("Sid") if isinstance(statement, dict) else None
        place = next((i for i, s in enumerate(found) if sid and isinstance(s, dict) and s.get("Sid") == sid), None)
        if place is None:
            found.append(statement)
        else:
            found[place] = statement
    return found


def _documents(arguments: Mapping[str, Any], which: str) -> list[Any]:
    several, single = arguments.get(f"{which}_policy_documents"), arguments.get(f"{which}_json")
    if isinstance(several, Unknown | Ref):
        raise NotKnown(several.text)
    return [raw for raw in (single, *(several or [])) if raw not in (None, "")]


def _parsed(raw: Any, known: Callable[[Any], Any]) -> list[Any]:
    if isinstance(raw, Unknown | Ref):
        raw = known(raw)
    marks: list[Any] = []
    text = raw if isinstance(raw, str) else "".join(_marked(part, marks) for part in raw.parts)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise NotKnown("a document that is no JSON") from None
    found = document.get("Statement") if isinstance(document, dict) else None
    statements = found if isinstance(found, list) else [found]
    if not all(isinstance(statement, dict) for statement in statements):
        raise NotKnown("a document without statements")
    return [_unmarked(statement, marks) for statement in statements]


def _marked(part: Any, marks: list[Any]) -> str:
    if isinstance(part, str):
        return part
    marks.append(part)
    return f"{REFERENCE_MARK}{len(marks) - 1}{REFERENCE_MARK}"


def _unmarked(value: Any, marks: list[Any]) -> Any:
    if isinstance(value, dict):
        return {key: _unmarked(item, marks) for key, item in value.items()}
    if isinstance(value, list):
        return [_unmarked(item, marks) for item in value]
    if isinstance(value, str) and REFERENCE_MARK in value:
        parts = value.split(REFERENCE_MARK)
        found = tuple(marks[int(p)] if index % 2 else p for index, p in enumerate(parts) if p or index % 2)
        return found[0] if len(found) == 1 else Template(found)
    return value


def _statement(entry: Any, known: Callable[[Any], Any]) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise NotKnown("a statement that is not known")
    found: dict[str, Any] = {"Sid": entry["sid"]} if entry.get("sid") else {}
    found["Effect"] = entry.get("effect") or "Allow"
    for name, element in LISTS.items():
        if entry.get(name) not in (None, []):
            found[element] = _variables(_single(entry[name]))
    for name, element in PRINCIPALS.items():
        blocks = _blocks(entry, name)
        if blocks:
            found[element] = _principals(blocks, known)
    conditions: dict[str, Any] = {}
    for block in _blocks(entry, "condition"):
        test, variable = known(block.get("test")), known(block.get("variable"))
        conditions.setdefault(str(test), {})[str(variable)] = _variables(_single(block.get("values")))
    return {**found, **({"Condition": conditions} if conditions else {})}


def _principals(blocks: list[Any], known: Callable[[Any], Any]) -> Any:
    found: dict[str, Any] = {}
    for block in blocks:
        kind = str(known(block.get("type")))
        values = _single(block.get("identifiers"))
        if kind == "*" and values in ("*", ["*"]):
            return "*"
        earlier = found.get("AWS" if kind == "*" else kind)
        found["AWS" if kind == "*" else kind] = values if earlier is None else [*_listed(earlier), *_listed(values)]
    return found


def _variables(value: Any) -> Any:
    """IAM variables may be written `&{...}` here, since `${` is Terraform's."""
    if isinstance(value, list):
        return [_variables(item) for item in value]
    if isinstance(value, Template):
        return Template(tuple(_variables(part) for part in value.parts))
    return value.replace("&{", "${") if isinstance(value, str) else value


def _single(value: Any) -> Any:
    if isinstance(value, Unknown):
        return [value]
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _blocks(arguments: Mapping[str, Any], name: str) -> list[Any]:
    found = arguments.get(name)
    if isinstance(found, Unknown | Ref):
        raise NotKnown(f"{name} {rendered(found)}")
    blocks = [block for block in _listed(found) if block is not None]
    if gap := next((block for block in blocks if name != "statement" and not isinstance(block, dict)), None):
        raise NotKnown(f"{name} {rendered(gap)}")
    return blocks
