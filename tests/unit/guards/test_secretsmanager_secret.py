from __future__ import annotations

import pytest

from lib.errors import GuardViolation
from lib.guards import secretsmanager_secret
from lib.guards.guarded import Guarded
from lib.guards.refusal import Call
from lib.guards.secretsmanager_secret import guarded_secretsmanager_secret, guarded_secretsmanager_secret_rotation

KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/1a2b3c4d-1a2b-1a2b-1a2b-1a2b3c4d5e6f"
SECRET_ARN = "${data.aws_secretsmanager_secret.database.arn}"


@pytest.fixture
def secret(concern):
    return guarded_secretsmanager_secret(concern, "database", name="factory/db", kms_key_arn=KEY_ARN)


@pytest.fixture
def function(concern):
    name, role = "sensor-rotation-dev", "arn:aws:iam::123456789012:role/sensor-rotation-dev"
    call = Call(concern, "rotation", "aws_lambda_function")
    owned = {"function_name": name, "role": role, "handler": "x.y", "runtime": "python3.13", "filename": "x.zip"}
    return call.build(Guarded, tags=concern.node.scope.tags, owned=owned)


@pytest.fixture
def permit(concern, function):
    def build(id_="rotation_invoke", **changes):
        owned = {
            "action": "lambda:InvokeFunction",
            "function_name": function.ref("function_name"),
            "principal": "secretsmanager.amazonaws.com",
            "source_arn": SECRET_ARN,
        }
        return Call(concern, id_, "aws_lambda_permission").build(Guarded, owned={**owned, **changes})

    return build


def test_reads_an_existing_entry_and_stops_unless_it_is_under_the_key(secret, sealed):
    document = sealed()
    built = document["data"]["aws_secretsmanager_secret"]["database"]
    assert built["name"] == "factory/db"
    [condition] = built["lifecycle"]["postcondition"]
    assert condition["condition"] == f'${{self.kms_key_id == "{KEY_ARN}"}}'
    assert KEY_ARN in condition["error_message"]
    assert (secret.arn, secret.kms_key_arn) == (SECRET_ARN, KEY_ARN)
    assert "aws_secretsmanager_secret" not in document.get("resource", {})


def test_has_no_factory_that_creates_a_secret_or_writes_a_version():
    factories = {name for name in vars(secretsmanager_secret) if name.startswith("guarded_")}
    assert factories == {"guarded_secretsmanager_secret", "guarded_secretsmanager_secret_rotation"}


@pytest.mark.parametrize("name", ["", None, "a b", "hunter2!canary", "arn:aws:secretsmanager:eu-west-1:1:secret:x"])
def test_refuses_what_is_no_name_without_repeating_it(concern, name):
    with pytest.raises(GuardViolation, match="PG_SEC_EXISTING_SECRET") as caught:
        guarded_secretsmanager_secret(concern, "database", name=name, kms_key_arn=KEY_ARN)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "arn",
    [
        None,
        "alias/aws/secretsmanager",
        "arn:aws:kms:eu-west-1:123456789012:alias/factory",
        KEY_ARN.replace("eu-west-1", "us-east-1"),
        KEY_ARN.replace("key/1a2b3c4d-", "key/mrk-"),
        KEY_ARN + '" || true || "',
    ],
)
def test_refuses_a_key_that_is_not_customer_managed_here(concern, arn):
    with pytest.raises(GuardViolation, match="PG_ENC_SECRETS"):
        guarded_secretsmanager_secret(concern, "database", name="factory/db", kms_key_arn=arn)


@pytest.mark.parametrize("wrong", [{"lifecycle": {"postcondition": []}}, {"arn": "arn:aws:secretsmanager:x"}])
def test_refuses_an_override_that_reads_another_entry_or_drops_the_condition(concern, wrong):
    with pytest.raises(GuardViolation, match="overrides"):
        guarded_secretsmanager_secret(concern, "database", name="x", kms_key_arn=KEY_ARN, overrides=wrong)


def test_rotates_at_once_and_every_30_days_after_the_permission(concern, secret, function, permit, sealed):
    guarded_secretsmanager_secret_rotation(
        concern, "database_rotation", secret=secret, function=function, permission=permit()
    )
    built = sealed()["resource"]["aws_secretsmanager_secret_rotation"]["database_rotation"]
    assert built["rotation_rules"] == {"automatically_after_days": 30}
    assert built["secret_id"] == "${data.aws_secretsmanager_secret.database.id}"
    assert built["rotation_lambda_arn"] == "${aws_lambda_function.rotation.arn}"
    assert built["rotate_immediately"] is True
    assert built["depends_on"] == ["aws_lambda_permission.rotation_invoke"]


@pytest.mark.parametrize("days", [1, 29, 31, 90, None, "30"])
def test_refuses_any_interval_but_30_days(concern, secret, function, permit, days):
    with pytest.raises(GuardViolation, match="PG_ROT_SECRET_30_DAYS"):
        guarded_secretsmanager_secret_rotation(
            concern, "rotate", secret=secret, function=function, permission=permit(), rotation_days=days
        )


@pytest.mark.parametrize(
    "change",
    [
        {"principal": "*"},
        {"principal": "events.amazonaws.com"},
        {"source_arn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:other-AbCdEf"},
        {"source_arn": None},
        {"function_name": "another-function"},
    ],
)
def test_refuses_a_permission_for_somebody_or_something_else(concern, secret, function, permit, change):
    with pytest.raises(GuardViolation) as caught:
        guarded_secretsmanager_secret_rotation(
            concern, "rotate", secret=secret, function=function, permission=permit(**change)
        )
    assert [refusal.argument for refusal in caught.value.refusals] == [f"permission.{name}" for name in change]


@pytest.mark.parametrize("attribute", ["arn", "function_name"])
def test_takes_a_permission_that_names_the_function_in_either_way(concern, secret, function, permit, attribute):
    permission = permit(function_name=function.ref(attribute))
    rotation = guarded_secretsmanager_secret_rotation(
        concern, "rotate", secret=secret, function=function, permission=permission
    )
    assert rotation.address == "aws_secretsmanager_secret_rotation.rotate"


@pytest.mark.parametrize(
    "wrong", [{"rotate_immediately": False}, {"rotation_rules": {"schedule_expression": "rate(90 days)"}}]
)
def test_refuses_to_be_slowed_by_an_override(concern, secret, function, permit, wrong):
    with pytest.raises(GuardViolation, match="which the guard owns"):
        guarded_secretsmanager_secret_rotation(
            concern, "rotate", secret=secret, function=function, permission=permit(), overrides=wrong
        )


def test_one_violation_lists_everything_that_is_wrong(concern, key):
    with pytest.raises(GuardViolation) as caught:
        guarded_secretsmanager_secret_rotation(
            concern, "Rotate", secret="factory/db", function=key, permission=None, rotation_days=31
        )
    refused = {refusal.argument for refusal in caught.value.refusals}
    assert refused == {"id_", "secret", "function", "permission", "rotation_days"}
    assert "factory/db" not in str(caught.value)


def test_refuses_what_no_guard_built_even_with_a_permission_for_it(concern, secret, function, permit):
    permission = permit()
    with pytest.raises(GuardViolation) as caught:
        guarded_secretsmanager_secret_rotation(
            concern, "rotate", secret=SECRET_ARN, function="sensor-rotation-dev", permission=permission
        )
    assert {refusal.argument for refusal in caught.value.refusals} == {"secret", "function"}
