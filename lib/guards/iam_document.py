"""Policy documents that cannot be written too wide: a `Statement` refuses wildcards when it is made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lib.errors import GuardViolation, Refusal
from policies.requirements import UNSCOPABLE_ACTIONS

LOOSE_OPERATORS = ("ForAllValues:", "IfExists")
"""Conditions that are true where the key is missing: they protect nothing in an Allow."""


@dataclass(frozen=True)
class Statement:
    """One statement of a policy document. conditions: operator -> key -> value or values.

    principals: for resource policies, kind (`AWS`, `Service`) -> values; `("*",)` only with effect Deny, or
    under a condition that pins the account.
    Raises: GuardViolation for wildcard actions, `*` as resource of an action that can be scoped, a public principal.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    effect: str = "Allow"
    principals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    conditions: Mapping[str, Mapping[str, str | Sequence[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        refusals = list(self._refusals()) if self.effect == "Allow" else []
        if refusals:
            raise GuardViolation("policy statement", self.sid, refusals)

    def as_json(self) -> dict[str, Any]:
        """The statement in IAM's own shape."""
        body: dict[str, Any] = {"Sid": self.sid, "Effect": self.effect}
        if self.principals:
            body["Principal"] = (
                "*" if self.principals == {"*": ("*",)} else {k: _single(v) for k, v in self.principals.items()}
            )
        body["Action"] = _single(self.actions)
        if self.resources:  # a trust policy has none
            body["Resource"] = _single(self.resources)
        if self.conditions:
            body["Condition"] = {
                operator: {key: value if isinstance(value, str) else list(value) for key, value in keys.items()}
                for operator, keys in self.conditions.items()
            }
        return body

    def _refusals(self) -> Iterator[Refusal]:
        if not self.actions:
            yield Refusal("actions", self.actions, "at least one action", "PG_IAM_NO_WILDCARD_ACTION")
        root = [value for values in self.principals.values() for value in values if value.endswith(":root")]
        for action in self.actions:
            administration = action == "kms:*" and root
            if ("*" in action or "?" in action or ":" not in action) and not administration:
                yield Refusal("actions", action, "a named action", "PG_IAM_NO_WILDCARD_ACTION", "list the actions")
        if not self.resources and not self.principals:
            yield Refusal("resources", self.resources, "at least one ARN", "PG_IAM_NO_WILDCARD_RESOURCE")
        for action in self.actions:
            if "*" in self.resources and action not in UNSCOPABLE_ACTIONS and not self.principals:
                yield Refusal("resources", "*", f"the ARNs that {action} is meant for", "PG_IAM_NO_WILDCARD_RESOURCE")
        if "*" in [value for values in self.principals.values() for value in values] and not self._pins_account():
            yield Refusal(
                "principals",
                "*",
                "named principals, or a condition on aws:PrincipalAccount",
                "PG_IAM_NO_PUBLIC_PRINCIPAL",
            )
        for operator in self.conditions:
            if any(loose in operator for loose in LOOSE_OPERATORS):
                yield Refusal(
                    "conditions",
                    operator,
                    "an operator that fails where the key is missing",
                    "PG_IAM_NO_PUBLIC_PRINCIPAL",
                )

    def _pins_account(self) -> bool:
        keys = self.conditions.get("StringEquals", {})
        return any(
            key in keys for key in ("aws:PrincipalAccount", "aws:SourceAccount", "aws:SourceVpc", "kms:CallerAccount")
        )


def document(statements: Sequence[Statement]) -> str:
    """The policy document as one line of JSON, for a Terraform string."""
    body = {"Version": "2012-10-17", "Statement": [statement.as_json() for statement in statements]}
    return json.dumps(body, separators=(",", ":"))


def deny_without_tls(sid: str, actions: tuple[str, ...], resources: tuple[str, ...]) -> Statement:
    """The statement that every resource policy of ours ends with: no request in clear text, whoever sends it."""
    return Statement(
        sid=sid,
        effect="Deny",
        actions=actions,
        resources=resources,
        principals={"*": ("*",)},
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )


def _single(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)
