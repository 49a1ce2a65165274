"""Policy documents as statements: one shape for the many spellings that IAM accepts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from policies.arns import matches
from policies.gaps import Items, Partial, certain, decided, together
from policies.terraform import Arguments, CannotDecide, decoded, shown

IDENTITY_POLICIES = {
    "aws_iam_policy": "policy",
    "aws_iam_role_policy": "policy",
    "aws_iam_user_policy": "policy",
    "aws_iam_group_policy": "policy",
    "aws_ssoadmin_permission_set_inline_policy": "inline_policy",
}
"""Terraform type -> argument that holds an identity policy."""
DOCUMENT = "data.aws_iam_policy_document"
RENDERED = ("json", "minified_json")
"""What a document comes to, beside the arguments that it is made from."""
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


@dataclass(frozen=True, eq=False)
class Statement:
    """One statement, whose elements are decided when a policy asks for them: what nobody asks for hides nothing.

    An element of which a part is not known gives the decided part and then raises CannotDecide (`Partial`).
    Principals are (kind, value) pairs, `*` alone is ("*", "*").
    """

    conf: Arguments
    elements: Mapping[str, Any]
    path: str
    """Where it stands: `policy.Statement[2]`."""

    @cached_property
    def allows(self) -> bool:
        """Whether it grants anything."""
        path = f"{self.path}.Effect"
        effect = _text(self.conf, self.elements.get("Effect"), path)
        if effect not in ("Allow", "Deny"):
            raise CannotDecide(path, effect, "Allow or Deny")
        return effect == "Allow"

    @cached_property
    def actions(self) -> Items[str]:
        """What it allows or denies."""
        return self._actions("Action")

    @cached_property
    def not_actions(self) -> Items[str]:
        """What it leaves out of all actions."""
        return self._actions("NotAction")

    @cached_property
    def resources(self) -> Items[str]:
        """On what."""
        return self._strings("Resource")

    @cached_property
    def not_resources(self) -> Items[str]:
        """What it leaves out of all resources."""
        return self._strings("NotResource")

    @cached_property
    def principals(self) -> Items[tuple[str, str]]:
        """To whom."""
        return self._principals("Principal")

    @cached_property
    def not_principals(self) -> Items[tuple[str, str]]:
        """Whom it leaves out of everyone."""
        return self._principals("NotPrincipal")

    @cached_property
    def conditions(self) -> Items[Condition]:
        """Under which conditions, all of which must hold."""
        path = f"{self.path}.Condition"
        tests = _tests(self.elements.get("Condition"), path)
        found = decided(tests, lambda test: _condition(self.conf, path, *test))
        if len({(c.operator, c.key) for c in certain(found)}) != len(certain(found)):
            gap = CannotDecide(path, "a condition given twice", "each condition once, with all its values")
            return Partial(certain(found), gap)
        return found

    def grants(self, action: str) -> bool:
        """Whether an Allow covers the action (case does not count; `*` and `?` match as IAM matches)."""
        return self.allows and self.covers(action)

    def covers(self, action: str) -> bool:
        """Whether it speaks of the action at all, be it Allow or Deny."""
        if self.not_actions:
            return not any(matches(pattern, action) for pattern in self.not_actions)
        return any(matches(pattern, action) for pattern in self.actions)

    def described(self) -> str:
        """`s3:*, not iam:PassRole`: what is certain of its actions."""
        return ", ".join((*certain(self.actions), *(f"not {action}" for action in certain(self.not_actions))))

    def _strings(self, element: str) -> Items[str]:
        path = f"{self.path}.{element}"
        return decided(_listed(self.elements.get(element)), lambda item: _text(self.conf, item, path))

    def _actions(self, element: str) -> Items[str]:
        path = f"{self.path}.{element}"
        return decided(_listed(self.elements.get(element)), lambda item: _action(self.conf, item, path))

    def _principals(self, element: str) -> Items[tuple[str, str]]:
        path, value = f"{self.path}.{element}", self.elements.get(element)
        kinds = value.items() if isinstance(value, Mapping) else [("*", value)]
        pairs = [(kind, item) for kind, items in kinds for item in _listed(items)]
        return decided(pairs, lambda pair: (_text(self.conf, pair[0], path), _text(self.conf, pair[1], path)))


class _Twice(dict[str, Any]):
    """An object in which an element is given twice: Python would show the policies the last one only."""


def statements(conf: Arguments, name: str = "policy") -> Iterator[Statement]:
    """The statements of the policy document in an argument; none where the argument is absent or "".

    Raises: CannotDecide behind the last, where the document, or the shape of a statement, is not known.
    """
    path = conf.name_of(name)
    found: list[Statement] = []
    gap: CannotDecide | None = None
    for document in _documents(conf, name):
        try:
            _refuse_unknown(document, {"Version", "Id", "Statement"}, path)
        except CannotDecide as unknown:
            gap = gap or unknown
        raw = document.get("Statement")
        for index, item in enumerate(raw if isinstance(raw, list) else [raw]):
            where = f"{path}.Statement[{index}]"
            try:
                found.append(_statement(conf, item, where))
            except CannotDecide as unknown:
                gap = gap or unknown
    if found:
        conf.note(name, _summary(found)[:300])
    yield from found
    if gap:
        raise gap


def identity_statements(conf: Arguments) -> Iterator[Statement]:
    """The statements of an identity policy resource, of a role's inline_policy blocks, or of an unattached document.

    Raises: as statements.
    """
    argument = IDENTITY_POLICIES.get(conf.block.type)
    if argument:
        yield from statements(conf, argument)
    if conf.block.type == "aws_iam_role":
        yield from together(statements(inline, "policy") for inline in conf.blocks("inline_policy"))
    yield from (s for s in document_statements(conf) if not (s.principals or s.not_principals))


def document_statements(conf: Arguments) -> Iterator[Statement]:
    """The statements of a `data.aws_iam_policy_document` that no resource and no other document of it holds.

    One that is attached is judged there, by what it is attached to: `*` in the policy of a key means the key. Without
    that, a statement with principals is taken for one of a resource or of a role's trust, and others for one of an
    identity. Raises: as statements.
    """
    if conf.block.label == DOCUMENT:
        text = conf.values.get("json")
        if text is None:
            raise CannotDecide("json", None, "a document that the configuration tells")
        if _canonical(text) in conf.configuration.index("attached documents", lambda: _attached(conf)):
            conf.note("json", "judged where it is attached")
        else:
            yield from statements(conf, "json")


def is_of_a_key(statement: Statement) -> bool:
    """Whether a statement of a document is one of a key policy, which IAM.kms-policy judges where it is attached."""
    admits = statement.principals or statement.not_principals
    if statement.conf.block.label != DOCUMENT or not admits or not statement.actions:
        return False
    return all(action.lower().startswith("kms:") for action in statement.actions)


def _attached(conf: Arguments) -> frozenset[str]:
    """Every document that stands in an argument of a resource, or of a document that makes another one of it."""
    found = set()
    for holder in (*conf.of_kind("resource"), *conf.of_kind("data", "aws_iam_policy_document")):
        held = {_canonical(v) for path, v in holder.raw() if _may_be_document(v) and path not in RENDERED}
        found |= held - {_canonical(str(holder.values.get("json")))} if holder.block.label == DOCUMENT else held
    return frozenset(found)


def _may_be_document(value: object) -> bool:
    return isinstance(value, str) and value.lstrip().startswith(("{", "${"))


def _canonical(text: str) -> str:
    """A document as it is told apart from others, however the provider lays it out."""
    try:
        return json.dumps(decoded(text), sort_keys=True)
    except (ValueError, RecursionError):
        return text


def _documents(conf: Arguments, name: str) -> list[Mapping[str, Any]]:
    """The objects of a document, decoded before its references are looked at: one of them must not hide the rest."""
    raw = conf.values.get(name)
    try:
        document = decoded(raw, _object) if isinstance(raw, str) else raw
    except (ValueError, RecursionError):
        if not (documents := conf.documents(name)):
            return []
        text = conf.configuration.resolve(raw, conf.name_of(name))
        document = decoded(text, _object) if isinstance(text, str) else [found.values for found in documents]
    if document is None:
        conf.has(name)
        return []
    items = document if isinstance(document, list) else [document]
    for item in items:
        if not isinstance(item, Mapping):
            raise CannotDecide(conf.name_of(name), shown(item), "a policy document")
        _refuse_repeats(item, conf.name_of(name))
    return items


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Twice(found)


def _statement(conf: Arguments, item: Any, path: str) -> Statement:
    if not isinstance(item, Mapping):
        raise CannotDecide(path, item, "a statement")
    _refuse_repeats(item, path)
    _refuse_unknown(item, ELEMENTS, path)
    return Statement(conf, item, path)


def _summary(found: list[Statement]) -> str:
    """What the evidence says of a document."""
    effects = [statement.elements.get("Effect") for statement in found]
    allowed = sorted({s.described() for s, effect in zip(found, effects, strict=True) if effect == "Allow"})
    return f"{effects.count('Allow')} Allow, {effects.count('Deny')} Deny; allows {', '.join(allowed)}"


def _refuse_unknown(item: Mapping[str, Any], known: set[str] | frozenset[str], path: str) -> None:
    for key in item:
        if key not in known:
            raise CannotDecide(f"{path}.{key}", "an element policies do not have", f"one of {', '.join(sorted(known))}")


def _refuse_repeats(item: Mapping[str, Any], path: str) -> None:
    """Looks into maps only: what holds a whole statement is refused as a whole."""
    inner = [value for value in item.values() if isinstance(value, Mapping)]
    if isinstance(item, _Twice):
        raise CannotDecide(path, "an element given twice", "each element of a statement once")
    for value in inner:
        _refuse_repeats(value, path)


def _text(conf: Arguments, item: Any, path: str) -> str:
    if isinstance(item, Mapping | list):
        raise CannotDecide(path, item, "a string or a list of strings")
    return conf.configuration.resolve_inside(item, path) if isinstance(item, str) else str(item)


def _action(conf: Arguments, item: Any, path: str) -> str:
    """An action as IAM takes it; it has no variables in it, and what IAM would refuse is not read as harmless."""
    action = _text(conf, item, path)
    if not ACTION.fullmatch(action):
        raise CannotDecide(path, action, "actions of the form service:Action")
    return action


def _tests(value: Any, path: str) -> Iterator[tuple[str, str, Any]]:
    """Operator, key and values of each condition."""
    if value is not None and not isinstance(value, Mapping):
        raise CannotDecide(path, value, "a map of condition operators")
    for operator, keys in (value or {}).items():
        if not isinstance(keys, Mapping):
            raise CannotDecide(f"{path}.{operator}", keys, "a map of condition keys")
        yield from ((operator, key, values) for key, values in keys.items())


def _condition(conf: Arguments, path: str, operator: str, key: str, values: Any) -> Condition:
    texts = [str(value).lower() if isinstance(value, bool) else value for value in _listed(values)]
    decided = tuple(_text(conf, text, f"{path}.{operator}.{key}") for text in texts)
    return Condition(_text(conf, operator, path), _text(conf, key, path).lower(), decided)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
