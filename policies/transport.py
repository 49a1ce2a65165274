"""Does a resource or endpoint policy turn away requests that are not made over TLS? Asked by the TLS policies."""

from __future__ import annotations

from collections.abc import Iterable

from policies.iam import Statement


def denies_clear_text(statements: Iterable[Statement], actions: Iterable[str]) -> bool:
    """Whether each action is denied to everyone where aws:SecureTransport is false. Resources are not looked at.

    A deny for some principals, or one with a second condition (all must hold), leaves a way in, so it does not count.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-securetransport
    """
    denies = [statement for statement in statements if is_clear_text_deny(statement)]
    return all(any(statement.covers(action) for statement in denies) for action in actions)


def is_clear_text_deny(statement: Statement) -> bool:
    """Whether a statement denies, to every principal, what is not sent over TLS and nothing less."""
    everyone = {("*", "*"), ("AWS", "*")} & set(statement.principals)
    if statement.allows or statement.not_principals or not everyone or len(statement.conditions) != 1:
        return False
    (condition,) = statement.conditions
    values = tuple(value.lower() for value in condition.values)
    return (condition.operator, condition.key, values) in [
        ("Bool", "aws:securetransport", ("false",)),
        ("BoolIfExists", "aws:securetransport", ("false",)),
    ]
