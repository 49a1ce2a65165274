"""NET.sg-egress-scoped."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.network import EGRESS, Network, Peer, Rule, network, rules, within
from policies.terraform import Arguments, CannotDecide


class NetSgEgressScoped(Policy):
    """Open egress is how stolen data leaves, and how a compromised task fetches its next stage.

    Accepted are named groups and prefix lists, and ranges inside a VPC of this configuration, each with ports. An
    egress rule on all ports needs a waiver even towards a named group: the group's other ports are not its clients'.
    """

    id = "PG_NET_SG_EGRESS_SCOPED"
    name = "Ensure security group egress names its destinations and ports"
    severity = "MEDIUM"
    resources = EGRESS
    controls = {
        "eu-cra": ("Annex I Part I (2)(j)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 5.2", "SR 5.2 RE 1"),
        "iso27001-2022": ("A.8.20", "A.8.22", "A.8.12"),
        "nis2": ("Art.21(2)(e)",),
        "nis2-ir-2024-2690": ("6.7.2.b", "6.8.2.e"),
        "nist-800-53-r5": ("AC-4", "SC-7(5)", "SC-7(10)"),
        "nist-csf-2.0": ("PR.IR-01",),
        "pci-dss-4.0": ("1.3.2",),
        "soc2": ("CC6.6", "CC6.7"),
    }
    fix = "name the destination's security group or prefix list, and the port (443 for the VPC endpoints)"
    source = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        # No egress at all is no traffic: Terraform removes the open rule that AWS gives a new group.
        yield from in_turn(
            in_turn((_ports(rule), in_turn(_range(conf, peer) for peer in rule.peers("cidr"))))
            for rule in rules(conf, "egress")
        )


def _ports(rule: Rule) -> Iterator[Violation]:
    if rule.is_wide:
        first, last = rule.ports
        yield Violation(
            f"{rule.path}.to_port".lstrip("."), f"ports {first:.0f} to {last:.0f}", "the ports that are used"
        )


def _range(conf: Arguments, peer: Peer) -> Iterator[Violation]:
    if not any(within(peer.network, vpc) for vpc in _vpcs(conf)):
        yield Violation(peer.argument, peer.value, "a security group, a prefix list, or a range in the VPC")


def _vpcs(conf: Arguments) -> Iterator[Network]:
    """The ranges of the VPCs declared here; one that is not written down cannot hold a range that is."""
    for vpc in conf.resources("aws_vpc"):
        for argument in ("cidr_block", "ipv6_cidr_block"):
            try:
                yield network(argument, vpc.text(argument))
            except CannotDecide:
                continue
