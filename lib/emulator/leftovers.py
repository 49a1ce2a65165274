"""What a process that was killed could not clean up: its run folder, and the servers that it had started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from lib.errors import EmulatorError

PREFIX = "plantguard-local-"
POINTER = "data-folder"
"""In `.local`: where the run folder is."""
ROOM_BYTES = 300 << 20
"""What a session needs at most before anybody writes data: the cluster takes 40 MB, copied programs 200 MB."""
GONE_SECONDS = 10
SERVERS = ("postgres", "valkey-server")


def make_folder(folder: Path, room_bytes: int = ROOM_BYTES) -> Path:
    """A new run folder, which `folder` points at from now on.

    It lies among the system's temporary files: unix sockets need short paths, and nobody must be able to enter it.
    Raises: EmulatorError where there is no space, or nobody could enter it.
    """
    home = Path(tempfile.gettempdir()).resolve()
    free = shutil.disk_usage(home).free
    if free < room_bytes:
        raise EmulatorError(
            f"{home} has {free >> 20} MB free, requires {room_bytes >> 20} MB; fix: make room, or set TMPDIR"
        )
    closed = [str(parent) for parent in (home, *home.parents) if not parent.stat().st_mode & 0o001]
    if os.geteuid() == 0 and closed:
        raise EmulatorError(f"nobody, whom the servers run as, may not enter {closed[0]}; fix: set TMPDIR, as to /tmp")
    made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=home))
    made.chmod(0o711)
    try:
        (folder / POINTER).write_text(str(made))
    except OSError:
        made.rmdir()
        raise
    return made


def clean(folder: Path) -> bool:
    """Ends and removes what a session that `folder` points at has left; whether there was anything."""
    try:
        data = Path((folder / POINTER).read_text())
    except FileNotFoundError:
        return False
    if not data.name.startswith(PREFIX):
        raise EmulatorError(f"{folder / POINTER} names {data}, requires a folder {PREFIX}*; fix: remove that file")
    discard(data)
    (folder / POINTER).unlink(missing_ok=True)
    return True


def discard(data: Path) -> None:
    """Removes a run folder, and ends the servers in it.

    A server is recognised by its name and the run folder among its arguments, so no other process can be meant.
    """
    running = list(_servers(data))
    for number in (signal.SIGINT, signal.SIGKILL):
        for pid in running:
            _signal(pid, number)
        running = _still(running, data)
    shutil.rmtree(data, ignore_errors=True)


def remove(folder: Path, names: Iterable[str]) -> None:
    """Removes these files of `folder`, if they are there."""
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _still(pids: list[int], data: Path) -> list[int]:
    """Those that run on after a while."""
    pause = threading.Event()
    for _ in range(GONE_SECONDS * 20):
        pids = [pid for pid in pids if pid in set(_servers(data))]
        if not pids:
            break
        pause.wait(0.05)
    return pids


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _servers(data: Path) -> Iterator[int]:
    for pid, (program, *arguments) in _commands():
        if Path(program).name in SERVERS and any(argument.startswith(str(data)) for argument in arguments):
            yield pid


def _commands() -> Iterator[tuple[int, list[str]]]:
    """Every process with its command line; the kernel is asked where it tells, since small images have no `ps`."""
    if sys.platform == "linux":
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):  # it has ended meanwhile
                    yield int(entry.name), (entry / "cmdline").read_text(errors="replace").split("\0")
    else:
        listed = subprocess.run(["ps", "-axwwo", "pid=,args="], capture_output=True, text=True, check=True).stdout
        for line in listed.splitlines():
            pid, *command = line.split()
            yield int(pid), command or [""]
