"""Application Auto Scaling: tags of a target, and alarms that go with their policy."""

from __future__ import annotations

import json
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse

from lib.emulator.aws.patching import Original, add, wrap


def install() -> None:
    """aws_appautoscaling_target lists and sets tags by itself, whether it has any or not."""
    add(ApplicationAutoScalingResponse, list_tags_for_resource, tag_resource, untag_resource)
    wrap(ApplicationAutoScalingResponse, "register_scalable_target", _register_scalable_target)
    wrap(ApplicationAutoscalingBackend, "put_scaling_policy", _put_scaling_policy)


def list_tags_for_resource(self: Any) -> str:
    """ListTagsForResource: a map, not a list of pairs."""
    return json.dumps({"Tags": _tags(self, self._get_param("ResourceARN"))})


def tag_resource(self: Any) -> str:
    """TagResource."""
    _tags(self, self._get_param("ResourceARN")).update(self._get_param("Tags") or {})
    return "{}"


def untag_resource(self: Any) -> str:
    """UntagResource."""
    tags = _tags(self, self._get_param("ResourceARN"))
    for key in self._get_param("TagKeys") or []:
        tags.pop(key, None)
    return "{}"


def _tags(self: Any, arn: str) -> dict[str, str]:
    for targets in self.applicationautoscaling_backend.targets.values():
        for target in targets.values():
            if target.arn == arn:
                tags: dict[str, str] = target.__dict__.setdefault("tags", {})
                return tags
    raise AWSValidationException(f"No scalable target found for ARN: {arn}")


def _register_scalable_target(original: Original, self: Any) -> str:
    answer: str = original(self)
    _tags(self, json.loads(answer)["ScalableTargetARN"]).update(self._get_param("Tags") or {})
    return answer


def _put_scaling_policy(original: Original, self: Any, **kwargs: Any) -> Any:
    """moto makes two new alarms at each PutScalingPolicy and leaves those of the policy it replaces for ever."""
    former = dict(self.policies)
    policy = original(self, **kwargs)
    replaced = [key for key, now in self.policies.items() if key in former and former[key] is not now]
    for key in replaced:
        former[key].delete_alarms(self.account_id, self.region_name)
    return policy
