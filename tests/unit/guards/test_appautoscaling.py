from __future__ import annotations

import pytest

from lib.errors import GuardViolation
from lib.guards.appautoscaling import guarded_appautoscaling_policy, guarded_appautoscaling_target

SERVICE = "service/sensor-processing-dev/sensor-processor-dev"
CPU = "ECSServiceAverageCPUUtilization"


def refused(caught) -> set[str]:
    return {refusal.argument for refusal in caught.value.refusals}


@pytest.fixture
def target(concern, tags):
    return guarded_appautoscaling_target(
        concern, "scaling", tags=tags, service_resource_id=SERVICE, minimum=2, maximum=10
    )


def test_a_target_bounds_the_number_of_tasks(target, sealed):
    body = sealed()["resource"]["aws_appautoscaling_target"]["scaling"]
    assert (body["min_capacity"], body["max_capacity"], body["resource_id"]) == (2, 10, SERVICE)
    assert (body["scalable_dimension"], body["service_namespace"]) == ("ecs:service:DesiredCount", "ecs")
    assert "role_arn" not in body


def test_a_target_waits_for_its_service(concern, tags, built, sealed):
    service = built("aws_ecs_service", "processor", name="sensor-processor-dev")
    guarded_appautoscaling_target(
        concern, "s", tags=tags, service_resource_id=SERVICE, minimum=2, maximum=3, depends_on=[service]
    )
    assert sealed()["resource"]["aws_appautoscaling_target"]["s"]["depends_on"] == ["aws_ecs_service.processor"]


@pytest.mark.parametrize("minimum", [1, 0, True, "2", 2.0, None])
def test_a_target_refuses_a_minimum_that_a_zone_could_take_with_it(concern, tags, minimum):
    with pytest.raises(GuardViolation, match="PG_BKP_ECS_SPREAD"):
        guarded_appautoscaling_target(concern, "s", tags=tags, service_resource_id=SERVICE, minimum=minimum, maximum=10)


@pytest.mark.parametrize("maximum", [4, 3, 1_001, None])
def test_a_target_refuses_a_maximum_without_room_to_scale(concern, tags, maximum):
    with pytest.raises(GuardViolation, match="5 to 1_000"):
        guarded_appautoscaling_target(concern, "s", tags=tags, service_resource_id=SERVICE, minimum=4, maximum=maximum)


def test_a_target_lists_everything_that_is_wrong(concern):
    with pytest.raises(GuardViolation) as caught:
        guarded_appautoscaling_target(
            concern, "s", tags=None, service_resource_id="table/x", minimum=0, maximum=0, overrides={"role_arn": "x"}
        )
    assert refused(caught) == {"tags", "service_resource_id", "minimum", "maximum", "overrides[role_arn]"}


def test_a_policy_holds_the_average_near_the_target(concern, tags, target, sealed):
    guarded_appautoscaling_policy(concern, "cpu", tags=tags, target=target, metric=CPU, target_value=60)
    body = sealed()["resource"]["aws_appautoscaling_policy"]["cpu"]
    tracking = body["target_tracking_scaling_policy_configuration"]
    assert (body["name"], body["policy_type"]) == ("sensor-cpu-dev", "TargetTrackingScaling")
    assert body["resource_id"] == "${aws_appautoscaling_target.scaling.resource_id}"
    assert tracking["predefined_metric_specification"] == {"predefined_metric_type": CPU}
    assert (tracking["target_value"], tracking["disable_scale_in"]) == (60, False)


@pytest.mark.parametrize("value", [19, 81, True, "60", None])
def test_a_policy_refuses_a_target_value_that_never_or_always_scales(concern, tags, target, value):
    with pytest.raises(GuardViolation, match="20 to 80"):
        guarded_appautoscaling_policy(concern, "cpu", tags=tags, target=target, metric=CPU, target_value=value)


def test_a_policy_lists_everything_that_is_wrong(concern):
    wrong = {"policy_type": "StepScaling"}
    with pytest.raises(GuardViolation) as caught:
        guarded_appautoscaling_policy(
            concern, "p", tags=None, target="t", metric="ALBRequestCountPerTarget", target_value=0, overrides=wrong
        )
    assert refused(caught) == {"tags", "target", "metric", "target_value", "overrides[policy_type]"}
