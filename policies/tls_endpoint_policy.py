"""TLS.endpoint-policy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.arns import wild
from policies.base import Policy, Violation
from policies.gaps import Items, certain, collected, decided, refuse_gap, together
from policies.iam import Statement, statements
from policies.principals import FOREIGN, LIMITED, OWN, owned, pinned, standing, unlimiting
from policies.profiles import OWN_REGION, SENSOR_PLATFORM
from policies.terraform import Arguments, CannotDecide
from policies.transport import denies_clear_text

ACCOUNT_KEYS = frozenset({"aws:principalaccount", "aws:principalorgid", "aws:resourceaccount", "aws:resourceorgid"})
ANY_ACTION = ("any:action",)
"""An action that only `*` covers."""


class TlsEndpointPolicy(Policy):
    """An endpoint with the default policy carries stolen data to any bucket or queue of any account.

    Each Allow must be tied to our account: by its condition, its principals or its resources. The bucket from which
    ECR serves image layers belongs to AWS and is excused; without it no task starts.
    A named principal of another account is refused whatever the condition, and in sensor-platform a pattern of actions.
    There our resources alone do not do: somebody else's credentials have no business in the network either.
    The Deny of clear text is asked for in sensor-platform only: few others write it, and a resource's own policy
    (TLS.resource-policy) turns such requests away wherever they come from.
    """

    id = "PG_TLS_ENDPOINT_POLICY"
    name = "Ensure VPC endpoint policy denies clear text and is tied to the account"
    severity = "MEDIUM"
    resources = ("aws_vpc_endpoint", "aws_vpc_endpoint_policy")
    controls = {
        "cis-aws-7.0": ("6.8",),
        "eu-cra": ("Annex I Part I (2)(e)", "Annex I Part I (2)(f)"),
        "gdpr": ("Art.32(1)(a)", "Art.5(1)(f)"),
        "iec-62443-3-3": ("SR 3.1", "SR 3.1 RE 1", "SR 4.1", "SR 4.1 RE 1", "SR 4.3", "SR 5.2"),
        "iso27001-2022": ("A.8.24", "A.5.14"),
        "nis2": ("Art.21(2)(h)",),
        "nis2-ir-2024-2690": ("9.2.a", "6.7.2.i", "6.8.2.a"),
        "nist-800-53-r5": ("SC-8", "SC-8(1)", "SC-13", "SC-7(5)"),
        "nist-csf-2.0": ("PR.DS-02",),
        "pci-dss-4.0": ("4.2.1", "1.3.2"),
        "soc2": ("CC6.7",),
    }
    fix = "deny * where aws:SecureTransport is false; limit each Allow by aws:PrincipalAccount or ResourceAccount"
    source = "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        found = collected(statements(conf))
        if not found:
            # A separate policy replaces that of the endpoint, and is judged itself.
            endpoint = conf.block.type == "aws_vpc_endpoint"
            if not (endpoint and conf.referred_by("aws_vpc_endpoint_policy", "vpc_endpoint_id")):
                yield Violation("policy", None, "a policy; without one AWS allows everything")
            return
        yield from together((_denied(conf, found), *(_tied(conf, statement) for statement in certain(found))))


def _denied(conf: Arguments, found: Items[Statement]) -> Iterator[Violation]:
    if conf.profile.name != SENSOR_PLATFORM.name:
        refuse_gap(found)
        return
    everywhere = [statement for statement in found if not statement.allows and "*" in statement.resources]
    if not denies_clear_text(everywhere, ANY_ACTION):
        yield Violation("policy.Deny", "no such statement", "a Deny of * to * on * where aws:SecureTransport is false")


def _tied(conf: Arguments, statement: Statement) -> Iterator[Violation]:
    for loose in unlimiting(conf, statement):
        yield Violation(f"{statement.path}.Condition", loose, LIMITED)
    if statement.allows and conf.profile.name == SENSOR_PLATFORM.name:
        for action in filter(wild, certain(statement.actions)):
            yield Violation("policy.Action", f"{action} in {statement.path}", "the actions that the workloads call")
    strangers = decided(
        statement.principals if statement.allows else (), lambda who: (who, _who(conf, statement, *who))
    )
    for (kind, value), found in certain(strangers):
        if found == FOREIGN:
            yield Violation(f"{statement.path}.Principal", f"{kind}: {value}", "principals of our account")
    if statement.allows and not _of_the_account(conf, statement):
        requires = "a condition on aws:PrincipalAccount or aws:ResourceAccount with our account"
        yield Violation(statement.path, f"Allow {statement.described()} to any account", requires)
    elif statement.allows and conf.profile.name == SENSOR_PLATFORM.name and not _asks_who(conf, statement):
        requires = "a condition on aws:PrincipalAccount with our account, beside our resources"
        yield Violation("policy.Condition", f"{statement.path} is for anyone", requires)


def _who(conf: Arguments, statement: Statement, kind: str, value: str) -> str:
    return standing(conf, kind, value, f"{statement.path}.Principal")


def _of_the_account(conf: Arguments, statement: Statement) -> bool:
    try:
        return pinned(conf, statement.conditions, ACCOUNT_KEYS) or _names_us(conf, statement)
    except CannotDecide:
        if _names_us(conf, statement):
            return True
        raise


def _names_us(conf: Arguments, statement: Statement) -> bool:
    return _principals_are_ours(conf, statement) or _resources_are_ours(conf, statement)


def _asks_who(conf: Arguments, statement: Statement) -> bool:
    """Whether it is for our account's principals, not for anyone's who reached the network; layers are for everyone."""
    layers = bool(statement.resources) and all(re.fullmatch(_layers(conf), each) for each in statement.resources)
    return layers or _principals_are_ours(conf, statement) or pinned(conf, statement.conditions, ACCOUNT_KEYS)


def _principals_are_ours(conf: Arguments, statement: Statement) -> bool:
    who = [_who(conf, statement, kind, value) for kind, value in statement.principals]
    return bool(who) and all(one == OWN for one in who)


def _resources_are_ours(conf: Arguments, statement: Statement) -> bool:
    where = [resource for resource in statement.resources if not re.fullmatch(_layers(conf), resource)]
    return bool(statement.resources) and all(owned(conf, resource, f"{statement.path}.Resource") for resource in where)


def _layers(conf: Arguments) -> str:
    return rf"arn:aws(?:-[a-z]+)*:s3:::prod-(?:{conf.profile.region_form}|{OWN_REGION})-starport-layer-bucket/\*"
