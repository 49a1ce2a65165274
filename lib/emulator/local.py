"""The one process that owns the embedded AWS: it starts everything, says when it is ready, and stops everything."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from lib.emulator import leftovers
from lib.emulator.certificates import HOST, Authority
from lib.emulator.iam_token import refusal
from lib.emulator.place import CA, POSTGRES_LOG, SESSION, VALKEY_LOG, Wanted, folder_of, refusals
from lib.emulator.postgres import start_postgres
from lib.emulator.programs import Program, hand_over, take_port
from lib.emulator.resp import Logins
from lib.emulator.seed import REGION, Groups, client_of, environ_for, seed
from lib.emulator.session import Session, write_session
from lib.emulator.tls import terminate
from lib.emulator.valkey import start_valkey

WATCH_SECONDS = 0.5
Say = Callable[[str], None]
Clock = Callable[[], datetime]


def run(wanted: Wanted, clock: Clock, say: Say) -> None:
    """Runs the embedded AWS until SIGTERM or SIGINT; the caller holds `.local`.

    Raises: EmulatorError where it cannot start, or a server ends by itself. Either way nothing stays behind.
    """
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    folder = folder_of(wanted.root)
    with refusals(folder), ExitStack() as stack:
        stack.callback(leftovers.clean, folder)
        programs = _start(wanted, clock, say, stack, stopping)
        _watch(programs, stopping)
        say("stopping")


def _start(wanted: Wanted, clock: Clock, say: Say, stack: ExitStack, stopping: threading.Event) -> Sequence[Program]:
    """Everything, in order; each is stopped when `stack` is left. Nothing is started once we are `stopping`."""
    folder, data, started = folder_of(wanted.root), leftovers.make_folder(folder_of(wanted.root)), clock()
    authority, ca, groups = Authority.create(started), folder / CA, Groups()
    ports = _ports(wanted)
    ca.write_bytes(authority.pem())
    stack.callback(ca.unlink, missing_ok=True)

    with _step("PostgreSQL", say):
        postgres = start_postgres(_private(data / "postgres"), folder / POSTGRES_LOG, authority, ports["postgres"])
        stack.callback(postgres.stop)
    with _step("Valkey", say):
        valkey = start_valkey(_private(data / "valkey"), folder / VALKEY_LOG)
        stack.callback(valkey.stop)
        let_in = valkey.password_for(lambda token, user: refusal(token, user, REGION, groups.known(), clock()) is None)
        stack.callback(terminate(valkey.socket, authority, lambda: Logins(let_in).feed, ports["valkey"]).stop)
    programs = [postgres.program, valkey.program]
    if stopping.is_set():
        return programs
    with _step("AWS", say):
        from lib.emulator.aws import Stores, serve

        at = {name: (HOST, port) for name, port in ports.items()}
        served = serve(ports["aws"], Stores(at["postgres"], at["valkey"], postgres.apply, valkey.apply, ca))
        stack.callback(served.stop)
        client = client_of(served.url)
        groups.ask(client)
        settings = {**seed(client, wanted.secret_name), "cache_port": ports["valkey"]}
    stack.callback((folder / SESSION).unlink, missing_ok=True)
    paths = {"logs": folder, "data": data}
    write_session(
        wanted.root, Session(os.getpid(), started, served.url, ports, environ_for(served.url), settings, ca, paths)
    )
    say(f"ready: {served.url}")
    return programs


def _ports(wanted: Wanted) -> dict[str, int]:
    """All of them first, so that one in use is told at once. Raises: EmulatorError."""
    return {
        "aws": take_port(wanted.aws_port, "the AWS API"),
        "postgres": take_port(wanted.postgres_port, "PostgreSQL"),
        "valkey": take_port(wanted.cache_port, "Valkey"),
    }


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
