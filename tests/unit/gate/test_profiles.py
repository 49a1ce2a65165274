"""Profiles: other teams' Terraform is judged by what makes sense there, and every number can be set and is shown."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from lib.artifacts import State
from lib.gate import judge
from lib.gate.scan import load_policies, load_rules, scan
from lib.gate.sources import read_source
from lib.gate.verdict import verdict_of
from lib.settings import Thresholds
from lib.verdict_json import to_json
from policies.profiles import GENERIC, PROFILES, SENSOR_PLATFORM, abbreviated

RULES = load_policies()
FIXTURES = Path(__file__).parents[2] / "policy" / "fixtures"
GENERIC_FOLDERS = [id_.removeprefix("PG_").lower() for id_, policy in RULES.items() if policy.applies_to(GENERIC)]
BAD_AT_HOME = sorted(FIXTURES.glob("*/bad_house.tf.json"))
"""What this project's guards never write, and other teams may."""
HOUSE_ONLY = {
    "tls_client_verify": {"container_definitions", "environment"},
    "bkp_rds_backup": {"backup_window", "preferred_backup_window"},
    "des_class_guard": {"tags.", "default_tags.", "delete_automated_backups", "deletion_window_in_days"},
    "enc_customer_managed_key": {"multi_region", "key_usage", "customer_master_key_spec"},
    "enc_ecs_exec": {"configuration"},
    "iam_iot_scope": {"iot:Connection.Thing.IsAttached"},
    "iam_kms_decrypt_scoped": {"kms:ViaService"},
    "sec_resource_policy": {"policy"},
    "tls_endpoint_policy": {"policy.Action", "policy.Condition", "policy.Deny"},
    "tag_propagate": {"enable_ecs_managed_tags", "ecs_target.enable_ecs", "target.ecs_parameters.enable_ecs"},
}
"""Arguments refused for a reason only the house has: its region, classes, backup window, clients and policies."""
OF_THE_CLASS = {"des_class_guard", "bkp_multi_az", "sec_state_backend"}
"""Their good fixtures are ephemeral, and a profile without classes excuses nothing."""


def verdict(tmp_path, resource, profile=GENERIC, **others):
    path = tmp_path / "x.tf.json"
    path.write_text(json.dumps({"resource": resource, **others}))
    return judge(read_source(path), "s", profile=profile)


def found(judged, policy_id):
    return [finding for finding in judged.findings if finding.policy_id == policy_id]


def scanned(path: Path, profile):
    policy = RULES[f"PG_{path.parent.name.upper()}"]
    source = read_source(path)
    object.__setattr__(source.configuration, "profile", profile)
    findings, passed = scan(source, {policy.id: policy})
    return [block for block in source.configuration.blocks if policy.judges(block)], findings, passed


@pytest.mark.parametrize("folder", sorted(set(GENERIC_FOLDERS) - OF_THE_CLASS))
def test_what_is_good_in_the_house_is_good_anywhere(folder):
    for path in sorted((FIXTURES / folder).glob("good*.tf.json")):
        _, findings, _ = scanned(path, GENERIC)
        assert [(f.resource_address, f.argument, f.got) for f in findings] == []


@pytest.mark.parametrize("folder", GENERIC_FOLDERS)
def test_the_generic_profile_refuses_what_is_bad_for_any_reason_but_the_houses(folder):
    for path in sorted(set((FIXTURES / folder).glob("bad*.tf.json")) - set(BAD_AT_HOME)):
        _, at_home, _ = scanned(path, SENSOR_PLATFORM)
        _, elsewhere, _ = scanned(path, GENERIC)
        house = tuple(HOUSE_ONLY.get(folder, ()))
        expected = {(f.resource_address, f.argument) for f in at_home if not f.argument.startswith(house)}
        got = {(f.resource_address, f.argument) for f in elsewhere}
        missed = {(a, n) for a, n in expected - got if not a.endswith(".other_region") and "EnvironmentClass" not in n}
        assert missed == set()


@pytest.mark.parametrize("path", BAD_AT_HOME, ids=lambda path: path.parent.name)
def test_the_generic_profile_accepts_what_is_bad_for_the_house_alone(path):
    blocks, findings, passed = scanned(path, GENERIC)
    assert [(f.resource_address, f.argument, f.got) for f in findings] == []
    assert {item.resource_address for item in passed} == {block.address for block in blocks}


