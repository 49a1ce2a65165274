"""IAM.trust-confused-deputy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from policies.accounts import is_caller
from policies.arns import meant, wild
from policies.base import Policy, Violation
from policies.gaps import certain, collected, refuse_gap, together
from policies.iam import Statement, is_of_a_key, statements
from policies.principals import LIMITED, SOURCE_KEYS, owned, pinned, unlimiting
from policies.profiles import SENSOR_PLATFORM
from policies.resource_policies import RESOURCE_POLICIES, resource_statements
from policies.roles import ROLE_ARGUMENT
from policies.terraform import Arguments

OWNED_ELSEWHERE = ("aws_kms", "aws_vpc_endpoint")
"""Key policies are IAM.kms-policy's; an endpoint policy grants nothing."""
JUDGED = tuple(type_ for type_ in RESOURCE_POLICIES if not type_.startswith(OWNED_ELSEWHERE))
SERVICES = {
    ("aws_db_instance", "monitoring_role_arn"): ("monitoring.rds",),
    ("aws_ecs_task_definition", "execution_role_arn"): ("ecs-tasks",),
    ("aws_ecs_task_definition", "task_role_arn"): ("ecs-tasks",),
    ("aws_flow_log", "iam_role_arn"): ("vpc-flow-logs",),
    ("aws_iam_instance_profile", "role"): ("ec2",),
    ("aws_iot_topic_rule", "role_arn"): ("iot",),
    ("aws_lambda_function", "role"): ("lambda", "edgelambda"),
    ("aws_rds_cluster", "monitoring_role_arn"): ("monitoring.rds",),
    ("aws_rds_cluster_instance", "monitoring_role_arn"): ("monitoring.rds",),
}
"""Type, argument that names a role -> the services that assume it for that."""
DOMAIN = re.compile(r"\.(?:amazonaws\.com(?:\.cn)?|\$\{data\.aws_partition\.[\w-]+\.dns_suffix\})$")
BOTH = frozenset({"ecs-tasks", "iot", "monitoring.rds", "vpc-flow-logs"})
"""Services whose guides ask for both keys in a role's trust, as the guards write them."""
OF_THE_ACCOUNT = frozenset({"ec2", "edgelambda", "lambda", "monitoring.rds"})
"""Services that assume a role for what was given it by iam:PassRole, which no other account can pass: no deputy."""
REQUIRES = "aws:SourceAccount or aws:SourceArn of our account (StringEquals, ArnLike)"


