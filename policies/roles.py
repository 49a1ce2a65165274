"""What may a role, user or group do? Every statement it holds, wherever the configuration attaches it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.arns import fields
from policies.iam import Statement, identity_statements, statements
from policies.requirements import REVIEWED_MANAGED_POLICIES
from policies.terraform import Arguments, CannotDecide

INLINE = {
    "aws_iam_group": ("aws_iam_group_policy", "group"),
    "aws_iam_role": ("aws_iam_role_policy", "role"),
    "aws_iam_user": ("aws_iam_user_policy", "user"),
}
"""Terraform type of a holder -> type of its inline policies, argument that names the holder."""
HOLDERS = tuple(INLINE)
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
    Raises: CannotDecide where an attachment may mean this holder, or where an attached policy is not known.
    """
    kind = holder.block.type
    yield from ((holder.address, statement) for statement in identity_statements(holder))
    yield from _managed(holder, holder, "managed_policy_arns")
    yield from _attached(holder, kind, holder.address)
    if kind == "aws_iam_user":
        for type_, user, group in MEMBERSHIPS:
            for membership in _naming(holder, kind, type_, user, holder.address):
                yield from _of_groups(holder, membership, group)


def stray_statements(conf: Arguments) -> Iterator[tuple[str, tuple[str, Statement]]]:
    """What all attachments together give the holders that this one names and the configuration does not declare.

    Each statement comes with its holder. Raises: as held_statements.
    """
    inline = [(kind, type_, argument) for kind, (type_, argument) in INLINE.items()]
    for kind, type_, argument in (*inline, *((kind, type_, to) for kind, type_, to, _ in ATTACHMENTS)):
        if type_ == conf.block.type:
            for item in _listed(conf.values.get(argument)):
                holder = _identity(conf, kind, item, f"{conf.address}.{argument}")
                if holder not in conf.configuration.by_address:
                    yield from ((holder, held) for held in _attached(conf, kind, holder))


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


def _attached(conf: Arguments, kind: str, holder: str) -> Iterator[tuple[str, Statement]]:
    inline, named_by = INLINE[kind]
    for policy in _naming(conf, kind, inline, named_by, holder):
        yield from ((policy.address, statement) for statement in statements(policy))
    for kind_, type_, to_holder, of_policy in ATTACHMENTS:
        for attachment in _naming(conf, kind, type_, to_holder, holder) if kind_ == kind else ():
            yield from _managed(conf, attachment, of_policy)


def _of_groups(user: Arguments, membership: Arguments, argument: str) -> Iterator[tuple[str, Statement]]:
    for item in _listed(membership.values.get(argument)):
        name = _identity(user, "aws_iam_group", item, f"{membership.address}.{argument}")
        group = next((g for g in user.resources("aws_iam_group") if g.address == name), None)
        yield from held_statements(group) if group else _attached(user, "aws_iam_group", name)


def _managed(conf: Arguments, holder: Arguments, argument: str) -> Iterator[tuple[str, Statement]]:
    for item in _listed(holder.values.get(argument)):
        yield from managed_statements(conf, item, f"{holder.address}.{argument}")


def _naming(conf: Arguments, kind: str, type_: str, argument: str, holder: str) -> Iterator[Arguments]:
    """Resources that name this holder. Raises: CannotDecide where one does not tell."""
    for candidate in conf.resources(type_):
        path = f"{candidate.address}.{argument}"
        if holder in [_identity(conf, kind, item, path) for item in _listed(candidate.values.get(argument))]:
            yield candidate


def _identity(conf: Arguments, kind: str, item: Any, path: str) -> str:
    """What tells a holder apart: its address where it is declared here, else its name.

    Raises: CannotDecide where the configuration does not tell.
    """
    target = conf.target(item, kind)
    if target is not None:
        return target.address
    found = conf.reference(item)
    if found and found[0].label == f"data.{kind}":  # found by its name, so it may be one of ours
        item = found[0].arguments.get(f"{kind.removeprefix('aws_iam_')}_name") or found[0].arguments.get("name")
    name = str(conf.configuration.resolve(item, path))
    declared = conf.configuration.by_type.get(("resource", kind), ())
    named = [b for b in declared if conf.configuration.resolve(b.arguments.get("name"), f"{b.address}.name") == name]
    return named[0].address if named else name


def _listed(raw: Any) -> list[Any]:
    return [item for item in (raw if isinstance(raw, list) else [raw]) if item is not None]
