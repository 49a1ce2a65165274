"""IoT: tags of rules."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from moto.core.responses import ActionResult, EmptyResult
from moto.iot.models import IoTBackend
from moto.iot.responses import IoTResponse
from moto.utilities.tagging_service import TaggingService

from lib.emulator.aws.patching import Original, add, wrap


def install() -> None:
    """aws_iot_topic_rule and aws_iot_policy read their tags back; moto has no tags for them."""
    wrap(IoTBackend, "__init__", _backend)
    add(IoTResponse, list_tags_for_resource, tag_resource, untag_resource)
    wrap(IoTResponse, "create_topic_rule", _create_topic_rule)
    wrap(IoTResponse, "create_policy", _create_policy)


def _backend(original: Original, self: Any, *args: Any, **kwargs: Any) -> None:
    original(self, *args, **kwargs)
    self.plantguard_tags = TaggingService()


def list_tags_for_resource(self: Any) -> Any:
    """ListTagsForResource."""
    found = self.iot_backend.plantguard_tags.list_tags_for_resource(self._get_param("resourceArn"))
    return ActionResult({"tags": found["Tags"]})


def tag_resource(self: Any) -> Any:
    """TagResource."""
    self.iot_backend.plantguard_tags.tag_resource(self._get_param("resourceArn"), self._get_param("tags") or [])
    return EmptyResult()


def untag_resource(self: Any) -> Any:
    """UntagResource."""
    keys = self._get_param("tagKeys") or []
    self.iot_backend.plantguard_tags.untag_resource_using_names(self._get_param("resourceArn"), keys)
    return EmptyResult()


def _create_topic_rule(original: Original, self: Any) -> Any:
    """The rule's tags come in a header, as a query string; a rule made again does not inherit its former tags."""
    answer = original(self)
    name = self._get_param("ruleName")
    tags = [{"Key": key, "Value": value} for key, value in parse_qsl(self.headers.get("x-amz-tagging", ""))]
    _set_tags(self, self.iot_backend.rules[name].arn, tags)
    return answer


def _create_policy(original: Original, self: Any) -> Any:
    answer = original(self)
    name = self._get_param("policyName")
    _set_tags(self, self.iot_backend.policies[name].arn, self._get_param("tags") or [])
    return answer


def _set_tags(self: Any, arn: str, tags: list[dict[str, str]]) -> None:
    service = self.iot_backend.plantguard_tags
    service.delete_all_tags_for_resource(arn)
    service.tag_resource(arn, tags)
