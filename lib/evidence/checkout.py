"""Which commit was judged? Asked of git itself, which alone knows ignored files, worktrees and filters."""

from __future__ import annotations

import subprocess
from pathlib import Path

# A checkout that is judged is not trusted: its configuration must not name programs that git then starts.
GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
LONGEST_S = 20


def commit_of(folder: Path) -> tuple[str, bool | None]:
    """(commit, whether there are changes that it does not hold); ("", None) where there is no checkout, or no git."""
    commit = _asked(folder, "rev-parse", "--verify", "HEAD")
    if not commit:
        return "", None
    changes = _asked(folder, "--no-optional-locks", "status", "--porcelain")
    return commit.strip(), None if changes is None else bool(changes)


def _asked(folder: Path, *arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            [*GIT, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=LONGEST_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None
