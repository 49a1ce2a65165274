"""IAM roles, one per workload: who may assume one, for whom, and all that it may do, in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lib.guards.guarded import Concern, Guarded
from lib.guards.iam_document import Statement, document
from lib.guards.naming import physical_name
from lib.guards.refusal import Call
from lib.guards.tags import Tags
from policies.requirements import REGION

INLINE_CHARACTERS = 10_240
"""Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
ESCALATIONS = (
    "iam:",
    "sts:assume",
    "organizations:",
    "lambda:create",
    "lambda:update",
    "lambda:add",
    "kms:putkeypolicy",
)
"""What a workload could widen its own rights with: actions that begin so."""
LOG_ERASURES = ("logs:delete", "logs:putretention", "logs:disassociate")
"""What a workload could cover its tracks with."""


class GuardedRole(Guarded):
    """A role that one AWS service may assume, on behalf of this account only."""


def guarded_iam_role(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    service: str,
    account_id: str,
    description: str,
    source_arn: str | None = None,
    grants: Sequence[Statement] = (),
    managed_policies: Sequence[str] = (),
    overrides: Mapping[str, Any] | None = None,
) -> GuardedRole:
    """A role for `service`, and its only policy `<id>_grants`: the grants, and no request to another region.

    service: the service principal, such as `ecs-tasks.amazonaws.com`.
    source_arn: for which resources of the account the service may act; it may end in `*`.
    managed_policies: refused, since AWS's are wider than any workload needs.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    call = Call(scope, id_, "aws_iam_role")
    call.matches(
        "service",
        service,
        r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com",
        "a service principal",
        "PG_IAM_NO_PUBLIC_PRINCIPAL",
    )
    _check_source(call, account_id, source_arn)
    for managed in managed_policies:
        call.refuse("managed_policies", managed, "none: pass `grants`", "PG_IAM_NO_ADMIN")
    grants_document = _document(call, grants)
    role = call.build(
        GuardedRole,
        tags=tags,
        overrides=overrides,
        owned={
            "name": call.name(tags, 64),
            "description": _described(call, description),
            "assume_role_policy": document([_trust(service, account_id, source_arn)]),
            "max_session_duration": 3_600,
            "force_detach_policies": True,
            "inline_policy": None,
            "managed_policy_arns": None,
            "name_prefix": None,
        },
    )
    policy = Call(scope, f"{id_}_grants", "aws_iam_role_policy")
    name = physical_name(f"{id_}_grants", tags)
    policy.build(Guarded, owned={"name": name, "role": role.ref("id"), "policy": grants_document})
    return role


def deny_other_regions() -> Statement:
    """No request to any other region, whatever else is granted; AWS puts the key into every request.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    return Statement(
        sid="DenyOtherRegions",
        effect="Deny",
        actions=("*",),
        resources=("*",),
        conditions={"StringNotEquals": {"aws:RequestedRegion": REGION}},
    )


def _trust(service: str, account_id: str, source_arn: str | None) -> Statement:
    # One rule for all services. ECS, IoT, RDS and flow logs document both keys. Lambda's guide names neither for
    # execution roles, yet roles in use carry either (prowler-cloud/prowler#2792 and #2314), so Lambda sends them.
    conditions = {"StringEquals": {"aws:SourceAccount": str(account_id)}}
    if source_arn:
        conditions["ArnLike"] = {"aws:SourceArn": str(source_arn)}
    return Statement("Assume", ("sts:AssumeRole",), (), principals={"Service": (str(service),)}, conditions=conditions)


def _check_source(call: Call, account_id: str, source_arn: str | None) -> None:
    policy = "PG_IAM_TRUST_CONFUSED_DEPUTY"
    call.matches("account_id", account_id, r"\d{12}", "12 digits", policy)
    if source_arn is not None:
        arn = rf"arn:aws:[a-z0-9-]+:{REGION}:{account_id}:[^*]*\*?|\$\{{aws_[a-z0-9_]+\.[a-z0-9_]+\.arn\}}"
        call.matches("source_arn", source_arn, arn, f"an ARN in {REGION} and account {account_id}", policy)


def _described(call: Call, description: str) -> str:
    call.matches(
        "description", description, r"[ -~]{1,1000}", "what it is for, in 1 to 1000 characters", "PG_NAM_VALID"
    )
    return description


def _document(call: Call, statements: Sequence[Statement]) -> str:
    for index, statement in enumerate(statements):
        _check_statement(call, f"grants[{index}]", statement)
    sids = [statement.sid for statement in statements]
    call.unless(len(set(sids)) == len(sids), "grants", sids, "a sid of its own for each", "PG_NAM_VALID")
    text = document([*statements, deny_other_regions()])
    fits = len(text) <= INLINE_CHARACTERS
    call.unless(fits, "grants", f"{len(text)} characters", f"at most {INLINE_CHARACTERS}", "PG_NAM_VALID")
    return text


def _check_statement(call: Call, where: str, statement: Statement) -> None:
    call.unless(
        not statement.principals,
        f"{where}.principals",
        statement.principals,
        "none in a role's policy",
        "PG_IAM_NO_PUBLIC_PRINCIPAL",
    )
    for action in statement.actions if statement.effect == "Allow" else ():
        lowered = action.lower()
        escalates, erases = lowered.startswith(ESCALATIONS), lowered.startswith(LOG_ERASURES)
        call.unless(
            not escalates,
            f"{where}.actions",
            action,
            "nothing that widens its own rights",
            "PG_IAM_NO_PRIVILEGE_ESCALATION",
        )
        call.unless(not erases, f"{where}.actions", action, "nothing that removes logs", "PG_LOG_INTEGRITY")
