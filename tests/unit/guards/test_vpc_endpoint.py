from __future__ import annotations

import json

import pytest

from lib.errors import GuardViolation
from lib.guards.iam_document import Statement
from lib.guards.security_group import guarded_security_group
from lib.guards.vpc import guarded_route_table
from lib.guards.vpc_endpoint import guarded_vpc_endpoint
from policies.requirements import IMAGE_LAYERS

ACCOUNT = "123456789012"
STREAM = f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/sensor-readings-dev"


def refused(caught) -> set[str]:
    return {refusal.argument for refusal in caught.value.refusals}


def pinned(account=ACCOUNT, **changes):
    fields = {
        "sid": "OwnAccount",
        "actions": ("kinesis:GetRecords",),
        "resources": (STREAM,),
        "principals": {"*": ("*",)},
        "conditions": {"StringEquals": {"aws:PrincipalAccount": account}},
    }
    return Statement(**{**fields, **changes})


@pytest.fixture
def group(concern, tags, vpc):
    return guarded_security_group(concern, "endpoints", tags=tags, vpc=vpc, description="Endpoints")


@pytest.fixture
def table(concern, tags, vpc, subnets):
    return guarded_route_table(concern, "private", tags=tags, vpc=vpc, subnets=subnets)


@pytest.fixture
def interface(tags, vpc, subnets, group):
    """The arguments of an interface endpoint."""
    return {
        "tags": tags,
        "vpc": vpc,
        "service": "kinesis-streams",
        "account_id": ACCOUNT,
        "subnets": subnets,
        "security_groups": [group],
        "statements": [pinned()],
    }


@pytest.fixture
def gateway(tags, vpc, table):
    """The arguments of a gateway endpoint."""
    return {
        "tags": tags,
        "vpc": vpc,
        "service": "s3",
        "account_id": ACCOUNT,
        "route_tables": [table],
        "statements": [pinned(actions=("s3:GetObject",), resources=("arn:aws:s3:::layers/*",))],
    }


def test_an_interface_endpoint_takes_over_the_name_of_its_service(concern, interface, sealed):
    guarded_vpc_endpoint(concern, "kinesis", **interface)
    endpoint = sealed()["resource"]["aws_vpc_endpoint"]["kinesis"]
    assert endpoint["service_name"] == "com.amazonaws.eu-west-1.kinesis-streams"
    assert endpoint["vpc_endpoint_type"] == "Interface" and endpoint["private_dns_enabled"] is True
    assert endpoint["subnet_ids"] == ["${aws_subnet.private_a.id}", "${aws_subnet.private_b.id}"]
    assert endpoint["security_group_ids"] == ["${aws_security_group.endpoints.id}"]


def test_a_gateway_endpoint_stands_in_the_route_tables(concern, gateway, sealed):
    endpoint = guarded_vpc_endpoint(concern, "s3", **gateway)
    body = sealed()["resource"]["aws_vpc_endpoint"]["s3"]
    assert (body["vpc_endpoint_type"], body["route_table_ids"]) == ("Gateway", ["${aws_route_table.private.id}"])
    assert not {"subnet_ids", "security_group_ids", "private_dns_enabled"} & set(body)
    assert endpoint.prefix_list_id == "${aws_vpc_endpoint.s3.prefix_list_id}"


