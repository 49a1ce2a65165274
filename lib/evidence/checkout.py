"""Which commit was judged? Asked of git itself, which alone knows ignored files, worktrees and filters."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

# A checkout that is judged is not trusted: its configuration must not name programs that git then starts.
GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
LONGEST_S = 20


@dataclass(frozen=True)
class Checkout:
    """commit: empty where there is no checkout, or no git. uncommitted: whether there is what no commit holds.

    folder: the folder that was asked about, below the root of the checkout; empty where it is the root.
    """

    commit: str = ""
    uncommitted: bool | None = None
    folder: str = ""


def checkout_of(folder: Path) -> Checkout:
    """What git says of the checkout that holds a folder."""
    asked = _asked(folder, "rev-parse", "--show-prefix", "--verify", "HEAD")
    prefix, _, commit = asked.strip("\n").rpartition("\n") if asked else ("", "", "")
    if not commit:
        return Checkout()
    changes = _asked(folder, "--no-optional-locks", "status", "--porcelain")
    return Checkout(commit, None if changes is None else bool(changes), prefix.rstrip("/"))


def _asked(folder: Path, *arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            [*GIT, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=LONGEST_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None
