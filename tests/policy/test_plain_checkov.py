"""The policies without our gate: plain `checkov --external-checks-dir policies`, from outside the repository."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
