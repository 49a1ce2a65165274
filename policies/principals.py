"""Whom does a policy admit? Principals, and the conditions that tie them to the account of the stack."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from policies.accounts import is_caller, own_accounts, refuse_other_provider
from policies.arns import INTERPOLATION, any_service, fields, meant, told, wild
from policies.gaps import certain
from policies.iam import Condition, Statement
from policies.terraform import Arguments, Block, CannotDecide

OWN, FOREIGN, ANYONE = "own account", "another account", "anyone"
SERVICE, FEDERATED = "an AWS service", "an identity provider"
ACCOUNT = re.compile(r"\d{12}")
LEADING = re.compile(r"(\$\{[^{}]*\})(.*)", re.DOTALL)
"""A text that begins with a reference, and what follows it."""
IDENTITIES = frozenset(
    {
        "aws_cloudfront_origin_access_identity",
        "aws_iam_role",
        "aws_iam_user",
        "data.aws_caller_identity",
        "data.aws_iam_role",
        "data.aws_iam_user",
    }
)
"""Blocks that are, or find, an identity of the account that Terraform runs in."""
IDENTITY_ATTRIBUTES = frozenset({"arn", "iam_arn", "id", "unique_id", "user_id"})
PROVIDERS = frozenset(
    f"{kind}aws_iam_{type_}_provider" for kind in ("", "data.") for type_ in ("openid_connect", "saml")
)
PUBLIC_PROVIDERS = frozenset(
    {"accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"}
)
"""Identity providers that AWS knows without an ARN."""
FOUND_BY_NAME = frozenset(
    f"data.aws_{type_}"
    for type_ in (
        "cloudwatch_event_bus",
        "dynamodb_table",
        "ecs_cluster",
        "kinesis_stream",
        "secretsmanager_secret",
        "sns_topic",
        "sqs_queue",
    )
)
"""Data sources that look, by a name, only into the account that Terraform runs in."""
NO_ACCOUNT = ("aws_s3_", "aws_organizations_")
"""Types whose ARNs hold no account, or that of another."""
POSITIVE = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"})
"""Operators that refuse a request without the key. `...IfExists` and `ForAllValues:` let such a request through."""
ORGANISATION_KEYS = frozenset({"aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths"})
SOURCE_KEYS = frozenset({"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"})
"""Keys that say for whom an AWS service acts."""
CALLER_KEYS = frozenset({"aws:principalaccount", "aws:principalarn", "kms:calleraccount"})
ACCOUNTS = frozenset(
    {"aws:principalaccount", "aws:resourceaccount", "aws:sourceaccount", "aws:sourceowner", "kms:calleraccount"}
)
"""Keys whose values are account ids."""
LIMITS = (
    ACCOUNTS
    | SOURCE_KEYS
    | ORGANISATION_KEYS
    | {"aws:resourceorgid", "aws:resourceorgpaths", "aws:sourcevpc", "aws:sourcevpce", "kms:viaservice"}
)
"""Keys that a statement names to be limited by: whose request it is, and through what."""

LIMITED = "a condition that holds for our requests alone: no negation, IfExists, ForAllValues, * or other account"


def standing(conf: Arguments, kind: str, value: str, path: str) -> str:
    """Who a principal is: OWN, FOREIGN, ANYONE, SERVICE or FEDERATED.

    Raises: CannotDecide where the configuration does not tell, as for unique ids (`AROA...`).
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    if wild(INTERPOLATION.sub("", value)):
        return ANYONE
    if kind == "Service":
        return SERVICE
    found = meant(conf, value)
    if kind == "Federated":
        known = value in PUBLIC_PROVIDERS or (found is not None and found[0].label in PROVIDERS)
        return FEDERATED if known or _of_account(conf, _account(value), value, path) == OWN else FOREIGN
    if kind not in ("*", "AWS"):
        raise CannotDecide(path, f"{kind}: {value}", "a principal of kind AWS or Service")
    if found and found[0].label in IDENTITIES and found[1] in IDENTITY_ATTRIBUTES:
        refuse_other_provider(conf, found[0])
        return OWN
    return _of_account(conf, _account(value), value, path)


