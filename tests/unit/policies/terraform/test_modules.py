"""Declarations become one block for each instance, with the values that Terraform would give them."""

from __future__ import annotations

import json

import pytest

from policies.terraform.reading import read_module


@pytest.fixture
def blocks(tmp_path):
    """Writes files and reads them; address -> arguments."""

    def read(main, **files):
        (tmp_path / "main.tf").write_text(main)
        for name, text in files.items():
            folder = tmp_path / name
            folder.mkdir(exist_ok=True)
            (folder / "main.tf").write_text(text)
        read.configuration = read_module(tmp_path).configuration
        return {block.address: dict(block.arguments) for block in read.configuration.blocks}

    return read


def test_count_and_for_each_give_an_instance_each(blocks):
    found = blocks("""
        resource "aws_sqs_queue" "a" {
          count = 2
          name  = "q${count.index}"
        }
        resource "aws_sqs_queue" "b" {
          for_each = { x = "1", y = "2" }
          name     = "${each.key}${each.value}"
        }
        resource "aws_sqs_queue" "none" {
          count = length([]) > 0 ? 1 : 0
        }
    """)
    assert found == {
        "aws_sqs_queue.a[0]": {"name": "q0"},
        "aws_sqs_queue.a[1]": {"name": "q1"},
        'aws_sqs_queue.b["x"]': {"name": "x1"},
        'aws_sqs_queue.b["y"]': {"name": "y2"},
    }


def test_an_unknown_count_leaves_one_block_that_may_not_exist(blocks):
    found = blocks('variable "n" {}\nresource "aws_sqs_queue" "q" {\n  count = var.n\n  name = "q${count.index}"\n}\n')
    assert found["aws_sqs_queue.q"] == {"count": "${var.n}", "name": "q${count.index}"}


def test_references_keep_the_address_of_the_instance(blocks):
    found = blocks("""
        resource "aws_kms_key" "k" {
          for_each = toset(["a", "b"])
        }
        resource "aws_sqs_queue" "q" {
          one  = aws_kms_key.k["a"].arn
          all  = values(aws_kms_key.k)[*].arn
          text = "${aws_kms_key.k["b"].arn}/*"
          loop = { for name, key in aws_kms_key.k : name => key.id }
        }
    """)
    assert found["aws_sqs_queue.q"] == {
        "one": '${aws_kms_key.k["a"].arn}',
        "all": ['${aws_kms_key.k["a"].arn}', '${aws_kms_key.k["b"].arn}'],
        "text": '${aws_kms_key.k["b"].arn}/*',
        "loop": {"a": '${aws_kms_key.k["a"].id}', "b": '${aws_kms_key.k["b"].id}'},
    }


def test_dynamic_blocks_are_written_out(blocks):
    found = blocks("""
        variable "unknown" {}
        resource "aws_security_group" "g" {
          ingress { from_port = 1 }
          dynamic "ingress" {
            for_each = { a = 2, b = 3 }
            iterator = rule
            content {
              description = rule.key
              from_port   = rule.value
              dynamic "inner" {
                for_each = [rule.value]
                content { port = inner.value }
              }
            }
          }
          dynamic "egress" {
            for_each = var.unknown
            content { from_port = egress.value }
          }
        }
    """)
    assert found["aws_security_group.g"]["ingress"] == [
        {"from_port": 1},
        {"description": "a", "from_port": 2, "inner": [{"port": 2}]},
        {"description": "b", "from_port": 3, "inner": [{"port": 3}]},
    ]
    assert found["aws_security_group.g"]["egress"] == ["${dynamic egress}"]


MODULE = """
    variable "name" {}
    variable "key" { default = null }
    variable "rules" {
      type = list(object({ port = optional(number, 443), open = optional(bool) }))
      default = [{}]
    }
    resource "aws_sqs_queue" "q" {
      name  = var.name
      key   = var.key
      rules = var.rules
      file  = path.module
    }
    output "arn" { value = aws_sqs_queue.q.arn }
    output "name" { value = aws_sqs_queue.q.name }
"""


