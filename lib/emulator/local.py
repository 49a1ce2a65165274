"""The one process that owns the embedded AWS: it starts everything, says when it is ready, and stops everything."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from lib.emulator import hold, leftovers
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


@dataclass(frozen=True)
class Owner:
    """Holds `.local` by the descriptor `held`; `stopping` is set once it has been told to stop."""

    wanted: Wanted
    held: int
    clock: Clock
    say: Say
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def folder(self) -> Path:
        """`.local`."""
        return folder_of(self.wanted.root)

    def run(self) -> None:
        """Runs the embedded AWS until SIGTERM or SIGINT, or until `.local` is removed.

        Raises: EmulatorError where it cannot start, or a server ends by itself. Either way nothing stays behind.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        with refusals(self.folder), ExitStack() as stack:
            programs = self._start(stack)
            while hold.holds(self.held, self.folder) and not self.stopping.wait(WATCH_SECONDS):
                for program in programs:
                    program.require_alive()
            self.say("stopping")

    def _start(self, stack: ExitStack) -> Sequence[Program]:
        """Everything, in order; each is stopped when `stack` is left. Nothing is started once we are stopping."""
        started, folder, ports = self.clock(), self.folder, _ports(self.wanted)
        data, authority, groups = leftovers.make_folder(folder), Authority.create(started), Groups()
        stack.callback(self._forget, leftovers.POINTER, CA)
        stack.callback(leftovers.discard, data)
        (folder / CA).write_bytes(authority.pem())

        with self._step("PostgreSQL"):
            postgres = start_postgres(_private(data / "postgres"), folder / POSTGRES_LOG, authority, ports["postgres"])
            stack.callback(postgres.stop)
        with self._step("Valkey"):
            valkey = start_valkey(_private(data / "valkey"), folder / VALKEY_LOG)
            stack.callback(valkey.stop)
            let_in = valkey.password_for(
                lambda token, user: refusal(token, user, REGION, groups.known(), self.clock()) is None
            )
            stack.callback(terminate(valkey.socket, authority, lambda: Logins(let_in).feed, ports["valkey"]).stop)
        programs = [postgres.program, valkey.program]
        if self.stopping.is_set():
            return programs
        with self._step("AWS"):
            from lib.emulator.aws import Stores, serve

            places = {name: (HOST, port) for name, port in ports.items()}
            stores = Stores(places["postgres"], places["valkey"], postgres.apply, valkey.apply, folder / CA)
            served = serve(ports["aws"], stores, enforce_iam=True)
            stack.callback(served.stop)
            client = client_of(served.url)
            groups.ask(client)
            given = {"cache_port": ports["valkey"], "database_port": ports["postgres"]}
            settings = {**seed(client, self.wanted.secret_name), **given}
        stack.callback(self._forget, SESSION)
        paths, environ = {"logs": folder, "data": data}, environ_for(served.url)
        write_session(
            self.wanted.root,
            Session(os.getpid(), started, served.url, ports, environ, settings, folder / CA, paths),
        )
        self.say(f"ready: {served.url}")
        return programs

    def _forget(self, *names: str) -> None:
        """Removes files of `.local`, unless somebody has removed it: by now there may be another's."""
        if hold.holds(self.held, self.folder):
            leftovers.remove(self.folder, names)

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        since = time.perf_counter()
        self.say(f"{what}: starting")
        yield
        self.say(f"{what}: answers after {time.perf_counter() - since:.1f} s")


def _ports(wanted: Wanted) -> dict[str, int]:
    """All of them first, so that one in use is told at once. Raises: EmulatorError."""
    return {
        "aws": take_port(wanted.aws_port, "the AWS API"),
        "postgres": take_port(wanted.postgres_port, "PostgreSQL"),
        "valkey": take_port(wanted.cache_port, "Valkey"),
    }


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    hand_over(folder)
    return folder
