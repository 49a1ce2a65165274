from __future__ import annotations

import json

import pytest

from lib.errors import GateError
from lib.gate import judge
from lib.gate.archive import archived, without_secret
from lib.gate.sources import read_source

CANARY = "Zk93canaryPLAIN51xqQ7"
PLAN = {"format_version": "1.2", "planned_values": {}, "configuration": {"root_module": {}}}
CHANGE = {"address": "aws_db_instance.a", "mode": "managed", "type": "aws_db_instance", "name": "a"}


def kept(path, configuration=None, var_files=()):
    source = read_source(path, configuration, var_files)
    return archived(source, judge(source, "s"))


def plan(after, sensitive=False, **more):
    change = {"actions": ["create"], "after": after, "after_unknown": {}, "after_sensitive": sensitive}
    return {**PLAN, "resource_changes": [{**CHANGE, "change": change}], **more}


def test_an_input_without_a_secret_is_kept_whole(stack):
    path = stack()
    assert kept(path) == {f"{path.parent.name}/{path.name}": path.read_bytes()}


@pytest.mark.parametrize(
    "document",
    [
        {"resource": {"aws_db_instance": {"a": {"password": CANARY}}}},
        {"resource": {"aws_lambda_function": {"a": {"environment": {"variables": {"DB_PASSWORD": CANARY}}}}}},
        {"resource": {"aws_sqs_queue": {"a": {}}}, "//": f"password = {CANARY}"},
        {"resource": {"aws_sqs_queue": {"a": {}}}, "unknown_block": {"api_key": CANARY}},
        {"resource": {"aws_sqs_queue": {"a": {}}}, "unknown": {"url": f"postgres://u:{CANARY}@${{var.host}}/db"}},
        plan({"password": CANARY}, {"password": True}),
        plan({"engine": "postgres"}, variables={"db_password": {"value": CANARY}}),
        plan({"engine": "postgres"}, output_changes={"x": {"after": CANARY, "after_sensitive": True}}),
        plan({"engine": "p"}, prior_state={"values": {"outputs": {"x": {"value": CANARY, "sensitive": True}}}}),
        {
            "format_version": "1.0",
            "values": {"root_module": {"resources": [
                {**CHANGE, "values": {"x": CANARY}, "sensitive_values": {"x": True}}]}},
        },
    ],
)  # fmt: skip
def test_json_that_holds_a_secret_is_not_kept(tmp_path, document):
    name = "plan.json" if "format_version" in document else "a.tf.json"
    (tmp_path / name).write_text(json.dumps(document))
    assert kept(tmp_path / name) == {}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("main.tf", f'resource "aws_db_instance" "a" {{\n  password = "{CANARY}"\n}}\n'),
        ("main.tf", f'# password = "{CANARY}"\nresource "aws_sqs_queue" "a" {{}}\n'),
        ("main.tf", f'/* password: {CANARY} */\nresource "aws_sqs_queue" "a" {{}}\n'),
        ("terraform.tfvars", f'db_password = "{CANARY}"\n'),
        ("more.auto.tfvars.json", json.dumps({"db_password": CANARY})),
        ("broken.tf", f'resource "aws_sqs_queue" "b" {{ password = "{CANARY}" \n'),
    ],
)
def test_a_file_with_a_secret_is_left_out_and_its_neighbours_are_kept(tmp_path, file, text):
    (tmp_path / "clean.tf").write_text(
        'variable "db_password" {\n  sensitive = true\n}\nresource "aws_sqs_queue" "q" {}\n'
    )
    (tmp_path / file).write_text(text)
    found = kept(tmp_path)
    assert not any(CANARY.encode() in content for content in found.values())
    assert f"{tmp_path.name}/{file}" not in found
    if not file.endswith(("vars", "vars.json")):  # what they give a variable is found where it is declared
        assert f"{tmp_path.name}/clean.tf" in found


def test_references_to_secrets_and_arns_are_no_secrets(tmp_path):
    (tmp_path / "main.tf").write_text(
        'variable "db_password" {\n  sensitive = true\n}\n'
        'resource "aws_db_instance" "a" {\n  password_wo = var.db_password\n  password_wo_version = 1\n}\n'
    )
    assert list(kept(tmp_path)) == [f"{tmp_path.name}/main.tf"]


def test_an_input_that_changes_after_it_was_judged_is_told(stack):
    path = stack()
    source = read_source(path)
    verdict = judge(source, "s")
    stack(retention_in_days=1)
    with pytest.raises(GateError, match="has changed since it was judged"):
        archived(source, verdict)
    path.unlink()
    with pytest.raises(GateError, match="cannot be read again"):
        archived(source, verdict)


def test_a_waiver_file_with_a_secret_is_not_kept():
    assert without_secret(b'reason = "the pilot line holds no readings"')
    assert not without_secret(f'reason = "password = {CANARY}"'.encode())


def test_an_installed_module_with_a_secret_is_left_out(tmp_path):
    module = tmp_path / ".terraform" / "modules" / "db"
    module.mkdir(parents=True)
    (module / "main.tf").write_text(f'resource "aws_db_instance" "a" {{\n  password = "{CANARY}"\n}}\n')
    listed = {"Modules": [{"Key": "db", "Source": "example/db", "Dir": ".terraform/modules/db"}]}
    (module.parent / "modules.json").write_text(json.dumps(listed))
    (tmp_path / "main.tf").write_text('module "db" {\n  source = "example/db"\n}\n')
    found = kept(tmp_path)
    assert f"{tmp_path.name}/main.tf" in found
    assert not any(CANARY.encode() in content for content in found.values())
