"""NET.sg-described."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.network import EGRESS, GROUPS, INGRESS
from policies.terraform import Arguments

PLACEHOLDER = "Managed by Terraform"
"""What the provider writes into a group that states none; AWS never lets it be changed."""


class NetSgDescribed(Policy):
    """A rule whose purpose nobody wrote down is one that nobody dares to remove, so it stays open for ever.

    Judged are groups, their inline rules and separate rules. Empty ranges of addresses say nothing; words do.
    """

    id = "PG_NET_SG_DESCRIBED"
    name = "Ensure security groups and their rules say what they are for"
    severity = "LOW"
    resources = tuple(dict.fromkeys((*INGRESS, *EGRESS)))
    controls = {
        "iso27001-2022": ("A.8.9", "A.8.20"),
        "nist-800-53-r5": ("CM-2", "CM-8"),
        "nist-csf-2.0": ("PR.PS-01",),
        "pci-dss-4.0": ("1.2.5",),
    }
    fix = "state a description: who talks to whom, and why"
    source = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type != "aws_default_security_group":  # AWS has described that one
            yield from _described(conf)
        for direction in ("ingress", "egress") if conf.block.type in GROUPS else ():
            for rule in conf.blocks(direction):
                yield from _described(rule)


def _described(place: Arguments) -> Iterator[Violation]:
    text = (place.text("description") or "").strip()
    if not text or text == PLACEHOLDER:
        yield Violation(place.name_of("description"), text or None, "a description in words")
