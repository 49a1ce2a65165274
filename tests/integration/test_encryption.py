"""Every store holds its data under a key of this stack, as the AWS API tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.integration.deployment import Deployment


def stream(at: Deployment) -> str:
    found = at.client("kinesis").describe_stream_summary(StreamName=at.outputs["stream_name"])
    assert found["StreamDescriptionSummary"]["EncryptionType"] == "KMS"
    return str(found["StreamDescriptionSummary"]["KeyId"])


def instance(at: Deployment) -> Mapping[str, Any]:
    found = at.client("rds").describe_db_instances(DBInstanceIdentifier=at.outputs["database_identifier"])
    only: Mapping[str, Any] = found["DBInstances"][0]
    return only


def database(at: Deployment) -> str:
    assert instance(at)["StorageEncrypted"]
    return str(instance(at)["KmsKeyId"])


def insights(at: Deployment) -> str:
    return str(instance(at)["PerformanceInsightsKMSKeyId"])


def cache(at: Deployment) -> str:
    id_ = at.outputs["cache_replication_group_id"]
    (group,) = at.client("elasticache").describe_replication_groups(ReplicationGroupId=id_)["ReplicationGroups"]
    assert group["AtRestEncryptionEnabled"]
    assert group["TransitEncryptionEnabled"]
    return str(group["KmsKeyId"])


def queue(at: Deployment) -> str:
    attributes = at.client("sqs").get_queue_attributes(
        QueueUrl=at.outputs["dead_letter_queue_url"], AttributeNames=["KmsMasterKeyId"]
    )
    return str(attributes["Attributes"]["KmsMasterKeyId"])


def topic(at: Deployment) -> str:
    attributes = at.client("sns").get_topic_attributes(TopicArn=at.outputs["alarm_topic_arn"])
    return str(attributes["Attributes"]["KmsMasterKeyId"])


def images(at: Deployment) -> str:
    name = at.outputs["repository_url"].partition("/")[2]
    (found,) = at.client("ecr").describe_repositories(repositoryNames=[name])["repositories"]
    assert found["encryptionConfiguration"]["encryptionType"] == "KMS"
    return str(found["encryptionConfiguration"]["kmsKey"])


def function(at: Deployment) -> str:
    name = at.outputs["rotation_function_name"]
    return str(at.client("lambda").get_function_configuration(FunctionName=name)["KMSKeyArn"])


def tasks(at: Deployment) -> str:
    (cluster,) = at.client("ecs").describe_clusters(clusters=[at.outputs["cluster_name"]], include=["CONFIGURATIONS"])[
        "clusters"
    ]
    return str(cluster["configuration"]["executeCommandConfiguration"]["kmsKeyId"])


@pytest.mark.parametrize(
    ("output", "key_of"),
    [
        ("stream_key_arn", stream),
        ("database_key_arn", database),
        ("database_key_arn", insights),
        ("cache_key_arn", cache),
        ("queue_key_arn", queue),
        ("alarms_key_arn", topic),
        ("images_key_arn", images),
        ("compute_key_arn", function),
        ("compute_key_arn", tasks),
    ],
)
def test_a_store_is_encrypted_with_its_own_key(
    deployment: Deployment, output: str, key_of: Callable[[Deployment], str]
) -> None:
    assert key_of(deployment) == deployment.outputs[output]


def test_every_log_group_is_encrypted_with_the_key_for_logs(deployment: Deployment) -> None:
    logs, wanted = deployment.client("logs"), set(deployment.named("aws_cloudwatch_log_group"))
    pages = logs.get_paginator("describe_log_groups").paginate()
    keys = {each["logGroupName"]: each.get("kmsKeyId") for page in pages for each in page["logGroups"]}
    assert wanted
    assert {keys[name] for name in wanted} == {deployment.outputs["logs_key_arn"]}


def test_keys_are_distinct_enabled_rotated_and_our_own(deployment: Deployment) -> None:
    kms, secrets = deployment.client("kms"), deployment.client("secretsmanager")
    existing = secrets.describe_secret(SecretId=deployment.outputs["database_secret_arn"])["KmsKeyId"]
    keys = [value for name, value in deployment.outputs.items() if name.endswith("_key_arn")] + [existing]
    assert len(set(keys)) == len(keys) == 9
    for key in keys:
        told = kms.describe_key(KeyId=key)["KeyMetadata"]
        assert (told["KeyManager"], told["KeyState"]) == ("CUSTOMER", "Enabled"), key
        assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"], key