def test_the_generic_profile_lets_a_secret_and_an_endpoint_do_without_what_few_teams_write(tmp_path):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    ours = {**statement, "Condition": {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}}
    resources = {
        "aws_secretsmanager_secret": {"a": {"name": "app"}},
        "aws_vpc_endpoint": {"ours": {"policy": {"Statement": ours}}, "open": {"policy": {"Statement": statement}}},
    }
    judged = verdict(tmp_path, resources, GENERIC.with_thresholds({"accounts": ("111122223333",)}))
    assert found(judged, "PG_SEC_RESOURCE_POLICY") == []
    assert [f.resource_address for f in found(judged, "PG_TLS_ENDPOINT_POLICY")] == ["aws_vpc_endpoint.open"]


def test_a_policy_that_the_profile_leaves_out_is_named_in_the_verdict(tmp_path):
    judged = verdict(tmp_path, {"aws_sqs_queue": {"a": {"name": "jobs"}}})
    left_out = {policy.policy_id for policy in judged.not_in_profile}
    assert {"PG_NAM_SUFFIX", "PG_TAG_MANDATORY", "PG_REG_EU_WEST_1", "PG_SEC_EXISTING_SECRET"} <= left_out
    assert left_out | {policy.policy_id for policy in judged.policies} == set(load_rules())
    assert left_out & {policy.policy_id for policy in judged.policies} == set()
    assert {f.policy_id for f in judged.findings} & left_out == set()


def test_the_house_profile_leaves_nothing_out(tmp_path):
    judged = verdict(tmp_path, {"aws_sqs_queue": {"a": {}}}, SENSOR_PLATFORM)
    assert judged.not_in_profile == ()
    assert judged.changed_thresholds == ()
    assert judged.thresholds["rotation_days"] == 30


def test_the_verdict_holds_the_profile_and_every_number_in_force(tmp_path):
    profile = GENERIC.with_thresholds({"rotation_days": 14, "regions": ("us-east-1",)})
    body = json.loads(to_json(verdict(tmp_path, {"aws_sqs_queue": {"a": {}}}, profile)))
    assert body["profile"] == "generic"
    assert body["thresholds"]["rotation_days"] == 14
    assert body["thresholds"]["regions"] == ["us-east-1"]
    assert body["changed_thresholds"] == ["rotation_days", "regions"]


def test_every_threshold_of_a_profile_can_be_set_and_no_other():
    assert set(Thresholds.model_fields) == set(SENSOR_PLATFORM.thresholds())


def test_every_profile_a_policy_names_exists():
    for policy in RULES.values():
        cls = type(policy)
        assert "sensor-platform" in cls.profiles
        assert set(cls.profiles) <= set(PROFILES)
        assert set(cls.serves) <= set(GENERIC.thresholds())


@pytest.mark.parametrize(
    ("threshold", "policy_id"),
    [
        ({"required_tags": ("Team",)}, "PG_TAG_MANDATORY"),
        ({"regions": ("us-east-1",)}, "PG_REG_EU_WEST_1"),
        ({"regions": ("us-east-1",)}, "PG_REG_ARN_REGION"),
        ({"tag_vocabulary": {"Stage": ("test",)}}, "PG_TAG_VALUES"),
        ({"endpoint_services": ("s3",)}, "PG_NET_VPC_ENDPOINTS"),
    ],
)
def test_a_threshold_brings_back_the_policy_that_serves_it(threshold, policy_id):
    assert not RULES[policy_id].applies_to(GENERIC)
    assert RULES[policy_id].applies_to(GENERIC.with_thresholds(threshold))


def test_tags_of_another_team_are_asked_for(tmp_path):
    profile = GENERIC.with_thresholds({"required_tags": ("Team",), "tag_vocabulary": {"Stage": ("test", "live")}})
    judged = verdict(tmp_path, {"aws_sqs_queue": {"a": {"tags": {"Stage": "prod"}}}}, profile)
    assert [f.argument for f in found(judged, "PG_TAG_MANDATORY")] == ["tags.Team"]
    assert [f.required for f in found(judged, "PG_TAG_VALUES")] == ["test or live"]


def test_regions_of_another_team_are_kept(tmp_path):
    profile = GENERIC.with_thresholds({"regions": ("us-east-1", "us-west-2")})
    resource = {"aws_subnet": {"near": {"availability_zone": "us-west-2a"}, "far": {"availability_zone": "eu-west-1a"}}}
    judged = verdict(tmp_path, resource, profile, provider={"aws": [{"region": "us-east-1"}]})
    refused = found(judged, "PG_REG_EU_WEST_1")
    assert [f.resource_address for f in refused] == ["aws_subnet.far"]
    assert refused[0].required == "a zone of us-east-1 or us-west-2"
    wrong = verdict(tmp_path, resource, profile, provider={"aws": [{"region": "eu-west-1"}]})
    assert any(f.resource_address == "provider.aws" for f in found(wrong, "PG_REG_EU_WEST_1"))


