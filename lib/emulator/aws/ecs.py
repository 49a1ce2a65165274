"""ECS: what a service was created with."""

from __future__ import annotations

from typing import Any

from moto.ecs.responses import EC2ContainerServiceResponse

from lib.emulator.aws.patching import Original, wrap


def install() -> None:
    """moto drops these arguments of CreateService; aws_ecs_service differed on the next plan in each of them."""
    wrap(EC2ContainerServiceResponse, "create_service", _create_service)


def _create_service(original: Original, self: Any) -> Any:
    answer = original(self)
    service = answer.result["service"]
    service.enable_ecs_managed_tags = self._get_param("enableECSManagedTags", False)
    service.enable_execute_command = self._get_param("enableExecuteCommand", False)
    service.availability_zone_rebalancing = self._get_param("availabilityZoneRebalancing", "DISABLED")
    service.deployment_configuration = self._get_param("deploymentConfiguration")
    service.health_check_grace_period_seconds = self._get_param("healthCheckGracePeriodSeconds", 0)
    return answer
