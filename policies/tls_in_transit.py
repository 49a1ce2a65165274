"""TLS.in-transit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.terraform import Arguments

CLEAR = ("HTTP", "TCP", "UDP", "TCP_UDP")
MODERN = re.compile(r"ELBSecurityPolicy-(?:TLS13-1-[23]-|TLS-1-2-|FS-1-2-).+")
"""AWS's policies whose floor is TLS 1.2 or newer."""
SWITCHES: dict[str, tuple[tuple[tuple[str, ...], str, str, bool], ...]] = {
    "aws_dax_cluster": (((), "cluster_endpoint_encryption_type", "TLS", False),),
    "aws_elasticsearch_domain": (
        (("domain_endpoint_options",), "enforce_https", "true", False),
        (("node_to_node_encryption",), "enabled", "true", False),
    ),
    "aws_msk_cluster": (
        (("encryption_info", "encryption_in_transit"), "client_broker", "TLS", True),
        (("encryption_info", "encryption_in_transit"), "in_cluster", "true", True),
    ),
    "aws_opensearch_domain": (
        (("domain_endpoint_options",), "enforce_https", "true", False),
        (("node_to_node_encryption",), "enabled", "true", False),
    ),
}
"""Type -> nested blocks, argument, what it must hold, and whether AWS does so where it is absent."""
PARAMETERS = {
    "aws_docdb_cluster_parameter_group": ("tls", ("enabled", "fips-140-3", "tls1.2+", "tls1.3+"), True),
    "aws_redshift_parameter_group": ("require_ssl", ("true",), False),
}
"""Type -> parameter, accepted values, and whether AWS has one of them where it is absent."""


class TlsInTransit(Policy):
    """A load balancer, a file system or a broker is where a reading first crosses a network that others share.

    HTTP may only send the caller on to HTTPS. TCP passes through what it is given, so it proves nothing by itself: a
    listener that carries TLS for someone else needs a waiver. Without ssl_policy AWS still answers TLS 1.0. A provider
    that is `insecure` sends every secret it sets to whoever answers for AWS.
    """

    id = "PG_TLS_IN_TRANSIT"
    name = "Ensure load balancers, file systems, brokers and search domains speak TLS only"
    severity = "HIGH"
    resources = (
        "aws_lb_listener",
        "aws_alb_listener",
        "aws_elb",
        "aws_ecs_task_definition",
        *SWITCHES,
        *PARAMETERS,
    )
    blocks = ("provider",)
    controls = {
        "gdpr": ("Art.32(1)(a)",),
        "iso27001-2022": ("A.8.24", "A.5.14"),
        "nis2": ("Art.21(2)(h)",),
        "nist-800-53-r5": ("SC-8", "SC-8(1)"),
        "nist-csf-2.0": ("PR.DS-02",),
        "pci-dss-4.0": ("4.2.1",),
        "soc2": ("CC6.7",),
    }
    fix = 'protocol = "HTTPS" with ssl_policy = "ELBSecurityPolicy-TLS13-1-2-2021-06"; transit_encryption = "ENABLED"'
    source = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        type_ = conf.block.type
        if conf.block.kind == "provider":
            if conf.flag("insecure"):
                yield Violation("insecure", True, "false: the certificate of AWS is verified")
        elif type_ in SWITCHES:
            for path, argument, wanted, by_default in SWITCHES[type_]:
                place = conf.block_at(*path)
                value = place.text(argument) if place else None
                if value != wanted and not (value is None and by_default):
                    yield Violation(".".join((*path, argument)), value, wanted)
        elif type_ in PARAMETERS:
            yield from _parameter(conf)
        elif type_ == "aws_ecs_task_definition":
            yield from _mounts(conf)
        elif type_ == "aws_elb":
            for listener in conf.blocks("listener"):
                protocol = (listener.text("lb_protocol") or "").upper()
                if protocol not in ("HTTPS", "SSL"):
                    yield Violation(listener.name_of("lb_protocol"), protocol or None, "https or ssl")
        else:
            yield from _listener(conf)


def _listener(conf: Arguments) -> Iterator[Violation]:
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


def _mounts(conf: Arguments) -> Iterator[Violation]:
    for volume in conf.blocks("volume"):
        for mount in volume.blocks("efs_volume_configuration"):
            encryption = mount.text("transit_encryption")  # absent is DISABLED
            if encryption != "ENABLED":
                yield Violation(mount.name_of("transit_encryption"), encryption, "ENABLED")


def _parameter(conf: Arguments) -> Iterator[Violation]:
    name, accepted, by_default = PARAMETERS[conf.block.type]
    values = [one.text("value") for one in conf.blocks("parameter") if (one.text("name") or "").lower() == name]
    if any((value or "").lower() not in accepted for value in values) or not (values or by_default):
        yield Violation(f"parameter {name}", ", ".join(map(str, values)) or None, " or ".join(accepted))
