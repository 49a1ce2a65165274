"""What verdicts show: enough to prove a pass, never a secret."""

from __future__ import annotations

import json

import pytest

from lib.gate import judge
from lib.gate.sources import read_source
from lib.reports import html
from lib.verdict_json import to_json

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


HCL = """
variable "db" {
  default   = { user = "u", password = "CANARY" }
  sensitive = true
}
variable "master_password" { default = "CANARY" }
locals {
  url  = "postgres://u:${var.master_password}@h/db"
  conf = jsonencode({ DB_PASSWORD = "CANARY", n = var.db.password })
  api_key = "CANARY"
}
resource "aws_db_instance" "a" { password = "CANARY" }
resource "aws_db_instance" "b" { password = var.db.password }
resource "aws_db_instance" "c" { password = upper(var.master_password) }
resource "aws_lambda_function" "f" {
  environment {
    variables = { URL = local.url, CONF = local.conf, KEY = local.api_key, X = "${var.db["password"]}" }
  }
}
resource "aws_instance" "i" {
  user_data = <<-EOT
    export PGPASSWORD=CANARY
    x ${no_such(var.master_password, "CANARY")}
  EOT
  tags = { note = "password=CANARY" }
}
resource "aws_ecs_task_definition" "t" {
  container_definitions = jsonencode([{
    name        = "a"
    environment = [{ name = "PW", value = local.url }]
    command     = ["--password", "CANARY"]
  }])
}
output "o" { value = local.url }
output "p" { value = nonsensitive(var.db) }
module "m" {
  source   = "./m"
  password = "CANARY"
}
"""
MODULE = 'variable "password" {}\nresource "aws_db_instance" "d" {\n  password = var.password\n}\n'


def test_a_secret_in_hcl_is_refused_wherever_it_goes_and_never_shown(tmp_path):
    """Through variables, locals, functions, documents, modules and what cannot be evaluated."""
    canary = "Zk93canaryPLAIN51xqQ7"
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "main.tf").write_text(MODULE)
    (tmp_path / "main.tf").write_text(HCL.replace("CANARY", canary))
    verdict = judge(read_source(tmp_path), "s")
    assert canary not in to_json(verdict) + html.render(verdict)
    refused = {f.resource_address for f in verdict.findings if f.policy_id == "PG_SEC_NO_PLAINTEXT_SECRET"}
    assert refused >= {
        "aws_db_instance.a", "aws_db_instance.b", "aws_db_instance.c", "aws_ecs_task_definition.t", "aws_instance.i",
        "locals", "module.m", "module.m.aws_db_instance.d", "variable.db", "variable.master_password",
    }  # fmt: skip
    leaking = {f.resource_address for f in verdict.findings if f.policy_id == "PG_SEC_NO_OUTPUT_LEAK"}
    assert leaking == {"output.o", "output.p"}
