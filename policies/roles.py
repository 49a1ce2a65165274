"""What may a role do? Every statement it holds, wherever the configuration attaches it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.iam import Statement, identity_statements, statements
from policies.requirements import REVIEWED_MANAGED_POLICIES
from policies.terraform import Arguments, CannotDecide

ATTACHMENTS = (
    ("aws_iam_role_policy_attachment", "role", "policy_arn"),
    ("aws_iam_policy_attachment", "roles", "policy_arn"),
    ("aws_iam_role_policy_attachments_exclusive", "role_name", "policy_arns"),
)
"""Terraform type, argument that names the role, argument that names the policies."""


def held_statements(role: Arguments) -> Iterator[tuple[str, Statement]]:
    """All statements of an aws_iam_role with the address each stands in: inline, attached and managed ones.

    Raises: CannotDecide where an attachment may mean this role, or where an attached policy is not known.
    """
    yield from ((role.address, statement) for statement in identity_statements(role))
    for policy in _meaning(role, "aws_iam_role_policy", "role"):
        yield from ((policy.address, statement) for statement in statements(policy))
    yield from _managed(role, role, "managed_policy_arns")
    for type_, to_role, of_policy in ATTACHMENTS:
        for attachment in _meaning(role, type_, to_role):
            yield from _managed(role, attachment, of_policy)


def managed_statements(conf: Arguments, raw: Any, path: str) -> Iterator[tuple[str, Statement]]:
    """The statements of a managed policy, given its ARN; none for AWS's policies that were reviewed.

    Raises: CannotDecide for any other policy that is not declared here.
    """
    policy = conf.target(raw, "aws_iam_policy")
    if policy is not None:
        found = next(p for p in conf.resources("aws_iam_policy") if p.block is policy)
        yield from ((found.address, statement) for statement in statements(found))
    elif conf.configuration.resolve(raw, path) not in REVIEWED_MANAGED_POLICIES:
        raise CannotDecide(path, raw, "an aws_iam_policy of the same configuration, whose statements can be read")


def _managed(role: Arguments, holder: Arguments, argument: str) -> Iterator[tuple[str, Statement]]:
    raw = holder.values.get(argument)
    for item in raw if isinstance(raw, list) else [raw]:
        if item is not None:
            yield from managed_statements(role, item, f"{holder.address}.{argument}")


def _meaning(role: Arguments, type_: str, argument: str) -> Iterator[Arguments]:
    """Resources that name this role, by reference or by its name. Raises: CannotDecide where one does not tell."""
    for candidate in role.resources(type_):
        raw, path = candidate.values.get(argument), f"{candidate.address}.{argument}"
        if any(_means(role, item, path) for item in (raw if isinstance(raw, list) else [raw])):
            yield candidate


def _means(role: Arguments, item: Any, path: str) -> bool:
    target = role.target(item, "aws_iam_role")
    if item is None or target is not None:
        return target is role.block
    return bool(role.configuration.resolve(item, path) == role.text("name"))
