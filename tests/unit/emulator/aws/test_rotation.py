from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.emulator.aws.test_services import function

Client = Any
# A function that does with its secret what ours does, without a database.
ROTATES = """
import boto3
def handler(event, context):
    secrets, id_, version = boto3.client("secretsmanager"), event["SecretId"], event["ClientRequestToken"]
    print(event["Step"], id_)
    if event["Step"] == "createSecret":
        secrets.put_secret_value(
            SecretId=id_, ClientRequestToken=version, SecretString="second", VersionStages=["AWSPENDING"])
    if event["Step"] == "finishSecret":
        stages = secrets.describe_secret(SecretId=id_)["VersionIdsToStages"]
        former = next(v for v, labels in stages.items() if "AWSCURRENT" in labels)
        secrets.update_secret_version_stage(
            SecretId=id_, VersionStage="AWSCURRENT", MoveToVersionId=version, RemoveFromVersionId=former)
"""
STOPS = "def handler(event, context):\n    if event['Step'] == 'testSecret':\n        raise ValueError('no')\n"
RULES = {"AutomaticallyAfterDays": 30}


def secret(aws: Client, name: str, source: str, *, permitted: bool = True) -> dict[str, str]:
    """What RotateSecret takes for a new secret with the value `first`."""
    arn = aws("secretsmanager").create_secret(Name=name, SecretString="first")["ARN"]
    target = function(aws, name, source)
    if permitted:
        aws("lambda").add_permission(
            FunctionName=name,
            StatementId="s",
            Action="lambda:InvokeFunction",
            Principal="secretsmanager.amazonaws.com",
            SourceArn=arn,
            SourceAccount="123456789012",
        )
    return {"SecretId": arn, "RotationLambdaARN": target}


def test_a_rotation_runs_the_four_steps_and_replaces_the_value(aws: Client) -> None:
    secrets, given = aws("secretsmanager"), secret(aws, "rotates", ROTATES)
    version = secrets.rotate_secret(**given, RotationRules=RULES)["VersionId"]
    now = secrets.get_secret_value(SecretId="rotates")
    assert (now["SecretString"], now["VersionId"]) == ("second", version)
    events = aws("logs").filter_log_events(logGroupName="/aws/lambda/rotates")["events"]
    steps = ("createSecret", "setSecret", "testSecret", "finishSecret")
    assert sorted(event["message"] for event in events) == sorted(f"{step} {given['SecretId']}" for step in steps)


def test_a_rotation_says_how_often_and_when_it_was_last(aws: Client) -> None:
    secrets = aws("secretsmanager")
    secrets.rotate_secret(**secret(aws, "often", ROTATES), RotationRules=RULES)
    found = secrets.describe_secret(SecretId="often")
    assert (found["RotationEnabled"], found["RotationRules"]["AutomaticallyAfterDays"]) == (True, 30)
    assert found["LastRotatedDate"] < found["NextRotationDate"]


def test_a_step_that_fails_leaves_the_current_value(aws: Client) -> None:
    secrets = aws("secretsmanager")
    version = secrets.rotate_secret(**secret(aws, "stops", STOPS), RotationRules=RULES)["VersionId"]
    assert secrets.get_secret_value(SecretId="stops")["SecretString"] == "first"
    assert "LastRotatedDate" not in secrets.describe_secret(SecretId="stops")
    assert secrets.rotate_secret(SecretId="stops")["VersionId"] == version  # resumed, not begun anew


def test_a_rotation_can_wait(aws: Client) -> None:
    secrets = aws("secretsmanager")
    secrets.rotate_secret(**secret(aws, "waits", ROTATES), RotationRules=RULES, RotateImmediately=False)
    assert secrets.get_secret_value(SecretId="waits")["SecretString"] == "first"


def test_a_function_that_secrets_manager_may_not_invoke_is_refused(aws: Client) -> None:
    given = secret(aws, "unpermitted", ROTATES, permitted=False)
    with pytest.raises(ClientError, match=r"AccessDenied.*cannot invoke the specified Lambda function"):
        aws("secretsmanager").rotate_secret(**given, RotationRules=RULES)


def test_json_of_the_event_is_what_secrets_manager_sends(aws: Client) -> None:
    source = "import json\ndef handler(event, context):\n    print(json.dumps(event))\n"
    given = secret(aws, "event", source)
    version = aws("secretsmanager").rotate_secret(**given, RotationRules=RULES)["VersionId"]
    first = json.loads(aws("logs").filter_log_events(logGroupName="/aws/lambda/event")["events"][0]["message"])
    assert {"SecretId": given["SecretId"], "ClientRequestToken": version}.items() <= first.items()
