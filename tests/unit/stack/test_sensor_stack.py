"""What the platform is, read off the Terraform JSON that would be deployed."""

from __future__ import annotations

import json
import re

import pytest

NAMES = (
    "name",
    "identifier",
    "replication_group_id",
    "function_name",
    "family",
    "user_id",
    "alarm_name",
    "dashboard_name",
)
PERMUTATIONS = [
    {},
    {"iot_rule_enabled": False},
    {"availability_zone_count": 3, "cache_replica_count": 3},
    {"stream_mode": "PROVISIONED", "shard_count": 4, "stream_retention_hours": 336},
    {"database_multi_az": False, "database_engine_version": "17", "database_monitoring_interval_seconds": 15},
    {"alarm_subscribers": ("ops@example.com", "https://alarms.example.com/hook"), "cache_port": 6380},
    {
        "state_backend": "s3",
        "state_bucket": "factory-state",
        "state_kms_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/0d5e7a3c-1b2f-4c6d-8e9f-a0b1c2d3e4f5",
    },
    {"environment_suffix": "a" * 16, "log_retention_days": 3653, "kms_key_rotation_days": 90},
]


def resources(document, type_):
    return document["resource"].get(type_, {})


def statements(resource, argument="policy"):
    return json.loads(resource[argument])["Statement"]


@pytest.mark.parametrize("overrides", PERMUTATIONS, ids=lambda o: "-".join(o) or "default")
def test_every_permutation_passes_every_policy(synthesis, overrides):
    from lib.artifacts import Outcome
    from lib.gate import judge
    from lib.gate.sources import read_source

    made = synthesis(**overrides)
    verdict = judge(read_source(made.path), made.stack)
    assert [(f.policy_id, f.resource_address, f.argument, f.got) for f in verdict.findings] == []
    assert verdict.outcome is Outcome.PASS
    assert verdict.uncovered == ()


def test_two_environments_never_share_a_name(document):
    def names(suffix):
        made = document(environment_suffix=suffix)
        found = {(t, a, r[a]) for t, rs in made["resource"].items() for r in rs.values() for a in NAMES if a in r}
        return {f for f in found if "${" not in f[2] and not (f[1] == "family" and f[0].endswith("parameter_group"))}

    one, other = names("one"), names("two")
    # Redis insists on the user name `default` in every user group; its user_id differs.
    assert {(t, a, n) for t, a, n in one & other if (t, n) != ("aws_elasticache_user", "default")} == set()


def test_two_environments_differ_in_nothing_but_the_suffix(document):
    one, other = document(environment_suffix="one"), document(environment_suffix="two")
    assert json.dumps(one).replace("one", "two") == json.dumps(other).replace("one", "two")


def test_reads_the_existing_secret_into_write_only_arguments(document):
    made = document()
    database = resources(made, "aws_db_instance")["records"]
    assert database["password_wo"].startswith("${jsondecode(ephemeral.aws_secretsmanager_secret_version.database.")
    assert "password" not in database
    assert "aws_secretsmanager_secret" not in made["resource"]
    assert set(made["data"]) == {"aws_secretsmanager_secret"}


def test_rotates_every_30_days_by_a_function_that_only_secrets_manager_may_invoke(document):
    made = document()
    (rotation,) = resources(made, "aws_secretsmanager_secret_rotation").values()
    assert rotation["rotation_rules"] == {"automatically_after_days": 30}
    (permission,) = resources(made, "aws_lambda_permission").values()
    assert permission["principal"] == "secretsmanager.amazonaws.com"
    assert permission["source_arn"] == "${data.aws_secretsmanager_secret.database.arn}"


def test_nothing_leads_to_the_internet(document):
    made = document()
    for type_ in ("aws_internet_gateway", "aws_nat_gateway", "aws_route", "aws_eip", "aws_lb"):
        assert type_ not in made["resource"]
    assert "0.0.0.0/0" not in json.dumps(made)