def rotation(days):
    return {"aws_secretsmanager_secret_rotation": {"a": {"rotation_rules": {"automatically_after_days": days}}}}


@pytest.mark.parametrize(
    ("most", "days", "refused"), [(30, 14, False), (14, 14, False), (14, 15, True), (30, 31, True)]
)
def test_the_threshold_in_force_decides_and_is_what_the_finding_requires(tmp_path, most, days, refused):
    judged = verdict(tmp_path, rotation(days), SENSOR_PLATFORM.with_thresholds({"rotation_days": most}))
    assert [f.required for f in found(judged, "PG_ROT_SECRET_30_DAYS")] == [f"1 to {most} days"] * refused


def test_a_key_without_a_period_rotates_yearly_which_a_shorter_threshold_refuses(tmp_path):
    profile = SENSOR_PLATFORM.with_thresholds({"key_rotation_days": 180})
    judged = verdict(tmp_path, {"aws_kms_key": {"a": {"enable_key_rotation": True}}}, profile)
    assert "absent means 365" in found(judged, "PG_ROT_KMS_KEY")[0].required


def test_accounts_of_the_profile_are_ours(tmp_path):
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}
    role = {"aws_iam_role": {"a": {"assume_role_policy": json.dumps({"Statement": [statement]})}}}
    unknown = found(verdict(tmp_path, role), "PG_IAM_NO_PUBLIC_PRINCIPAL")
    assert [f.state for f in unknown] == [State.UNDECIDED]
    ours = verdict(tmp_path, role, GENERIC.with_thresholds({"accounts": ("111122223333",)}))
    assert found(ours, "PG_IAM_NO_PUBLIC_PRINCIPAL") == []


def test_without_classes_nothing_is_excused_as_ephemeral(tmp_path):
    resource = {
        "aws_db_instance": {
            "a": {"multi_az": False, "skip_final_snapshot": True, "tags": {"EnvironmentClass": "ephemeral"}}
        }
    }
    judged = verdict(tmp_path, resource)
    assert State.FAILED in [f.state for f in found(judged, "PG_BKP_MULTI_AZ") if f.argument == "multi_az"]
    assert {f.argument for f in found(judged, "PG_DES_CLASS_GUARD")} == {
        "deletion_protection", "skip_final_snapshot",
    }  # fmt: skip


def test_a_map_is_added_to_and_never_loses_a_key():
    profile = SENSOR_PLATFORM.with_thresholds({"tag_vocabulary": {"Stage": ("test",)}})
    assert profile.tag_vocabulary["EnvironmentClass"] == ("ephemeral",)
    assert profile.tag_vocabulary["Stage"] == ("test",)


@pytest.mark.parametrize(
    ("region", "short"),
    [("eu-west-1", "euw1"), ("ap-southeast-2", "apse2"), ("us-gov-east-1", "usge1"), ("ca-central-1", "cac1")],
)
def test_abbreviates_regions_as_host_names_do(region, short):
    assert abbreviated(region) == short


def test_no_policy_file_is_named_like_a_module_of_python():
    """Plain Checkov runs each file under its bare name, and would put it in the place of the module."""
    names = {path.stem for path in (FIXTURES.parents[2] / "policies").glob("*.py")} - {"__init__"}
    assert names & set(sys.stdlib_module_names) == set()


def test_a_verdict_of_some_rules_lists_only_those(tmp_path):
    path = tmp_path / "x.tf.json"
    path.write_text('{"resource": {"aws_sqs_queue": {"a": {}}}}')
    source, rules = read_source(path), {"PG_ENC_SQS": RULES["PG_ENC_SQS"]}
    assert verdict_of("s", source, rules, *scan(source, rules)).not_in_profile == ()


