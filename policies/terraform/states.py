"""A state, as `terraform show -json` prints it -> blocks.

A state knows every value, but no expression: what one resource has of another is told by the values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.terraform.model import Block
from policies.terraform.printed import HIDDEN, default_tags, made, resources, shown_values, with_all_tags
from policies.terraform.values import Ref, Template, Unknown, rendered

ARN = re.compile(r"arn:[\w-]+:[^\s\"',*?\\]+")
SHORTEST_ID = 6


class State:
    """The blocks of one state."""

    def __init__(self, document: Mapping[str, Any], file: str) -> None:
        self.values, self.file = document["values"] or {}, file
        self.entries = list(resources(self.values.get("root_module", {})))
        self.owners = _owners(self.entries)

    def blocks(self) -> list[Block]:
        """Every block, in the order of the state."""
        backend = {"backend": rendered(Unknown("backend, which no state holds"))}
        blocks = [Block("terraform", "", "", backend, self.file), *self._provider()]
        for entry in self.entries:
            own = {entry["values"].get(name) for name in ("arn", "id")}
            shown = with_all_tags(shown_values(entry))
            arguments = {n: value if n == "name" else self._linked(value, own) for n, value in shown.items()}
            kind = "resource" if entry["mode"] == "managed" else "data"
            arguments["lifecycle"] = Unknown("lifecycle, which no state holds")
            blocks.append(made(kind, entry, arguments, self.file))
        for name, output in self.values.get("outputs", {}).items():
            value = HIDDEN if output.get("sensitive") else self._linked(output.get("value"), set())
            arguments = {"value": value, **({"sensitive": True} if output.get("sensitive") else {})}
            blocks.append(Block("output", "", name, rendered(arguments), self.file))
        return blocks

    def _provider(self) -> Iterator[Block]:
        """The provider as what it made shows it: regions and accounts of the ARNs, tags that no resource states."""
        made = [entry["values"] for entry in self.entries if entry["mode"] == "managed"]
        arns = [str(values.get("arn")).split(":") for values in made if str(values.get("arn")).startswith("arn:")]
        regions, accounts = ({arn[index] for arn in arns if arn[index]} for index in (3, 4))
        if not any(entry["type"].startswith("aws_") for entry in self.entries):
            return
        region = regions.pop() if len(regions) == 1 else Unknown("region, which this state does not tell")
        tags = {"tags": default_tags(made)}
        arguments = {"region": region, "allowed_account_ids": sorted(accounts), "default_tags": tags}
        yield Block("provider", "aws", "", rendered(arguments), self.file)

    def _linked(self, value: Any, own: set[Any]) -> Any:
        if isinstance(value, dict):
            return {key: self._linked(item, own) for key, item in value.items()}
        if isinstance(value, list):
            return [self._linked(item, own) for item in value]
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


def _owners(entries: list[Mapping[str, Any]]) -> dict[str, Ref]:
    """Value -> the one resource whose ARN or id it is."""
    found: dict[str, Ref] = {}
    for attribute in ("id", "key_id", "arn"):
        for entry in entries:
            value = (entry.get("values") or {}).get(attribute)
            if entry["mode"] == "managed" and isinstance(value, str) and len(value) >= SHORTEST_ID:
                if value not in found or attribute == "arn":
                    found[value] = Ref(entry["address"], f".{attribute}")
                elif found[value].address != entry["address"]:
                    found[value] = Ref(found[value].address, found[value].path)
    return found
