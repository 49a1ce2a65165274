"""The one process that owns the embedded AWS: it starts everything, says when it is ready, and stops everything."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lib.emulator import leftovers
from lib.emulator.certificates import HOST, Authority
from lib.emulator.iam_token import refusal
from lib.emulator.postgres import start_postgres
from lib.emulator.programs import Program, hand_over, take_port
from lib.emulator.resp import Logins
from lib.emulator.seed import REGION, environ_for, seed
from lib.emulator.session import SESSION, Session, folder_of, write_session
from lib.emulator.tls import terminate
from lib.emulator.valkey import start_valkey
from lib.errors import EmulatorError

CA = "ca.pem"
WATCH_SECONDS = 0.5
Say = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """What `local up` was asked for; 0 is any free port."""

    root: Path
    secret_name: str
    aws_port: int = 0
    postgres_port: int = 0
    cache_port: int = 0


def run(wanted: Wanted, clock: Callable[[], datetime], say: Say) -> None:
    """Runs the embedded AWS until SIGTERM or SIGINT; the caller holds `.local`.

    Raises: EmulatorError where it cannot start, or a server ends by itself. Either way nothing stays behind.
    """
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    folder = folder_of(wanted.root)
    try:
        with ExitStack() as stack:
            stack.callback(leftovers.clean, folder)
            programs = _start(wanted, clock, say, stack, stopping)
            _watch(programs, stopping)
            say("stopping")
    except OSError as error:
        reason = "no space is left" if error.errno in (errno.ENOSPC, errno.EDQUOT) else str(error.strerror or error)
        raise EmulatorError(f"the embedded AWS cannot go on: {reason} ({error.filename or folder})") from error


def _start(
    wanted: Wanted, clock: Callable[[], datetime], say: Say, stack: ExitStack, stopping: threading.Event
) -> Sequence[Program]:
    """Everything, in order; each is stopped when `stack` is left. Nothing is started once we are `stopping`."""
    folder, data, started = folder_of(wanted.root), leftovers.make_folder(folder_of(wanted.root)), clock()
    authority, ca = Authority.create(started), folder / CA
    ca.write_bytes(authority.pem())
    stack.callback(ca.unlink, missing_ok=True)

    with _step("PostgreSQL", say):
        postgres = start_postgres(_private(data / "postgres"), folder / "postgres.log", authority, wanted.postgres_port)
        stack.callback(postgres.stop)
    if stopping.is_set():
        return [postgres.program]
    with _step("Valkey", say):
        home = _private(data / "valkey")
        valkey = start_valkey(home, folder / "valkey.log")
        stack.callback(valkey.stop)
        let_in = valkey.password_for(lambda token, user: refusal(token, user, REGION, clock()) is None)
        cache = terminate(valkey.socket, authority, lambda: Logins(let_in).feed, wanted.cache_port)
        stack.callback(cache.stop)
    programs = [postgres.program, valkey.program]
    if stopping.is_set():
        return programs
    with _step("AWS", say):
        import boto3

        from lib.emulator.aws import Stores, serve

        stores = Stores((HOST, postgres.port), (HOST, cache.port), postgres.apply, valkey.apply, ca)
        port = take_port(wanted.aws_port, "the AWS API")
        served = serve(port, stores)
        stack.callback(served.stop)
        environ = environ_for(served.url)
        client = boto3.Session(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], region_name=REGION)
        settings = seed(client, served.url, wanted.secret_name)
    session = Session(
        pid=os.getpid(),
        started=started,
        url=served.url,
        ports={"aws": port, "postgres": postgres.port, "valkey": cache.port},
        environ=environ,
        settings={**settings, "cache_port": cache.port},
        ca=ca,
        paths={"logs": folder, "data": data},
    )
    stack.callback((folder / SESSION).unlink, missing_ok=True)
    write_session(wanted.root, session)
    say(f"ready: {served.url}")
    return programs


@contextmanager
def _step(what: str, say: Say) -> Iterator[None]:
    since = time.perf_counter()
    say(f"{what}: starting")
    yield
    say(f"{what}: answers after {time.perf_counter() - since:.1f} s")


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    hand_over(folder)
    return folder


def _watch(programs: Sequence[Program], stopping: threading.Event) -> None:
    """Returns when we are asked to stop. Raises: EmulatorError where a program ends by itself."""
    while not stopping.wait(WATCH_SECONDS):
        for program in programs:
            program.require_alive()
