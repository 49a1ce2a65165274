"""ElastiCache: user groups, which moto does not have, and changes of users."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.exceptions import ElastiCacheException
from moto.elasticache.models import ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from lib.emulator.aws.patching import Original, add, wrap
from lib.emulator.aws.running import RUNNING
from lib.emulator.aws.stores import CacheUser


def install() -> None:
    """aws_elasticache_user_group: create, describe, modify, delete; aws_elasticache_user: modify."""
    add(
        ElastiCacheResponse,
        create_user_group,
        describe_user_groups,
        modify_user_group,
        delete_user_group,
        modify_user,
    )
    wrap(ElastiCacheBackend, "delete_user", _delete_user)


def create_user_group(self: Any) -> Any:
    """CreateUserGroup; Redis demands that one of the users be named `default`."""
    backend, name = self.elasticache_backend, self._get_param("UserGroupId")
    if name in backend.user_groups:
        raise ElastiCacheException("UserGroupAlreadyExists", f"User group {name} already exists.")
    users = _users(backend, self._get_param("UserIds") or [])
    engine = (self._get_param("Engine") or "").lower()
    if engine == "redis" and all(user.name != "default" for user in users):
        raise ElastiCacheException("DefaultUserRequired", "You must add the default user to a user group of Redis.")
    group = backend.user_groups[name] = {
        "UserGroupId": name,
        "Status": "active",
        "Engine": engine,
        "UserIds": [user.id for user in users],
        "MinimumEngineVersion": "6.0",
        "ARN": f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:usergroup:{name}",
    }
    backend.tagging_service.tag_resource(group["ARN"], self._get_param("Tags") or [])
    _relate(backend)
    return ActionResult(group)


def describe_user_groups(self: Any) -> Any:
    """DescribeUserGroups."""
    found = [_group(self)] if self._get_param("UserGroupId") else list(self.elasticache_backend.user_groups.values())
    return ActionResult({"UserGroups": found})


def modify_user_group(self: Any) -> Any:
    """ModifyUserGroup."""
    group, removed = _group(self), self._get_param("UserIdsToRemove") or []
    added = [user.id for user in _users(self.elasticache_backend, self._get_param("UserIdsToAdd") or [])]
    group["UserIds"] = [*(id_ for id_ in group["UserIds"] if id_ not in removed), *added]
    _relate(self.elasticache_backend)
    return ActionResult(group)


def delete_user_group(self: Any) -> Any:
    """DeleteUserGroup; AWS refuses while a replication group admits it."""
    group, backend = _group(self), self.elasticache_backend
    name = group["UserGroupId"]
    if any(name in used.user_group_ids for used in backend.replication_groups.values()):
        raise ElastiCacheException("InvalidUserGroupState", f"User group {name} is in use.")
    backend.tagging_service.delete_all_tags_for_resource(group["ARN"])
    del backend.user_groups[name]
    _relate(backend)
    return ActionResult({**group, "Status": "deleting"})


def modify_user(self: Any) -> Any:
    """ModifyUser: what it may do, and how it proves who it is."""
    (user,) = _users(self.elasticache_backend, [self._get_param("UserId")])
    mode = self._get_param("AuthenticationMode") or {}
    user.access_string = self._get_param("AccessString") or user.access_string
    user.authentication_type = mode.get("Type") or user.authentication_type
    user.passwords = mode.get("Passwords") or self._get_param("Passwords") or user.passwords
    tell_users(self.elasticache_backend)
    return ActionResult(user)


def tell_users(backend: Any) -> None:
    """Tell the real Valkey, where there is one, which users the replication groups admit by now."""
    stores = RUNNING.stores
    if not stores:
        return
    groups = {name for cache in backend.replication_groups.values() for name in cache.user_group_ids}
    ids = {id_ for name in groups & backend.user_groups.keys() for id_ in backend.user_groups[name]["UserIds"]}
    users = tuple(
        CacheUser(user.name, user.access_string, enabled="on" in user.access_string.split())
        for user in backend.users.values()
        if user.id in ids
    )
    if users != backend.users_told:
        backend.users_told = users
        stores.on_cache_users(users)


def _group(self: Any) -> dict[str, Any]:
    name, groups = self._get_param("UserGroupId"), self.elasticache_backend.user_groups
    if name not in groups:
        raise ElastiCacheException("UserGroupNotFound", f"User group {name} not found.")
    group: dict[str, Any] = groups[name]
    return group


def _users(backend: Any, ids: list[str]) -> list[Any]:
    for id_ in ids:
        if id_ not in backend.users:
            raise ElastiCacheException("UserNotFound", f"User {id_} not found.")
    return [backend.users[id_] for id_ in ids]


def _relate(backend: Any) -> None:
    """Each user names its groups, as DescribeUsers gives them."""
    for user in backend.users.values():
        user.user_group_ids = [name for name, group in backend.user_groups.items() if user.id in group["UserIds"]]
    tell_users(backend)


def _delete_user(original: Original, self: Any, user_id: str) -> Any:
    """moto leaves the deleted user in its groups."""
    user = original(self, user_id)
    for group in self.user_groups.values():
        group["UserIds"] = [id_ for id_ in group["UserIds"] if id_ != user_id]
    tell_users(self)
    return user
