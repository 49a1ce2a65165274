"""The policies without our gate: plain `checkov --external-checks-dir policies`, from outside the repository."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from checkov.runner_filter import RunnerFilter
from checkov.terraform.runner import Runner

from lib.gate.scan import load_policies, scan
from lib.gate.sources import read_source

ROOT = Path(__file__).resolve().parents[2]
STACK = """
variable "hours" { default = 24 }
resource "aws_kms_key" "stream" {
  enable_key_rotation     = true
  rotation_period_in_days = 365
}
resource "aws_kinesis_stream" "good" {
  name             = "readings"
  encryption_type  = "KMS"
  kms_key_id       = aws_kms_key.stream.arn
  retention_period = 168
}
resource "aws_kinesis_stream" "bad" {
  name             = "readings"
  encryption_type  = "KMS"
  kms_key_id       = "alias/aws/kinesis"
  retention_period = var.hours
}
"""
CHECKS = "PG_ENC_KINESIS,PG_ROT_KMS_KEY,PG_BKP_KINESIS_RETENTION"


@pytest.mark.slow
def test_loads_every_policy_and_judges_hcl_with_references(tmp_path):
    (tmp_path / "main.tf").write_text(STACK)
    checkov = Path(sys.executable).with_name("checkov")
    arguments = [
        "-d",
        ".",
        "--external-checks-dir",
        str(ROOT / "policies"),
        "--skip-download",
        "-o",
        "json",
        "-c",
        CHECKS,
    ]
    ended = subprocess.run([str(checkov), *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    results = json.loads(ended.stdout)["results"]

    def pairs(kind):
        return {(record["check_id"], record["resource"]) for record in results[kind]}

    assert pairs("failed_checks") == {
        ("PG_ENC_KINESIS", "aws_kinesis_stream.bad"),
        ("PG_BKP_KINESIS_RETENTION", "aws_kinesis_stream.bad"),
    }
    assert pairs("passed_checks") == {
        ("PG_ENC_KINESIS", "aws_kinesis_stream.good"),
        ("PG_BKP_KINESIS_RETENTION", "aws_kinesis_stream.good"),
        ("PG_ROT_KMS_KEY", "aws_kms_key.stream"),
    }
    assert "Cannot load external check" not in ended.stderr


MODULES = {
    "main.tf": """
        resource "aws_kms_key" "k" {
          count = 1
        }
        module "queues" {
          source   = "./queue"
          for_each = { good = aws_kms_key.k[0].arn, bad = null }
          name     = each.key
          key      = each.value
        }
        resource "aws_sqs_queue" "none" {
          count = 0
        }
        resource "aws_sqs_queue" "many" {
          count             = 2
          kms_master_key_id = count.index == 0 ? aws_kms_key.k[0].arn : "alias/aws/sqs"
        }
    """,
    "queue/main.tf": """
        variable "name" {}
        variable "key" {}
        resource "aws_sqs_queue" "q" {
          name              = var.name
          kms_master_key_id = var.key
        }
    """,
}


def test_modules_and_instances_get_the_gates_answers(tmp_path):
    """In this process, through Checkov's own runner and graph."""
    for name, text in MODULES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    rules = {"PG_ENC_SQS": load_policies()["PG_ENC_SQS"]}
    findings, passed = scan(read_source(tmp_path), rules)
    report = Runner().run(root_folder=str(tmp_path), runner_filter=RunnerFilter(checks=["PG_ENC_SQS"]))
    failed = {record.resource for record in report.failed_checks}
    assert failed == {finding.resource_address for finding in findings}
    assert failed == {'module.queues["bad"].aws_sqs_queue.q', "aws_sqs_queue.many[1]"}
    assert {record.resource for record in report.passed_checks} == {item.resource_address for item in passed}
