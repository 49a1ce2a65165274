"""IAM.iot-scope."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from policies.arns import names_resource, wild
from policies.base import Policy, Violation
from policies.gaps import certain, refuse_gap, together
from policies.iam import Statement, statements
from policies.profiles import SENSOR_PLATFORM
from policies.roles import held_statements
from policies.terraform import Arguments

ACTIONS = {
    "cloudwatch_logs": ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
    "kinesis": ("kinesis:PutRecord", "kinesis:PutRecords"),
    "sns": ("sns:Publish",),
    "sqs": ("sqs:SendMessage",),
}
"""Action of a rule -> what its role needs."""
KEY_USE = ("kms:Decrypt", "kms:GenerateDataKey")
"""What writing to an encrypted stream, topic or queue needs on its key."""
SQL_VERSION = "2016-03-23"
"""The one that AWS recommends: 2015-10-08 is the first, beta changes without notice."""
FROM = re.compile(r"\bFROM\s+(['\"])(.*?)\1", re.IGNORECASE | re.DOTALL)
DEVICE = ("${iot:Connection.Thing.ThingName}", "${iot:Certificate.Subject.CommonName}", "${iot:CertificateId}")
"""Variables that AWS fills from the certificate, not from what the device says it is. iot:ClientId is not one."""

IS_ATTACHED = "iot:Connection.Thing.IsAttached"
REQUIRES = "the ARN of what the rule writes to"
MANY = re.compile(r"[*?+#]")
"""What stands for many topics: IAM's wildcards, and those of MQTT, which a device subscribes with."""


class IamIotScope(Policy):
    """A stolen sensor must speak for itself alone, and the rule must write to its stream and nowhere else.

    `client/${iot:ClientId}` binds nothing: a device chooses its client id. Wildcards may follow what the certificate
    fixes and a slash (`sensors/${iot:Connection.Thing.ThingName}/*`; without it sensor-1 is sensor-10 too), never
    stand in its place. sensor-platform asks for the certificate to be attached to the thing, too
    (`iot:Connection.Thing.IsAttached`), as AWS's examples do; other teams may leave that to the thing's name.
    """

    id = "PG_IAM_IOT_SCOPE"
    name = "Ensure IoT rules and device policies are scoped"
    severity = "HIGH"
    resources = ("aws_iot_topic_rule", "aws_iot_policy")
    controls = {
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.25(2)", "Art.32(1)(b)"),
        "iec-62443-3-3": ("SR 1.2", "SR 2.1", "SR 2.1 RE 1"),
        "iso27001-2022": ("A.5.15", "A.5.18", "A.8.2"),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.2.2.a",),
        "nist-800-53-r5": ("AC-3", "AC-6", "IA-3"),
        "nist-csf-2.0": ("PR.AA-05",),
        "soc2": ("CC6.3",),
    }
    fix = "limit the rule's role to kinesis:PutRecord on its stream; name topics by ${iot:Connection.Thing.ThingName}"
    source = "https://docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Device policies by statement, rules by what they read and by all their roles hold."""
        if conf.block.type == "aws_iot_policy":
            if conf.values.get("policy") in (None, ""):
                yield Violation("policy", conf.text("policy"), "a policy document")
            yield from together(map(_device, statements(conf)))
        else:
            yield from _rule(conf)


def _device(statement: Statement) -> Iterator[Violation]:
    if not statement.allows:
        return
    if statement.not_actions or statement.not_resources:
        yield Violation(statement.path, "NotAction or NotResource", "Action and Resource")
    yield from together((_listed(statement), _bound(statement), _attached(statement)))


def _listed(statement: Statement) -> Iterator[Violation]:
    for action in statement.actions:
        if wild(action):
            yield Violation(f"{statement.path}.Action", action, "actions without * or ?")


def _bound(statement: Statement) -> Iterator[Violation]:
    for resource in statement.resources:
        path, fixed = f"{statement.path}.Resource", resource.replace("$${", "${")
        fixed, *open_end = MANY.split(fixed, maxsplit=1)
        bound = any(f"{variable}/" in fixed or (variable in fixed and not open_end) for variable in DEVICE)
        if open_end and not bound:
            yield Violation(path, resource, "topics by name; * only after the thing name or the certificate, and a /")
        elif not bound and statement.grants("iot:Connect"):
            yield Violation(path, resource, "client/ with the thing name or the certificate in it")


