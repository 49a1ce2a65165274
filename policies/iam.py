"""Policy documents as statements: one shape for the many spellings that IAM accepts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies.arns import matches
from policies.terraform import Arguments, CannotDecide

IDENTITY_POLICIES = {
    "aws_iam_policy": "policy",
    "aws_iam_role_policy": "policy",
    "aws_iam_user_policy": "policy",
    "aws_iam_group_policy": "policy",
    "aws_ssoadmin_permission_set_inline_policy": "inline_policy",
}
"""Terraform type -> argument that holds an identity policy."""
ACTION = re.compile(r"[\w.*?-]*[*?][\w.*?-]*|[\w.*?-]+:[\w.*?/-]+", re.ASCII)
"""An action or a pattern of actions; only a wildcard may stand without a colon."""
ELEMENTS = frozenset(
    {
        "Action",
        "Condition",
        "Effect",
        "NotAction",
        "NotPrincipal",
        "NotResource",
        "Principal",
        "Resource",
        "Sid",
    }
)
"""All elements of a statement; in another spelling one would escape the policies, whatever AWS makes of it."""


@dataclass(frozen=True)
class Condition:
    """One condition: `ForAllValues:StringLike` on `aws:sourcearn` (keys are lower case) against values."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """One statement; principals are (kind, value) pairs, `*` alone is ("*", "*")."""

    index: int
    sid: str
    effect: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principals: tuple[tuple[str, str], ...]
    not_principals: tuple[tuple[str, str], ...]
    conditions: tuple[Condition, ...]
    path: str
    """Where it stands: `policy.Statement[2]`."""

    @property
    def allows(self) -> bool:
        """Whether it grants anything."""
        return self.effect == "Allow"

    def condition_keys(self) -> frozenset[str]:
        """Lower-case names of all condition keys."""
        return frozenset(condition.key for condition in self.conditions)

    def grants(self, action: str) -> bool:
        """Whether an Allow covers the action (case does not count; `*` and `?` match as IAM matches)."""
        return self.allows and self.covers(action)

    def covers(self, action: str) -> bool:
        """Whether it speaks of the action at all, be it Allow or Deny."""
        if self.not_actions:
            return not any(matches(pattern, action) for pattern in self.not_actions)
        return any(matches(pattern, action) for pattern in self.actions)


def statements(conf: Arguments, name: str = "policy") -> list[Statement]:
    """The statements of the policy document in an argument; empty where the argument is absent.

    Raises: CannotDecide where the document, or the shape of a statement, is not known.
    """
    found: list[Statement] = []
    _refuse_repeats(conf, name)
    for document in conf.documents(name):
        _refuse_unknown(document.values, {"Version", "Id", "Statement"}, conf.name_of(name))
        raw = document.values.get("Statement")
        items = raw if isinstance(raw, list) else [raw]
        for index, item in enumerate(items):
            if not isinstance(item, Mapping):
                raise CannotDecide(f"{conf.name_of(name)}.Statement[{index}]", item, "a statement")
            found.append(_statement(item, index, f"{conf.name_of(name)}.Statement[{index}]"))
    if found:
        granting = [statement for statement in found if statement.allows]
        allowed = sorted({a for s in granting for a in (*s.actions, *(f"not {b}" for b in s.not_actions))})
        denied = sum(not s.allows for s in found)
        conf.note(name, f"{len(found) - denied} Allow, {denied} Deny; allows {', '.join(allowed)}"[:300])
    return found


def identity_statements(conf: Arguments) -> Iterator[Statement]:
    """The statements of an identity policy resource, or of a role's inline_policy blocks."""
    argument = IDENTITY_POLICIES.get(conf.block.type)
    if argument:
        yield from statements(conf, argument)
    if conf.block.type == "aws_iam_role":
        for inline in conf.blocks("inline_policy"):
            yield from statements(inline, "policy")


def _refuse_repeats(conf: Arguments, name: str) -> None:
    """A key that is given twice: Python would show the policies the last one only."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise CannotDecide(conf.name_of(name), "an element given twice", "each element of a statement once")
        return dict(pairs)

    text = conf.configuration.resolve(conf.values.get(name), conf.name_of(name))
    if isinstance(text, str):
        try:
            json.loads(text, object_pairs_hook=once)
        except (ValueError, RecursionError):
            return  # no JSON: conf.documents says so


def _refuse_unknown(item: Mapping[str, Any], known: set[str] | frozenset[str], path: str) -> None:
    for key in item:
        if key not in known:
            raise CannotDecide(f"{path}.{key}", "an element policies do not have", f"one of {', '.join(sorted(known))}")


def _statement(item: Mapping[str, Any], index: int, path: str) -> Statement:
    _refuse_unknown(item, ELEMENTS, path)
    effect = item.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise CannotDecide(f"{path}.Effect", effect, "Allow or Deny")
    return Statement(
        index=index,
        sid=str(item.get("Sid", "")),
        effect=effect,
        actions=_actions(item.get("Action"), f"{path}.Action"),
        not_actions=_actions(item.get("NotAction"), f"{path}.NotAction"),
        resources=_strings(item.get("Resource"), f"{path}.Resource"),
        not_resources=_strings(item.get("NotResource"), f"{path}.NotResource"),
        principals=_principals(item.get("Principal"), f"{path}.Principal"),
        not_principals=_principals(item.get("NotPrincipal"), f"{path}.NotPrincipal"),
        conditions=tuple(_conditions(item.get("Condition"), f"{path}.Condition")),
        path=path,
    )


def _strings(value: object, path: str) -> tuple[str, ...]:
    if value is None:
        return ()
    items = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if any(isinstance(item, Mapping | list) for item in items):
        raise CannotDecide(path, value, "a string or a list of strings")
    return tuple(str(item) for item in items)


def _actions(value: object, path: str) -> tuple[str, ...]:
    """Actions as IAM takes them; it has no variables in them, and what it would refuse is not read as harmless."""
    found = _strings(value, path)
    for action in found:
        if not ACTION.fullmatch(action):
            raise CannotDecide(path, action, "actions of the form service:Action")
    return found


def _principals(value: object, path: str) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if isinstance(value, Mapping):
        return tuple((str(kind), item) for kind, items in value.items() for item in _strings(items, f"{path}.{kind}"))
    return tuple(("*", item) for item in _strings(value, path))


def _conditions(value: object, path: str) -> Iterator[Condition]:
    if value is None:
        return
    if not isinstance(value, Mapping):
        raise CannotDecide(path, value, "a map of condition operators")
    for operator, keys in value.items():
        if not isinstance(keys, Mapping):
            raise CannotDecide(f"{path}.{operator}", keys, "a map of condition keys")
        for key, values in keys.items():
            texts = tuple("true" if v is True else "false" if v is False else str(v) for v in _listed(values))
            yield Condition(str(operator), str(key).lower(), texts)


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]
