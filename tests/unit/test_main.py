from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOOD = ROOT / "tests" / "policy" / "fixtures" / "enc_kinesis" / "good.tf.json"
BAD = GOOD.with_name("bad.tf.json")


FIXTURES = ROOT / "tests" / "policy" / "fixtures"


REPORTS = tempfile.TemporaryDirectory()


def run(*arguments: object, **environ: str) -> subprocess.CompletedProcess[str]:
    """The command line; reports on other Terraform than this project's stack go elsewhere."""
    elsewhere = ["--reports", REPORTS.name] if arguments[0] == "gate" else []
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *map(str, arguments), *elsewhere],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_names_every_verb_and_the_exit_codes():
    shown = run("--help")
    assert shown.returncode == 0
    for word in ("gate", "synth", "Exit codes", "ENVIRONMENT_SUFFIX"):
        assert word in shown.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("gat",),
        ("gate", "--format", "yaml"),
        ("gate", "--colour"),
        ("gate", FIXTURES / "enc_sqs", FIXTURES / "enc_sns", "--baseline", "verdict.json"),
    ],
)
def test_wrong_usage_ends_with_2_and_no_traceback(arguments):
    ended = run(*arguments)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_wrong_settings_end_with_2_and_list_every_one():
    ended = run("gate", "--set", "region=us-east-1", "--set", "task_count_min=0", ENVIRONMENT_SUFFIX="Bad Suffix")
    assert ended.returncode == 2
    for field in ("region", "task_count_min", "environment_suffix"):
        assert field in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_override_without_a_value_ends_with_2():
    ended = run("synth", "--set", "region")
    assert ended.returncode == 2
    assert "FIELD=VALUE" in ended.stderr


@pytest.mark.parametrize("content", ["", '{"resource": {}}'])
def test_what_cannot_be_judged_ends_with_3(tmp_path, content):
    target = tmp_path / "cdk.tf.json"
    target.write_text(content)
    ended = run("gate", target)
    assert ended.returncode == 3, ended.stderr
    assert "Traceback" not in ended.stderr


def test_findings_end_with_1_and_say_what_to_do(tmp_path):
    printed = tmp_path / "verdict.txt"
    ended = run("gate", BAD, "-o", printed)
    assert ended.returncode == 1
    assert "aws_kinesis_stream.absent" in printed.read_text()
    assert "fix: pass key= to guarded_kinesis_stream" in printed.read_text()


def test_the_verdict_is_printed_as_json_and_as_json_only():
    ended = run("gate", BAD, "--format", "json", "-o", "-")
    verdict = json.loads(ended.stdout)
    assert verdict["outcome"] == "fail"
    finding = next(f for f in verdict["findings"] if f["resource_address"] == "aws_kinesis_stream.absent")
    assert finding["policy_id"] == "PG_ENC_KINESIS"
    assert finding["line"] > 0
    assert finding["controls"]["nist-800-53-r5"] == ["SC-28", "SC-28(1)", "SC-12"]
    proof = next(
        p
        for p in json.loads(run("gate", GOOD, "--format", "json").stdout)["passed"]
        if p["policy_id"] == "PG_ENC_KINESIS"
    )
    assert proof["evidence"]["encryption_type"] == "KMS"


def test_a_misspelt_profile_or_threshold_ends_with_2_and_the_name_that_was_meant():
    wrong = run("gate", GOOD, "--profile", "generc")
    assert (wrong.returncode, "did you mean generic?" in wrong.stderr) == (2, True)
    wrong = run("gate", GOOD, "--threshold", "rotation_day=14", PLANTGUARD_THRESHOLD_LOG_RETENTION_DAYS="x")
    assert wrong.returncode == 2
    assert "did you mean rotation_days" in wrong.stderr
    assert "log_retention_days" in wrong.stderr
    assert run("gate", GOOD, "--threshold", "rotation_days").returncode == 2


