"""Whom does a policy admit? Principals, and the conditions that tie them to the account of the stack."""

from __future__ import annotations

import re
from collections.abc import Iterable

from policies.accounts import own_accounts
from policies.arns import INTERPOLATION, wild
from policies.iam import Condition
from policies.terraform import Arguments, CannotDecide

OWN, FOREIGN, ANYONE = "own account", "another account", "anyone"
SERVICE, FEDERATED = "an AWS service", "an identity provider"
ACCOUNT = re.compile(r"\d{12}")
CALLER = re.compile(r"\$\{data\.aws_caller_identity\.[\w-]+\.(?:account_id|id)\}")
OWN_IDENTITY = re.compile(r"\$\{(?:aws_iam_(?:role|user)|data\.aws_(?:iam_role|caller_identity))\.[\w-]+\.\w+\}")
POSITIVE = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"})
"""Operators that refuse a request without the key. `...IfExists` and `ForAllValues:` let such a request through."""
ORGANISATION_KEYS = frozenset({"aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths"})
SOURCE_KEYS = frozenset({"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"})
"""Keys that say for whom an AWS service acts."""
CALLER_KEYS = frozenset({"aws:principalaccount", "aws:principalarn", "kms:calleraccount"})


def standing(conf: Arguments, kind: str, value: str, path: str) -> str:
    """Who a principal is: OWN, FOREIGN, ANYONE, SERVICE or FEDERATED.

    Raises: CannotDecide where the configuration does not tell, as for unique ids (`AROA...`).
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    if wild(INTERPOLATION.sub("", value)):
        return ANYONE
    if kind in ("Service", "Federated"):
        return SERVICE if kind == "Service" else FEDERATED
    if kind not in ("*", "AWS"):
        raise CannotDecide(path, f"{kind}: {value}", "a principal of kind AWS or Service")
    if OWN_IDENTITY.fullmatch(value) or CALLER.fullmatch(value):
        return OWN
    return _of_account(conf, value if ACCOUNT.fullmatch(value) else _account_field(value), value, path)


def pinned(conf: Arguments, conditions: Iterable[Condition], keys: frozenset[str]) -> bool:
    """Whether one of the conditions holds only for requests of our account or organisation, through one of `keys`.

    A key counts that ends in a colon as the prefix of a family (`kms:encryptioncontext:`). All values of the
    condition must be ours, since one match is enough. Raises: CannotDecide where our account is not declared.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    return any(_pins(conf, condition, keys) for condition in conditions)


def owned(conf: Arguments, value: str, path: str) -> bool:
    """Whether an account id, or the account in an ARN, is ours; an ARN without account (S3) is not."""
    if CALLER.fullmatch(value):
        return True
    if value.startswith("${data."):
        secret = conf.target(value, "data.aws_secretsmanager_secret")
        return secret is not None and "name" in secret.arguments  # found by name, so in the account we run in
    if value.startswith("${"):
        return not value.startswith(("${aws_s3_", "${aws_organizations_"))
    account = value if ACCOUNT.fullmatch(value) else _account_field(value)
    return bool(account) and not wild(account) and _of_account(conf, account, value, path) == OWN


def _pins(conf: Arguments, condition: Condition, keys: frozenset[str]) -> bool:
    wanted = condition.key in keys or any(condition.key.startswith(key) for key in keys if key.endswith(":"))
    if not wanted or condition.operator.removeprefix("ForAnyValue:") not in POSITIVE or not condition.values:
        return False
    if condition.key in ORGANISATION_KEYS:
        return all(re.match(r"o-[a-z0-9]{10}", value) for value in condition.values)
    return all(owned(conf, value, f"Condition.{condition.operator}.{condition.key}") for value in condition.values)


def _account_field(arn: str) -> str:
    parts = INTERPOLATION.sub(lambda match: match[0].replace(":", ""), arn).split(":", 5)
    return parts[4] if len(parts) == 6 else ""


def _of_account(conf: Arguments, account: str, value: str, path: str) -> str:
    if CALLER.fullmatch(account):
        return OWN
    if not ACCOUNT.fullmatch(account):
        raise CannotDecide(path, value, "a principal whose account the configuration tells")
    return OWN if account in own_accounts(conf) else FOREIGN
