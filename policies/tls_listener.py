"""TLS.listener."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.terraform import Arguments

CLEAR = ("HTTP", "TCP", "UDP", "TCP_UDP")
MODERN = re.compile(r"ELBSecurityPolicy-(?:TLS13-1-[23]-|TLS-1-2-|FS-1-2-).+")
"""AWS's policies whose floor is TLS 1.2 or newer."""


class TlsListener(Policy):
    """A load balancer is where a reading or a password first crosses a network that others share.

    HTTP may only send the caller on to HTTPS. TCP passes through what it is given, so it proves nothing by itself: a
    listener that carries TLS for someone else needs a waiver. Without ssl_policy AWS still answers TLS 1.0.
    """

    id = "PG_TLS_LISTENER"
    name = "Ensure load balancers answer over TLS 1.2 or newer"
    severity = "HIGH"
    resources = ("aws_lb_listener", "aws_alb_listener", "aws_elb")
    controls = {
        "gdpr": ("Art.32(1)(a)",),
        "iso27001-2022": ("A.8.24", "A.5.14"),
        "nis2": ("Art.21(2)(h)",),
        "nist-800-53-r5": ("SC-8", "SC-8(1)"),
        "nist-csf-2.0": ("PR.DS-02",),
        "pci-dss-4.0": ("4.2.1",),
        "soc2": ("CC6.7",),
    }
    fix = 'protocol = "HTTPS", ssl_policy = "ELBSecurityPolicy-TLS13-1-2-2021-06"; or redirect to HTTPS'
    source = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type == "aws_elb":
            for listener in conf.blocks("listener"):
                protocol = (listener.text("lb_protocol") or "").upper()
                if protocol not in ("HTTPS", "SSL"):
                    yield Violation(listener.name_of("lb_protocol"), protocol or None, "https or ssl")
            return
        protocol = conf.text("protocol") or "HTTP"
        if protocol in CLEAR:
            if protocol != "HTTP" or not _redirects(conf):
                yield Violation("protocol", protocol, "HTTPS or TLS, or a redirect to HTTPS")
        elif protocol in ("HTTPS", "TLS"):
            policy = conf.text("ssl_policy")
            if not MODERN.fullmatch(policy or ""):
                yield Violation("ssl_policy", policy, "a policy whose floor is TLS 1.2, as in the fix")


def _redirects(conf: Arguments) -> bool:
    """Whether every default action sends the caller to HTTPS; the protocol of a redirect is the caller's if absent."""
    actions = conf.blocks("default_action")
    targets = [action.block_at("redirect") for action in actions]
    return bool(actions) and all(target is not None and target.text("protocol") == "HTTPS" for target in targets)
