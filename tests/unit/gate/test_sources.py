from __future__ import annotations

import json

import pytest

from lib.errors import GateError
from lib.gate.scan import load_policies, scan
from lib.gate.sources import find_sources, read_source

STACK = """{
  "provider": {"aws": [{"region": "eu-west-1"}, {"region": "us-east-1", "alias": "far"}]},
  "resource": {
    "aws_sqs_queue": {
      "raw": {
        "//": {"metadata": {"path": "sensor/ingest/raw", "uniqueId": "raw"}},
        "name": "sensor-raw-dev",
        "tags": {"name": "not the name"}
      }
    }
  },
  "output": {"url": {"value": "${aws_sqs_queue.raw.url}"}},
  "terraform": {"required_version": ">= 1.11.0"}
}
"""


@pytest.fixture
def source(tmp_path):
    def read(text):
        path = tmp_path / "cdk.tf.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_source(path)

    return read


def test_reads_every_kind_of_block(source):
    addresses = [block.address for block in source(STACK).configuration.blocks]
    assert addresses == ["provider.aws", "provider.aws.far", "aws_sqs_queue.raw", "output.url", "terraform"]


def test_knows_the_line_of_a_block_and_of_each_argument(source):
    read = source(STACK)
    assert read.line_of("aws_sqs_queue.raw", "") == 5
    assert read.line_of("aws_sqs_queue.raw", "name") == 7
    assert read.line_of("aws_sqs_queue.raw", "tags.name") == 8
    assert read.line_of("aws_sqs_queue.raw", "absent") == 5
    assert read.line_of("aws_sqs_queue.elsewhere", "name") == 0


def test_keeps_the_construct_path_and_drops_the_comment(source):
    read = source(STACK)
    assert read.construct_path_of("aws_sqs_queue.raw") == "sensor/ingest/raw"
    assert "//" not in read.configuration.by_address["aws_sqs_queue.raw"].arguments


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        (b"\xff\xfe{}", "utf-8"),
        ("[" * 100_000, "nested too deeply"),
        ('{"resource": {"a": {"b": {}, "b": {}}}}', "given twice"),
        ("[]", "where Terraform JSON is an object"),
        ('{"resource": []}', "declares no resource"),
        ('{"resource": {"aws_sqs_queue": 1}}', "requires an object"),
        ('{"resource": {"aws_sqs_queue": {"raw": "x"}}}', "requires an object"),
        ('{"output": {"x": {"value": 1}}}', "declares no resource"),
        ('{"resource": {"aws_sqs_queue": {}}}', "declares no resource"),
        ('{"resource": {"aws_sqs_queue": {"raw": {"count": 0}}}}', "declares no resource"),
    ],
)
def test_what_holds_nothing_to_judge_gives_no_verdict(source, text, reason):
    with pytest.raises(GateError, match=reason):
        source(text)


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ('{"resource": {"a_b": {"b": {}}}, "provider": {"aws": 7}}', "provider.aws is int"),
        ('{"resource": {"a_b": {"b": {}}}, "locals": 7}', "locals is int"),
        ('{"resource": {"a_b": {"b": {}}}, "ressource": {}}', "a block 'ressource'"),
        ('{"resource": {"a_b": {"b": {}}}, "module": {"m": {"source": "./absent"}}}', "the source ./absent"),
    ],
)
def test_what_is_read_in_part_is_judged_and_the_rest_named(source, text, got):
    read = source(text)
    assert read.block("a_b.b")
    assert got in read.configuration.problems[0].got


def test_a_missing_file_gives_no_verdict(tmp_path):
    with pytest.raises(GateError, match="does not exist"):
        read_source(tmp_path / "absent.tf.json")


def test_reads_5000_resources_with_lines(source):
    queues = {f"q{n}": {"name": f"q{n}"} for n in range(5000)}
    read = source(json.dumps({"resource": {"aws_sqs_queue": queues}}, indent=1))
    assert read.line_of("aws_sqs_queue.q4999", "name") == 3 + 3 * 4999 + 2


def test_both_of_two_blocks_of_one_address_are_judged(tmp_path):
    """Terraform refuses them; a gate that judged one of them would pass over the other."""
    (tmp_path / "a.tf").write_text('resource "aws_kms_key" "k" {\n  enable_key_rotation = false\n}\n')
    (tmp_path / "b.tf").write_text('resource "aws_kms_key" "k" {\n  enable_key_rotation = true\n}\n')
    rules = {"PG_ROT_KMS_KEY": load_policies()["PG_ROT_KMS_KEY"]}
    findings, passed = scan(read_source(tmp_path), rules)
    assert [(len(findings), len(passed)), findings[0].argument] == [(1, 1), "enable_key_rotation"]


