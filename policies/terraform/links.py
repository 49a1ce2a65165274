"""Known values -> the references they came from: an ARN or id of a resource tells whose it is.

A plan of what exists and a state know values where the configuration has expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from policies.terraform.values import Ref, Template

ARN = re.compile(r"arn:[\w-]+:[^\s\"',*?\\]+")
SHORTEST_ID = 6
IDENTIFYING = ("id", "key_id", "arn")


class Links:
    """Whose the ARNs and ids of some entries are, as Terraform's JSON lists resources with their values."""

    def __init__(self, entries: Iterable[Mapping[str, Any]]) -> None:
        self.owners = _owners(entries)

    def linked(self, value: Any, own: set[Any]) -> Any:
        """A value with the references in it; `own` are the values that are the resource's itself."""
        if isinstance(value, dict):
            return {key: self.linked(item, own) for key, item in value.items()}
        if isinstance(value, list):
            return [self.linked(item, own) for item in value]
        if not isinstance(value, str) or value in own:
            return value
        if value in self.owners:
            return self.owners[value]
        if "arn:" not in value:
            return value
        parts: list[Any] = []
        end = 0
        for match in ARN.finditer(value):
            owner = self.owners.get(match[0])
            if owner and match[0] not in own:
                parts.extend((value[end : match.start()], owner))
                end = match.end()
        return Template((*parts, value[end:])) if parts else value


def own_values(values: Mapping[str, Any]) -> set[Any]:
    """What a resource is known by: no reference to itself."""
    return {values.get(name) for name in ("arn", "id")}


def _owners(entries: Iterable[Mapping[str, Any]]) -> dict[str, Ref]:
    """Value -> the one resource whose ARN or id it is."""
    found: dict[str, Ref] = {}
    listed = list(entries)
    for attribute in IDENTIFYING:
        for entry in listed:
            value = (entry.get("values") or {}).get(attribute)
            if entry["mode"] == "managed" and isinstance(value, str) and len(value) >= SHORTEST_ID:
                if value not in found or attribute == "arn":
                    found[value] = Ref(entry["address"], f".{attribute}")
                elif found[value].address != entry["address"]:
                    found[value] = Ref(found[value].address, found[value].path)
    return found
