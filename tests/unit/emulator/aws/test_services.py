"""One claim per operation that moto lacks or answers otherwise than AWS; ElastiCache has a file of its own."""

from __future__ import annotations

import io
import json
import urllib.request
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

Client = Any
TAGS = [{"Key": "Owner", "Value": "team"}]
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "*", "Resource": "*"}
        ],
    }
)


def test_kms_gives_back_the_rotation_period(aws: Client) -> None:
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 180


def test_kinesis_keeps_the_tags_of_a_new_stream(aws: Client) -> None:
    kinesis = aws("kinesis")
    kinesis.create_stream(StreamName="tagged", ShardCount=1, Tags={"Owner": "team"})
    assert kinesis.list_tags_for_stream(StreamName="tagged")["Tags"] == TAGS


def test_sqs_keeps_a_queues_policy_when_something_else_changes(aws: Client) -> None:
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="policied")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": TRUST})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"] == TRUST


def test_sqs_drops_a_queues_policy_on_demand(aws: Client) -> None:
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="unpolicied", Attributes={"Policy": TRUST})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert not sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {}).get("Policy")


def test_sns_gives_back_the_signature_version(aws: Client) -> None:
    sns = aws("sns")
    arn = sns.create_topic(Name="signed")["TopicArn"]
    sns.set_topic_attributes(TopicArn=arn, AttributeName="SignatureVersion", AttributeValue="2")
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["SignatureVersion"] == "2"


@pytest.mark.parametrize(
    ("given", "found"), [({}, "STANDARD"), ({"logGroupClass": "INFREQUENT_ACCESS"}, "INFREQUENT_ACCESS")]
)
def test_a_log_group_has_a_class(aws: Client, given: dict[str, str], found: str) -> None:
    logs = aws("logs")
    logs.create_log_group(logGroupName=f"/class/{found}", **given)
    (group,) = logs.describe_log_groups(logGroupNamePrefix=f"/class/{found}")["logGroups"]
    assert group["logGroupClass"] == found


def security_group(aws: Client, name: str) -> str:
    id_: str = aws("ec2").create_security_group(GroupName=name, Description="d")["GroupId"]
    return id_


@pytest.mark.parametrize("target", ["UserIdGroupPairs", "PrefixListIds"])
def test_a_security_group_rule_keeps_its_description(aws: Client, target: str) -> None:
    ec2 = aws("ec2")
    lists = ec2.describe_managed_prefix_lists()["PrefixLists"]
    group = security_group(aws, f"described-{target}")
    to = {
        "UserIdGroupPairs": {"GroupId": group, "Description": "what for"},
        "PrefixListIds": {"PrefixListId": lists[0]["PrefixListId"], "Description": "what for"},
    }[target]
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, target: [to]}
    (rule,) = ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[permission])["SecurityGroupRules"]
    (found,) = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])[
        "SecurityGroupRules"
    ]
    assert found["Description"] == "what for"


def test_a_security_group_rule_that_refers_to_a_group_can_be_changed(aws: Client) -> None:
    ec2 = aws("ec2")
    group, other = security_group(aws, "changed"), security_group(aws, "other")
    permission = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": group}]}
    (rule,) = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])["SecurityGroupRules"]
    id_ = rule["SecurityGroupRuleId"]
    wanted = {"IpProtocol": "tcp", "FromPort": 2, "ToPort": 2, "ReferencedGroupId": other, "Description": "new"}
    ec2.modify_security_group_rules(
        GroupId=group, SecurityGroupRules=[{"SecurityGroupRuleId": id_, "SecurityGroupRule": wanted}]
    )
    (found,) = ec2.describe_security_group_rules(SecurityGroupRuleIds=[id_])["SecurityGroupRules"]
    assert (found["FromPort"], found["Description"], found["ReferencedGroupInfo"]["GroupId"]) == (2, "new", other)


def test_an_ecs_service_keeps_what_it_was_created_with(aws: Client) -> None:
    ecs = aws("ecs")
    ecs.create_cluster(clusterName="kept")
    ecs.register_task_definition(family="kept", containerDefinitions=[{"name": "c", "image": "i", "memory": 64}])
    given = {
        "enableECSManagedTags": True,
        "enableExecuteCommand": True,
        "availabilityZoneRebalancing": "ENABLED",
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "maximumPercent": 150,
            "minimumHealthyPercent": 100,
        },
        "healthCheckGracePeriodSeconds": 5,
    }
    ecs.create_service(cluster="kept", serviceName="s", taskDefinition="kept", desiredCount=1, **given)
    (service,) = ecs.describe_services(cluster="kept", services=["s"])["services"]
    assert {name: service[name] for name in given} == given


