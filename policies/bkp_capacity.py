"""BKP.capacity."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.terraform import Arguments

MOVERS = ("aws_appautoscaling_policy", "aws_appautoscaling_scheduled_action")


class BkpCapacity(Policy):
    """A stream, a service or a disk that cannot grow turns the busiest hour of a plant into lost readings.

    Bounds are asked for as well: growth without an end is how a flood becomes a bill, and a function without bounds
    takes the account's whole share. A target without a policy never moves.
    """

    id = "PG_BKP_CAPACITY"
    name = "Ensure capacity scales with load, within bounds"
    severity = "LOW"
    resources = (
        "aws_kinesis_stream",
        "aws_ecs_service",
        "aws_appautoscaling_target",
        "aws_db_instance",
        "aws_lambda_function",
    )
    controls = {
        "eu-cra": ("Annex I Part I (2)(h)",),
        "iso27001-2022": ("A.8.6",),
        "nis2": ("Art.21(2)(c)",),
        "nist-800-53-r5": ("CP-2(2)", "SC-5(2)"),
        "nist-csf-2.0": ("PR.IR-04",),
        "soc2": ("A1.1",),
    }
    strength = "supporting"
    fix = "stream_mode ON_DEMAND or shard_count; an aws_appautoscaling_target per service; max_allocated_storage"
    source = "https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/design-your-workload-to-adapt-to-changes-in-demand.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        judges = {
            "aws_kinesis_stream": _stream,
            "aws_ecs_service": _service,
            "aws_db_instance": _database,
            "aws_lambda_function": _function,
        }
        yield from judges.get(conf.block.type, _target)(conf)


def _stream(conf: Arguments) -> Iterator[Violation]:
    details = conf.block_at("stream_mode_details")
    mode = details.text("stream_mode") if details else None
    shards = conf.number("shard_count")
    if mode != "ON_DEMAND" and not (shards or 0) >= 1:
        yield Violation("stream_mode_details.stream_mode", mode, "ON_DEMAND, or a shard_count")


def _service(conf: Arguments) -> Iterator[Violation]:
    name = conf.text("name")
    targets = [(target.text("resource_id") or "").split("/") for target in conf.resources("aws_appautoscaling_target")]
    if not any(parts[0] == "service" and parts[-1] == name for parts in targets):
        yield Violation("name", name, "an aws_appautoscaling_target whose resource_id is service/<cluster>/<this name>")


def _target(conf: Arguments) -> Iterator[Violation]:
    yield from in_turn((_bounds(conf), _moved(conf)))


def _bounds(conf: Arguments) -> Iterator[Violation]:
    least, most = conf.number("min_capacity"), conf.number("max_capacity")
    if least is None or most is None or not most > least:
        yield Violation("max_capacity", most, f"more than min_capacity ({least})")


def _moved(conf: Arguments) -> Iterator[Violation]:
    scaled = conf.text("resource_id")
    if scaled not in [mover.text("resource_id") for mover in conf.resources(*MOVERS)]:
        yield Violation("resource_id", scaled, f"an {MOVERS[0]} with this resource_id")


def _database(conf: Arguments) -> Iterator[Violation]:
    allocated, most = conf.number("allocated_storage"), conf.number("max_allocated_storage")
    if not (most or 0) > (allocated or 0):
        yield Violation("max_allocated_storage", most, f"more than allocated_storage ({allocated})")


def _function(conf: Arguments) -> Iterator[Violation]:
    reserved = conf.number("reserved_concurrent_executions")  # absent and -1 take what the account has
    if reserved is None or not reserved >= 1:
        yield Violation("reserved_concurrent_executions", reserved, "1 or more: 0 stops the function")
