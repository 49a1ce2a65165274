"""Which thresholds of a verdict are weaker than its profile's own? Those make a pass say less than its name. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lib.artifacts import Verdict

Weaker = Callable[[Any, Any], bool]


def _more(now: Any, own: Any) -> bool:
    return bool(now > own)


def _less(now: Any, own: Any) -> bool:
    return bool(now < own)


def _fewer_entries(now: Any, own: Any) -> bool:
    return not set(own) <= set(now)


def _further_entries(now: Any, own: Any) -> bool:
    """An empty list of regions accepts all."""
    return bool(own) and (not now or not set(now) <= set(own))


def _further_values(now: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    return any(name not in now or not set(now[name]) <= set(values) for name, values in own.items())


def _other_forms(now: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    return any(now.get(name) != form for name, form in own.items())


def _always(_now: Any, _own: Any) -> bool:
    return True


WEAKER: Mapping[str, Weaker] = {
    "rotation_days": _more,
    "key_rotation_days": _more,
    "log_retention_days": _less,
    "stream_retention_hours": _less,
    "backup_retention_days": _less,
    "cache_snapshot_days": _less,
    "dead_letter_retention_seconds": _less,
    "monitoring_interval_seconds": _more,
    "regions": _further_entries,
    "required_tags": _fewer_entries,
    "tag_vocabulary": _further_values,
    "tag_patterns": _other_forms,
    "endpoint_services": _fewer_entries,
    "lambda_runtimes": lambda now, own: not set(now) <= set(own),
    "shard_metrics": _fewer_entries,
}
"""What makes a threshold weaker. One that is not named always is: `accounts`, where each is trusted."""


def loosened(verdict: Verdict, own: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the changed thresholds that are weaker. own: the profile's, by name."""
    now = verdict.thresholds
    return tuple(name for name in verdict.changed_thresholds if WEAKER.get(name, _always)(now.get(name), own.get(name)))
