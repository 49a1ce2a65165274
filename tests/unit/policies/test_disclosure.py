"""References as they arrive from modules and instances: no fixture holds them, an evaluated configuration does."""

from __future__ import annotations

import pytest

from policies.disclosure import secret_references
from policies.terraform import Block, Configuration

SITE = 'module.site["a"]'
CONFIGURATION = Configuration(
    (
        Block("data", "aws_secretsmanager_secret_version", "v", {"secret_id": "x"}, module=SITE, key="[0]"),
        Block("data", "aws_secretsmanager_secret", "s", {"name": "x"}, module=SITE),
        Block("resource", "terraform_data", "echo", {"input": f"${{{SITE}.random_password.p.result}}"}, module=SITE),
        Block("variable", "", "marked", {"sensitive": True}, module=SITE),
        Block("variable", "", "region", {}, module=SITE),
        Block("locals", "", "", {"url": f"${{{SITE}.random_password.p.result}}", "name": "x"}, module=SITE),
    )
)


@pytest.mark.parametrize(
    "expression",
    [
        "data.aws_secretsmanager_secret_version.v[0].secret_string",
        "data.aws_secretsmanager_secret_version.v[0]",
        "random_password.p.result",
        'random_password.p["x"].result',
        "terraform_data.echo.output",
        "terraform_data.echo",
        "var.marked",
        "var.db_password",
        "local.url",
    ],
)
def test_finds_a_secret_value_inside_a_module(expression):
    for text in (f"${{{SITE}.{expression}}}", f'["${{{SITE}.{expression}}}"]'.replace('"a"', '\\"a\\"')):
        assert len(list(secret_references(CONFIGURATION, text))) == 1, text


@pytest.mark.parametrize(
    "expression",
    ["data.aws_secretsmanager_secret.s.arn", "data.aws_secretsmanager_secret.s", "var.region", "local.name"],
)
def test_finds_nothing_in_what_only_points_at_a_secret(expression):
    assert list(secret_references(CONFIGURATION, f"${{{SITE}.{expression}}}")) == []


def test_a_circle_of_locals_ends():
    circle = Configuration((Block("locals", "", "", {"a": "${local.b}", "b": "${local.a}"}),))
    assert list(secret_references(circle, "${local.a}")) == []
