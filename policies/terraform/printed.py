"""What plans and states have in common: values as the JSON of Terraform shows them, secrets hidden."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from policies.terraform.model import Block
from policies.terraform.values import is_known, rendered

HIDDEN = "(sensitive)"
"""Stands for a literal that Terraform marks as sensitive: a policy sees that there is one, nobody what it is."""
ABSENT: tuple[Any, ...] = (None, "", [], {})


def with_all_tags(arguments: dict[str, Any]) -> dict[str, Any]:
    """The tags that AWS will show stand for those of the resource alone: provider defaults are merged already."""
    everything = arguments.get("tags_all")
    return {**arguments, "tags": everything} if isinstance(everything, dict) and is_known(everything) else arguments


def default_tags(resources: Iterable[Any]) -> dict[str, Any]:
    """The tags that resources carry without stating them."""
    found: dict[str, Any] = {}
    for values in resources:
        if isinstance(values, dict) and isinstance(values.get("tags_all"), dict):
            stated = values.get("tags") or {}
            found.update({key: value for key, value in values["tags_all"].items() if key not in stated})
    return found


def made(kind: str, entry: Mapping[str, Any], arguments: Mapping[str, Any], file: str) -> Block:
    """The block of an entry, whose address tells the module and the instance."""
    address = entry["address"]
    prefix = f"{entry['type']}.{entry['name']}"
    prefix = f"data.{prefix}" if kind == "data" else prefix
    place = address.rfind(prefix)
    module, key = address[: max(place, 0)].rstrip("."), address[place + len(prefix) :]
    return Block(kind, entry["type"], entry["name"], rendered(dict(arguments)), file, 0, module, key)


def shown_values(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a state's entry, sensitive ones hidden, unset ones left out."""
    values = hidden(entry.get("values") or {}, entry.get("sensitive_values") or {})
    return {name: value for name, value in values.items() if value not in ABSENT or isinstance(value, bool)}


def hidden(value: Any, sensitive: Any) -> Any:
    """A value without what Terraform marks as sensitive, and without what is not set."""
    if sensitive is True and is_set(value):
        return HIDDEN
    if isinstance(value, dict):
        made = {key: hidden(item, part(sensitive, key)) for key, item in value.items()}
        return {key: item for key, item in made.items() if item is False or item not in ABSENT}
    if isinstance(value, list):
        parts = sensitive if isinstance(sensitive, list) else []
        return [hidden(item, parts[i] if i < len(parts) else False) for i, item in enumerate(value)]
    return value


def is_set(value: Any) -> bool:
    """Whether a sensitive value is one: nothing is hidden where there is nothing, and a switch is no secret."""
    return value not in ABSENT and not isinstance(value, bool)


def part(marks: Any, name: str) -> Any:
    """The marks (unknown, sensitive) of one part of a value; a mark on the whole is one on each part."""
    return marks.get(name, False) if isinstance(marks, dict) else marks is True


def resources(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The entries of a module and of all modules in it."""
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from resources(child)


def refers(value: Any) -> bool:
    """Whether a value holds a reference."""
    return "${" in str(value).replace("$${", "")