def test_a_target_is_judged_by_the_profile_and_thresholds_without_the_stacks_settings(tmp_path):
    settings = tmp_path / "gate.toml"
    settings.write_text("[thresholds]\nstream_retention_hours = 24\n")
    ended = run(
        *("gate", GOOD, "--profile", "generic", "--settings", settings, "--threshold", "rotation_days=14"),
        *("--format", "json"),
        PLANTGUARD_TASK_COUNT_MIN="no number, and not asked for",
    )
    verdict = json.loads(ended.stdout)
    assert verdict["profile"] == "generic"
    assert verdict["changed_thresholds"] == ["rotation_days", "stream_retention_hours"]
    assert "PG_NAM_SUFFIX" in {policy["policy_id"] for policy in verdict["not_in_profile"]}


def test_explain_prints_the_catalogue_with_and_without_list_and_an_adopted_policy():
    listed = run("explain", "--list")
    assert listed.returncode == 0
    assert listed.stdout == run("explain").stdout == (ROOT / "policies" / "README.md").read_text()
    shown = run("explain", "ckv_aws_3").stdout
    assert shown.startswith("CKV_AWS_3  ENC.ckv-aws-3  HIGH")
    assert "Refused (tests/policy/adopted/CKV_AWS_3/bad.tf.json)" in shown
    assert run("explain", "PG_ENC_KINESIS", "--list").returncode == 2


@pytest.mark.slow
def test_cdktf_json_runs_the_stack_as_cdktfs_own_cli_does(tmp_path):
    command = json.loads((ROOT / "cdktf.json").read_text())["app"].rpartition("&& ")[2]
    environ = {**os.environ, "CDKTF_OUTDIR": str(tmp_path), "CDKTF_CONTEXT_JSON": '{"environmentSuffix": "pr7"}'}
    ended = subprocess.run(command.split(), cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert list(manifest["stacks"]) == ["sensor-pr7"]
    assert (tmp_path / manifest["stacks"]["sensor-pr7"]["synthesizedStackPath"]).is_file()


@pytest.mark.slow
def test_an_interrupt_ends_without_a_verdict_and_without_a_traceback(tmp_path):
    command = [sys.executable, str(ROOT / "main.py"), "gate", "--timings", "--outdir", str(tmp_path / "out")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True) as started:
        assert started.stderr is not None
        assert started.stderr.readline().startswith("load")
        os.killpg(started.pid, signal.SIGINT)
        printed, said = started.communicate(timeout=60)
    assert started.returncode == 130
    assert "PASS" not in printed
    assert "Traceback" not in said


KEY = 'resource "aws_kms_key" "k" {\n  enable_key_rotation = %s\n}\n'


def test_several_configurations_get_a_verdict_each_and_the_worst_counts(tmp_path):
    for name, text in {
        "bad/main.tf": KEY % "false",
        "empty/main.tf": "locals {}\n",
        "open/main.tf": 'variable "on" {}\n' + KEY % "var.on",
    }.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    shown = run("gate", tmp_path / "bad", tmp_path / "empty", "--format", "json", "--profile", "generic")
    assert shown.returncode == 1
    assert json.loads(shown.stdout)["outcome"] == "fail"
    assert "declares no resource" in shown.stderr
    whole = run("gate", tmp_path, "--format", "json")
    assert [verdict["stack"].rpartition("-")[2] for verdict in json.loads(whole.stdout)] == ["bad", "open"]
    alone = run("gate", tmp_path / "empty")
    assert (alone.returncode, alone.stdout, alone.stderr.count("\n")) == (3, "", 1)


def test_a_value_of_a_variable_decides_what_was_open(tmp_path):
    (tmp_path / "main.tf").write_text('variable "on" {}\n' + KEY % "var.on")
    (tmp_path / "on.tfvars").write_text("on = false\n")

    def states(*arguments):
        shown = run("gate", tmp_path, "--format", "json", "--profile", "generic", *arguments)
        return {f["state"] for f in json.loads(shown.stdout)["findings"] if f["policy_id"] == "PG_ROT_KMS_KEY"}

    assert states() == {"undecided"}
    assert states("--var-file", tmp_path / "on.tfvars") == {"failed"}