def pinned(conf: Arguments, conditions: Iterable[Condition], keys: frozenset[str]) -> bool:
    """Whether one of the conditions holds only for requests of our account or organisation, through one of `keys`.

    A key counts that ends in a colon as the prefix of a family (`kms:encryptioncontext:`). All values of the
    condition must be ours, since one match is enough. Raises: CannotDecide where nothing pins for sure and our
    account, or whose a value is, is not declared.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    gap: CannotDecide | None = None
    for condition in conditions:
        try:
            if _pins(conf, condition, keys):
                return True
        except CannotDecide as unknown:
            gap = unknown
    if gap:
        raise gap
    return False


def unlimiting(conf: Arguments, statement: Statement) -> Iterator[str]:
    """The conditions of an Allow that look as if they limited it to somebody, and do not.

    Negated, `...IfExists` and `ForAllValues:` operators hold for strangers; `*` and another account let them in. One
    is wrong beside a condition that does limit, too: whoever removes that sees another one left. `Null` with `false`
    asks for the key, and is no such condition. Gaps are left to those who ask whether a statement is pinned.
    """
    for condition in certain(statement.conditions) if statement.allows else ():
        if condition.key in LIMITS or condition.key.startswith("kms:encryptioncontext:"):
            asks = (condition.operator, condition.values) == ("Null", ("false",))
            limits = condition.operator.removeprefix("ForAnyValue:") in POSITIVE
            if not (asks or (limits and not any(_of_strangers(conf, condition, value) for value in condition.values))):
                yield f"{condition.operator} {condition.key} {', '.join(condition.values)}"


def via_service(statement: Statement) -> bool:
    """kms:ViaService is set only where a service forwards one of our principals' requests, so it admits no stranger."""
    named = [
        c.values
        for c in statement.conditions
        if c.key == "kms:viaservice" and c.operator in ("StringEquals", "StringLike")
    ]
    return any(values and all(re.match(r"[\w-]", value) for value in values) for values in named)


def owned(conf: Arguments, value: str, path: str) -> bool:
    """Whether an account id, or the account in an ARN, is ours; an ARN without account (S3) is not.

    Raises: CannotDecide where a reference does not tell.
    """
    if is_caller(conf, value):
        return True
    leading = LEADING.fullmatch(value)
    if leading:
        block, attribute = told(conf, leading[1], path)
        refuse_other_provider(conf, block)
        return _is_here(block) and (attribute.endswith("arn") or attribute in ("id", "owner_id", "registry_id", "url"))
    account = _account(value)
    names_one = bool(ACCOUNT.fullmatch(account) or INTERPOLATION.fullmatch(account))
    return names_one and _of_account(conf, account, value, path) == OWN


def own_organisation(conf: Arguments, value: str, path: str) -> bool:
    """Whether an organisation's id, or a path in it, is ours: a reference says so, a literal id is anybody's.

    Raises: CannotDecide for a literal id.
    """
    leading = LEADING.fullmatch(value)
    found = conf.reference(leading[1]) if leading else None
    if leading and found and found[0].type == "aws_organizations_organization":
        return found[1] == "id" and leading[2][:1] in ("", "/")
    if re.fullmatch(r"o-[a-z0-9]{10,32}", value.partition("/")[0]):
        requires = "the id of data.aws_organizations_organization, or a condition on our account"
        raise CannotDecide(path, value, requires)
    return False


def _is_here(block: Block) -> bool:
    """Whether AWS makes or finds a block in our account: a data source by a literal name, a resource of most types."""
    if block.kind == "data":
        looked_up = [str(value) for value in block.arguments.values()]
        by_name = looked_up and not any("arn:" in text or "${" in text for text in looked_up)
        return bool(by_name) and block.label in FOUND_BY_NAME
    return not block.type.startswith(NO_ACCOUNT)


def _pins(conf: Arguments, condition: Condition, keys: frozenset[str]) -> bool:
    wanted = condition.key in keys or any(condition.key.startswith(key) for key in keys if key.endswith(":"))
    if not wanted or condition.operator.removeprefix("ForAnyValue:") not in POSITIVE or not condition.values:
        return False
    ours = own_organisation if condition.key.endswith(("orgid", "orgpaths")) else owned
    if condition.operator.endswith("StringLike") and any(_spans_colons(value) for value in condition.values):
        return False
    return all(ours(conf, value, f"Condition.{condition.operator}.{condition.key}") for value in condition.values)


def _of_strangers(conf: Arguments, condition: Condition, value: str) -> bool:
    """Whether a value is a bare wildcard, or a literal account, or the ARN of one, that is not ours."""
    if wild(value[:1]) or (any_service(value) if ":" in value else condition.key in ACCOUNTS and wild(value)):
        return True
    account = _account(value)
    try:
        return bool(ACCOUNT.fullmatch(account)) and account not in own_accounts(conf)
    except CannotDecide:
        return False


def _spans_colons(value: str) -> bool:
    """Whether `*` stands before the account: ArnLike keeps it to its part, to StringLike `:123456789012:` is a name."""
    parts = fields(value)
    return len(parts) == 6 and wild(INTERPOLATION.sub("", "".join(parts[:4])))


def _account(value: str) -> str:
    """The account that a principal or an ARN names; empty where it names none."""
    parts = fields(value)
    return value if ACCOUNT.fullmatch(value) or len(parts) == 1 else parts[4] if len(parts) == 6 else ""


def _of_account(conf: Arguments, account: str, value: str, path: str) -> str:
    if is_caller(conf, account):
        return OWN
    if not ACCOUNT.fullmatch(account):
        raise CannotDecide(path, value, "a principal whose account the configuration tells")
    return OWN if account in own_accounts(conf) else FOREIGN
