"""NET.default-sg."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.network import GROUPS, declared
from policies.terraform import Arguments, CannotDecide

RULES = ("aws_security_group_rule", "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")
STARTED = {
    "aws_cloudwatch_event_target": (("ecs_target", "network_configuration"), "security_groups"),
    "aws_ecs_service": (("network_configuration",), "security_groups"),
    "aws_ecs_task_set": (("network_configuration",), "security_groups"),
    "aws_scheduler_schedule": (("target", "ecs_parameters", "network_configuration"), "security_groups"),
}
"""What starts tasks in a VPC -> where it lists their security groups; data stores are NET.sg-reference's."""
VPCS = ("aws_vpc", "aws_default_vpc")


class NetDefaultSg(Policy):
    """Whatever is started without a security group gets the VPC's default one, which lets all members talk freely.

    Terraform empties that group when it adopts it, so each VPC needs an aws_default_security_group without rules;
    a separate rule for the group would fill it again. Tasks say which groups of this configuration are theirs.
    """

    id = "PG_NET_DEFAULT_SG"
    name = "Ensure the default security group of each VPC is adopted and empty"
    severity = "MEDIUM"
    resources = (*VPCS, "aws_default_security_group", *RULES, *STARTED)
    controls = {
        "aws-fsbp": ("EC2.2",),
        "cis-aws-7.0": ("6.5",),
        "eu-cra": ("Annex I Part I (2)(j)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 5.2 RE 1", "SR 7.7"),
        "iso27001-2022": ("A.8.20", "A.8.22"),
        "nis2": ("Art.21(2)(e)",),
        "nis2-ir-2024-2690": ("6.7.2.b", "6.8.1"),
        "nist-800-53-r5": ("SC-7(5)", "CM-6"),
        "nist-csf-2.0": ("PR.IR-01",),
        "pci-dss-4.0": ("1.2.5", "1.3.1"),
        "soc2": ("CC6.6",),
    }
    confidence = "high"
    fix = "add aws_default_security_group with vpc_id = aws_vpc.<name>.id and neither ingress nor egress"
    source = "https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type in VPCS:
            if not conf.referred_by("aws_default_security_group", "vpc_id"):
                yield Violation("default_security_group_id", None, "an aws_default_security_group with this vpc_id")
        elif conf.block.type in RULES:
            yield from _another_group(conf, "security_group_id", conf.text("security_group_id"))
        elif conf.block.type in STARTED:
            yield from _own_groups(conf)
        else:
            for direction in ("ingress", "egress"):
                if conf.blocks(direction):
                    yield Violation(direction, f"{len(conf.blocks(direction))} rules", "no rules")


def _own_groups(conf: Arguments) -> Iterator[Violation]:
    path, argument = STARTED[conf.block.type]
    place = conf.block_at(*path)
    if place is None:
        return  # no interface of its own
    groups = place.strings(argument)
    if not groups:
        yield Violation(place.name_of(argument), None, "a security group of its own")
    yield from in_turn(_another_group(conf, place.name_of(argument), group) for group in groups)


def _another_group(conf: Arguments, argument: str, group: str | None) -> Iterator[Violation]:
    target = declared(conf, group, *GROUPS, *VPCS)
    requires = "a reference to an aws_security_group of the same configuration"
    if target is None:
        raise CannotDecide(argument, group, requires)
    if target.block.type != "aws_security_group":
        yield Violation(argument, group, requires)
