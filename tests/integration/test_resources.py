"""What every resource of the state must have: the list is the state's, so that nothing new is forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policies.naming import NAMES, words
from policies.requirements import REGION, REQUIRED_TAGS
from policies.untaggable import UNTAGGABLE
from tests.integration.deployment import Deployment, Resource

REGIONS = re.compile(r"\b(?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-gov|-iso[a-z]*)?-[a-z]+-[1-9]")


def taggable(at: Deployment) -> list[Resource]:
    return [each for each in at.resources if each.type not in UNTAGGABLE]


def texts(value: Any) -> Iterator[str]:
    """Every text in a value of the state."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def test_every_taggable_resource_has_all_tags_and_the_suffix(deployment: Deployment) -> None:
    found = taggable(deployment)
    assert len(found) > 80
    for each in found:
        tags = each.values["tags_all"]
        assert [name for name in REQUIRED_TAGS if not tags.get(name)] == [], each.address
        assert tags["EnvironmentSuffix"] == deployment.suffix, each.address


def test_every_resource_with_a_physical_name_bears_the_suffix(deployment: Deployment) -> None:
    named = {
        each.address: each.values[NAMES[each.type].argument] for each in deployment.resources if each.type in NAMES
    }
    assert len(named) > 60
    assert {address: name for address, name in named.items() if deployment.suffix not in words(name)[1:]} == {}


def test_tags_arrive_at_services_that_tell_them_apart_from_terraform(deployment: Deployment) -> None:
    out = deployment.outputs
    stream = deployment.client("kinesis").list_tags_for_stream(StreamName=out["stream_name"])["Tags"]
    keys = deployment.client("kms").list_resource_tags(KeyId=out["stream_key_arn"])["Tags"]
    vpcs = deployment.client("ec2").describe_vpcs(VpcIds=[out["vpc_id"]])["Vpcs"][0]["Tags"]
    for tags in (
        {tag["Key"]: tag["Value"] for tag in stream},
        {tag["TagKey"]: tag["TagValue"] for tag in keys},
        {tag["Key"]: tag["Value"] for tag in vpcs},
    ):
        assert set(REQUIRED_TAGS) <= tags.keys()
        assert tags["EnvironmentSuffix"] == deployment.suffix


def test_nothing_is_in_another_region(deployment: Deployment) -> None:
    """No value of any resource names another: ARNs, zones, endpoints and URLs among them."""
    named = {
        (region, each.address)
        for each in deployment.resources
        for text in texts(dict(each.values))
        for region in REGIONS.findall(text)
    }
    assert len(named) > 80
    assert [(region, address) for region, address in named if region != REGION] == []


def test_every_alarm_tells_the_topic_when_it_begins_and_ends(deployment: Deployment) -> None:
    topic, wanted = (
        deployment.outputs["alarm_topic_arn"],
        set(deployment.named("aws_cloudwatch_metric_alarm", "alarm_name")),
    )
    pages = deployment.client("cloudwatch").get_paginator("describe_alarms").paginate()
    alarms = {each["AlarmName"]: each for page in pages for each in page["MetricAlarms"] if each["AlarmName"] in wanted}
    assert len(wanted) > 15
    assert alarms.keys() == wanted
    for name, alarm in alarms.items():
        assert (alarm["ActionsEnabled"], alarm["AlarmActions"], alarm["OKActions"]) == (True, [topic], [topic]), name


def test_failed_rotations_and_database_events_go_to_the_topic(deployment: Deployment) -> None:
    topic, events = deployment.outputs["alarm_topic_arn"], deployment.client("events")
    for rule in deployment.named("aws_cloudwatch_event_rule"):
        assert [each["Arn"] for each in events.list_targets_by_rule(Rule=rule)["Targets"]] == [topic]
    for name in deployment.named("aws_db_event_subscription"):
        told = deployment.client("rds").describe_event_subscriptions(SubscriptionName=name)
        assert [each["SnsTopicArn"] for each in told["EventSubscriptionsList"]] == [topic]
