"""A plan or state beside its sources: the configuration's blocks, with what the plan or state knows better."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from policies.terraform.model import INTERPOLATION, Block, CannotDecide, Configuration, Problem, decoded
from policies.terraform.printed import ABSENT, refers
from policies.terraform.states import ARN, SHORTEST_ID

NOT_PLANNED = frozenset(
    {"lifecycle", "provider", "depends_on", "count", "for_each", "provisioner", "connection", "timeouts"}
)
"""Arguments that no plan and no state holds."""
IMPURE = re.compile(r"\b(?:bcrypt|timestamp|uuid)\(")
"""Functions that give another value with each apply: no plan knows it, and none shows that it is not known."""
OWN_NAME = re.compile(r"arn|id|url|key_id|resource_id|unique_id|invoke_arn|qualified_arn|qualified_invoke_arn")
UNSET = (*ABSENT, False, 0, "0", "false")
"""What an argument that is not set may be written as."""


class Overlay:
    """The configuration's blocks with what the plan or state knows better."""

    def __init__(self, configuration: Configuration, planned: list[Block], file: str) -> None:
        self.configuration, self.file = configuration, file
        self.planned = {block.address: block for block in planned if block.kind in ("resource", "data")}
        self.owners = _owners(self.planned.values())
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
        merged = {
            key: value if key in block.arguments else self._linked(value)
            for key, value in planned.arguments.items()
            if key != "lifecycle" and not self._is_own_name(block, key)
        }
        for name, value in block.arguments.items():
            if name in NOT_PLANNED or name.endswith("_wo") or IMPURE.search(str(value)):
                merged[name] = value
            elif refers(merged.get(name)):
                merged[name] = merged[name] if self._undecided(value) else value
            elif self._undecided(value):
                continue  # the plan or state knows it
            elif not self._agrees(value, merged.get(name)):
                self._differ(block.address, f"{name} is another value in the plan or state")
            elif refers(value):
                merged[name] = value
        return merged

    def _is_own_name(self, block: Block, key: str) -> bool:
        """Whether AWS gave it to a block once it was made: put in, it would end every reference to the block."""
        return block.kind == "resource" and key not in block.arguments and OWN_NAME.fullmatch(key) is not None

    def _linked(self, value: Any) -> Any:
        """What AWS tells of a block, as the references that would be written: whose ARN or id it is, no text tells."""
        if isinstance(value, dict):
            return {key: self._linked(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._linked(item) for item in value]
        if not isinstance(value, str):
            return value
        return self.owners.get(value) or ARN.sub(lambda arn: self.owners.get(arn[0], arn[0]), value)

    def _agrees(self, declared: Any, planned: Any) -> bool:
        """Whether a known value is the declared one, as the provider may write it."""
        if declared in UNSET and planned in UNSET:
            return True
        if isinstance(declared, str) and declared[:1] in ("{", "[") and isinstance(planned, str):
            declared, planned = _document(declared), _document(planned)
        declared, planned = _single(declared), _single(planned)
        if isinstance(declared, dict) and isinstance(planned, dict):
            return all(self._agrees(value, planned.get(key)) for key, value in declared.items())
        if isinstance(declared, list) or isinstance(planned, list):
            found = [entry if isinstance(entry, list) else [entry] for entry in (declared, planned)]
            return len(found[0]) == len(found[1]) and all(
                any(self._agrees(value, other) for other in found[1]) for value in found[0]
            )
        if isinstance(declared, str) and refers(declared):
            return re.fullmatch(self._form(declared), str(planned), re.IGNORECASE) is not None
        return str(declared).replace("$${", "${").lower() == str(planned).replace("$${", "${").lower()

    def _form(self, text: str) -> str:
        """Regular expression of the values that a text with references can come to."""
        parts, end = [], 0
        for match in INTERPOLATION.finditer(text):
            parts += [re.escape(text[end : match.start()]), self._value_of(match[1])]
            end = match.end()
        return "".join([*parts, re.escape(text[end:])])

    def _value_of(self, expression: str) -> str:
        found = self.configuration.referenced(expression)
        planned = self.planned.get(found[0].address) if found else None
        value = planned.arguments.get(found[1]) if found and planned else None
        return re.escape(str(value)) if value is not None and not refers(value) else r"[^*?\s]+"

    def _undecided(self, value: Any) -> bool:
        try:
            self.configuration.resolve(value, "")
        except CannotDecide:
            return True
        return False

    def _differ(self, address: str, got: str) -> None:
        requires = "a plan or state of this very configuration"
        self.problems.append(Problem(self.file, 0, got, requires, "plan again from these sources", address))


def _owners(planned: Iterable[Block]) -> dict[str, str]:
    """ARN or id -> the reference to the one resource that has it."""
    found: dict[str, str] = {}
    for block in (block for block in planned if block.kind == "resource"):
        for name in ("id", "arn"):
            value = block.arguments.get(name)
            if isinstance(value, str) and len(value) >= SHORTEST_ID and not refers(value):
                found[value] = "" if value in found and name == "id" else f"${{{block.address}.{name}}}"
    return {value: reference for value, reference in found.items() if reference}


def _document(text: str) -> Any:
    try:
        return decoded(text)
    except (ValueError, RecursionError):
        return text


def _single(value: Any) -> Any:
    """One thing, which AWS and providers write with or without a list around it."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value
