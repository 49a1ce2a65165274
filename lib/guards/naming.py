"""Physical names, derived from the id and the environment suffix: a caller has no way to pass one without it.

The suffix holds no separator, so the last part of a name tells the environment and two environments never share one.
"""

from __future__ import annotations

from lib.guards.tags import Tags

PREFIX = "sensor"


def physical_name(id_: str, tags: Tags) -> str:
    """`dead_letters` -> `sensor-dead-letters-dev`."""
    return f"{PREFIX}-{id_.replace('_', '-')}-{tags.environment_suffix}"


def rule_name(id_: str, tags: Tags) -> str:
    """`sensor_readings_dev`: IoT rule names have letters, digits and underscores only."""
    return physical_name(id_, tags).replace("-", "_")
