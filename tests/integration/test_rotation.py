"""The database's password is replaced every 30 days, by a function that only Secrets Manager may invoke."""

from __future__ import annotations

import json

import pytest
from pg8000.native import DatabaseError

from policies.requirements import ROTATION_DAYS
from tests.integration.deployment import Deployment
from tests.integration.stores import postgres, trust


def test_rotation_is_on_every_30_days_by_our_function(deployment: Deployment) -> None:
    told = deployment.client("secretsmanager").describe_secret(SecretId=deployment.outputs["database_secret_arn"])
    assert told["RotationEnabled"]
    assert told["RotationRules"]["AutomaticallyAfterDays"] == ROTATION_DAYS
    assert told["RotationLambdaARN"].endswith(f":function:{deployment.outputs['rotation_function_name']}")


def test_secrets_manager_alone_may_invoke_the_function_for_this_secret_and_account(deployment: Deployment) -> None:
    name, secret = deployment.outputs["rotation_function_name"], deployment.outputs["database_secret_arn"]
    policy = json.loads(deployment.client("lambda").get_policy(FunctionName=name)["Policy"])
    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"Service": "secretsmanager.amazonaws.com"}
    assert (statement["Effect"], statement["Action"]) == ("Allow", "lambda:InvokeFunction")
    assert statement["Condition"] == {
        "ArnLike": {"AWS:SourceArn": secret},
        "StringEquals": {"AWS:SourceAccount": secret.split(":")[4]},
    }


def test_a_rotation_gives_a_new_password_that_logs_in_and_ends_the_old_one(embedded: Deployment) -> None:
    before = embedded.secret()
    embedded.client("secretsmanager").rotate_secret(SecretId=embedded.outputs["database_secret_arn"])
    after = embedded.secret()
    assert after["password"] != before["password"]
    assert {**after, "password": ""} == {**before, "password": ""}
    postgres(embedded, after["password"], trust(embedded)).close()
    with pytest.raises(DatabaseError, match="28P01"):
        postgres(embedded, before["password"], trust(embedded))
