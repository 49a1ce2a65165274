"""What verdicts show: enough to prove a pass, never a secret."""

from __future__ import annotations

import json

import pytest

from lib.gate import judge
from lib.gate.sources import read_source
from lib.gate.verdict import to_json

CANARY = "Zk93-canary-PLAIN-51xq"


def verdict(tmp_path, resource, **others):
    path = tmp_path / "x.tf.json"
    path.write_text(json.dumps({"resource": resource, **others}))
    return judge(read_source(path), "s")


@pytest.mark.parametrize(
    "resource",
    [
        {"aws_db_instance": {"a": {"engine": "postgres", "password": CANARY}}},
        {"aws_elasticache_replication_group": {"a": {"auth_token": CANARY}}},
        {"aws_secretsmanager_secret_version": {"a": {"secret_string": CANARY}}},
        {"aws_lambda_function": {"a": {"environment": {"variables": {"DB_PASSWORD": CANARY}}}}},
        {"aws_db_instance": {"a": {"engine": "postgres", "password": f"%{{ if true }}{CANARY}%{{ endif }}"}}},
        {"aws_db_instance": {"a": {"engine": "postgres", "password": f'${{join("", ["{CANARY}"])}}'}}},
        {"aws_elasticache_user": {"a": {"passwords": [CANARY]}}},
        {
            "aws_ecs_task_definition": {
                "a": {"container_definitions": json.dumps([{"environment": [{"name": "TOKEN", "value": CANARY}]}])}
            }
        },
    ],
    ids=lambda resource: next(iter(resource)),
)
def test_a_secret_in_the_input_is_refused_and_never_shown(tmp_path, resource):
    judged = verdict(tmp_path, resource)
    assert CANARY not in to_json(judged)
    assert any(finding.family in ("SEC", "IAM") for finding in judged.findings)


def test_a_pass_carries_the_value_that_proved_it(tmp_path):
    judged = verdict(tmp_path, {"aws_kms_key": {"a": {"enable_key_rotation": True, "rotation_period_in_days": 365}}})
    proof = next(item for item in judged.passed if item.policy_id == "PG_ROT_KMS_KEY")
    assert proof.evidence["enable_key_rotation"] is True
    assert proof.evidence["rotation_period_in_days"] == 365


def test_a_refusal_to_ignore_says_what_to_remove(tmp_path):
    key = {"enable_key_rotation": True, "lifecycle": {"ignore_changes": ["enable_key_rotation"]}}
    judged = verdict(tmp_path, {"aws_kms_key": {"a": key}})
    finding = next(f for f in judged.findings if f.policy_id == "PG_ROT_KMS_KEY")
    assert finding.argument == "lifecycle.ignore_changes"
    assert finding.fix == "remove enable_key_rotation from ignore_changes"


def test_nothing_to_judge_is_said_of_each_policy(tmp_path):
    judged = verdict(tmp_path, {"aws_kms_key": {"a": {}}})
    unused = next(policy for policy in judged.policies if policy.policy_id == "PG_ENC_KINESIS")
    assert (unused.judged, unused.passed) == (0, 0)
