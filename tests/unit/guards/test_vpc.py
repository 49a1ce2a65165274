from __future__ import annotations

import pytest

from lib.errors import GuardViolation
from lib.guards.vpc import guarded_flow_log, guarded_route_table, guarded_subnet, guarded_vpc


def refused(caught) -> set[str]:
    return {refusal.argument for refusal in caught.value.refusals}


@pytest.fixture
def destination(built):
    return {
        "log_group": built("aws_cloudwatch_log_group", "flow_events", name="/vpc/sensor-flows-dev"),
        "role": built("aws_iam_role", "flow_writer", name="sensor-flow-writer-dev", assume_role_policy="{}"),
    }


def test_a_vpc_resolves_private_dns_and_its_default_group_admits_nothing(concern, tags, sealed):
    guarded_vpc(concern, "network", tags=tags, cidr="10.20.0.0/16")
    resources = sealed()["resource"]
    vpc = resources["aws_vpc"]["network"]
    assert vpc["cidr_block"] == "10.20.0.0/16"
    assert vpc["enable_dns_support"] and vpc["enable_dns_hostnames"]
    group = resources["aws_default_security_group"]["network_default"]
    assert group["vpc_id"] == "${aws_vpc.network.id}"
    assert not {"ingress", "egress"} & set(group)


@pytest.mark.parametrize(
    "cidr", ["8.8.0.0/16", "10.20.0.1/16", "10.0.0.0/8", "10.0.0.0/29", "0.0.0.0/0", "10.20.0.0", "fd00::/16", None, 7]
)
def test_a_vpc_refuses_any_but_a_private_network(concern, tags, cidr):
    with pytest.raises(GuardViolation, match=r"RFC 1918"):
        guarded_vpc(concern, "network", tags=tags, cidr=cidr)


@pytest.mark.parametrize("weaker", [{"enable_dns_hostnames": False}, {"instance_tenancy": "dedicated"}])
def test_a_vpc_refuses_overrides_of_what_the_guard_owns(concern, tags, weaker):
    with pytest.raises(GuardViolation, match="which the guard owns"):
        guarded_vpc(concern, "network", tags=tags, cidr="10.20.0.0/16", overrides=weaker)


def test_a_subnet_gives_no_public_address(concern, tags, vpc, sealed):
    zone = "eu-west-1c"
    guarded_subnet(concern, "private_c", tags=tags, vpc=vpc, cidr="10.20.2.0/24", availability_zone=zone)
    subnet = sealed()["resource"]["aws_subnet"]["private_c"]
    assert subnet["map_public_ip_on_launch"] is False
    assert (subnet["vpc_id"], subnet["availability_zone"]) == ("${aws_vpc.network.id}", "eu-west-1c")


@pytest.mark.parametrize("zone", ["us-east-1a", "eu-west-1d", "eu-west-1", "", None])
def test_a_subnet_refuses_a_zone_outside_the_region(concern, tags, vpc, zone):
    with pytest.raises(GuardViolation, match="PG_REG_EU_WEST_1"):
        guarded_subnet(concern, "private_a", tags=tags, vpc=vpc, cidr="10.20.0.0/24", availability_zone=zone)


def test_a_subnet_refuses_a_network_outside_its_vpc(concern, tags, vpc):
    with pytest.raises(GuardViolation, match=r"a part of 10\.20\.0\.0/16"):
        guarded_subnet(concern, "a", tags=tags, vpc=vpc, cidr="10.21.0.0/24", availability_zone="eu-west-1a")


def test_a_subnet_lists_everything_that_is_wrong(concern):
    wrong = {"map_public_ip_on_launch": True, "ipv6_cidr_block": "2001:db8::/64"}
    with pytest.raises(GuardViolation) as caught:
        guarded_subnet(concern, "X", tags=None, vpc=None, cidr="1.1.1.0/24", availability_zone="z", overrides=wrong)
    assert refused(caught) == {
        "id_",
        "tags",
        "vpc",
        "cidr",
        "availability_zone",
        "overrides[map_public_ip_on_launch]",
        "overrides[ipv6_cidr_block]",
    }


def test_a_route_table_has_no_route_and_serves_every_subnet(concern, tags, vpc, subnets, sealed):
    guarded_route_table(concern, "private", tags=tags, vpc=vpc, subnets=subnets)
    resources = sealed()["resource"]
    assert "route" not in resources["aws_route_table"]["private"]
    associations = resources["aws_route_table_association"]
    assert {a["subnet_id"] for a in associations.values()} == {subnet.ref("id") for subnet in subnets}
    assert associations["private_private_a"]["route_table_id"] == "${aws_route_table.private.id}"


@pytest.mark.parametrize("way_out", [{"route": []}, {"route": [{"cidr_block": "0.0.0.0/0"}]}, {"propagating_vgws": []}])
def test_a_route_table_refuses_every_route(concern, tags, vpc, subnets, way_out):
    with pytest.raises(GuardViolation, match="which the guard owns"):
        guarded_route_table(concern, "private", tags=tags, vpc=vpc, subnets=subnets, overrides=way_out)


def test_a_route_table_refuses_what_is_no_subnet_and_a_subnet_twice(concern, tags, subnets):
    with pytest.raises(GuardViolation) as caught:
        guarded_route_table(concern, "private", tags=tags, vpc=subnets[0], subnets=[*subnets, subnets[0], "subnet-1"])
    assert refused(caught) == {"vpc", "subnets", "subnets[3]"}
    with pytest.raises(GuardViolation, match="at least 1"):
        guarded_route_table(concern, "private", tags=tags, vpc=subnets[0], subnets=[])


def test_a_flow_log_records_all_traffic(concern, tags, vpc, destination, sealed):
    guarded_flow_log(concern, "flows", tags=tags, vpc=vpc, interval_seconds=60, **destination)
    log = sealed()["resource"]["aws_flow_log"]["flows"]
    assert (log["traffic_type"], log["log_destination_type"]) == ("ALL", "cloud-watch-logs")
    assert log["log_destination"] == "${aws_cloudwatch_log_group.flow_events.arn}"
    assert log["iam_role_arn"] == "${aws_iam_role.flow_writer.arn}"
    assert log["max_aggregation_interval"] == 60


def test_a_flow_log_lists_everything_that_is_wrong(concern, vpc):
    wrong = {"traffic_type": "REJECT"}
    with pytest.raises(GuardViolation) as caught:
        guarded_flow_log(
            concern, "f", tags=None, vpc="vpc-1", log_group=vpc, role=None, interval_seconds=61, overrides=wrong
        )
    assert refused(caught) == {"tags", "vpc", "log_group", "role", "interval_seconds", "overrides[traffic_type]"}