def test_an_override_file_is_merged_as_terraform_merges_it(tmp_path):
    (tmp_path / "a.tf").write_text(
        'resource "aws_kms_key" "k" {\n  enable_key_rotation = true\n  is_enabled = true\n}\n'
    )
    (tmp_path / "override.tf").write_text('resource "aws_kms_key" "k" {\n  enable_key_rotation = false\n}\n')
    block = read_source(tmp_path).block("aws_kms_key.k")
    assert block.arguments == {"enable_key_rotation": False, "is_enabled": True}


def test_values_of_variables_come_in_terraforms_order(tmp_path):
    (tmp_path / "main.tf").write_text(
        'variable "days" {}\nresource "aws_kms_key" "k" {\n  deletion_window_in_days = var.days\n}\n'
    )
    (tmp_path / "terraform.tfvars").write_text("days = 7\n")
    assert read_source(tmp_path).block("aws_kms_key.k").arguments == {"deletion_window_in_days": 7}
    (tmp_path / "z.auto.tfvars.json").write_text('{"days": 8}')
    assert read_source(tmp_path).block("aws_kms_key.k").arguments == {"deletion_window_in_days": 8}
    (tmp_path / "named").write_text("days = 9\n")
    named = read_source(tmp_path, var_files=[tmp_path / "named"])
    assert named.block("aws_kms_key.k").arguments == {"deletion_window_in_days": 9}
    with pytest.raises(GateError, match="no such file"):
        read_source(tmp_path, var_files=[tmp_path / "absent"])


def test_a_folder_holds_a_configuration_for_each_module_that_no_other_calls(tmp_path):
    for name, text in {
        "one/main.tf": 'module "m" {\n  source = "../shared"\n}\n',
        "two/main.tf": 'resource "aws_kms_key" "k" {}\n',
        "shared/main.tf": 'resource "aws_kms_key" "k" {}\n',
        "two/.terraform/modules/x/main.tf": 'resource "aws_kms_key" "k" {}\n',
        "empty/readme.md": "nothing",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert find_sources(tmp_path) == [tmp_path / "one", tmp_path / "two"]
    assert [b.address for b in read_source(tmp_path / "one").configuration.blocks] == [
        "module.m",
        "module.m.aws_kms_key.k",
    ]
    with pytest.raises(GateError, match="holds no Terraform"):
        find_sources(tmp_path / "empty")


def test_a_module_from_elsewhere_is_read_where_init_put_it(tmp_path):
    (tmp_path / "main.tf").write_text('module "m" {\n  source  = "owner/name/aws"\n  version = "1.0.0"\n}\n')
    inside = tmp_path / ".terraform" / "modules" / "m"
    inside.mkdir(parents=True)
    (inside / "main.tf").write_text('resource "aws_kms_key" "k" {}\n')
    listed = {"Modules": [{"Key": "", "Dir": "."}, {"Key": "m", "Dir": ".terraform/modules/m"}]}
    (tmp_path / ".terraform" / "modules" / "modules.json").write_text(json.dumps(listed))
    assert read_source(tmp_path).block("module.m.aws_kms_key.k")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("notes.txt", "x", "of no type that the gate reads"),
        ("p.tfplan", "x", "of no type that the gate reads"),
        ("terraform.tfstate.json", '{"lineage": "x", "version": 4}', "terraform show -json"),
        ("plan.json", '{"format_version": "1.2", "resource_changes": []}', "declares no resource"),
        ("broken.json", "{", "cannot be read as JSON"),
    ],
)
def test_what_is_no_terraform_says_what_to_give(tmp_path, name, content, reason):
    (tmp_path / name).write_text(content)
    with pytest.raises(GateError, match=reason):
        read_source(tmp_path / name)