def test_a_module_is_read_for_each_of_its_instances(blocks):
    found = blocks(
        """
        resource "aws_kms_key" "k" {}
        module "m" {
          source   = "./m"
          for_each = toset(["a", "b"])
          name     = "q-${each.key}"
          key      = aws_kms_key.k.arn
        }
        resource "aws_sns_topic" "t" {
          arns = [for name in ["a", "b"] : module.m[name].arn]
          name = "t-${module.m["a"].name}"
        }
        """,
        m=MODULE,
    )
    assert found['module.m["a"].aws_sqs_queue.q'] == {
        "name": "q-a",
        "key": "${aws_kms_key.k.arn}",
        "rules": [{"port": 443, "open": None}],
        "file": "m",
    }
    assert found["aws_sns_topic.t"]["arns"] == [
        '${module.m["a"].aws_sqs_queue.q.arn}',
        '${module.m["b"].aws_sqs_queue.q.arn}',
    ]
    assert found["aws_sns_topic.t"]["name"] == 't-${module.m["a"].aws_sqs_queue.q.name}'


def test_a_provider_is_named_as_the_root_names_it(blocks):
    found = blocks(
        """
        provider "aws" { region = "eu-west-1" }
        provider "aws" {
          alias  = "west"
          region = "us-west-2"
        }
        module "plain" { source = "./m" }
        module "far" {
          source    = "./m"
          providers = { aws = aws.west }
        }
        """,
        m='resource "aws_sqs_queue" "q" {}\ndata "aws_region" "here" {}\n',
    )
    assert found["module.plain.aws_sqs_queue.q"] == {}
    assert found["module.far.aws_sqs_queue.q"] == {"provider": "aws.west"}


def test_a_variable_that_holds_a_secret_stays_a_reference(blocks):
    found = blocks("""
        variable "db_password" { default = "hunter2" }
        variable "plain" {
          default   = "hunter3"
          sensitive = true
        }
        resource "aws_db_instance" "d" {
          password = var.db_password
          other    = "x-${var.plain}"
        }
    """)
    assert found["aws_db_instance.d"] == {"password": "${var.db_password}", "other": "x-${var.plain}"}


def test_lifecycle_stays_as_it_is_written(blocks):
    found = blocks("""
        resource "aws_sqs_queue" "q" {
          lifecycle {
            prevent_destroy = true
            ignore_changes  = [tags["a"], name]
            postcondition {
              condition     = self.key == "a"
              error_message = "no"
            }
          }
        }
    """)
    lifecycle = found["aws_sqs_queue.q"]["lifecycle"][0]
    assert lifecycle["prevent_destroy"] is True
    assert lifecycle["ignore_changes"] == ['tags["a"]', "name"]
    assert lifecycle["postcondition"][0]["condition"] == '${self.key == "a"}'


def document(found, name):
    return json.loads(found[f"aws_iam_policy.{name}"]["policy"])["Statement"]


def test_a_policy_document_is_what_the_provider_makes_of_it(blocks):
    found = blocks("""
        locals {
          over = { Sid = "Read", Effect = "Allow", Action = "s3:*", Resource = "*" }
        }
        resource "aws_s3_bucket" "b" {}
        data "aws_iam_policy_document" "base" {
          statement {
            sid       = "Read"
            actions   = ["s3:GetObject"]
            resources = ["${aws_s3_bucket.b.arn}/*"]
          }
          statement {
            effect      = "Deny"
            not_actions = ["iam:*"]
            resources   = ["*"]
            principals {
              type        = "AWS"
              identifiers = ["*"]
            }
            condition {
              test     = "StringNotEquals"
              variable = "aws:username"
              values   = ["&{aws:userid}", "x"]
            }
          }
        }
        data "aws_iam_policy_document" "whole" {
          source_policy_documents   = [data.aws_iam_policy_document.base.json]
          override_policy_documents = [jsonencode({ Statement = [local.over] })]
          statement {
            sid       = "Write"
            actions   = ["s3:PutObject", "s3:PutObjectAcl"]
            resources = [aws_s3_bucket.b.arn]
          }
        }
        resource "aws_iam_policy" "base" { policy = data.aws_iam_policy_document.base.json }
        resource "aws_iam_policy" "whole" { policy = data.aws_iam_policy_document.whole.json }
    """)
    assert document(found, "base") == [
        {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "${aws_s3_bucket.b.arn}/*"},
        {
            "Effect": "Deny",
            "NotAction": "iam:*",
            "Resource": "*",
            "Principal": {"AWS": "*"},
            "Condition": {"StringNotEquals": {"aws:username": ["$${aws:userid}", "x"]}},
        },
    ]
    assert [(s.get("Sid"), s["Effect"]) for s in document(found, "whole")] == [
        ("Read", "Allow"), (None, "Deny"), ("Write", "Allow"),
    ]  # fmt: skip
    assert document(found, "whole")[0]["Action"] == "s3:*"


