"""Application Auto Scaling of ECS services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lib.guards.guarded import Concern, Guarded
from lib.guards.refusal import Call
from lib.guards.tags import Tags

DIMENSION, NAMESPACE = "ecs:service:DesiredCount", "ecs"
METRICS = ("ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization")
"""Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html"""
SCALE_OUT_COOLDOWN_SECONDS, SCALE_IN_COOLDOWN_SECONDS = 60, 300
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
    """The bounds between which the number of tasks of an ECS service may move.

    service_resource_id: `service/<cluster>/<service>`. minimum: at least 2. maximum: more than minimum.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
    """
    call = Call(scope, id_, "aws_appautoscaling_target")
    resource = r"service/[A-Za-z0-9_-]+/[A-Za-z0-9_-]+"
    call.matches("service_resource_id", service_resource_id, resource, "service/<cluster>/<service>", CAPACITY)
    call.between("minimum", _whole(minimum), 2, 1_000, "PG_BKP_ECS_SPREAD", "raise Settings.task_count_min")
    least = minimum + 1 if _whole(minimum) is not None else 3
    call.between("maximum", _whole(maximum), least, 1_000, CAPACITY, "raise Settings.task_count_max")
    return call.build(
        Guarded,
        tags=tags,
        overrides=overrides,
        depends_on=depends_on,
        owned={
            "resource_id": service_resource_id,
            "scalable_dimension": DIMENSION,
            "service_namespace": NAMESPACE,
            "min_capacity": minimum,
            "max_capacity": maximum,
            # ECS has a service-linked role of its own for this; any other would be wider.
            "role_arn": None,
            "suspended_state": None,
        },
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
    """Adds tasks within a minute and removes them after five, so that `metric` stays near `target_value`.

    tags: for the name; the type takes none. metric: average CPU or memory. target_value: 20 to 80 percent.
    Raises: GuardViolation, naming every refused argument.
    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html
    """
    call = Call(scope, id_, "aws_appautoscaling_policy")
    call.one_of("metric", metric, METRICS, CAPACITY)
    call.between("target_value", target_value, 20, 80, CAPACITY, "set Settings.task_cpu_target_percent")
    return call.build(
        Guarded,
        overrides=overrides,
        owned={
            "name": call.name(tags, 255),
            "policy_type": "TargetTrackingScaling",
            "resource_id": call.ref("target", target, "aws_appautoscaling_target", CAPACITY, attribute="resource_id"),
            "scalable_dimension": DIMENSION,
            "service_namespace": NAMESPACE,
            "step_scaling_policy_configuration": None,
            "predictive_scaling_policy_configuration": None,
            "target_tracking_scaling_policy_configuration": {
                "predefined_metric_specification": {"predefined_metric_type": metric},
                "target_value": target_value,
                "scale_in_cooldown": SCALE_IN_COOLDOWN_SECONDS,
                "scale_out_cooldown": SCALE_OUT_COOLDOWN_SECONDS,
                "disable_scale_in": False,
            },
        },
    )


def _whole(number: int) -> int | None:
    return number if isinstance(number, int) and not isinstance(number, bool) else None