def _attached(statement: Statement) -> Iterator[Violation]:
    """A certificate must not connect as a thing that it is not attached to; a weaker condition only looks like it."""
    if not statement.grants("iot:Connect"):
        return
    asked = [condition for condition in statement.conditions if condition.key == IS_ATTACHED.lower()]
    for condition in asked:
        if (condition.operator, condition.values) != ("Bool", ("true",)):
            got = f"{condition.operator} {IS_ATTACHED} {', '.join(condition.values)}"
            yield Violation(f"{statement.path}.Condition", got, f"Bool {IS_ATTACHED} true")
    if not asked and statement.conf.profile.name == SENSOR_PLATFORM.name:
        yield Violation(IS_ATTACHED, f"not in {statement.path}.Condition", f"Bool {IS_ATTACHED} true")


def _rule(conf: Arguments) -> Iterator[Violation]:
    actions = [action for holder in (conf, *conf.blocks("error_action")) for action in holder.blocks("kinesis")]
    yield from together((_query(conf), *map(_spread, actions), _roles(conf)))


def _query(conf: Arguments) -> Iterator[Violation]:
    """What the rule reads: of a topic filter one level at least must be fixed."""
    if conf.text("sql_version") != SQL_VERSION:
        yield Violation("sql_version", conf.text("sql_version"), f'"{SQL_VERSION}"')
    found = FROM.search(conf.text("sql") or "")
    if found and all(level in ("#", "+", "") for level in found[2].split("/")):
        yield Violation("sql", f"FROM '{found[2]}'", "the topics of the sensors, not those of every device")


def _spread(action: Arguments) -> Iterator[Violation]:
    if not action.text("partition_key"):
        requires = "a partition key, such as ${newuuid()}: records without one share a shard"
        yield Violation(action.name_of("partition_key"), None, requires)


def _roles(conf: Arguments) -> Iterator[Violation]:
    roles: dict[str, tuple[Arguments, set[str], set[str]]] = {}
    for holder in (conf, *conf.blocks("error_action")):
        for name, value in holder.values.items():
            if name == "error_action" or not (name in ACTIONS or "role_arn" in json.dumps(value)):
                continue
            if name not in ACTIONS:
                yield Violation(holder.name_of(name), name, f"one of the actions {', '.join(ACTIONS)}")
                continue
            for action in holder.blocks(name):
                role = action.follow("role_arn", "aws_iam_role")
                if role is None:
                    yield Violation(action.name_of("role_arn"), None, "a role for this action")
                    continue
                _, allowed, streams = roles.setdefault(role.address, (role, set(KEY_USE), set()))
                allowed.update(ACTIONS[name])
                streams.update(_stream(action) if name == "kinesis" else ())
    yield from together(
        _held(conf, f"{address}.{statement.path}", statement, allowed, streams)
        for role, allowed, streams in roles.values()
        for address, statement in held_statements(role)
    )


def _stream(action: Arguments) -> set[str]:
    """How a policy may name the stream: its address if it is declared here, and its name as an ARN ends."""
    block = action.target(action.values.get("stream_name"), "aws_kinesis_stream")
    return {f":stream/{action.text('stream_name')}", block.address if block else ""} - {""}


def _held(
    conf: Arguments, path: str, statement: Statement, allowed: set[str], streams: set[str]
) -> Iterator[Violation]:
    if statement.allows:
        beyond = [action for action in certain(statement.actions) if action not in allowed]
        if beyond or statement.not_actions:
            yield Violation(path, ", ".join(beyond) or "NotAction", f"only {', '.join(sorted(allowed))}")
        if statement.not_resources:
            yield Violation(path, "NotResource", REQUIRES)
        yield from together(_written(conf, path, statement, resource, streams) for resource in statement.resources)
        refuse_gap(statement.actions)


def _written(conf: Arguments, path: str, statement: Statement, resource: str, streams: set[str]) -> Iterator[Violation]:
    target = conf.target(resource, "aws_kinesis_stream")
    named = target.address in streams if target else resource.endswith(tuple(streams))
    if not names_resource(conf, resource, path) or (
        not named and any(statement.grants(action) for action in ACTIONS["kinesis"])
    ):
        yield Violation(path, resource, REQUIRES)
