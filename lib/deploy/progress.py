"""Events of Terraform -> how far it is: done, total, what it works on. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lib.artifacts import Progress

STEPS = {"create": 1, "update": 1, "delete": 1, "replace": 2}
"""What each planned action takes: a replacement is a deletion and a creation."""
OnProgress = Callable[[Progress], None]


class Counted:
    """Counts what one run of Terraform has done, and tells after each event that changes it."""

    def __init__(self, tell: OnProgress) -> None:
        self.tell, self.total, self.done = tell, 0, 0
        self.open: dict[str, int] = {}

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Takes one event."""
        kind = event.get("type")
        hook = event.get("hook", {})
        address = hook.get("resource", {}).get("addr", "") if isinstance(hook, dict) else ""
        if kind == "planned_change":
            self.total += STEPS.get(event.get("change", {}).get("action", ""), 0)
        elif kind == "apply_start":
            self.open[address] = 0
            self._tell(f"{hook.get('action')} {address}")
        elif kind == "apply_progress":
            self.open[address] = int(hook.get("elapsed_seconds", 0))
            self._tell(f"{hook.get('action')} {address}", self.open[address])
        elif kind in ("apply_complete", "apply_errored"):
            self.open.pop(address, None)
            self.done += kind == "apply_complete"
            words = "done" if kind == "apply_complete" else "NOT done"
            self._tell(f"{hook.get('action')} {address}: {words}", int(hook.get("elapsed_seconds", 0)))
        elif kind == "refresh_start":
            self._tell(f"read {address}")

    def _tell(self, step: str, elapsed_seconds: int = 0) -> None:
        self.tell(Progress(self.done, self.total, step, elapsed_seconds, tuple(self.open)))
