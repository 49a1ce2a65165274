"""Outputs of the state -> one flat name -> value, for whoever finds things by them. No sensitive one is among them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lib.deploy.terraform import Terraform
from lib.whole_file import write_whole

Flat = dict[str, str | int | float | bool | None]


def read_outputs(terraform: Terraform, folder: Path) -> tuple[Flat, tuple[str, ...]]:
    """(what the state of a folder that is ready has, names of those that are left out)."""
    found = terraform.json(folder, "output", "-json", "-no-color", doing="reading the outputs") or {}
    return flat(found), tuple(name for name, each in sorted(found.items()) if each.get("sensitive"))


def flat(outputs: Mapping[str, Mapping[str, Any]]) -> Flat:
    """Names to values; what lies in a list or a map has its place in its name: `subnets.0`."""
    shown = {name: each.get("value") for name, each in sorted(outputs.items()) if not each.get("sensitive")}
    return dict(pair for name, value in shown.items() for pair in _leaves(name, value))


def write_outputs(path: Path, outputs: Flat) -> None:
    """Whole or not at all: the file that was there stays where it cannot be written. Raises: OSError."""
    write_whole(path, as_json(outputs))


def as_json(outputs: Flat) -> bytes:
    """As the file has it; the same outputs give the same bytes."""
    return (json.dumps(outputs, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in sorted(value.items()):
            yield from _leaves(f"{name}.{key}", item)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves(f"{name}.{number}", item)
    else:
        yield name, value
