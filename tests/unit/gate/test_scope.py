from __future__ import annotations

import json
import subprocess

import pytest

from lib.artifacts import Digest
from lib.evidence.checkout import Checkout, checkout_of
from lib.gate import judge
from lib.gate.sources import read_source
from lib.gate.versions import versions_here, versions_of

AWS = {"source": "hashicorp/aws", "version": "~> 6.0"}


def scope(path, configuration=None, var_files=()):
    return judge(read_source(path, configuration, var_files), "s").scope


def test_the_scope_is_what_the_configuration_states_of_itself(stack):
    found = scope(stack())
    assert (found.environment, found.environment_class, found.region) == ("dev", "ephemeral", "eu-west-1")
    assert (found.owner, found.form) == ("plant-operations@example.com", "json")


@pytest.mark.parametrize("provider", [{}, {"aws": {"region": "${var.region}", "default_tags": {"tags": "${var.t}"}}}])
def test_what_the_configuration_leaves_open_is_empty_and_not_guessed(tmp_path, provider):
    (tmp_path / "a.tf.json").write_text(json.dumps({"provider": provider, "resource": {"aws_sqs_queue": {"a": {}}}}))
    found = scope(tmp_path / "a.tf.json")
    assert (found.environment, found.environment_class, found.region, found.account) == ("", "", "", "")


def test_every_file_that_was_read_is_named_below_one_folder_with_its_digest(tmp_path):
    root, module = tmp_path / "live" / "app", tmp_path / "live" / "modules" / "queue"
    root.mkdir(parents=True)
    module.mkdir(parents=True)
    (module / "main.tf").write_text('resource "aws_sqs_queue" "a" {}\n')
    (root / "main.tf").write_text('module "q" { source = "../modules/queue" }\nvariable "v" {}\n')
    (root / "terraform.tfvars").write_text('v = "1"\n')
    (tmp_path / "live" / "more.tfvars").write_text('v = "2"\n')
    found = scope(root, None, [tmp_path / "live" / "more.tfvars"])
    names = ["live/app/main.tf", "live/app/terraform.tfvars", "live/modules/queue/main.tf", "live/more.tfvars"]
    assert [file.path for file in found.files] == names
    assert (found.form, found.target, found.var_files) == ("hcl", "live/app", ("live/more.tfvars",))
    assert all(len(file.sha256) == 64 for file in found.files)


def test_the_map_of_installed_modules_is_one_of_the_files(tmp_path):
    (tmp_path / ".terraform" / "modules").mkdir(parents=True)
    (tmp_path / ".terraform" / "modules" / "modules.json").write_text('{"Modules": []}')
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "a" {}\n')
    assert ".terraform/modules/modules.json" in " ".join(file.path for file in scope(tmp_path).files)


def test_resources_name_the_resources_they_refer_to(tmp_path):
    (tmp_path / "main.tf").write_text(
        'resource "aws_kms_key" "k" {}\n'
        'resource "aws_sqs_queue" "a" {\n  for_each = toset(["x"])\n  kms_master_key_id = aws_kms_key.k.arn\n}\n'
        'resource "aws_sqs_queue_policy" "p" {\n  queue_url = aws_sqs_queue.a["x"].id\n'
        '  policy = jsonencode({ a = "${aws_kms_key.k.arn}/*" })\n}\n'
    )
    found = {one.address: one.references for one in judge(read_source(tmp_path), "s").resources}
    assert found == {
        "aws_kms_key.k": (),
        'aws_sqs_queue.a["x"]': ("aws_kms_key.k",),
        "aws_sqs_queue_policy.p": ("aws_kms_key.k", 'aws_sqs_queue.a["x"]'),
    }


def test_versions_name_tools_providers_and_every_file_that_has_a_say(stack):
    found = versions_of(read_source(stack()))
    names = [file.path for file in found.rule_set]
    assert {"policies/enc_sqs.py", "policies/adopted.toml", "policies/terraform/reading.py", "lib/gate/scan.py"} <= set(
        names
    )
    assert "policies/waivers.toml" not in names
    assert set(found.tools) == {"checkov", "plantguard", "python"}
    assert versions_here().rule_set_sha256 == found.rule_set_sha256


@pytest.mark.parametrize(
    "stated",
    [
        {"aws": {"source": "hashicorp/aws", "version": "~> 6.0"}},
        [{"aws": {"source": "hashicorp/aws", "version": "~> 6.0"}}],
    ],
)
def test_the_provider_is_named_with_the_versions_that_the_configuration_accepts(tmp_path, stated):
    document = {"terraform": {"required_providers": stated}, "resource": {"aws_sqs_queue": {"a": {}}}}
    (tmp_path / "a.tf.json").write_text(json.dumps(document))
    assert versions_of(read_source(tmp_path / "a.tf.json")).provider == {"hashicorp/aws": "~> 6.0"}


def git(folder, *arguments):
    names = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *names, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_commit_and_whether_something_is_uncommitted_come_from_git(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "main.tf").write_text("a")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "a")
    head = git(tmp_path, "rev-parse", "HEAD")
    assert checkout_of(tmp_path) == Checkout(head, uncommitted=False)
    (tmp_path / "main.tf").write_text("b")
    assert checkout_of(tmp_path) == Checkout(head, uncommitted=True)


def test_a_folder_is_named_from_the_root_of_its_checkout(tmp_path):
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-qm", "a", "--allow-empty")
    (tmp_path / "infra" / "live").mkdir(parents=True)
    assert checkout_of(tmp_path / "infra" / "live").folder == "infra/live"
    assert checkout_of(tmp_path).folder == ""


def test_outside_a_checkout_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert checkout_of(tmp_path) == Checkout()
    monkeypatch.setenv("PATH", "")
    assert checkout_of(tmp_path) == Checkout()


def test_git_starts_no_program_that_a_judged_checkout_names(tmp_path):
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-qm", "a", "--allow-empty")
    git(tmp_path, "config", "core.fsmonitor", f"touch {tmp_path}/started; false")
    checkout_of(tmp_path)
    assert not (tmp_path / "started").exists()


def test_a_plan_with_sources_names_both(tmp_path):
    sources = tmp_path / "in" / "infra"
    sources.mkdir(parents=True)
    (sources / "main.tf").write_text('resource "aws_sqs_queue" "a" {}\n')
    plan = {"format_version": "1.2", "resource_changes": [], "planned_values": {}, "configuration": {}}
    change = {"address": "aws_sqs_queue.a", "mode": "managed", "type": "aws_sqs_queue", "name": "a"}
    plan["resource_changes"] = [
        {**change, "change": {"actions": ["create"], "after": {"name": "a"}, "after_unknown": {}}}
    ]
    (tmp_path / "in" / "plan.json").write_text(json.dumps(plan))
    found = scope(tmp_path / "in" / "plan.json", sources)
    assert (found.form, found.target, found.configuration) == ("plan", "in/plan.json", "in/infra")
    assert [file.path for file in found.files] == ["in/infra/main.tf", "in/plan.json"]
    assert isinstance(found.files[0], Digest)
