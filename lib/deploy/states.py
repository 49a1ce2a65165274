"""The state in its backend, asked of Terraform: which one it is, whether it is empty. Its values are never kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lib.artifacts import StateMark
from lib.deploy.terraform import Terraform

NO_STATE = StateMark("", 0, hashlib.sha256(b"").hexdigest())


def begin(terraform: Terraform, folder: Path, *, locked: bool = False) -> None:
    """Makes a folder ready: providers and backend. locked: the providers are those of its lock file, or it fails."""
    lockfile = ("-lockfile=readonly",) if locked else ()
    arguments = ("init", "-json", "-input=false", "-no-color", "-reconfigure", *lockfile)
    terraform.run(folder, *arguments, doing="making providers and state ready (terraform init)")


def mark(terraform: Terraform, folder: Path) -> StateMark:
    """Which state there is now."""
    state = pulled(terraform, folder)
    if not state:
        return NO_STATE
    content = json.dumps(state, sort_keys=True, separators=(",", ":")).encode()
    return StateMark(str(state.get("lineage", "")), int(state.get("serial", 0)), hashlib.sha256(content).hexdigest())


def left(terraform: Terraform, folder: Path) -> tuple[str, ...]:
    """Addresses of what the state still holds but for what was only read."""
    found = pulled(terraform, folder).get("resources", [])
    managed = (each for each in found if each.get("mode") == "managed" and each.get("instances"))
    return tuple(".".join(filter(None, (each.get("module", ""), each["type"], each["name"]))) for each in managed)


def versions(terraform: Terraform, folder: Path) -> dict[str, str]:
    """Provider -> the version that is selected for a folder that is ready."""
    told = terraform.json(folder, "version", "-json", doing="asking for the versions of providers")
    return dict(told.get("provider_selections") or {})


def pulled(terraform: Terraform, folder: Path) -> Mapping[str, Any]:
    """The whole state, with whatever it holds: for the moment only."""
    return terraform.json(folder, "state", "pull", doing="reading the state") or {}