CONSUMERS = [
    ("rotation_days", 1, "rot_secret_30_days", "1 to 1 days"),
    ("key_rotation_days", 90, "rot_kms_key", "at most 90 days"),
    ("key_deletion_window_days", 30, "des_kms_window", "30"),
    ("log_retention_days", 3653, "log_retention", "one of 3653"),
    ("stream_retention_hours", 8760, "bkp_kinesis_retention", "8760 hours or more"),
    ("backup_retention_days", 35, "bkp_rds_backup", "35 days or more"),
    ("cache_snapshot_days", 35, "bkp_redis_snapshot", "35 days or more"),
    ("monitoring_interval_seconds", 1, "log_rds_enhanced_monitoring", "one of 1 (seconds)"),
    ("regions", ("us-east-1",), "reg_eu_west_1", '"us-east-1"'),
    ("regions", ("us-east-1",), "reg_iam_condition", "aws:RequestedRegion is us-east-1"),
    ("regions", ("us-east-1",), "net_vpc_endpoints", "com.amazonaws.us-east-1."),
    ("required_tags", ("Team",), "tag_mandatory", "a value, in tags"),
    ("tag_vocabulary", {"Environment": ("elsewhere",)}, "tag_values", "elsewhere"),
    ("tag_patterns", {"CostCentre": "[0-9]+"}, "tag_values", "a value of the form [0-9]+"),
    ("endpoint_services", ("bedrock",), "net_vpc_endpoints", "bedrock"),
    ("lambda_runtimes", ("python3.99",), "bkp_patching", "one of python3.99"),
    ("shard_metrics", ("Another",), "log_kinesis_metrics", "also Another"),
]


@pytest.mark.parametrize(("threshold", "value", "folder", "requires"), CONSUMERS)
def test_a_stricter_threshold_refuses_what_was_good_and_says_which_value_is_in_force(
    threshold, value, folder, requires
):
    profile = SENSOR_PLATFORM.with_thresholds({threshold: value})
    refused = [f for path in (FIXTURES / folder).glob("good*.tf.json") for f in scanned(path, profile)[1]]
    assert any(requires in finding.required for finding in refused)


def test_a_looser_threshold_accepts_a_shorter_life_in_a_dead_letter_queue(tmp_path):
    queue = {"aws_sqs_queue": {"a": {"message_retention_seconds": 3600}}}
    profile = SENSOR_PLATFORM.with_thresholds({"dead_letter_retention_seconds": 3600})
    assert found(verdict(tmp_path, queue, profile), "PG_BKP_DEAD_LETTER") == []
    assert "1209600" in found(verdict(tmp_path, queue, SENSOR_PLATFORM), "PG_BKP_DEAD_LETTER")[0].required


def test_every_threshold_has_a_consumer():
    tested = {threshold for threshold, *_ in CONSUMERS} | {"accounts", "dead_letter_retention_seconds"}
    assert tested == set(SENSOR_PLATFORM.thresholds())


@pytest.mark.parametrize(
    ("policy_id", "resource"),
    [
        ("PG_ENC_CUSTOMER_MANAGED_KEY", {"aws_kms_key": {"a": {"key_usage": "SIGN_VERIFY"}}}),
        ("PG_ROT_KMS_KEY", {"aws_kms_key": {"a": {"key_usage": "SIGN_VERIFY"}}}),
        ("PG_DES_CLASS_GUARD", {"aws_kms_key": {"a": {"deletion_window_in_days": 14, "tags": "${var.unknown}"}}}),
        ("PG_BKP_RDS_BACKUP", {"aws_db_instance": {"a": {"backup_retention_period": 35}}}),
        ("PG_TAG_PROPAGATE", {"aws_ecs_service": {"a": {"propagate_tags": "SERVICE"}}}),
        (
            "PG_NET_NO_PUBLIC_IP",
            {"aws_eip": {"a": {"domain": "vpc"}}, "aws_nat_gateway": {"a": {"allocation_id": "${aws_eip.a.id}"}}},
        ),
    ],
)
def test_what_only_the_house_asks_for_is_not_asked_of_others(tmp_path, policy_id, resource):
    assert found(verdict(tmp_path, resource), policy_id) == []
    assert found(verdict(tmp_path, resource, SENSOR_PLATFORM), policy_id)


def test_an_address_of_nobody_is_refused_everywhere(tmp_path):
    resource = {"aws_eip": {"a": {"domain": "vpc"}}, "aws_nat_gateway": {"a": {"allocation_id": "${aws_eip.b.id}"}}}
    assert found(verdict(tmp_path, resource), "PG_NET_NO_PUBLIC_IP")


def test_elsewhere_a_cluster_is_judged_by_what_it_configures(tmp_path):
    weak = {"configuration": {"execute_command_configuration": {"logging": "DEFAULT"}}}
    clusters = {"aws_ecs_cluster": {"silent": {"name": "a"}, "weak": {"name": "b", **weak}}}
    judged = verdict(tmp_path, clusters, GENERIC)
    assert {f.resource_address for f in found(judged, "PG_ENC_ECS_EXEC")} == {"aws_ecs_cluster.weak"}
