"""What is live now, by Terraform type: the ground of every check that a destroy has left nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.backends import get_backend

HOME = "eu-west-1"


def inventory(account_id: str) -> dict[str, dict[str, list[str]]]:
    """`live` and `kept`: type -> ids. An id of another region than eu-west-1 is preceded by its region.

    kept: what AWS keeps after its deletion as well (keys that wait for it, inactive parts of ECS, deleted endpoints).
    What is part of another thing (a group's rules, a role's policies, a rule's targets) goes with it and is not listed.
    What every account has from the start (default VPCs and groups, AWS's own policies and keys) is in neither.
    """
    found: dict[str, dict[str, list[str]]] = {"live": {}, "kept": {}}
    for where, type_, id_ in _everything(account_id):
        found[where].setdefault(type_, []).append(id_)
    return {where: {type_: sorted(ids) for type_, ids in sorted(types.items())} for where, types in found.items()}


Entries = Iterable[tuple[str, str, str]]


def _everything(account_id: str) -> Entries:
    for service, walk in WALKS.items():
        for region, backend in list(get_backend(service)[account_id].items()):
            prefix = "" if region in (HOME, "aws") else f"{region}:"
            for where, type_, id_ in walk(backend):
                yield where, type_, f"{prefix}{id_}"


def _live(type_: str, ids: Iterable[Any]) -> Entries:
    return (("live", type_, str(id_)) for id_ in ids)


def _split(type_: str, states: Iterable[tuple[Any, bool]]) -> Entries:
    return (("live" if alive else "kept", type_, str(id_)) for id_, alive in states)


def _applicationautoscaling(backend: Any) -> Entries:
    yield from _live("aws_appautoscaling_target", (id_ for targets in backend.targets.values() for id_ in targets))
    yield from _live("aws_appautoscaling_policy", (policy.policy_name for policy in backend.policies.values()))


def _cloudwatch(backend: Any) -> Entries:
    yield from _live("aws_cloudwatch_metric_alarm", backend.alarms)
    yield from _live("aws_cloudwatch_dashboard", backend.dashboards)


def _ec2(backend: Any) -> Entries:
    vpcs = [vpc for vpc in backend.vpcs.values() if str(vpc.is_default).lower() != "true"]
    ids = {vpc.id for vpc in vpcs}
    yield from _live("aws_vpc", ids)
    subnets = (subnet for zone in backend.subnets.values() for subnet in zone.values())
    yield from _live("aws_subnet", (subnet.id for subnet in subnets if str(subnet.default_for_az).lower() != "true"))
    yield from _live(
        "aws_route_table", (table.id for table in backend.route_tables.values() if not table.main_association_id)
    )
    groups = [group for of_vpc in backend.groups.values() for group in of_vpc.values() if group.name != "default"]
    yield from _live("aws_security_group", (group.id for group in groups))
    endpoints = backend.vpc_end_points.values()
    yield from _split("aws_vpc_endpoint", ((end.id, end.state.lower() != "deleted") for end in endpoints))
    yield from _live("aws_flow_log", backend.flow_logs)
    yield from _live("aws_network_interface", backend.enis)
    yield from _live("aws_internet_gateway", backend.internet_gateways)
    yield from _live("aws_nat_gateway", backend.nat_gateways)


def _ecr(backend: Any) -> Entries:
    return _live("aws_ecr_repository", backend.repositories)


def _ecs(backend: Any) -> Entries:
    yield from _split("aws_ecs_cluster", ((item.name, item.status == "ACTIVE") for item in backend.clusters.values()))
    yield from _split("aws_ecs_service", ((item.name, item.status == "ACTIVE") for item in backend.services.values()))
    definitions = (item for revisions in backend.task_definitions.values() for item in revisions.values())
    yield from _split("aws_ecs_task_definition", ((item.arn, item.status == "ACTIVE") for item in definitions))


def _elasticache(backend: Any) -> Entries:
    yield from _live("aws_elasticache_cluster", backend.cache_clusters)
    yield from _live("aws_elasticache_parameter_group", backend.parameter_groups)
    yield from _live("aws_elasticache_replication_group", backend.replication_groups)
    yield from _live("aws_elasticache_subnet_group", backend.cache_subnet_groups)
    yield from _live("aws_elasticache_user", (id_ for id_ in backend.users if id_ != "default"))
    yield from _live("aws_elasticache_user_group", backend.user_groups)


def _events(backend: Any) -> Entries:
    for bus in backend.event_buses.values():
        yield from _live("aws_cloudwatch_event_rule", bus.rules)


def _iam(backend: Any) -> Entries:
    yield from _live("aws_iam_role", (role.name for role in backend.roles.values()))
    yield from _live("aws_iam_policy", (arn for arn in backend.managed_policies if ":iam::aws:" not in arn))
    yield from _live("aws_iam_instance_profile", backend.instance_profiles)
    yield from _live("aws_iam_user", backend.users)


def _iot(backend: Any) -> Entries:
    yield from _live("aws_iot_topic_rule", backend.rules)
    yield from _live("aws_iot_policy", backend.policies)
    yield from _live("aws_iot_thing", (thing.thing_name for thing in backend.things.values()))
    yield from _live("aws_iot_certificate", backend.certificates)


def _kinesis(backend: Any) -> Entries:
    return _live("aws_kinesis_stream", backend.streams)


def _kms(backend: Any) -> Entries:
    keys = [key for key in backend.keys.values() if not any(name.startswith("alias/aws/") for name in key.aliases)]
    yield from _split("aws_kms_key", ((key.id, key.key_state != "PendingDeletion") for key in keys))
    yield from _live("aws_kms_alias", (name for key in keys for name in key.aliases))


def _lambda(backend: Any) -> Entries:
    return _live("aws_lambda_function", {function.function_name for function in backend.list_functions()})


def _logs(backend: Any) -> Entries:
    return _live("aws_cloudwatch_log_group", backend.groups)


def _rds(backend: Any) -> Entries:
    yield from _live("aws_db_instance", backend.databases)
    yield from _live("aws_db_snapshot", backend.database_snapshots)
    yield from _live("aws_db_subnet_group", backend.subnet_groups)
    groups = backend.db_parameter_groups
    yield from _live("aws_db_parameter_group", (name for name in groups if not name.startswith("default.")))
    yield from _live("aws_db_event_subscription", backend.event_subscriptions)


def _s3(backend: Any) -> Entries:
    return _live("aws_s3_bucket", backend.buckets)


def _secretsmanager(backend: Any) -> Entries:
    secrets = list(dict.values(backend.secrets))
    return _split("aws_secretsmanager_secret", ((secret.name, not secret.is_deleted()) for secret in secrets))


def _sns(backend: Any) -> Entries:
    yield from _live("aws_sns_topic", backend.topics)
    yield from _live("aws_sns_topic_subscription", backend.subscriptions)


def _sqs(backend: Any) -> Entries:
    return _live("aws_sqs_queue", backend.queues)


WALKS = {
    "applicationautoscaling": _applicationautoscaling,
    "cloudwatch": _cloudwatch,
    "ec2": _ec2,
    "ecr": _ecr,
    "ecs": _ecs,
    "elasticache": _elasticache,
    "events": _events,
    "iam": _iam,
    "iot": _iot,
    "kinesis": _kinesis,
    "kms": _kms,
    "lambda": _lambda,
    "logs": _logs,
    "rds": _rds,
    "s3": _s3,
    "secretsmanager": _secretsmanager,
    "sns": _sns,
    "sqs": _sqs,
}
