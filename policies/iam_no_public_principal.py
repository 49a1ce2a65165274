"""IAM.no-public-principal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from policies.arns import wild
from policies.base import Policy, Violation
from policies.gaps import certain, together
from policies.iam import Statement, statements
from policies.principals import (
    ANYONE,
    CALLER_KEYS,
    FOREIGN,
    ORGANISATION_KEYS,
    SOURCE_KEYS,
    own_organisation,
    pinned,
    standing,
)
from policies.profiles import SENSOR_PLATFORM
from policies.resource_policies import RESOURCE_POLICIES, resource_statements
from policies.terraform import Arguments, CannotDecide

NARROWING = "aws_vpc_endpoint"
"""Endpoint policies grant nothing: they narrow what others grant to whoever is inside the VPC."""
DOCUMENTS = ("aws_iam_role", *(type_ for type_ in RESOURCE_POLICIES if not type_.startswith(NARROWING)))
GRANTEES = {
    "aws_ami_launch_permission": ("account_id", ""),
    "aws_cloudwatch_event_permission": ("principal", "condition"),
    "aws_lambda_layer_version_permission": ("principal", "organization_id"),
    "aws_lambda_permission": ("principal", "principal_org_id"),
    "aws_ram_principal_association": ("principal", ""),
    "aws_signer_signing_profile_permission": ("principal", ""),
    "aws_snapshot_create_volume_permission": ("account_id", ""),
    "aws_vpc_endpoint_service": ("allowed_principals", ""),
    "aws_vpc_endpoint_service_allowed_principal": ("principal_arn", ""),
}
"""Type that lets somebody in without a document -> argument that says whom, and the one that names an organisation."""
PINNING_KEYS = CALLER_KEYS | ORGANISATION_KEYS | SOURCE_KEYS | {"aws:sourceowner", "s3:dataaccesspointaccount"}
"""Beside the general keys that of the default topic policy, and that of a bucket which leaves access to its points."""
TRUST_KEYS = PINNING_KEYS - SOURCE_KEYS
"""What pins a trust policy: a source key is set only where a service asks, so it says nothing of another principal."""
EXACT = ("StringEquals", "StringLike")
COGNITO = "cognito-identity.amazonaws.com"
SUBJECT_WORDS = frozenset({"organization", "project", "project_path", "repo", "serviceaccount", "system"})
"""What a subject says before it says whose it is: `repo:<owner>/<repository>:ref:...`."""


class IamNoPublicPrincipal(Policy):
    """`*` is everyone with an AWS account, and for a queue or a topic everyone with a browser.

    A condition on the network (aws:SourceIp, aws:SourceVpce) is not enough: it says where a caller is, not whose he
    is. The account of another team or customer is refused as well: the platform shares nothing.
    aws:SourceAccount and aws:SourceArn are the services' keys: in a role's trust they excuse nobody, and no named
    account anywhere. For `*` in a resource's policy they do in generic, as in AWS's older examples.
    """

    id = "PG_IAM_NO_PUBLIC_PRINCIPAL"
    name = "Ensure no policy admits anyone outside the account"
    severity = "CRITICAL"
    waivable = False
    resources = ("aws_lambda_function_url", *GRANTEES, *DOCUMENTS)
    data = ("aws_iam_policy_document",)
    controls = {
        "aws-fsbp": ("KMS.5", "Lambda.1", "SNS.4", "SQS.3"),
        "cis-aws-7.0": ("2.21",),
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 2.1", "SR 2.1 RE 1"),
        "iso27001-2022": ("A.5.15", "A.5.18", "A.8.2"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.2.2.a",),
        "nist-800-53-r5": ("AC-3", "AC-6", "AC-4", "SC-7(5)"),
        "nist-csf-2.0": ("PR.AA-05",),
        "pci-dss-4.0": ("7.2.1", "7.2.2"),
        "soc2": ("CC6.3", "CC6.1", "CC6.6"),
    }
    confidence = "high"
    fix = "name roles of our account, or add aws:PrincipalAccount / aws:PrincipalOrgID under StringEquals"
    source = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Each Allow is for principals of our account, or pinned to it."""
        if conf.block.type in GRANTEES:
            yield from _grantees(conf, *GRANTEES[conf.block.type])
        elif conf.block.type == "aws_lambda_function_url":
            kind = conf.text("authorization_type")
            if kind != "AWS_IAM":
                yield Violation("authorization_type", kind, '"AWS_IAM"')
        else:
            trust = statements(conf, "assume_role_policy") if conf.block.type == "aws_iam_role" else ()
            yield from together(_admitted(conf, statement) for statement in chain(trust, resource_statements(conf)))