def scalable_target(aws: Client, name: str) -> str:
    ecs = aws("ecs")
    ecs.create_cluster(clusterName=name)
    ecs.register_task_definition(family=name, containerDefinitions=[{"name": "c", "image": "i", "memory": 64}])
    ecs.create_service(cluster=name, serviceName="s", taskDefinition=name, desiredCount=1)
    arn: str = aws("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{name}/s",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=2,
        Tags={"Owner": "team"},
    )["ScalableTargetARN"]
    return arn


def test_a_scalable_target_has_tags(aws: Client) -> None:
    scaling, arn = aws("application-autoscaling"), scalable_target(aws, "scaled")
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"Owner": "team"}
    scaling.tag_resource(ResourceARN=arn, Tags={"More": "1"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["Owner"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"More": "1"}


def test_a_scaling_policy_that_is_put_again_leaves_no_alarm_behind(aws: Client) -> None:
    scalable_target(aws, "alarmed")
    for target in (50.0, 60.0):
        aws("application-autoscaling").put_scaling_policy(
            PolicyName="p",
            ServiceNamespace="ecs",
            ResourceId="service/alarmed/s",
            ScalableDimension="ecs:service:DesiredCount",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": target,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            },
        )
    names = [alarm["AlarmName"] for alarm in aws("cloudwatch").describe_alarms()["MetricAlarms"]]
    assert sum("alarmed" in name for name in names) == 2


def test_iot_rules_and_policies_have_tags(aws: Client) -> None:
    iot = aws("iot")
    iot.create_topic_rule(
        ruleName="tagged", topicRulePayload={"sql": "SELECT * FROM 'x'", "actions": []}, tags="Owner=team"
    )
    rule = iot.get_topic_rule(ruleName="tagged")["ruleArn"]
    policy = iot.create_policy(policyName="tagged", policyDocument=TRUST, tags=TAGS)["policyArn"]
    assert iot.list_tags_for_resource(resourceArn=rule)["tags"] == TAGS
    assert iot.list_tags_for_resource(resourceArn=policy)["tags"] == TAGS
    iot.tag_resource(resourceArn=rule, tags=[{"Key": "More", "Value": "1"}])
    iot.untag_resource(resourceArn=rule, tagKeys=["Owner"])
    assert iot.list_tags_for_resource(resourceArn=rule)["tags"] == [{"Key": "More", "Value": "1"}]


def database(aws: Client, name: str, **arguments: Any) -> dict[str, Any]:
    instance: dict[str, Any] = aws("rds").create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        EngineVersion="16",
        AllocatedStorage=20,
        DBName="sensors",
        MasterUsername="owner",
        MasterUserPassword="first-password",
        **arguments,
    )["DBInstance"]
    return instance


def test_a_database_has_the_certificate_that_aws_gives_by_default(aws: Client) -> None:
    assert database(aws, "certified")["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"


def test_databases_have_resource_ids_of_their_own(aws: Client) -> None:
    assert database(aws, "one")["DbiResourceId"] != database(aws, "two")["DbiResourceId"]


def test_a_database_keeps_performance_insights(aws: Client) -> None:
    database(aws, "insights", EnablePerformanceInsights=True, PerformanceInsightsRetentionPeriod=7)
    aws("rds").modify_db_instance(DBInstanceIdentifier="insights", PerformanceInsightsRetentionPeriod=31)
    (found,) = aws("rds").describe_db_instances(DBInstanceIdentifier="insights")["DBInstances"]
    assert (found["PerformanceInsightsEnabled"], found["PerformanceInsightsRetentionPeriod"]) == (True, 31)


def test_a_parameter_that_was_set_is_a_users(aws: Client) -> None:
    rds = aws("rds")
    rds.create_db_parameter_group(DBParameterGroupName="p", DBParameterGroupFamily="postgres16", Description="d")
    setting = {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="p", Parameters=[setting])
    (found,) = rds.describe_db_parameters(DBParameterGroupName="p", Source="user")["Parameters"]
    assert (found["ParameterName"], found["Source"]) == ("rds.force_ssl", "user")


def test_with_stores_a_database_leads_to_postgresql(aws: Client, told: list[Any]) -> None:
    endpoint = database(aws, "redirected")["Endpoint"]
    assert (endpoint["Address"], endpoint["Port"]) == ("127.0.0.1", 15432)


def test_postgresql_is_told_a_new_database_and_each_new_password(aws: Client, told: list[Any]) -> None:
    database(aws, "told")
    aws("rds").modify_db_instance(DBInstanceIdentifier="told", MasterUserPassword="second-password")
    aws("rds").modify_db_instance(DBInstanceIdentifier="told", AllocatedStorage=30)
    assert [(item.identifier, item.name, item.user, item.password) for item in told] == [
        ("told", "sensors", "owner", "first-password"),
        ("told", "sensors", "owner", "second-password"),
    ]


def code(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("package/handler.py", source)
    return buffer.getvalue()


def function(aws: Client, name: str, source: str, **arguments: Any) -> str:
    iam = aws("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    arn: str = aws("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role,
        Handler="package.handler.handler",
        Code={"ZipFile": code(source)},
        **{"Timeout": 30, **arguments},
    )["FunctionArn"]
    return arn


def invoke(aws: Client, name: str, event: object) -> tuple[str | None, Any]:
    answer = aws("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return answer.get("FunctionError"), json.load(answer["Payload"])


def test_a_function_keeps_its_dead_letters_and_logging(aws: Client) -> None:
    given = {
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-west-1:123456789012:d"},
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/aws/lambda/x"},
    }
    function(aws, "kept", "", **given)
    aws("lambda").update_function_configuration(FunctionName="kept", TracingConfig={"Mode": "Active"})
    found = aws("lambda").get_function_configuration(FunctionName="kept")
    assert {name: found[name] for name in given} == given
    assert found["TracingConfig"] == {"Mode": "Active"}


def test_a_function_runs_with_its_environment_and_its_roles_session(aws: Client) -> None:
    source = """
import boto3, os
def handler(event, context):
    who = boto3.client("sts").get_caller_identity()["Arn"]
    return [event["x"], os.environ["COLOUR"], who, os.environ.get("HOME")]
"""
    function(aws, "runs", source, Environment={"Variables": {"COLOUR": "blue"}})
    who = "arn:aws:sts::123456789012:assumed-role/runs/runs"
    assert invoke(aws, "runs", {"x": 1}) == (None, [1, "blue", who, None])


def test_a_function_that_raises_says_so(aws: Client) -> None:
    function(aws, "raises", "def handler(event, context):\n    raise KeyError('no such sensor')\n")
    failed, answer = invoke(aws, "raises", {})
    assert (bool(failed), answer["errorType"], answer["errorMessage"]) == (True, "KeyError", "'no such sensor'")


def test_a_function_that_takes_too_long_is_ended(aws: Client) -> None:
    function(aws, "late", "import time\ndef handler(event, context):\n    time.sleep(60)\n", Timeout=1)
    failed, answer = invoke(aws, "late", {})
    assert failed
    assert "Task timed out after 1 seconds" in answer["errorMessage"]


def test_what_a_function_writes_is_in_its_log_group(aws: Client) -> None:
    function(aws, "writes", "def handler(event, context):\n    print('a line')\n", LoggingConfig={"LogGroup": "/own"})
    invoke(aws, "writes", {})
    events = aws("logs").filter_log_events(logGroupName="/own")["events"]
    assert [event["message"] for event in events] == ["a line"]


def test_an_operation_that_moto_lacks_is_refused_in_words(aws: Client) -> None:
    with pytest.raises(ClientError, match=r"NotImplemented.*describe_reserved_cache_nodes"):
        aws("elasticache").describe_reserved_cache_nodes()


def test_the_inventory_tells_what_is_live_from_what_aws_keeps(aws: Client, url: str) -> None:
    kms = aws("kms")
    live, dying = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
    kms.schedule_key_deletion(KeyId=dying)
    with urllib.request.urlopen(f"{url}/_emulator/inventory") as answer:
        found = json.load(answer)
    assert live in found["live"]["aws_kms_key"]
    assert dying not in found["live"]["aws_kms_key"]
    assert dying in found["kept"]["aws_kms_key"]
