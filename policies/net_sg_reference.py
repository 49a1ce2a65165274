"""NET.sg-reference."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from policies.base import Policy, Violation, in_turn
from policies.network import GROUPS, INGRESS, Peer, Rule, declared, rules
from policies.requirements import POSTGRES_PORT, REDIS_PORT
from policies.terraform import Arguments, CannotDecide

STORES = {
    "aws_db_instance": "vpc_security_group_ids",
    "aws_rds_cluster": "vpc_security_group_ids",
    "aws_elasticache_cluster": "security_group_ids",
    "aws_elasticache_replication_group": "security_group_ids",
    "aws_elasticache_serverless_cache": "security_group_ids",
    "aws_memorydb_cluster": "security_group_ids",
    "aws_docdb_cluster": "vpc_security_group_ids",
    "aws_neptune_cluster": "vpc_security_group_ids",
    "aws_redshift_cluster": "vpc_security_group_ids",
    "aws_db_proxy": "vpc_security_group_ids",
}
"""Data store -> argument that lists its security groups."""
DEFAULTS = {"postgres": POSTGRES_PORT, "aurora-postgresql": POSTGRES_PORT, "redis": REDIS_PORT, "valkey": REDIS_PORT}
"""Engine -> the port of a store that states none."""
PORTS = 2
"""How many neighbouring ports a store serves: a serverless cache has one for its replicas beside the first."""


class NetSgReference(Policy):
    """A range admits whatever gets an address in it, a named group only the workload that was given the group.

    Judged are the groups of every data store, whatever its port, and any rule that opens PostgreSQL's or Redis's
    port, whatever its group. Non-default ports (FSBP RDS.23) are not asked for: they hide nothing from a scan,
    while a group that names its clients does not answer one. A named group gets the store's own port, no range.
    """

    id = "PG_NET_SG_REFERENCE"
    name = "Ensure data stores admit only named security groups"
    severity = "HIGH"
    resources = (*STORES, *INGRESS)
    controls = {
        "eu-cra": ("Annex I Part I (2)(j)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 5.2", "SR 5.2 RE 1", "SR 5.4"),
        "iso27001-2022": ("A.8.20", "A.8.22"),
        "nis2": ("Art.21(2)(e)",),
        "nis2-ir-2024-2690": ("6.7.2.b", "6.8.2.e"),
        "nist-800-53-r5": ("AC-4", "SC-7(5)", "SC-7(21)"),
        "nist-csf-2.0": ("PR.IR-01",),
        "pci-dss-4.0": ("1.3.1", "1.4.4"),
        "soc2": ("CC6.6",),
    }
    fix = "name the client's group: referenced_security_group_id = aws_security_group.<client>.id"
    source = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.RDSSecurityGroups.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type in STORES:
            yield from _groups_of(conf, STORES[conf.block.type])
            return
        yield from in_turn(_rule(conf, rule) for rule in rules(conf, "ingress"))


def _rule(conf: Arguments, rule: Rule) -> Iterator[Violation]:
    if _opens_a_store(conf, rule):
        named = in_turn(_named_group(conf, peer) for peer in rule.peers())
        yield from in_turn((_port(conf, rule), _ports(conf, rule), named))


def _opens_a_store(conf: Arguments, rule: Rule) -> bool:
    try:
        return any(map(rule.covers, (POSTGRES_PORT, REDIS_PORT))) or _guards_a_store(conf)
    except CannotDecide:
        if _guards_a_store(conf):
            return True  # whatever the ports
        raise


def _port(conf: Arguments, rule: Rule) -> Iterator[Violation]:
    first, last = rule.ports
    usual = any(map(rule.covers, (POSTGRES_PORT, REDIS_PORT)))
    if not usual and last >= first and rule.has_peers and not _is_served(conf, rule):
        yield Violation(f"{rule.path}.from_port".lstrip("."), first, "the port that the store serves")


def _ports(conf: Arguments, rule: Rule) -> Iterator[Violation]:
    first, last = rule.ports
    if last - first >= PORTS and rule.has_peers and (rule.is_wide or _guards_a_store(conf)):
        got = f"ports {first:.0f} to {last:.0f}"
        yield Violation(f"{rule.path}.to_port".lstrip("."), got, "the port that the store serves")


def _groups_of(store: Arguments, argument: str) -> Iterator[Violation]:
    """A store without groups of its own has the default group of the VPC."""
    if store.block.type == "aws_elasticache_cluster" and store.text("replication_group_id"):
        return  # a member node: the replication group states the security groups
    groups = store.each_string(argument)
    first = next(groups, None)
    if first is None:
        yield Violation(argument, None, "a security group of its own")
        return
    yield from in_turn(_named_group(store, Peer(argument, "group", group)) for group in chain((first,), groups))


def _named_group(conf: Arguments, peer: Peer) -> Iterator[Violation]:
    requires = "a reference to an aws_security_group of the same configuration"
    if peer.kind != "group" or "default_security_group" in peer.value:
        yield Violation(peer.argument, peer.value, requires)
    elif declared(conf, peer.value, "aws_security_group") is None:
        raise CannotDecide(peer.argument, peer.value, requires)


def _is_served(conf: Arguments, rule: Rule) -> bool:
    """Whether a store of the group listens there; of one that tells neither port nor engine that is not known."""
    for store in _guarded_stores(conf):
        stated = store.number("port") or DEFAULTS.get(store.text("engine") or "")
        if stated is None or rule.covers(int(stated)):
            return True
    return False


def _guards_a_store(conf: Arguments) -> bool:
    """Whether the group that holds the rule is one that a data store has."""
    return next(_guarded_stores(conf), None) is not None


def _guarded_stores(conf: Arguments) -> Iterator[Arguments]:
    """Lazily, so that what is known of one store is not lost to what is not known of the next."""
    group = conf if conf.block.type in GROUPS else declared(conf, conf.values.get("security_group_id"), *GROUPS)
    if group is None:
        raise CannotDecide("security_group_id", conf.values.get("security_group_id"), "a reference to a declared group")
    for store in conf.resources(*STORES):
        for raw in store.strings(STORES[store.block.type]):
            if declared(store, raw, *GROUPS) is not None and conf.target(raw, *GROUPS) is group.block:
                yield store
