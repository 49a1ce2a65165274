"""What may a role, user or group do? Every statement it holds, wherever the configuration attaches it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policies.arns import fields
from policies.gaps import first, together
from policies.iam import Statement, identity_statements, statements
from policies.requirements import REVIEWED_MANAGED_POLICIES
from policies.terraform import INTERPOLATION, TRAVERSAL, Arguments, CannotDecide

INLINE = {
    "aws_iam_group": ("aws_iam_group_policy", "group"),
    "aws_iam_role": ("aws_iam_role_policy", "role"),
    "aws_iam_user": ("aws_iam_user_policy", "user"),
}
"""Terraform type of a holder -> type of its inline policies, argument that names the holder."""
HOLDERS = tuple(INLINE)
ROLE_ARGUMENT = re.compile(r"(?:^|\.)(?:role|\w*role_arn)$")
"""Path of an argument that names a role to run under."""
ATTACHMENTS = (
    ("aws_iam_group", "aws_iam_group_policy_attachment", "group", "policy_arn"),
    ("aws_iam_group", "aws_iam_group_policy_attachments_exclusive", "group_name", "policy_arns"),
    ("aws_iam_group", "aws_iam_policy_attachment", "groups", "policy_arn"),
    ("aws_iam_role", "aws_iam_policy_attachment", "roles", "policy_arn"),
    ("aws_iam_role", "aws_iam_role_policy_attachment", "role", "policy_arn"),
    ("aws_iam_role", "aws_iam_role_policy_attachments_exclusive", "role_name", "policy_arns"),
    ("aws_iam_user", "aws_iam_policy_attachment", "users", "policy_arn"),
    ("aws_iam_user", "aws_iam_user_policy_attachment", "user", "policy_arn"),
    ("aws_iam_user", "aws_iam_user_policy_attachments_exclusive", "user_name", "policy_arns"),
)
"""Type of the holder, type of the attachment, argument that names the holder, argument that names the policies."""
MEMBERSHIPS = (("aws_iam_group_membership", "users", "group"), ("aws_iam_user_group_membership", "user", "groups"))
"""Type, argument that names the users, argument that names the groups."""


def held_statements(holder: Arguments) -> Iterator[tuple[str, Statement]]:
    """All statements of a declared role, user or group with the address each stands in: inline, attached, managed.

    A user holds what its groups hold.
    Raises: CannotDecide behind all that is known, where an attachment may mean this holder, or where an attached
    policy is not known.
    """
    kind = holder.block.type
    yield from together(
        (
            ((holder.address, statement) for statement in identity_statements(holder)),
            _managed(holder, holder, "managed_policy_arns"),
            _attached(holder, kind, holder.address),
            *(_by_membership(holder, *membership) for membership in MEMBERSHIPS if kind == "aws_iam_user"),
        )
    )


def stray_statements(conf: Arguments) -> Iterator[tuple[str, tuple[str, Statement]]]:
    """What all attachments together give the holders that this one names and the configuration does not declare.

    Each statement comes with its holder. Raises: as held_statements.
    """
    inline = [(kind, type_, argument) for kind, (type_, argument) in INLINE.items()]
    naming = (*inline, *((kind, type_, to) for kind, type_, to, _ in ATTACHMENTS))
    yield from together(
        _of_stray(conf, kind, item, argument)
        for kind, type_, argument in naming
        if type_ == conf.block.type
        for item in _listed(conf.values.get(argument))
    )


def managed_statements(conf: Arguments, raw: Any, path: str) -> Iterator[tuple[str, Statement]]:
    """The statements of a managed policy, given its ARN; none for AWS's policies that were reviewed.

    Raises: CannotDecide for any other policy that is not declared here.
    """
    policy = conf.target(raw, "aws_iam_policy")
    if policy is not None:
        found = next(p for p in conf.resources("aws_iam_policy") if p.block is policy)
        yield from ((found.address, statement) for statement in statements(found))
    elif _in_partition(conf, str(conf.configuration.resolve(raw, path))) not in REVIEWED_MANAGED_POLICIES:
        raise CannotDecide(path, raw, "an aws_iam_policy of the same configuration, whose statements can be read")


def _in_partition(conf: Arguments, arn: str) -> str:
    """The ARN with `aws` for a reference to the partition that Terraform runs in."""
    parts = fields(arn)
    found = conf.reference(parts[1]) if len(parts) == 6 else None
    return ":".join(["arn", "aws", *parts[2:]]) if found and found[0].label == "data.aws_partition" else arn


def _of_stray(conf: Arguments, kind: str, item: Any, argument: str) -> Iterator[tuple[str, tuple[str, Statement]]]:
    holder = _identity(conf, kind, item, f"{conf.address}.{argument}")
    if holder not in conf.configuration.by_address:
        yield from ((holder, held) for held in _attached(conf, kind, holder))


def _attached(conf: Arguments, kind: str, holder: str) -> Iterator[tuple[str, Statement]]:
    ways = [way for way in ATTACHMENTS if way[0] == kind]
    yield from together((_inline(conf, kind, holder), *(_by_attachment(conf, holder, way) for way in ways)))


def _inline(conf: Arguments, kind: str, holder: str) -> Iterator[tuple[str, Statement]]:
    policies = _naming(conf, kind, *INLINE[kind], holder)
    yield from together(((policy.address, s) for s in statements(policy)) for policy in policies)


def _by_attachment(conf: Arguments, holder: str, way: tuple[str, str, str, str]) -> Iterator[tuple[str, Statement]]:
    kind, type_, to_holder, of_policy = way
    attachments = _naming(conf, kind, type_, to_holder, holder)
    yield from together(_managed(conf, attachment, of_policy) for attachment in attachments)


def _by_membership(user: Arguments, type_: str, of_user: str, argument: str) -> Iterator[tuple[str, Statement]]:
    memberships = _naming(user, "aws_iam_user", type_, of_user, user.address)
    yield from together(_of_groups(user, membership, argument) for membership in memberships)


def _of_groups(user: Arguments, membership: Arguments, argument: str) -> Iterator[tuple[str, Statement]]:
    path = f"{membership.address}.{argument}"
    yield from together(_of_group(user, item, path) for item in _listed(membership.values.get(argument)))


def _of_group(user: Arguments, item: Any, path: str) -> Iterator[tuple[str, Statement]]:
    name = _identity(user, "aws_iam_group", item, path)
    group = next((g for g in user.resources("aws_iam_group") if g.address == name), None)
    yield from held_statements(group) if group else _attached(user, "aws_iam_group", name)


def _managed(conf: Arguments, holder: Arguments, argument: str) -> Iterator[tuple[str, Statement]]:
    path = f"{holder.address}.{argument}"
    yield from together(managed_statements(conf, item, path) for item in _listed(holder.values.get(argument)))


def _naming(conf: Arguments, kind: str, type_: str, argument: str, holder: str) -> Iterator[Arguments]:
    """Resources that name this holder. Raises: CannotDecide behind them, where one does not tell."""
    yield from together(_if_named(conf, candidate, kind, argument, holder) for candidate in conf.resources(type_))


def _if_named(conf: Arguments, candidate: Arguments, kind: str, argument: str, holder: str) -> Iterator[Arguments]:
    path = f"{candidate.address}.{argument}"
    items = _listed(candidate.values.get(argument))
    if first(items, lambda item: _identity(conf, kind, item, path) == holder) is not None:
        yield candidate


def _identity(conf: Arguments, kind: str, item: Any, path: str) -> str:
    """What tells a holder apart: its address where it is declared, or referred to, else its name.

    A resource that is referred to and not declared here is declared in another file of the module: another one.
    Raises: CannotDecide where the configuration does not tell.
    """
    target = conf.target(item, kind)
    if target is not None:
        return target.address
    elsewhere = _undeclared(conf, kind, item)
    if elsewhere:
        return elsewhere
    found = conf.reference(item)
    if found and found[0].label == f"data.{kind}":  # found by its name, so it may be one of ours
        item = found[0].arguments.get(f"{kind.removeprefix('aws_iam_')}_name") or found[0].arguments.get("name")
    name = str(conf.configuration.resolve(item, path))
    declared = conf.configuration.by_type.get(("resource", kind), ())
    named = [b for b in declared if conf.configuration.resolve(b.arguments.get("name"), f"{b.address}.name") == name]
    return named[0].address if named else name


def _undeclared(conf: Arguments, kind: str, item: Any) -> str:
    """The address in `${aws_iam_role.task.name}` where no block has it; else empty."""
    whole = INTERPOLATION.fullmatch(item.strip()) if isinstance(item, str) else None
    named = TRAVERSAL.fullmatch(whole[1].strip()) if whole else None
    if not named or named[2] or named[3] != kind or not named[6] or conf.reference(item):
        return ""
    return named[0].removesuffix(named[6])


def _listed(raw: Any) -> list[Any]:
    return [item for item in (raw if isinstance(raw, list) else [raw]) if item is not None]