@pytest.mark.parametrize(
    "part",
    [
        "source_policy_documents = var.more",
        "source_policy_documents = [var.more]",
        'dynamic "statement" {\n for_each = var.more\n content { actions = [statement.value] }\n }',
        "statement {\n actions = []\n principals {\n type = var.more\n identifiers = []\n }\n }",
        'statement {\n dynamic "condition" {\n for_each = var.more\n content { values = [] }\n }\n }',
    ],
)
def test_an_unknown_part_of_a_document_is_a_text_beside_its_statements(blocks, part):
    found = blocks(f"""
        variable "more" {{}}
        data "aws_iam_policy_document" "d" {{
            statement {{ actions = ["s3:*"] }}
            {part}
        }}
        resource "aws_iam_policy" "p" {{ policy = data.aws_iam_policy_document.d.json }}
    """)
    policy = found["aws_iam_policy.p"]["policy"]
    statements = json.loads(policy)["Statement"]
    assert {"Effect": "Allow", "Action": "s3:*"} in statements
    assert [type(statement) for statement in statements if not isinstance(statement, dict)] == [str]
    assert found["data.aws_iam_policy_document.d"]["json"] == policy


def test_a_document_with_an_unknown_override_is_not_decided(blocks):
    found = blocks("""
        variable "more" {}
        data "aws_iam_policy_document" "d" { override_policy_documents = var.more }
        resource "aws_iam_policy" "p" { policy = data.aws_iam_policy_document.d.json }
    """)
    assert found["aws_iam_policy.p"]["policy"].startswith("${data.aws_iam_policy_document.d.json")


def test_heredocs_and_templates(blocks):
    found = blocks(
        'locals {\n  names = ["a", "b"]\n}\nresource "aws_instance" "i" {\n  user_data = <<-EOT\n    #!/bin/sh\n'
        "    %{ for n in local.names ~}\n    echo ${n} $${HOME}\n    %{ endfor ~}\n  EOT\n}\n"
    )
    assert found["aws_instance.i"]["user_data"] == "#!/bin/sh\necho a $${HOME}\necho b $${HOME}\n"


def test_what_lies_deeper_in_another_block_is_put_in(blocks):
    found = blocks("""
        resource "aws_vpc" "v" {
          tags = { Name = "main" }
          rule { port = 5432 }
        }
        resource "aws_sqs_queue" "q" {
          name  = aws_vpc.v.tags["Name"]
          text  = "${aws_vpc.v.tags.Name}-${aws_vpc.v.id}"
          port  = aws_vpc.v.rule[0].port
          other = aws_vpc.v.tags.Absent
        }
    """)
    assert found["aws_sqs_queue.q"] == {
        "name": "main",
        "text": "main-${aws_vpc.v.id}",
        "port": 5432,
        "other": "${aws_vpc.v.tags.Absent}",
    }


def test_a_map_that_may_hold_secrets_is_opened_where_it_is_gone_through(blocks):
    found = blocks("""
        variable "credentials" {
          default = { a = { port = 1 }, b = { port = 2 } }
        }
        resource "aws_sqs_queue" "q" {
          for_each = var.credentials
          names    = [for name, one in var.credentials : name]
          keys     = keys(var.credentials)
          port     = var.credentials.a.port
          rest     = merge(var.credentials, {})["b"].port
          dynamic "rule" {
            for_each = var.credentials
            content { port = rule.value.port }
          }
        }
        output "leak" { value = { for name, one in var.credentials : name => one } }
    """)
    assert found["output.leak"]["value"] == {"a": "${var.credentials.a}", "b": "${var.credentials.b}"}
    assert found['aws_sqs_queue.q["a"]'] == {
        "names": ["a", "b"],
        "keys": ["a", "b"],
        "port": 1,
        "rest": 2,
        "rule": [{"port": 1}, {"port": 2}],
    }
