"""IAM.no-wildcard-resource."""

from __future__ import annotations

from collections.abc import Iterator

from policies.accounts import own_accounts
from policies.actions import Action, known
from policies.arns import fields, names_resource, wild
from policies.base import Policy, Violation
from policies.gaps import certain, collected, decided, refuse_gap, together
from policies.iam import IDENTITY_POLICIES, Statement, identity_statements
from policies.principals import ACCOUNT, LIMITED, pinned, unlimiting
from policies.profiles import SENSOR_PLATFORM
from policies.requirements import IMAGE_LAYERS
from policies.terraform import Arguments, CannotDecide

RESOURCE_ACCOUNT = frozenset({"aws:resourceaccount"})
SHOWN = 4
"""Actions that a finding lists of what a pattern stands for."""


class IamNoWildcardResource(Policy):
    """With `*` as its resource, a grant for our queue is one for every queue of the account, other teams' included.

    `role/*`, `secret:*` or `arn:aws:sqs:*:*:*` name nothing either: they differ from `*` in looks only. Which
    actions take no resource, AWS's own reference says; those among them that hand out rights are refused all the
    same, and a condition key is no resource. What an action does that AWS does not list, nobody can say: undecided.
    A condition on an account or a service that holds for any other too (`...IfExists`, `*`) is refused: it seems to
    name what the statement leaves open.
    In sensor-platform a grant reaches no other account, and no bucket that is not declared: its ARN does not say whose
    it is. ECR's image layers are AWS's own.
    """

    id = "PG_IAM_NO_WILDCARD_RESOURCE"
    name = "Ensure Allow statements name their resources"
    severity = "HIGH"
    resources = ("aws_iam_role", *IDENTITY_POLICIES)
    data = ("aws_iam_policy_document",)
    controls = {
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 2.1", "SR 2.1 RE 1"),
        "iso27001-2022": ("A.5.15", "A.5.18", "A.8.2"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.2.2.a",),
        "nist-800-53-r5": ("AC-3", "AC-6"),
        "nist-csf-2.0": ("PR.AA-05",),
        "pci-dss-4.0": ("7.2.1", "7.2.2"),
        "soc2": ("CC6.3",),
    }
    confidence = "high"
    fix = "give the ARNs the workload uses; move actions that take no resource into a statement of their own"
    source = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Every resource of an Allow is named, unless none of its actions can be scoped."""
        found = collected(identity_statements(conf))
        checks = (_loose, _unnamed, _elsewhere)
        yield from together(check(conf, statement) for statement in certain(found) for check in checks)
        refuse_gap(found)


def _loose(conf: Arguments, statement: Statement) -> Iterator[Violation]:
    for loose in unlimiting(conf, statement):
        yield Violation(f"{statement.path}.Condition", loose, LIMITED)


def _elsewhere(conf: Arguments, statement: Statement) -> Iterator[Violation]:
    if conf.profile.name != SENSOR_PLATFORM.name or not statement.allows:
        return
    path = f"{statement.path}.Resource"
    for resource in certain(statement.resources):
        account, name = fields(resource)[4:] if len(fields(resource)) == 6 else ("", "")
        if ACCOUNT.fullmatch(account) and account not in _accounts(conf, account):
            yield Violation(path, f"{resource} of another account", "what is in our account")
        elif resource.startswith("arn:aws:s3:::") and resource != IMAGE_LAYERS:
            declared = conf.target(name.partition("/")[0], "aws_s3_bucket")
            if not declared and not pinned(conf, statement.conditions, RESOURCE_ACCOUNT):
                yield Violation(path, f"{resource}, whosever it is", "an aws_s3_bucket of ours, or aws:ResourceAccount")


def _accounts(conf: Arguments, account: str) -> list[str]:
    """Our accounts; the asked one where none is declared, which the policies on principals report."""
    try:
        return own_accounts(conf)
    except CannotDecide:
        return [account]


def _unnamed(conf: Arguments, statement: Statement) -> Iterator[Violation]:
    if not statement.allows:
        return
    actions = certain(statement.actions)
    unknown = [action for action in actions if not known(action)]
    if unknown:
        requires = "actions that AWS's service authorization reference lists"
        yield Violation(f"{statement.path}.Action", ", ".join(unknown), requires, undecided=True)
    path = f"{statement.path}.Resource"
    scopable = [_described(action) for action in actions if wild(action) or any(map(_takes, known(action)))]
    if not scopable and not statement.not_actions:
        refuse_gap(statement.actions)
        return
    named = decided(statement.resources, lambda resource: (resource, names_resource(conf, resource, path)))
    unnamed = [resource for resource, is_named in certain(named) if not is_named]
    if unnamed or not named:
        got = f"{', '.join(unnamed) or 'none'} for {', '.join(scopable) or 'NotAction'}"
        yield Violation(path, got, "ARNs with a region, an account and a name; * only for actions AWS cannot scope")
    refuse_gap(named)
    refuse_gap(statement.actions)


def _takes(action: Action) -> bool:
    return action.scopable or action.level == "Permissions management"


def _described(pattern: str) -> str:
    """An action, a pattern with what it stands for."""
    found = [action.name for action in known(pattern) if _takes(action)] if wild(pattern) else []
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"{pattern} ({', '.join(found[:SHOWN])}{more})" if found else pattern