def test_security_group_rules_come_in_pairs(document):
    made = document()
    ends = {"egress": set(), "ingress": set()}
    for end, own in (("egress", 0), ("ingress", 1)):
        for rule in resources(made, f"aws_vpc_security_group_{end}_rule").values():
            pair = [rule["security_group_id"], rule.get("referenced_security_group_id")]
            ends[end].add((*(pair if own == 0 else reversed(pair)), rule["from_port"]))
    to_prefix_list = {path for path in ends["egress"] if path[1] is None}
    assert ends["egress"] - to_prefix_list == ends["ingress"]
    assert len(to_prefix_list) == 1


def test_a_private_vpc_reaches_every_api_that_a_task_needs(document):
    services = {
        e["service_name"].removeprefix("com.amazonaws.eu-west-1.")
        for e in resources(document(), "aws_vpc_endpoint").values()
    }
    assert {
        "ecr.api",
        "ecr.dkr",
        "logs",
        "secretsmanager",
        "kms",
        "sts",
        "kinesis-streams",
        "monitoring",
        "sqs",
        "s3",
    } <= services


def test_image_layers_pass_the_s3_endpoint(document):
    policy = resources(document(), "aws_vpc_endpoint")["s3"]["policy"]
    assert "prod-eu-west-1-starport-layer-bucket" in policy


def test_cloudwatch_may_use_the_key_of_the_alarm_topic(document):
    key = resources(document(), "aws_kms_key")["alarms"]
    services = [s["Principal"].get("Service", []) for s in statements(key)]
    assert any("cloudwatch.amazonaws.com" in listed for listed in services)


def test_log_groups_share_a_key_that_only_their_own_groups_may_use(document):
    (use,) = [s for s in statements(resources(document(), "aws_kms_key")["logs"]) if "Service" in s["Principal"]]
    patterns = use["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    for group in resources(document(), "aws_cloudwatch_log_group").values():
        arn = f"arn:aws:logs:eu-west-1:123456789012:log-group:{group['name']}"
        assert any(re.fullmatch(p.replace("*", ".*"), arn) for p in patterns), group["name"]


def test_every_alarm_acts_and_every_component_has_one(document):
    alarms = resources(document(), "aws_cloudwatch_metric_alarm").values()
    services = {"Kinesis", "SQS", "IoT", "ECS", "RDS", "ElastiCache", "Lambda"}
    assert {a["namespace"] for a in alarms} == {"ECS/ContainerInsights", *(f"AWS/{name}" for name in services)}
    assert all(a["alarm_actions"] == ["${aws_sns_topic.alarms.arn}"] for a in alarms)


def test_without_the_iot_rule_nothing_of_iot_is_left(document):
    assert "iot" not in json.dumps(document(iot_rule_enabled=False)["resource"]).lower()


def test_one_destroy_removes_everything(document):
    made = document()
    text = json.dumps(made)
    assert '"prevent_destroy"' not in text
    assert '"skip_destroy": true' not in text
    database = resources(made, "aws_db_instance")["records"]
    assert (database["deletion_protection"], database["skip_final_snapshot"]) == (False, True)
    assert resources(made, "aws_ecr_repository")["images"]["force_delete"] is True
    assert all(k["deletion_window_in_days"] == 7 for k in resources(made, "aws_kms_key").values())


@pytest.mark.parametrize(
    ("type_", "argument", "limit"),
    [
        ("aws_elasticache_replication_group", "replication_group_id", 40),
        ("aws_db_instance", "identifier", 63),
        ("aws_iam_role", "name", 64),
        ("aws_lambda_function", "function_name", 64),
        ("aws_ecs_task_definition", "family", 255),
    ],
)
def test_the_longest_suffix_fits_every_name(document, type_, argument, limit):
    for resource in resources(document(environment_suffix="a" * 16), type_).values():
        assert len(resource[argument]) <= limit


def test_outputs_hold_what_an_operator_looks_for(document):
    outputs = document()["output"]
    assert {"stream_name", "database_endpoint", "cache_endpoint", "cluster_name", "alarm_topic_arn"} <= set(outputs)
