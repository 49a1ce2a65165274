"""A state, as `terraform show -json` prints it -> blocks.

A state knows every value, but no expression: what one resource has of another is told by the values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.terraform.links import Links, own_values
from policies.terraform.model import Block
from policies.terraform.printed import HIDDEN, default_tags, made, resources, shown_values, with_all_tags
from policies.terraform.values import Unknown, rendered


class State:
    """The blocks of one state."""

    def __init__(self, document: Mapping[str, Any], file: str) -> None:
        self.values, self.file = document["values"] or {}, file
        self.entries = list(resources(self.values.get("root_module", {})))
        self.links = Links(self.entries)

    def blocks(self) -> list[Block]:
        """Every block, in the order of the state."""
        backend = {"backend": rendered(Unknown("backend, which no state holds"))}
        blocks = [Block("terraform", "", "", backend, self.file), *self._provider()]
        for entry in self.entries:
            own = own_values(entry["values"])
            shown = with_all_tags(shown_values(entry))
            arguments = {n: value if n == "name" else self.links.linked(value, own) for n, value in shown.items()}
            kind = "resource" if entry["mode"] == "managed" else "data"
            arguments["lifecycle"] = Unknown("lifecycle, which no state holds")
            blocks.append(made(kind, entry, arguments, self.file))
        for name, output in self.values.get("outputs", {}).items():
            value = HIDDEN if output.get("sensitive") else self.links.linked(output.get("value"), set())
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
