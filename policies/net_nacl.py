"""NET.nacl."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.network import is_private, network, ports
from policies.terraform import Arguments, CannotDecide

ADMINISTRATION = {22: "SSH", 3389: "RDP"}


class NetNacl(Policy):
    """A network ACL that lets the internet reach SSH or RDP leaves the security groups as the only door left.

    AwsSolutions-VPC3 advises against network ACLs and other rule sets ask for them; we ask for none, but judge those
    that are declared. Order does not excuse: an allow that an earlier deny covers today is open when that one goes.
    """

    id = "PG_NET_NACL"
    name = "Ensure network ACLs admit no administration port from the internet"
    severity = "MEDIUM"
    resources = ("aws_network_acl", "aws_default_network_acl", "aws_network_acl_rule")
    controls = {
        "aws-fsbp": ("EC2.21",),
        "cis-aws-7.0": ("6.2",),
        "eu-cra": ("Annex I Part I (2)(j)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 5.1", "SR 5.2"),
        "iso27001-2022": ("A.8.20", "A.8.22"),
        "nis2": ("Art.21(2)(e)",),
        "nis2-ir-2024-2690": ("6.7.2.b", "6.8.1"),
        "nist-800-53-r5": ("SC-7", "SC-7(5)"),
        "nist-csf-2.0": ("PR.IR-01",),
        "pci-dss-4.0": ("1.2.5", "1.3.1"),
        "soc2": ("CC6.6",),
    }
    confidence = "high"
    fix = "remove the rule, or narrow its ports or its range to private addresses"
    source = "https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        separate = conf.block.type == "aws_network_acl_rule"
        if separate and conf.flag("egress"):
            return
        action = "rule_action" if separate else "action"
        yield from in_turn(_open_ports(rule, action) for rule in ([conf] if separate else conf.each_block("ingress")))


def _allows(rule: Arguments, argument: str) -> bool:
    stated = (rule.text(argument) or "").lower()
    if stated not in ("allow", "deny"):
        raise CannotDecide(rule.name_of(argument), stated, "allow or deny")
    return stated == "allow"


def _open_ports(rule: Arguments, action: str) -> Iterator[Violation]:
    if _allows(rule, action):
        first, last = ports(rule, "protocol")
        reached = [f"{port} ({name})" for port, name in ADMINISTRATION.items() if first <= port <= last]
        if reached:
            ranges = ("cidr_block", "ipv6_cidr_block")
            yield from in_turn(_public(rule, argument, ", ".join(reached)) for argument in ranges)


def _public(rule: Arguments, argument: str, reached: str) -> Iterator[Violation]:
    cidr = rule.text(argument)
    if cidr and not is_private(network(rule.name_of(argument), cidr)):
        yield Violation(rule.name_of(argument), f"{cidr} to {reached}", "no public address")
