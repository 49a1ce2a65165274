"""Who owns `.local`: a lock that its process holds for as long as it lives, and that no crash leaves behind."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

from lib.errors import EmulatorError

LOCK = "lock"
TRIES = 10


def take(folder: Path) -> int:
    """A descriptor that holds `folder` until it is closed in every process that has it.

    Raises: EmulatorError where another process holds it, OSError.
    """
    while True:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        try:
            descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:  # removed by `down` this moment
            continue
        if not _locked(descriptor):
            os.close(descriptor)
            raise EmulatorError(
                f"another process holds {folder} ({holder(folder)}): the embedded AWS is up, or is starting or "
                "stopping; fix: python main.py local status"
            )
        if holds(descriptor, folder):
            os.ftruncate(descriptor, 0)  # who held it before is gone
            return descriptor
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Tries for a while, since `is_held` of another process takes the lock for a moment too."""
    pause = threading.Event()
    for _ in range(TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pause.wait(0.02)
        else:
            return True
    return False


def is_held(folder: Path) -> bool:
    """Whether somebody alive holds `folder`."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def holder(folder: Path) -> str:
    """Who holds `folder`, in words."""
    pid = holder_pid(folder)
    return f"pid {pid}" if pid else "pid unknown yet"


def holder_pid(folder: Path) -> int | None:
    """The process that last said it holds `folder`."""
    try:
        return int((folder / LOCK).read_text())
    except (OSError, ValueError):
        return None


def sign(descriptor: int, pid: int) -> None:
    """Says in the lock itself which process holds it from now on."""
    os.pwrite(descriptor, f"{pid}\n".encode(), 0)


def holds(descriptor: int, folder: Path) -> bool:
    """Whether what `take` gave still stands for `folder`: no longer once somebody has removed the folder."""
    try:
        return os.path.samestat(os.fstat(descriptor), (folder / LOCK).stat())
    except FileNotFoundError:
        return False