def test_the_policy_lets_only_the_account_through_and_only_over_tls(concern, interface, sealed):
    guarded_vpc_endpoint(concern, "kinesis", **interface)
    policy = json.loads(sealed()["resource"]["aws_vpc_endpoint"]["kinesis"]["policy"])
    allow, deny = policy["Statement"]
    assert allow["Condition"] == {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
    assert (deny["Effect"], deny["Principal"], deny["Action"], deny["Resource"]) == ("Deny", "*", "*", "*")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("statements", [None, [], [pinned("999999999999")], [pinned(principals={}, conditions={})]])
def test_refuses_a_policy_that_does_not_name_the_account(concern, interface, statements):
    with pytest.raises(GuardViolation, match="PG_TLS_ENDPOINT_POLICY"):
        guarded_vpc_endpoint(concern, "kinesis", **{**interface, "statements": statements})


def test_a_denial_need_not_name_the_account(concern, interface, sealed):
    denial = pinned(sid="NoWriting", effect="Deny", actions=("kinesis:PutRecord",), conditions={})
    guarded_vpc_endpoint(concern, "kinesis", **{**interface, "statements": [pinned(), denial]})
    assert "NoWriting" in sealed()["resource"]["aws_vpc_endpoint"]["kinesis"]["policy"]


@pytest.mark.parametrize("condition", ["aws:SourceAccount", "kms:CallerAccount"])
def test_refuses_an_account_that_is_pinned_by_another_key(concern, interface, condition):
    other = pinned(conditions={"StringEquals": {condition: ACCOUNT}})
    with pytest.raises(GuardViolation, match="aws:PrincipalAccount"):
        guarded_vpc_endpoint(concern, "kinesis", **{**interface, "statements": [other]})


def layers(vpc_id, **changes):
    condition = {"StringEquals": {"aws:SourceVpc": vpc_id}}
    return pinned(**{"actions": ("s3:GetObject",), "resources": (IMAGE_LAYERS,), "conditions": condition, **changes})


def test_image_layers_may_pass_for_callers_in_the_vpc(concern, gateway, vpc, sealed):
    guarded_vpc_endpoint(concern, "s3", **{**gateway, "statements": [layers(vpc.ref("id"))]})
    assert "starport" in sealed()["resource"]["aws_vpc_endpoint"]["s3"]["policy"]


@pytest.mark.parametrize(
    "wider", [{"resources": ("arn:aws:s3:::*",)}, {"actions": ("s3:PutObject",)}, {"resources": (IMAGE_LAYERS, STREAM)}]
)
def test_nothing_but_image_layers_may_pass_for_the_vpc_alone(concern, gateway, vpc, wider):
    with pytest.raises(GuardViolation, match="aws:PrincipalAccount"):
        guarded_vpc_endpoint(concern, "s3", **{**gateway, "statements": [layers(vpc.ref("id"), **wider)]})


def test_refuses_image_layers_for_another_vpc(concern, gateway):
    with pytest.raises(GuardViolation, match="aws:SourceVpc"):
        guarded_vpc_endpoint(concern, "s3", **{**gateway, "statements": [layers("vpc-0123")]})


@pytest.mark.parametrize("few", [{"subnets": []}, {"security_groups": []}])
def test_an_interface_refuses_to_be_unreachable(concern, interface, few):
    with pytest.raises(GuardViolation, match="at least"):
        guarded_vpc_endpoint(concern, "kinesis", **{**interface, **few})


def test_an_interface_refuses_a_single_zone_and_route_tables(concern, interface, subnets, table):
    wrong = {**interface, "subnets": subnets[:1], "route_tables": [table]}
    with pytest.raises(GuardViolation) as caught:
        guarded_vpc_endpoint(concern, "kinesis", **wrong)
    assert refused(caught) == {"subnets", "route_tables"}


def test_a_gateway_refuses_interfaces_and_the_lack_of_route_tables(concern, gateway, subnets, group):
    wrong = {**gateway, "subnets": subnets, "security_groups": [group], "route_tables": []}
    with pytest.raises(GuardViolation) as caught:
        guarded_vpc_endpoint(concern, "s3", **wrong)
    assert refused(caught) == {"subnets", "security_groups", "route_tables"}


def test_one_violation_lists_everything_that_is_wrong(concern):
    wrong = {"private_dns_enabled": False, "policy": "{}", "service_region": "us-east-1"}
    with pytest.raises(GuardViolation) as caught:
        guarded_vpc_endpoint(
            concern, "kms", tags=None, vpc=None, service="com.amazonaws.us-east-1.kms/", account_id="1", overrides=wrong
        )
    assert refused(caught) >= {"tags", "vpc", "service", "account_id", "statements", "subnets", "security_groups"}
    assert refused(caught) >= {"overrides[private_dns_enabled]", "overrides[policy]", "overrides[service_region]"}