def test_an_undecided_finding_says_how_to_make_it_decidable(tmp_path):
    (tmp_path / "main.tf").write_text(
        'variable "on" {}\nresource "aws_kms_key" "a" {\n  enable_key_rotation = var.on\n}\n'
        'resource "aws_kms_key" "b" {\n  enable_key_rotation = data.external.x.result\n}\n'
    )
    rules = {"PG_ROT_KMS_KEY": load_policies()["PG_ROT_KMS_KEY"]}
    fixes = {f.resource_address: f.fix for f in scan(read_source(tmp_path), rules)[0]}
    assert "give variable on a value" in fixes["aws_kms_key.a"]
    assert "write enable_key_rotation as a value" in fixes["aws_kms_key.b"]


def test_sources_beside_what_is_no_plan_are_refused(tmp_path):
    (tmp_path / "main.tf").write_text('resource "aws_kms_key" "a" {}\n')
    with pytest.raises(GateError, match="is no plan and no state"):
        read_source(tmp_path, tmp_path)


def test_a_module_called_from_json_is_no_root_of_its_own(tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "main.tf.json").write_text('{"resource": {"aws_kms_key": {"k": {}}}}')
    (tmp_path / "main.tf.json").write_text('{"module": {"a": {"source": "./m"}, "b": [{"source": "./m"}]}}')
    assert find_sources(tmp_path) == [tmp_path]
    addresses = [block.address for block in read_source(tmp_path).configuration.blocks if block.kind == "resource"]
    assert addresses == ["module.a.aws_kms_key.k", "module.b.aws_kms_key.k"]


@pytest.mark.parametrize(
    ("name", "text", "got"),
    [
        ("terraform.tfvars", "days = \n", "no HCL"),
        ("terraform.tfvars.json", "[1]", "not an object"),
        ("x.auto.tfvars.json", "{", "Expecting"),
        ("named.tfvars", "other = 1\n", "a value for other"),
    ],
)
def test_values_that_cannot_be_used_are_named(tmp_path, name, text, got):
    (tmp_path / "main.tf").write_text('variable "days" {}\nresource "aws_kms_key" "k" {}\n')
    (tmp_path / name).write_text(text)
    files = [tmp_path / name] if name == "named.tfvars" else []
    assert got in read_source(tmp_path, var_files=files).configuration.problems[0].got


def test_a_plan_knows_a_root_variable_and_hides_what_is_sensitive(tmp_path):
    plan = {
        "format_version": "1.2",
        "variables": {"token": {"value": "hunter2"}},
        "resource_changes": [
            {
                "address": "aws_sqs_queue.q",
                "mode": "managed",
                "type": "aws_sqs_queue",
                "name": "q",
                "change": {
                    "actions": ["create"],
                    "after": {"name": "hunter2", "other": "hunter3", "tags": {"a": None}},
                    "after_unknown": {"arn": True, "kms_master_key_id": True},
                    "after_sensitive": {"name": True, "other": True},
                },
            }
        ],
        "configuration": {
            "root_module": {
                "resources": [
                    {
                        "address": "aws_sqs_queue.q",
                        "mode": "managed",
                        "type": "aws_sqs_queue",
                        "name": "q",
                        "expressions": {
                            "name": {"references": ["var.token"]},
                            "other": {},
                            "kms_master_key_id": {"references": ["var.token"]},
                        },
                    }
                ],
                "variables": {"token": {"sensitive": True}},
            }
        },
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    read = read_source(tmp_path / "plan.json")
    arguments = read.block("aws_sqs_queue.q").arguments
    assert (arguments["name"], arguments["other"]) == ("${var.token}", "(sensitive)")
    assert "kms_master_key_id" not in arguments  # the expression came to null, and AWS gives what it likes
    assert "hunter" not in str(read.configuration.blocks)


def test_a_secret_that_a_plan_hands_to_a_module_stays_a_reference(tmp_path):
    parameter = {"mode": "managed", "type": "aws_ssm_parameter", "name": "p"}
    change = {"actions": ["create"], "after": {"name": "p", "value_wo": None}}
    address = {"address": "module.m.aws_ssm_parameter.p", "module_address": "module.m"}
    module = {"resources": [{**parameter, "expressions": {"value_wo": {"references": ["var.inner"]}}}]}
    call = {"module": module, "expressions": {"inner": {"references": ["var.token"]}}}
    plan = {
        "format_version": "1.2",
        "variables": {"token": {"value": "hunter2"}},
        "resource_changes": [{**address, **parameter, "change": change}],
        "configuration": {"root_module": {"variables": {"token": {"sensitive": True}}, "module_calls": {"m": call}}},
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    assert read_source(tmp_path / "plan.json").block(address["address"]).arguments["value_wo"] == "${var.token}"
