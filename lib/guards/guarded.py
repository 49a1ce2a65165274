"""What a factory gives back, where it puts it, and the ledger that the seal reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from constructs import Construct


@dataclass(frozen=True)
class Guarded:
    """A block that a guard built. What only AWS will know of it is a Terraform reference."""

    type: str
    id: str
    path: str
    arguments: Mapping[str, Any]
    kind: str = "resource"
    construct: Any = field(default=None, compare=False, repr=False)

    @property
    def address(self) -> str:
        """`aws_kms_key.stream`."""
        prefix = "" if self.kind == "resource" else f"{self.kind}."
        return f"{prefix}{self.type}.{self.id}"

    def ref(self, attribute: str) -> str:
        """A Terraform reference to one attribute: `${aws_kms_key.stream.arn}`."""
        return f"${{{self.address}.{attribute}}}"

    @property
    def arn(self) -> str:
        """Reference to its ARN."""
        return self.ref("arn")

    @property
    def name(self) -> str:
        """The physical name that was derived for it."""
        return str(self.arguments["name"])


@dataclass(frozen=True)
class Entry:
    """One block as its guard approved it."""

    path: str
    arguments: Mapping[str, Any]


@dataclass
class Ledger:
    """Every block that a guard approved, by (kind, type, id); the seal compares it with what was synthesized."""

    entries: dict[tuple[str, str, str], Entry] = field(default_factory=dict)

    def record(self, kind: str, type_: str, id_: str, entry: Entry) -> None:
        """Notes one approved block."""
        self.entries[kind, type_, id_] = entry

    def taken(self, type_: str, id_: str, path: str) -> bool:
        """Whether another block has this address, or this construct path."""
        return any(key[1:] == (type_, id_) or entry.path == path for key, entry in self.entries.items())


class Concern(Construct):
    """A part of the stack that guards build into: `ingest`, `cache`, ... It leads to the stack's ledger."""

    def __init__(self, scope: Construct, id_: str, *, path: str, ledger: Ledger) -> None:
        """path: construct path of this concern, as Terraform JSON's metadata will show it."""
        super().__init__(scope, id_)
        self.path, self.ledger = path, ledger