def _admitted(conf: Arguments, statement: Statement) -> Iterator[Violation]:
    if statement.allows and not _pinned(conf, statement):
        yield from _strangers(conf, statement)


def _pinned(conf: Arguments, statement: Statement) -> bool:
    """Whether a condition keeps strangers out; where that is not known it matters only if a principal is one."""
    try:
        return pinned(conf, statement.conditions, PINNING_KEYS if _by_source(conf, statement) else TRUST_KEYS)
    except CannotDecide:
        if any(_strangers(conf, statement)):
            raise
        return True


def _by_source(conf: Arguments, statement: Statement) -> bool:
    """Whether the source keys may pin it: a statement of no trust (STS) for anyone, in which a service is not named."""
    trust = any(action.lower().startswith("sts:") for action in certain(statement.actions))
    named = any(kind != "Service" and not wild(value) for kind, value in certain(statement.principals))
    return not (trust or named or conf.profile.name == SENSOR_PLATFORM.name)


def _strangers(conf: Arguments, statement: Statement) -> Iterator[Violation]:
    if statement.not_principals:
        yield Violation(f"{statement.path}.NotPrincipal", "everyone else", "principals of our account")
    yield from together(_stranger(conf, statement, *principal) for principal in statement.principals)


def _stranger(conf: Arguments, statement: Statement, kind: str, value: str) -> Iterator[Violation]:
    """A missing subject is wrong whosever the provider is, so it comes before the account."""
    path = f"{statement.path}.Principal"
    if kind == "Federated" and not _names_subject(statement):
        yield Violation(path, f"{kind}: {value}", "a condition that names the subject (`<provider>:sub`)")
    found = standing(conf, kind, value, path)
    if found in (ANYONE, FOREIGN):
        yield Violation(path, f"{kind}: {value} ({found})", "principals of our account, or a condition on it")


def _names_subject(statement: Statement) -> bool:
    """Whether a condition says which of an identity provider's identities is meant; of Cognito's, no guests."""
    exact = {c.key: c.values for c in statement.conditions if c.operator.removeprefix("ForAnyValue:") in EXACT}
    if f"{COGNITO}:aud" in exact:
        users = exact.get(f"{COGNITO}:amr", ("",))
        return _fixed(exact[f"{COGNITO}:aud"]) and all(value.startswith("authenticated") for value in users)
    return any(key.endswith(":sub") and _fixed(exact[key]) for key in exact) or _fixed(exact.get("saml:aud", ()))


def _fixed(subjects: tuple[str, ...]) -> bool:
    owners = [next((part for part in s.split(":") if part not in SUBJECT_WORDS), "*") for s in subjects]
    return bool(owners) and not any(owner == "" or wild(owner.partition("/")[0]) for owner in owners)


def _grantees(conf: Arguments, argument: str, organisation: str) -> Iterator[Violation]:
    if conf.has("group"):
        yield Violation("group", conf.text("group"), "an account of ours; a group is everyone")
    yield from together(_grantee(conf, principal, argument, organisation) for principal in conf.strings(argument))


def _grantee(conf: Arguments, principal: str, argument: str, organisation: str) -> Iterator[Violation]:
    service = principal.endswith((".amazonaws.com", ".amazon.com"))
    found = standing(conf, "Service" if service else "AWS", principal, argument)
    if found in (ANYONE, FOREIGN) and not (organisation and _limited(conf, organisation)):
        yield Violation(argument, f"{principal} ({found})", "a service, our account, or our organisation")


def _limited(conf: Arguments, argument: str) -> bool:
    if argument != "condition":
        return own_organisation(conf, conf.text(argument) or "", argument)
    condition = conf.block_at(argument)
    key, operator = (condition.text("key") or "", condition.text("type")) if condition else ("", None)
    organisational = key.lower() == "aws:principalorgid" and operator == "StringEquals"
    return organisational and condition is not None and own_organisation(conf, condition.text("value") or "", argument)