class IamTrustConfusedDeputy(Policy):
    """An AWS service acts for every customer: unconditioned trust lets another customer's rule use our role or queue.

    Every service is asked for the condition, since AWS has no list of those that do without; for one that does not
    send the keys a waiver is the place to say so. Policies of queues, topics and secrets are judged as trust is.
    A condition that looks like the one and holds for strangers (`...IfExists`, `*`) is refused beside it as well.
    A role that a task, a function, a rule or the like of this configuration uses is trusted to its service alone.

    sensor-platform: a role for ECS tasks, IoT, RDS monitoring or flow logs needs both keys, as the guards set them.
    generic: one is enough, and a role for EC2, Lambda or RDS monitoring needs none, which is common practice: only
    our account can pass the role to them.
    """

    id = "PG_IAM_TRUST_CONFUSED_DEPUTY"
    name = "Ensure AWS services are trusted on behalf of our account only"
    severity = "HIGH"
    resources = ("aws_iam_role", "aws_lambda_permission", *JUDGED)
    data = ("aws_iam_policy_document",)
    controls = {
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 2.1", "SR 2.1 RE 1", "SR 1.2"),
        "iso27001-2022": ("A.5.15", "A.5.18", "A.8.2"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.2.2.d", "6.8.2.a"),
        "nist-800-53-r5": ("AC-3", "AC-6", "IA-9"),
        "nist-csf-2.0": ("PR.AA-05",),
        "pci-dss-4.0": ("7.2.5",),
        "soc2": ("CC6.3",),
    }
    fix = 'add StringEquals "aws:SourceAccount" = "<account>"; for Lambda: source_arn and source_account'
    source = "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Each Allow with a service principal is tied to our account or organisation; a role in use has one service."""
        if conf.block.type == "aws_lambda_permission":
            yield from _lambda_permission(conf)
            return
        trust = collected(statements(conf, "assume_role_policy") if conf.block.type == "aws_iam_role" else ())
        served = (_served(conf, statement) for statement in chain(trust, resource_statements(conf)))
        users = _users(conf) if certain(trust) else frozenset()
        yield from together((together(served), *(_others(statement, users) for statement in certain(trust))))


def _served(conf: Arguments, statement: Statement) -> Iterator[Violation]:
    if not statement.allows or is_of_a_key(statement):
        return
    for loose in unlimiting(conf, statement):
        yield Violation(f"{statement.path}.Condition", loose, LIMITED)
    house, role = conf.profile.name == SENSOR_PLATFORM.name, conf.block.type == "aws_iam_role"
    services = [value for kind, value in certain(statement.principals) if kind == "Service" and not wild(value)]
    if role and not house:
        services = [value for value in services if DOMAIN.sub("", value) not in OF_THE_ACCOUNT]
    both = house and role and any(DOMAIN.sub("", value) in BOTH for value in services)
    if both and pinned(conf, statement.conditions, SOURCE_KEYS):
        missing = [key for key in ("aws:SourceAccount", "aws:SourceArn") if not _names(conf, statement, key)]
        if missing:
            requires = f"{' and '.join(missing)} of our account as well"
            yield Violation(f"{statement.path}.Condition", f"one key for {', '.join(services)}", requires)
    elif services and not pinned(conf, statement.conditions, SOURCE_KEYS):
        got = ", ".join(f"{c.operator} {c.key}" for c in statement.conditions) or "no condition"
        yield Violation(f"{statement.path}.Condition", f"{got} for {', '.join(services)}", REQUIRES)
    refuse_gap(statement.principals)


def _names(conf: Arguments, statement: Statement, key: str) -> bool:
    return pinned(conf, statement.conditions, frozenset({key.lower()}))


def _users(role: Arguments) -> frozenset[str]:
    """The services that the declared uses of a role need; none where one of its uses is of a type that is not known."""
    uses = role.configuration.index("uses of roles", lambda: _uses(role))
    return frozenset().union(*found) if all(found := uses.get(role.address, ())) else frozenset()


def _uses(conf: Arguments) -> dict[str, list[tuple[str, ...]]]:
    """Address of a role -> the services that each of its uses needs."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for holder in conf.of_kind("resource"):
        for path, raw in holder.raw():
            argument = re.sub(r"\[\d+\]", "", path).rpartition(".")[2]
            held_by_iam = holder.block.type.startswith("aws_iam_role")
            role = None if held_by_iam or not ROLE_ARGUMENT.search(path) else conf.target(raw, "aws_iam_role")
            if role:
                found.setdefault(role.address, []).append(SERVICES.get((holder.block.type, argument), ()))
    return found


def _others(statement: Statement, users: frozenset[str]) -> Iterator[Violation]:
    if not users or not statement.allows:
        return
    for kind, value in certain(statement.principals):
        if kind != "Service" or DOMAIN.sub("", value) not in users:
            requires = f"{' or '.join(sorted(users))}.amazonaws.com alone, which uses the role"
            yield Violation(f"{statement.path}.Principal", f"{kind}: {value}", requires)


def _lambda_permission(conf: Arguments) -> Iterator[Violation]:
    principal = conf.text("principal") or ""
    if not principal.endswith((".amazonaws.com", ".amazon.com")):
        return
    arn, account = _told(conf, "source_arn"), _told(conf, "source_account")
    if arn is None:
        yield Violation("source_arn", None, f"the ARN of what calls through {principal}")
    elif account is not None and not owned(conf, account, "source_account"):
        yield Violation("source_account", account, "our account")
    elif account is None and not owned(conf, arn, "source_arn"):
        yield Violation("source_arn", arn, "an ARN with our account, or source_account beside it")


def _told(conf: Arguments, argument: str) -> str | None:
    """The argument; the ARN or the account of a block of another file as the reference that it is."""
    raw = conf.values.get(argument)
    if isinstance(raw, str) and conf.reference(raw) is None and (meant(conf, raw) or is_caller(conf, raw)):
        conf.note(argument, raw)
        return raw
    return conf.text(argument)
