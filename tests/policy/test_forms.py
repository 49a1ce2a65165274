"""The same configuration gives the same findings in whichever form it comes: HCL, JSON, plan, state.

`forms/plan.json` and `forms/state.json` are what Terraform printed of `forms/configuration` with the real AWS provider,
the state after an apply to an emulated AWS, and `forms/plan_of_json.json` what it printed of the same in JSON.
Two things no plan and no state holds: the backend, and lifecycle.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tree_sitter import Node

from lib.gate.scan import input_findings, load_policies, scan
from lib.gate.sources import read_source
from policies.terraform.syntax import Body, parse_hcl, source

ROOT = Path(__file__).resolve().parents[2]
FORMS = Path(__file__).parent / "forms"
HCL = FORMS / "configuration"
RULES = load_policies()
NOT_IN_A_PLAN = {"PG_SEC_STATE_BACKEND", "PG_DES_NO_PREVENT_DESTROY"}


def found(path: Path, configuration: Path | None = None):
    source = read_source(path, configuration)
    findings, _ = scan(source, RULES)
    return {(f.policy_id, f.resource_address, f.state.value) for f in (*findings, *input_findings(source))}


def as_json(body: Body) -> dict:
    """An HCL body as Terraform JSON."""
    made: dict = {}
    for name, expression in body.attributes.items():
        made[name] = expression.text if name == "type" else value_as_json(expression.node)
    for block in body.blocks:
        inner = as_json(block.body)
        if block.kind != "variable" and isinstance(inner.get("type"), str):
            inner["type"] = inner["type"].strip('"')
        for label in reversed(block.labels):
            inner = {label: inner}
        made.setdefault(block.kind, []).append(inner)
    return made


def value_as_json(node: Node):
    """Literals and collections as JSON has them; any other expression as a template."""
    text = source(node)
    inner = node.named_children[0] if node.named_child_count == 1 else node
    if inner.type == "literal_value":
        return json.loads(text)
    if inner.type == "template_expr" and text.startswith('"'):
        return text[1:-1]
    if inner.type == "collection_value":
        collection = inner.named_children[0]
        if collection.type == "tuple":
            return [value_as_json(child) for child in collection.named_children if child.type == "expression"]
        pairs = [child.named_children for child in collection.named_children if child.type == "object_elem"]
        return {source(pair[0]).strip('"'): value_as_json(pair[-1]) for pair in pairs}
    return f"${{{text}}}"


@pytest.fixture(scope="module")
def expected():
    return found(HCL)


def test_the_configuration_has_findings_and_passes_of_every_kind(expected):
    assert len({policy for policy, _, _ in expected}) > 8
    assert any("module.queues" in address for _, address, _ in expected)
    assert {state for _, _, state in expected} >= {"failed"}


def test_terraform_json_gives_the_same(expected, tmp_path):
    for file in HCL.rglob("*.tf"):
        copy = tmp_path / file.relative_to(HCL).parent / "main.tf.json"
        copy.parent.mkdir(parents=True, exist_ok=True)
        body, problems = parse_hcl(file.read_bytes(), file.name)
        assert not problems
        copy.write_text(json.dumps(as_json(body)))
    assert found(tmp_path) == expected


@pytest.mark.parametrize("form", ["plan.json", "plan_of_json.json", "state.json"])
def test_a_plan_or_state_beside_its_sources_gives_the_same(expected, form):
    assert found(FORMS / form, HCL) == expected


@pytest.mark.parametrize("form", ["plan.json", "plan_of_json.json", "state.json"])
def test_a_plan_or_state_alone_gives_the_same_but_for_what_it_does_not_hold(expected, form):
    alone = found(FORMS / form)
    assert {item for item in alone if item[0] not in NOT_IN_A_PLAN} == expected
    assert {state for policy, _, state in alone if policy in NOT_IN_A_PLAN} == {"undecided"}


def detached(node):
    """A plan or state without the policy that holds the document `task`, which then nothing refers to."""
    if isinstance(node, dict):
        return {key: detached(value) for key, value in node.items()}
    if isinstance(node, list):
        return [detached(item) for item in node if not is_role_policy(item)]
    return node


def is_role_policy(item):
    return isinstance(item, dict) and item.get("type") == "aws_iam_role_policy"


@pytest.mark.parametrize("form", ["plan.json", "state.json"])
def test_a_document_that_nothing_refers_to_is_judged_itself_in_every_form(form, tmp_path):
    sources = tmp_path / "sources"
    shutil.copytree(HCL, sources)
    main = sources / "main.tf"
    main.write_text(re.sub(r'resource "aws_iam_role_policy" "task" \{.*?\n\}\n', "", main.read_text(), flags=re.DOTALL))
    (tmp_path / form).write_text(json.dumps(detached(json.loads((FORMS / form).read_text()))))
    document = "data.aws_iam_policy_document.task"
    wanted = {(p, a, s) for p, a, s in found(sources) if a == document}
    assert {policy for policy, _, state in wanted if state == "failed"} >= {
        "PG_IAM_NO_PRIVILEGE_ESCALATION",
        "PG_IAM_NO_WILDCARD_ACTION",
        "PG_IAM_NO_WILDCARD_RESOURCE",
    }
    for findings in (found(tmp_path / form), found(tmp_path / form, sources)):
        assert {item for item in findings if item[1].startswith("data.aws_iam_policy_document")} == wanted


def test_a_plan_of_other_sources_is_told_apart(tmp_path):
    shutil.copytree(HCL, tmp_path / "other")
    main = tmp_path / "other" / "main.tf"
    main.write_text(main.read_text().replace("retention_in_days = 14", "retention_in_days = 400"))
    differing = [item for item in found(FORMS / "plan.json", tmp_path / "other") if item[0] == "PG_GATE_INPUT"]
    assert differing == [("PG_GATE_INPUT", "aws_cloudwatch_log_group.short", "undecided")]


@pytest.mark.slow
@pytest.mark.parametrize("form", [HCL, FORMS / "plan.json"], ids=["hcl", "plan"])
def test_plain_checkov_fails_the_same(form):
    """From outside the repository; Checkov has no registry for outputs and variables, and names providers otherwise."""
    checkov = Path(sys.executable).with_name("checkov")
    target = ["-d", str(form)] if form.is_dir() else ["-f", str(form)]
    options = ["--external-checks-dir", str(ROOT / "policies"), "--skip-download", "-o", "json", "-c", "PG_*"]
    frameworks = ["--framework", "terraform", "terraform_plan"]
    ended = subprocess.run(
        [str(checkov), *target, *options, *frameworks], cwd=FORMS.anchor, capture_output=True, text=True, check=False
    )
    failed = {(r["check_id"], r["resource"]) for r in json.loads(ended.stdout)["results"]["failed_checks"]}
    ours = {(p, a) for p, a, _ in found(form) if not a.startswith(("output.", "variable.", "provider."))}
    assert {(p, a) for p, a in failed if not a.startswith("aws.")} == ours


@pytest.mark.slow
def test_terraform_plans_the_values_that_are_read(terraform, tmp_path):
    """Expressions as published modules write them: the plan of the real provider holds no other value than ours."""
    folder = shutil.copytree(FORMS / "modules_in_use", tmp_path / "modules")
    for arguments in (("init", "-input=false"), ("plan", "-input=false", "-out=tfplan")):
        ended = terraform(folder, *arguments)
        assert ended.returncode == 0, ended.stderr
    (tmp_path / "plan.json").write_text(terraform(folder, "show", "-json", "tfplan").stdout)
    planned = read_source(tmp_path / "plan.json", folder)
    assert len([block for block in planned.configuration.blocks if block.kind == "resource"]) == 30
    assert planned.configuration.problems == ()
    assert found(tmp_path / "plan.json", folder) - found(folder) == set()


@pytest.mark.parametrize(
    ("address", "change"),
    [
        ("aws_iam_role_policy.task", {"role": "sensor-task-other"}),
        ("aws_iam_role.task", {"assume_role_policy": '{"Statement": [{"Action": "*", "Effect": "Allow"}]}'}),
        ('aws_kinesis_stream.all["readings"]', {"kms_key_id": None, "encryption_type": "NONE"}),
        ('module.queues["raw"].aws_sqs_queue.this', {"kms_master_key_id": None}),
        ("aws_cloudwatch_log_group.short", {"kms_key_id": "alias/aws/logs"}),
        ("aws_security_group.open", {"ingress": []}),
    ],
)
def test_no_source_excuses_what_a_state_holds(address, change, tmp_path):
    """What is known is judged as it is, and that it is another value than the sources declare is said."""
    state = json.loads((FORMS / "state.json").read_text())
    pending = [state["values"]["root_module"]]
    while pending:
        module = pending.pop()
        pending.extend(module.get("child_modules", []))
        for entry in module.get("resources", []):
            if entry["address"] == address:
                entry["values"].update(change)
    (tmp_path / "state.json").write_text(json.dumps(state))
    named = {finding for finding in found(tmp_path / "state.json", HCL) if finding[0] == "PG_GATE_INPUT"}
    assert named == {("PG_GATE_INPUT", address, "undecided")}


def test_what_is_made_anew_with_each_apply_is_not_taken_for_absent(tmp_path):
    (tmp_path / "main.tf").write_text('resource "aws_db_instance" "d" {\n  publicly_accessible = uuid() != ""\n}\n')
    change = {"actions": ["create"], "after": {}, "after_unknown": {"publicly_accessible": True}}
    entry = {"address": "aws_db_instance.d", "mode": "managed", "type": "aws_db_instance", "name": "d"}
    plan = {"format_version": "1.2", "resource_changes": [{**entry, "change": change}]}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    assert ("PG_NET_RDS_NOT_PUBLIC", "aws_db_instance.d", "undecided") in found(tmp_path / "plan.json", tmp_path)
