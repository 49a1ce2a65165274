"""What IAM policies grant: pure, and as far as the emulator knows the facts that their conditions ask for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import translate
from typing import Any

Document = Mapping[str, Any]


def allows(policies: Iterable[Document], action: str, resource: str | None, facts: Mapping[str, str]) -> bool:
    """Whether some statement allows `action` and none denies it.

    resource: its ARN; None where it is not known, and then fits every statement that allows and none that denies.
    facts: condition key -> value. A condition on another key, or with an operator that is not known here, is taken
    as met where it allows and as not met where it denies: what the emulator cannot know must refuse nothing.
    """
    statements = [statement for policy in policies for statement in _listed(policy["Statement"])]

    def some(effect: str) -> bool:
        unknown = effect == "Allow"
        return any(
            statement["Effect"] == effect and _applies(statement, action, resource, facts, unknown=unknown)
            for statement in statements
        )

    return some("Allow") and not some("Deny")


def _applies(
    statement: Document, action: str, resource: str | None, facts: Mapping[str, str], *, unknown: bool
) -> bool:
    return (
        _names(statement, "Action", action, ignore_case=True)
        and (
            _names(statement, "Resource", resource)
            if resource
            else unknown or "*" in _listed(statement.get("Resource"))
        )
        and all(
            _met(operator, values, facts.get(key), unknown=unknown)
            for operator, wanted in (statement.get("Condition") or {}).items()
            for key, values in wanted.items()
        )
    )


def _names(statement: Document, element: str, value: str, *, ignore_case: bool = False) -> bool:
    negated = f"Not{element}" in statement
    patterns = _listed(statement[f"Not{element}" if negated else element])
    return negated != any(_like(value, pattern, ignore_case=ignore_case) for pattern in patterns)


def _met(operator: str, wanted: object, got: str | None, *, unknown: bool) -> bool:
    negated = "Not" in operator
    compare = OPERATORS.get(operator.replace("Not", "").removesuffix("IfExists"))
    if got is None or compare is None:
        return unknown
    return negated != any(compare(got, value) for value in _listed(wanted))


def _like(value: str, pattern: str, *, ignore_case: bool = False) -> bool:
    literal = pattern.replace("[", "[[]")  # in IAM only * and ? mean more than themselves
    return re.match(translate(literal), value, re.IGNORECASE if ignore_case else 0) is not None


OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda got, wanted: got == wanted,
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": lambda got, wanted: got.lower() == wanted.lower(),
}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
