"""Can a rotation work? Secrets Manager may invoke its function, and the function may do what a rotation takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from policies.accounts import REQUIRES as OWN_ACCOUNT
from policies.accounts import own_accounts
from policies.base import Violation
from policies.iam import Statement
from policies.roles import held_statements
from policies.secret_uses import SECRET, same_secret
from policies.terraform import Arguments

PERMISSION = "aws_lambda_permission"
SERVICE = "secretsmanager.amazonaws.com"
STEPS = ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
"""What every rotation function does with its secret; a new password it may make itself."""
KEY_USES = ("kms:Decrypt", "kms:GenerateDataKey")
NARROWING = (
    "qualifier",
    "function_url_auth_type",
    "event_source_token",
    "principal_org_id",
    "invoked_via_function_url",
)
"""Arguments that make a permission one for other calls than Secrets Manager's."""
KEY_ARN = re.compile(r"arn:aws:kms:[\w-]+:\d{12}:key/[\w-]+")
WITH_TAIL = re.compile(r"(\$\{[^{}]+\})[-*?]*")


def not_invocable(secret: Arguments, function: Arguments) -> Iterator[Violation]:
    """What keeps Secrets Manager from invoking the function for this secret, or lets another account's do so."""
    if function.number("reserved_concurrent_executions") == 0:
        yield Violation(f"{function.address}.reserved_concurrent_executions", 0, "1 or more: with 0 it never runs")
    permissions = [p for p in function.referred_by(PERMISSION, "function_name") if p.text("principal") == SERVICE]
    if not permissions:
        yield Violation(function.address, None, f"an {PERMISSION} for it with principal {SERVICE}")
        return
    judged = [list(_permission(secret, permission)) for permission in permissions]
    yield from () if [] in judged else judged[0]


def _permission(secret: Arguments, permission: Arguments) -> Iterator[Violation]:
    source, account = permission.values.get("source_arn"), permission.text("source_account")
    permission.note("source_arn", source)
    action = permission.text("action")
    if action != "lambda:InvokeFunction":
        yield Violation(f"{permission.address}.action", action, "lambda:InvokeFunction")
    if not same_secret(secret, permission.target(source, *SECRET)):
        yield Violation(f"{permission.address}.source_arn", source, f"the ARN of {secret.address}")
    if account is None or not (_is_caller(permission, account) or account in own_accounts(permission)):
        yield Violation(f"{permission.address}.source_account", account, OWN_ACCOUNT)
    for name in NARROWING:
        if permission.has(name):
            got = permission.values.get(name)
            yield Violation(f"{permission.address}.{name}", got, "absent: Secrets Manager calls the function itself")


def _is_caller(conf: Arguments, account: str) -> bool:
    block, attribute = conf.reference(account) or (None, "")
    return block is not None and block.label == "data.aws_caller_identity" and attribute in ("account_id", "id")


def not_permitted(secret: Arguments, function: Arguments) -> Iterator[Violation]:
    """What the function's role lacks to rotate the secret. Raises: CannotDecide where the role is not known whole.

    Conditions are taken to be met; a Deny without one is not survived. The key of an existing secret is what its
    postcondition says (ENC.secrets asks for one), else any that is not declared here.
    """
    role = function.follow("role", "aws_iam_role")
    if role is None:
        yield Violation(f"{function.address}.role", None, "a reference to a declared aws_iam_role")
        return
    held = [statement for _, statement in held_statements(role)]
    for action in (f"secretsmanager:{step}" for step in STEPS):
        if not _may(held, action, [s for s in held if _covers(secret, s)]):
            yield Violation(f"{role.address}: {action}", None, f"an Allow for {secret.address}")
    if secret.block.kind == "resource" and secret.target(secret.values.get("kms_key_id"), "aws_kms_key") is None:
        return  # no key of ours: AWS's own asks for no grant, and ENC.secrets refuses it
    usable = [s for s in held if any(_is_its_key(secret, resource) for resource in s.resources)]
    for action in KEY_USES:
        if not _may(held, action, usable):
            yield Violation(f"{role.address}: {action}", None, f"an Allow for the key of {secret.address}")


def _is_its_key(secret: Arguments, resource: str) -> bool:
    """Whether a resource of a statement is the key of the secret, or may be, where no postcondition names that key."""
    declared_key = secret.target(resource, "aws_kms_key")
    if secret.block.kind == "resource":
        return resource == "*" or declared_key is secret.target(secret.values.get("kms_key_id"), "aws_kms_key")
    stated = KEY_ARN.findall(json.dumps(secret.values.get("lifecycle")))
    if declared_key is not None or not stated or resource.startswith("${"):
        return declared_key is None
    return any(fnmatchcase(arn, resource) for arn in stated)


def _may(held: Sequence[Statement], action: str, about: Sequence[Statement]) -> bool:
    denied = any(_denies(statement, action) for statement in held if statement in about)
    return not denied and any(statement.grants(action) for statement in about)


def _denies(statement: Statement, action: str) -> bool:
    named = any(fnmatchcase(action.lower(), pattern.lower()) for pattern in statement.actions)
    return not statement.allows and not statement.conditions and named


def _covers(secret: Arguments, statement: Statement) -> bool:
    if statement.not_resources:
        return not any(_means(secret, resource) for resource in statement.not_resources)
    return any(_means(secret, resource) for resource in statement.resources)


def _means(secret: Arguments, resource: str) -> bool:
    """Whether a resource of a statement is the secret: by reference, by its name, by a pattern."""
    whole = WITH_TAIL.fullmatch(resource)
    if whole:
        return same_secret(secret, secret.target(whole[1], *SECRET))
    if resource == "*":
        return True
    _, found, tail = resource.partition(":secret:")
    name = secret.text("name") or str(secret.text("arn")).partition(":secret:")[2]
    return bool(found and name) and (fnmatchcase(f"{name}-AbCdEf", tail) or fnmatchcase(name, tail))
