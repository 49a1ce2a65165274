"""BKP.ecs-spread."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.terraform import Arguments
from policies.zones import zones

HEALTHY_PERCENT = 50


class BkpEcsSpread(Policy):
    """One task is one zone, one host and one bad release away from a stream that nobody reads.

    Asked of every class, as the platform starts no fewer tasks. Scaling is held to the same floor: a target that
    may go down to one task undoes what the service asks for. The circuit breaker stops a release that cannot start and
    goes back to the one before; no release may stop more than half of the tasks.
    """

    id = "PG_BKP_ECS_SPREAD"
    name = "Ensure ECS service runs two tasks in two zones, with a deployment circuit breaker"
    severity = "MEDIUM"
    resources = ("aws_ecs_service", "aws_appautoscaling_target")
    controls = {
        "eu-cra": ("Annex I Part I (2)(h)",),
        "gdpr": ("Art.32(1)(b)",),
        "iso27001-2022": ("A.8.14",),
        "nis2": ("Art.21(2)(c)",),
        "nis2-ir-2024-2690": ("4.1.2.g",),
        "nist-800-53-r5": ("CP-10", "SC-36"),
        "nist-csf-2.0": ("PR.IR-03", "PR.IR-04"),
        "soc2": ("A1.2",),
    }
    fix = "desired_count and min_capacity = 2 or more, subnets in two zones, deployment_circuit_breaker.enable = true"
    source = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-availability-best-practices.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        if conf.block.type == "aws_appautoscaling_target":
            if conf.text("service_namespace") == "ecs":
                yield from _two_or_more(conf, "min_capacity")
            return
        yield from in_turn((_tasks(conf), _breaker(conf), _releases(conf), _rebalances(conf), _zones(conf)))


def _tasks(conf: Arguments) -> Iterator[Violation]:
    if conf.text("scheduling_strategy") != "DAEMON":  # one task a host, whatever the count
        yield from _two_or_more(conf, "desired_count")


def _breaker(conf: Arguments) -> Iterator[Violation]:
    breaker = conf.block_at("deployment_circuit_breaker")
    enabled = breaker.flag("enable") if breaker else None
    if not enabled:
        yield Violation("deployment_circuit_breaker.enable", enabled, "true")
    if breaker and enabled and not breaker.flag("rollback"):
        yield Violation("deployment_circuit_breaker.rollback", breaker.flag("rollback"), "true")


def _releases(conf: Arguments) -> Iterator[Violation]:
    healthy = conf.number("deployment_minimum_healthy_percent")  # absent is 100
    if healthy is not None and not healthy >= HEALTHY_PERCENT:
        yield Violation("deployment_minimum_healthy_percent", healthy, f"{HEALTHY_PERCENT} or more")


def _rebalances(conf: Arguments) -> Iterator[Violation]:
    if conf.text("availability_zone_rebalancing") == "DISABLED":
        yield Violation("availability_zone_rebalancing", "DISABLED", "ENABLED, or absent")


def _zones(conf: Arguments) -> Iterator[Violation]:
    place = conf.block_at("network_configuration")
    found = zones(place, "subnets") if place else set()
    if len(found) < 2:
        yield Violation("network_configuration.subnets", f"zones: {sorted(found)}", "subnets in two zones")


def _two_or_more(conf: Arguments, name: str) -> Iterator[Violation]:
    count = conf.number(name)
    if count is None or not count >= 2:
        yield Violation(name, count, "2 or more")
