"""NET.sg-no-open-ingress."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.network import INGRESS, Peer, is_private, rules
from policies.terraform import Arguments, CannotDecide


class NetSgNoOpenIngress(Policy):
    """Nothing here serves the internet: sensors reach IoT Core, and all else talks inside the VPC.

    `0.0.0.0/0` is refused as any other range with a public address in it is: two halves of the internet are the
    internet, and one office address is an attacker's once a laptop is. A prefix list counts as the ranges in it;
    those of AWS and of other accounts are not in the configuration, so their use for ingress is undecided.
    """

    id = "PG_NET_SG_NO_OPEN_INGRESS"
    name = "Ensure security groups admit no address of the internet"
    severity = "CRITICAL"
    waivable = False
    resources = INGRESS
    controls = {
        "aws-fsbp": ("EC2.18", "EC2.19"),
        "aws-securityhub": ("EC2.13",),
        "cis-aws-7.0": ("6.3", "6.4"),
        "eu-cra": ("Annex I Part I (2)(j)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 5.2", "SR 5.2 RE 1"),
        "iso27001-2022": ("A.8.20", "A.8.22"),
        "nis2": ("Art.21(2)(e)",),
        "nis2-ir-2024-2690": ("6.7.2.b", "6.8.1"),
        "nist-800-53-r5": ("AC-4", "SC-7", "SC-7(5)"),
        "nist-csf-2.0": ("PR.IR-01",),
        "pci-dss-4.0": ("1.2.5", "1.3.1", "1.4.2"),
        "soc2": ("CC6.6",),
    }
    confidence = "high"
    fix = "name the client's security group (referenced_security_group_id) instead of a range of addresses"
    source = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        # Neither ports nor groups are asked for: what is not known of them excuses no address.
        yield from in_turn(in_turn(map(_public, rule.peers("cidr", "prefix list"))) for rule in rules(conf, "ingress"))


def _public(peer: Peer) -> Iterator[Violation]:
    if peer.kind == "prefix list":
        raise CannotDecide(peer.argument, peer.value, "a prefix list whose ranges are declared here")
    if not is_private(peer.network):
        yield Violation(peer.argument, peer.value, "a security group, or a range of private addresses")
