"""Scaling of an ECS service between bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lib.guards.guarded import Concern, Guarded
from lib.guards.refusal import Call
from lib.guards.tags import Tags

DIMENSION = {"scalable_dimension": "ecs:service:DesiredCount", "service_namespace": "ecs"}
METRICS = ("ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization")
CAPACITY = "PG_BKP_CAPACITY"


def guarded_appautoscaling_target(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    service_resource_id: str,
    minimum: int,
    maximum: int,
    depends_on: Sequence[Guarded] = (),
    overrides: Mapping[str, Any] | None = None,
) -> Guarded:
    """The bounds of one service.

    service_resource_id: `service/<cluster>/<service>`. minimum: tasks, at least 2. maximum: tasks, above the minimum.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
    """
    call = Call(scope, id_, "aws_appautoscaling_target")
    call.matches("service_resource_id", service_resource_id, r"service/[^/]+/[^/]+", "service/<cluster>/<service>", CAPACITY)
    call.between("minimum", minimum, 2, 1_000, "PG_BKP_ECS_SPREAD", "raise Settings.task_count_min")
    call.between("maximum", maximum, 3, 1_000, CAPACITY, "raise Settings.task_count_max")
    above = isinstance(minimum, int) and isinstance(maximum, int) and maximum > minimum
    call.unless(above, "maximum", maximum, f"more than {minimum}", CAPACITY, "raise Settings.task_count_max")
    return call.build(
        Guarded,
        tags=tags,
        overrides=overrides,
        depends_on=depends_on,
        owned={**DIMENSION, "resource_id": service_resource_id, "min_capacity": minimum, "max_capacity": maximum},
    )


def guarded_appautoscaling_policy(
    scope: Concern,
    id_: str,
    *,
    tags: Tags,
    target: Guarded,
    metric: str,
    target_value: float,
    overrides: Mapping[str, Any] | None = None,
) -> Guarded:
    """Keeps a metric of the service near a value. tags: the name ends in their suffix; the type takes none itself.

    metric: one of METRICS. target_value: percent, 20 to 80.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html
    """
    call = Call(scope, id_, "aws_appautoscaling_policy")
    call.one_of("metric", metric, METRICS, CAPACITY)
    call.between("target_value", target_value, 20, 80, CAPACITY, "set Settings.task_cpu_target_percent")
    return call.build(
        Guarded,
        overrides=overrides,
        owned={
            **DIMENSION,
            "name": call.name(tags, 255),
            "policy_type": "TargetTrackingScaling",
            "resource_id": call.ref("target", target, "aws_appautoscaling_target", CAPACITY, attribute="resource_id"),
            "target_tracking_scaling_policy_configuration": {
                "target_value": target_value,
                "predefined_metric_specification": {"predefined_metric_type": metric},
                "scale_in_cooldown": 300,
                "scale_out_cooldown": 60,
            },
        },
    )
