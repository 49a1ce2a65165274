"""Nothing of the stack can be reached from outside its VPC."""

from __future__ import annotations

from typing import Any

from tests.integration.deployment import Deployment


def of_vpc(at: Deployment, operation: str, key: str, name: str = "vpc-id") -> list[dict[str, Any]]:
    filters = [{"Name": name, "Values": [at.outputs["vpc_id"]]}]
    found: list[dict[str, Any]] = getattr(at.client("ec2"), operation)(Filters=filters)[key]
    return found


def test_no_subnet_gives_public_addresses_and_no_way_leads_out(deployment: Deployment) -> None:
    subnets = of_vpc(deployment, "describe_subnets", "Subnets")
    assert {each["SubnetId"] for each in subnets} >= {deployment.outputs["subnet_private_a_id"]}
    assert not any(each["MapPublicIpOnLaunch"] for each in subnets)
    assert of_vpc(deployment, "describe_internet_gateways", "InternetGateways", "attachment.vpc-id") == []
    routes = [
        route for table in of_vpc(deployment, "describe_route_tables", "RouteTables") for route in table["Routes"]
    ]
    assert routes
    assert {route.get("GatewayId", "none").partition("-")[0] for route in routes} <= {"local", "vpce"}


def test_no_security_group_lets_anyone_in(deployment: Deployment) -> None:
    groups = of_vpc(deployment, "describe_security_groups", "SecurityGroups")
    assert len(groups) > 5
    for group in groups:
        ranges = [
            each.get("CidrIp") or each.get("CidrIpv6")
            for rule in group["IpPermissions"]
            for each in (*rule.get("IpRanges", ()), *rule.get("Ipv6Ranges", ()))
        ]
        assert not {"0.0.0.0/0", "::/0"} & set(ranges), group["GroupName"]


def test_no_network_interface_has_a_public_address(deployment: Deployment) -> None:
    interfaces = of_vpc(deployment, "describe_network_interfaces", "NetworkInterfaces")
    assert not [each for each in interfaces if each.get("Association", {}).get("PublicIp")]


def test_the_database_is_not_public(deployment: Deployment) -> None:
    rds = deployment.client("rds")
    (found,) = rds.describe_db_instances(DBInstanceIdentifier=deployment.outputs["database_identifier"])["DBInstances"]
    assert found["PubliclyAccessible"] is False


def test_no_task_is_given_a_public_address(deployment: Deployment) -> None:
    (service,) = deployment.client("ecs").describe_services(
        cluster=deployment.outputs["cluster_name"], services=[deployment.outputs["service_name"]]
    )["services"]
    assert service["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"
