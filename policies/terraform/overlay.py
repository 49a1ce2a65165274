"""A plan or state beside its sources: the configuration's blocks, with what the plan or state knows better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from policies.terraform.model import Block, CannotDecide, Configuration, Problem
from policies.terraform.printed import ABSENT, refers


class Overlay:
    """The configuration's blocks with what the plan or state knows better."""

    def __init__(self, configuration: Configuration, planned: list[Block], file: str) -> None:
        self.configuration, self.file = configuration, file
        self.planned = {block.address: block for block in planned if block.kind in ("resource", "data")}
        self.problems: list[Problem] = []

    def blocks(self) -> Iterator[Block]:
        declared = set()
        for block in self.configuration.blocks:
            declared.add(block.address)
            planned = self.planned.get(block.address)
            if planned is None:
                if block.kind == "resource":
                    self._differ(block.address, "declared, but not in the plan or state")
                yield block
            else:
                yield replace(block, arguments=self._merged(block, planned))
        for address, block in self.planned.items():
            if address not in declared and block.kind == "resource":
                self._differ(address, "in the plan or state, but not declared")
                yield block

    def _merged(self, block: Block, planned: Block) -> dict[str, Any]:
        merged = {key: value for key, value in planned.arguments.items() if key != "lifecycle"}
        for name, value in block.arguments.items():
            if name not in merged:
                merged[name] = value
            elif refers(value) or refers(merged[name]):
                merged[name] = merged[name] if self._undecided(value) else value
            elif not agrees(value, merged[name]):
                self._differ(block.address, f"{name} is another value in the plan or state")
        return merged

    def _undecided(self, value: Any) -> bool:
        try:
            self.configuration.resolve(value, "")
        except CannotDecide:
            return True
        return False

    def _differ(self, address: str, got: str) -> None:
        requires = "a plan or state of this very configuration"
        self.problems.append(Problem(self.file, 0, got, requires, "plan again from these sources", address))


def agrees(declared: Any, planned: Any) -> bool:
    """Whether a planned value is the declared one, as the provider may write it."""
    if isinstance(declared, list) and len(declared) == 1 and isinstance(declared[0], dict):
        declared = declared[0]
    if isinstance(planned, list) and len(planned) == 1 and isinstance(planned[0], dict):
        planned = planned[0]
    if isinstance(declared, dict) and isinstance(planned, dict):
        return all(agrees(value, planned.get(key)) for key, value in declared.items() if not refers(value))
    if isinstance(declared, list) and isinstance(planned, list):
        return len(declared) == len(planned)
    if isinstance(declared, str) and declared[:1] in ("{", "["):
        return True  # a document that the provider writes in its own way; the declared one is judged
    return str(declared).lower() == str(planned).lower() or (declared in ABSENT and planned in ABSENT)
