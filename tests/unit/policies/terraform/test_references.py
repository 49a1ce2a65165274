"""References to blocks that the input does not hold: of another file, or of another scanner's test case."""

from __future__ import annotations

import pytest

from lib.gate.sources import read_source
from policies.terraform import Arguments, CannotDecide

QUEUE_POLICY = """
resource "aws_sqs_queue_policy" "raw" {{
  queue_url = aws_sqs_queue.absent.url
  policy    = jsonencode({{Statement = [{{Effect = "Allow", Principal = "*", Resource = {resource}}}]}})
}}
"""
SECRETS = """
resource "aws_secretsmanager_secret" "database" {{}}
resource "aws_secretsmanager_secret_rotation" "one" {{
  secret_id = {secret_id}
}}
"""


@pytest.fixture
def arguments(tmp_path):
    def read(text, address):
        (tmp_path / "main.tf").write_text(text)
        configuration = read_source(tmp_path).configuration
        return Arguments.of(configuration, configuration.by_address[address])

    return read


@pytest.mark.parametrize(
    ("resource", "kept"),
    [
        ("aws_sqs_queue.absent.arn", "${aws_sqs_queue.absent.arn}"),
        ('"${aws_s3_bucket.absent.arn}/*"', "${aws_s3_bucket.absent.arn}/*"),
        ('"arn:aws:sqs:eu-west-1:${data.aws_caller_identity.absent.account_id}:raw"',
         "arn:aws:sqs:eu-west-1:${data.aws_caller_identity.absent.account_id}:raw"),
    ],
)  # fmt: skip
def test_the_arn_of_an_absent_block_leaves_the_rest_of_a_document_decided(arguments, resource, kept):
    (document,) = arguments(QUEUE_POLICY.format(resource=resource), "aws_sqs_queue_policy.raw").documents("policy")
    assert document.values["Statement"] == [{"Effect": "Allow", "Principal": "*", "Resource": kept}]


@pytest.mark.parametrize(
    "resource",
    [
        "var.absent",
        "local.absent",
        "aws_sqs_queue.absent.name",
        "aws_sns_topic_subscription.absent.topic_arn",
        "data.terraform_remote_state.absent.outputs.arn",
        '"${var.absent}/*"',
    ],
)
def test_what_may_hold_anything_leaves_a_document_undecided(arguments, resource):
    with pytest.raises(CannotDecide):
        arguments(QUEUE_POLICY.format(resource=resource), "aws_sqs_queue_policy.raw").documents("policy")


def test_the_arn_of_an_absent_block_outside_of_a_document_is_undecided(arguments):
    with pytest.raises(CannotDecide):
        arguments(QUEUE_POLICY.format(resource='"*"'), "aws_sqs_queue_policy.raw").value("queue_url")


def test_a_reference_to_an_absent_block_of_another_name_is_not_to_this_one(arguments):
    text = SECRETS.format(secret_id="aws_secretsmanager_secret.absent.id")
    secret = arguments(text, "aws_secretsmanager_secret.database")
    assert secret.referred_by("aws_secretsmanager_secret_rotation", "secret_id") == []


@pytest.mark.parametrize(
    "secret_id",
    ["var.absent", "data.aws_secretsmanager_secret.absent.id", "module.absent.id", "aws_ssm_parameter.absent.value"],
)
def test_a_reference_to_what_may_be_this_block_is_undecided(arguments, secret_id):
    secret = arguments(SECRETS.format(secret_id=secret_id), "aws_secretsmanager_secret.database")
    with pytest.raises(CannotDecide):
        secret.referred_by("aws_secretsmanager_secret_rotation", "secret_id")
