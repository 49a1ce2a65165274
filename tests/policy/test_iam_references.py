"""References keep their meaning where the address has modules and instance keys, and where the block is another's."""

from __future__ import annotations

import pytest

from policies.accounts import is_caller, own_key_arn
from policies.arns import fields, names_resource
from policies.principals import FOREIGN, OWN, owned, standing
from policies.terraform import Arguments, Block, CannotDecide, Configuration

SITE = 'module.site["a:b"]'
PROVIDER = Block("provider", "aws", "", {"allowed_account_ids": ["123456789012"]})
BLOCKS = (
    PROVIDER,
    Block("resource", "aws_iam_role", "task", {"name_prefix": "task"}, module=SITE, key="[0]"),
    Block("resource", "aws_s3_bucket", "raw", {}, module=SITE),
    Block("resource", "terraform_data", "star", {"input": "*"}, module=SITE),
    Block("data", "aws_caller_identity", "here", {}, module=SITE, key='["x"]'),
    Block("data", "aws_caller_identity", "other", {"provider": "aws.other"}),
    Block("data", "aws_partition", "here", {}, module=SITE),
)
ROLE = f"${{{SITE}.aws_iam_role.task[0].arn}}"
CALLER = f'${{{SITE}.data.aws_caller_identity.here["x"].account_id}}'
PARTITION = f"${{{SITE}.data.aws_partition.here.partition}}"
ROOT = f"arn:{PARTITION}:iam::{CALLER}:root"


@pytest.fixture
def conf() -> Arguments:
    return Arguments.of(Configuration(BLOCKS), BLOCKS[1])


def test_an_arn_is_not_split_inside_a_reference():
    assert fields(ROOT) == ["arn", PARTITION, "iam", "", CALLER, "root"]


@pytest.mark.parametrize("principal", [ROLE, CALLER, ROOT])
def test_an_identity_inside_a_module_is_ours(conf: Arguments, principal: str):
    assert standing(conf, "AWS", principal, "Principal") == OWN


def test_a_partition_by_reference_does_not_hide_another_account(conf: Arguments):
    assert standing(conf, "AWS", f"arn:{PARTITION}:iam::999999999999:root", "Principal") == FOREIGN


def test_a_bucket_inside_a_module_names_no_account(conf: Arguments):
    assert not owned(conf, f"${{{SITE}.aws_s3_bucket.raw.arn}}", "Condition")
    assert owned(conf, f"arn:{PARTITION}:iot:eu-west-1:{CALLER}:rule/*", "Condition")


def test_terraform_data_inside_a_module_may_hold_anything(conf: Arguments):
    for judge in (names_resource, owned):
        with pytest.raises(CannotDecide):
            judge(conf, f"${{{SITE}.terraform_data.star.output}}", "Resource")


@pytest.mark.parametrize("suffix", ["", "/*"])
def test_a_reference_inside_a_module_names_its_resource(conf: Arguments, suffix: str):
    assert names_resource(conf, f"${{{SITE}.aws_s3_bucket.raw.arn}}{suffix}", "Resource")


def test_a_key_of_the_caller_is_ours(conf: Arguments):
    assert own_key_arn(conf, f"arn:{PARTITION}:kms:eu-west-1:{CALLER}:key/5f1f9b1a-0000-4000-8000-000000000000")


def test_the_caller_of_another_provider_is_ours_only_if_all_providers_are(conf: Arguments):
    other = "${data.aws_caller_identity.other.account_id}"
    assert is_caller(conf, other)
    foreign = Block("provider", "aws", "other", {"alias": "other", "allowed_account_ids": ["999999999999"]})
    with pytest.raises(CannotDecide):
        is_caller(Arguments.of(Configuration((*BLOCKS, foreign)), BLOCKS[1]), other)
