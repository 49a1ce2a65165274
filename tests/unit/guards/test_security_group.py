from __future__ import annotations

import pytest

from lib.errors import GuardViolation
from lib.guards.security_group import (
    guarded_security_group,
    guarded_vpc_security_group_egress_rule,
    guarded_vpc_security_group_ingress_rule,
)

S3_PREFIXES = "${aws_vpc_endpoint.s3.prefix_list_id}"


def refused(caught) -> set[str]:
    return {refusal.argument for refusal in caught.value.refusals}


@pytest.fixture
def group(concern, tags, vpc):
    return guarded_security_group(concern, "tasks", tags=tags, vpc=vpc, description="Fargate tasks")


@pytest.fixture
def other(concern, tags, vpc):
    return guarded_security_group(concern, "database", tags=tags, vpc=vpc, description="PostgreSQL")


@pytest.fixture
def rule(tags, group):
    """What every rule of these tests has."""
    return {"tags": tags, "group": group, "port": 5432, "description": "PostgreSQL over TLS"}


def test_a_group_starts_without_any_rule(group, sealed):
    body = sealed()["resource"]["aws_security_group"]["tasks"]
    assert (body["name"], body["vpc_id"]) == ("sensor-tasks-dev", "${aws_vpc.network.id}")
    assert not {"ingress", "egress"} & set(body)


@pytest.mark.parametrize("inline", ["ingress", "egress"])
def test_a_group_refuses_inline_rules(concern, tags, vpc, inline):
    rules = {inline: [{"from_port": 0, "to_port": 0, "protocol": "-1", "cidr_blocks": ["0.0.0.0/0"]}]}
    with pytest.raises(GuardViolation, match=inline):
        guarded_security_group(concern, "tasks", tags=tags, vpc=vpc, description="Tasks", overrides=rules)


@pytest.mark.parametrize("description", ["", None, "x" * 256, "Größe"])
def test_a_group_refuses_a_description_that_aws_would_not_take(concern, tags, vpc, description):
    with pytest.raises(GuardViolation, match="description"):
        guarded_security_group(concern, "tasks", tags=tags, vpc=vpc, description=description)


def test_a_group_lists_everything_that_is_wrong(concern):
    with pytest.raises(GuardViolation) as caught:
        guarded_security_group(concern, "tasks", tags=None, vpc="vpc-1", description="", overrides={"name": "mine"})
    assert refused(caught) == {"tags", "vpc", "description", "overrides[name]"}


def test_ingress_is_one_tcp_port_from_one_group(concern, rule, other, sealed):
    guarded_vpc_security_group_ingress_rule(concern, "from_other", source=other, **rule)
    body = sealed()["resource"]["aws_vpc_security_group_ingress_rule"]["from_other"]
    assert body["security_group_id"] == "${aws_security_group.tasks.id}"
    assert body["referenced_security_group_id"] == "${aws_security_group.database.id}"
    assert (body["ip_protocol"], body["from_port"], body["to_port"]) == ("tcp", 5432, 5432)
    assert not {"cidr_ipv4", "cidr_ipv6", "prefix_list_id"} & set(body)


@pytest.mark.parametrize("port", [0, 65_536, 22, 3389, -1, True, "5432", 443.0, None])
def test_rules_refuse_administration_ports_and_what_is_no_port(concern, rule, other, port):
    with pytest.raises(GuardViolation, match="PG_NET_SG_NO_OPEN_INGRESS"):
        guarded_vpc_security_group_ingress_rule(concern, "r", source=other, **{**rule, "port": port})
    with pytest.raises(GuardViolation, match="PG_NET_SG_EGRESS_SCOPED"):
        guarded_vpc_security_group_egress_rule(concern, "r", destination=other, **{**rule, "port": port})


@pytest.mark.parametrize("range_", [{"cidr_ipv4": "0.0.0.0/0"}, {"cidr_ipv6": "::/0"}, {"prefix_list_id": "pl-1"}])
def test_ingress_refuses_every_address_range(concern, rule, other, range_):
    with pytest.raises(GuardViolation, match="which the guard owns"):
        guarded_vpc_security_group_ingress_rule(concern, "r", source=other, **rule, overrides=range_)


@pytest.mark.parametrize("source", [None, "0.0.0.0/0", "sg-1"])
def test_ingress_refuses_a_source_that_no_guard_built(concern, rule, source):
    with pytest.raises(GuardViolation, match="PG_NET_SG_REFERENCE"):
        guarded_vpc_security_group_ingress_rule(concern, "r", source=source, **rule)


def test_egress_goes_to_one_group(concern, rule, other, sealed):
    guarded_vpc_security_group_egress_rule(concern, "to_other", destination=other, **rule)
    body = sealed()["resource"]["aws_vpc_security_group_egress_rule"]["to_other"]
    assert body["referenced_security_group_id"] == "${aws_security_group.database.id}"
    assert "prefix_list_id" not in body


def test_egress_goes_to_the_prefixes_of_a_gateway_endpoint(concern, rule, built, vpc, sealed):
    built("aws_vpc_endpoint", "s3", vpc_id=vpc.ref("id"), service_name="com.amazonaws.eu-west-1.s3")
    guarded_vpc_security_group_egress_rule(concern, "to_s3", prefix_list=S3_PREFIXES, **{**rule, "port": 443})
    body = sealed()["resource"]["aws_vpc_security_group_egress_rule"]["to_s3"]
    assert body["prefix_list_id"] == S3_PREFIXES
    assert "referenced_security_group_id" not in body


@pytest.mark.parametrize("prefix_list", ["pl-6da54004", "0.0.0.0/0", "${aws_ec2_managed_prefix_list.any.id}", "", 1])
def test_egress_refuses_a_prefix_list_of_no_endpoint(concern, rule, prefix_list):
    with pytest.raises(GuardViolation, match="prefix_list"):
        guarded_vpc_security_group_egress_rule(concern, "r", prefix_list=prefix_list, **rule)


def test_egress_refuses_both_destinations_and_none(concern, rule, other):
    with pytest.raises(GuardViolation, match="not both"):
        guarded_vpc_security_group_egress_rule(concern, "r", destination=other, prefix_list=S3_PREFIXES, **rule)
    with pytest.raises(GuardViolation, match="not none"):
        guarded_vpc_security_group_egress_rule(concern, "r", **rule)


def test_a_rule_lists_everything_that_is_wrong(concern):
    wrong = {"ip_protocol": "-1", "cidr_ipv4": "10.0.0.0/8"}
    with pytest.raises(GuardViolation) as caught:
        guarded_vpc_security_group_egress_rule(
            concern, "R", tags=None, group="sg-1", destination="sg-2", port=22, description="", overrides=wrong
        )
    assert refused(caught) == {
        "id_",
        "tags",
        "group",
        "destination",
        "port",
        "description",
        "overrides[ip_protocol]",
        "overrides[cidr_ipv4]",
    }
