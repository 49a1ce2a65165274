"""NET.lambda-in-vpc."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.terraform import Arguments
from policies.zones import zones


class NetLambdaInVpc(Policy):
    """A function outside the VPC reaches the database only if that is public, and no flow log sees what it does.

    Every function of the platform is on the data path (it rotates the database's secret), so none is exempt. Two
    zones, so that rotation survives the loss of one.
    """

    id = "PG_NET_LAMBDA_IN_VPC"
    name = "Ensure Lambda function runs in the VPC, in two zones"
    severity = "MEDIUM"
    resources = ("aws_lambda_function",)
    controls = {
        "aws-fsbp": ("Lambda.5",),
        "aws-securityhub": ("Lambda.3",),
        "eu-cra": ("Annex I Part I (2)(j)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 5.1", "SR 5.2"),
        "iso27001-2022": ("A.8.20", "A.8.22"),
        "nis2": ("Art.21(2)(e)",),
        "nis2-ir-2024-2690": ("6.7.2.b", "6.8.1"),
        "nist-800-53-r5": ("AC-4", "SC-7"),
        "nist-csf-2.0": ("PR.IR-01",),
        "pci-dss-4.0": ("1.3.1",),
        "soc2": ("CC6.6",),
    }
    confidence = "high"
    fix = "pass subnets= and security_groups= to guarded_lambda_function; in Terraform: vpc_config"
    source = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        vpc = conf.block_at("vpc_config")
        if vpc is None:
            yield Violation("vpc_config", None, "subnets in two zones and a security group")
            return
        yield from in_turn((_groups(vpc), _zones(vpc)))


def _groups(vpc: Arguments) -> Iterator[Violation]:
    if not vpc.strings("security_group_ids"):
        yield Violation("vpc_config.security_group_ids", None, "a security group")


def _zones(vpc: Arguments) -> Iterator[Violation]:
    found = zones(vpc, "subnet_ids")
    if len(found) < 2:
        yield Violation("vpc_config.subnet_ids", f"zones: {sorted(found)}", "subnets in two zones")
