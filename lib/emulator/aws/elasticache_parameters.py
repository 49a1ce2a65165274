"""ElastiCache: parameter groups, which moto does not have."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.exceptions import ElastiCacheException
from moto.elasticache.responses import ElastiCacheResponse

from lib.emulator.aws.patching import add


def install() -> None:
    """aws_elasticache_parameter_group: create, describe, modify, reset, delete, and the parameters themselves."""
    add(
        ElastiCacheResponse,
        create_cache_parameter_group,
        describe_cache_parameter_groups,
        modify_cache_parameter_group,
        reset_cache_parameter_group,
        describe_cache_parameters,
        delete_cache_parameter_group,
    )


def create_cache_parameter_group(self: Any) -> Any:
    """CreateCacheParameterGroup."""
    backend, name = self.elasticache_backend, self._get_param("CacheParameterGroupName")
    if name in backend.parameter_groups:
        raise ElastiCacheException("CacheParameterGroupAlreadyExists", f"{name} already exists.")
    arn = f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:parametergroup:{name}"
    backend.parameter_groups[name] = {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": self._get_param("CacheParameterGroupFamily"),
        "Description": self._get_param("Description"),
        "IsGlobal": False,
        "ARN": arn,
    }
    backend.parameters[name] = {}
    backend.tagging_service.tag_resource(arn, self._get_param("Tags") or [])
    return ActionResult({"CacheParameterGroup": backend.parameter_groups[name]})


def describe_cache_parameter_groups(self: Any) -> Any:
    """DescribeCacheParameterGroups."""
    name = self._get_param("CacheParameterGroupName")
    found = [_group(self)] if name else list(self.elasticache_backend.parameter_groups.values())
    return ActionResult({"CacheParameterGroups": found})


def modify_cache_parameter_group(self: Any) -> Any:
    """ModifyCacheParameterGroup."""
    for parameter in self._get_param("ParameterNameValues") or []:
        _parameters(self)[parameter["ParameterName"]] = parameter["ParameterValue"]
    return _name_of_group(self)


def reset_cache_parameter_group(self: Any) -> Any:
    """ResetCacheParameterGroup: all parameters, or those named."""
    parameters = _parameters(self)
    if self._get_bool_param("ResetAllParameters"):
        parameters.clear()
    for parameter in self._get_param("ParameterNameValues") or []:
        parameters.pop(parameter["ParameterName"], None)
    return _name_of_group(self)


def describe_cache_parameters(self: Any) -> Any:
    """DescribeCacheParameters: those that a user has set, which is all the provider asks for."""
    found = [
        {"ParameterName": name, "ParameterValue": value, "Source": "user", "IsModifiable": True}
        for name, value in _parameters(self).items()
    ]
    return ActionResult({"Parameters": found})


def delete_cache_parameter_group(self: Any) -> Any:
    """DeleteCacheParameterGroup; AWS refuses while a replication group uses it."""
    group, backend = _group(self), self.elasticache_backend
    name = group["CacheParameterGroupName"]
    if any(used.cache_parameter_group_name == name for used in backend.replication_groups.values()):
        raise ElastiCacheException("InvalidCacheParameterGroupState", f"{name} is in use.")
    backend.tagging_service.delete_all_tags_for_resource(group["ARN"])
    del backend.parameter_groups[name], backend.parameters[name]
    return EmptyResult()


def _group(self: Any) -> dict[str, Any]:

    name = self._get_param("CacheParameterGroupName")
    groups: dict[str, dict[str, Any]] = self.elasticache_backend.parameter_groups
    if name not in groups:
        raise ElastiCacheException("CacheParameterGroupNotFound", f"CacheParameterGroup {name} not found.")
    return groups[name]


def _parameters(self: Any) -> dict[str, str]:
    parameters: dict[str, str] = self.elasticache_backend.parameters[_group(self)["CacheParameterGroupName"]]
    return parameters


def _name_of_group(self: Any) -> Any:
    return ActionResult({"CacheParameterGroupName": _group(self)["CacheParameterGroupName"]})
