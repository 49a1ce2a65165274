"""The programs that the emulator runs: found, made reachable, started without privileges, watched and stopped."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from lib.emulator.place import LOG_TAIL, tail
from lib.errors import EmulatorError

NOBODY = 65534
LOOPBACK = "127.0.0.1"
STOP_SECONDS = 10


class _User(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def unprivileged() -> _User:
    """Whom a program runs as: as us, or as nobody where we are root, as whom PostgreSQL refuses to run."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def hand_over(*paths: Path) -> None:
    """Gives files and folders to whom programs run as."""
    if os.geteuid() == 0:
        for path in paths:
            os.chown(path, NOBODY, NOBODY)


def reachable(installation: Path, folder: Path) -> Path:
    """`installation`, copied into `folder` where nobody may not enter one of its parents (a home folder, say)."""
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in (installation, *installation.parents)):
        return installation
    copied = folder / installation.name
    shutil.copytree(installation, copied, symlinks=True)
    return copied


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def take_port(wanted: int, what: str) -> int:
    """`wanted`, or a free port for 0. Raises: EmulatorError where somebody listens on it."""
    if not wanted:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except OSError as error:
            raise EmulatorError(
                f"port {wanted}, wanted for {what}, cannot be used: {error.strerror}; fix: name another, or 0 for any"
            ) from error
    return wanted


@dataclass(frozen=True)
class Program:
    """A running program, and the log that holds what it says."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(cls, name: str, command: Sequence[str | Path], folder: Path, log: Path) -> Program:
        """Starts `command` in `folder`, in a process group of its own: Ctrl-C reaches its owner, who stops it."""
        with log.open("ab") as stream:
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, process_group=0,
                **unprivileged(),
            )  # fmt: skip
        return cls(name, process, log)

    def require_alive(self) -> None:
        """Raises: EmulatorError, with the end of the log, where the program has ended."""
        code = self.process.poll()
        if code is not None:
            raise EmulatorError(f"{self.name} ended (exit {code}): {tail(self.log)}")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Asks it to end, and ends it where it does not."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run(command: Sequence[str | Path], folder: Path) -> None:
    """Runs a program to its end. Raises: EmulatorError, with what it said, where it fails."""
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **unprivileged()
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-LOG_TAIL:]
        raise EmulatorError(f"{Path(command[0]).name} ended (exit {done.returncode}): {said}")
