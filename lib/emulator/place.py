"""Where a session keeps what, in the project's folder `.local`, and what it was asked for."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lib.errors import EmulatorError

FOLDER = ".local"
SESSION = "session.json"
CA = "ca.pem"
LOG = "emulator.log"
PROGRESS = "progress.log"
POSTGRES_LOG, VALKEY_LOG = "postgres.log", "valkey.log"
FILES = (SESSION, CA, LOG, PROGRESS, POSTGRES_LOG, VALKEY_LOG)
"""Ours, in a folder that may hold more: that of a home folder, say."""
HOW = "python main.py local up"
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
LOG_TAIL = 1500


@dataclass(frozen=True)
class Wanted:
    """What `local up` was asked for; 0 is any free port."""

    root: Path
    secret_name: str
    aws_port: int = 0
    postgres_port: int = 0
    cache_port: int = 0


def folder_of(root: Path) -> Path:
    """Where the session of a project is kept; git ignores it."""
    return root / FOLDER


@contextmanager
def refusals(folder: Path) -> Iterator[None]:
    """Says what the machine refuses as an EmulatorError: no space, no permission."""
    try:
        yield
    except OSError as error:
        reason = "no space is left" if error.errno in NO_SPACE else error.strerror or type(error).__name__
        raise EmulatorError(f"{error.filename or folder}: {reason}; fix: python main.py local down, then up") from error


def tail(log: Path) -> str:
    """The last lines of a log."""
    text = log.read_text(errors="replace").strip() if log.is_file() else ""
    return text[-LOG_TAIL:] or f"{log.name} is empty"


def last_words(folder: Path) -> str | None:
    """Why the owner gave up, if it did: its own words, without the name of the exception that they come in."""
    _, known, reason = tail(folder / LOG).rpartition(f"{EmulatorError.__name__}: ")
    return reason if known else None
