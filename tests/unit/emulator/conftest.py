"""Real stores on free ports, and an embedded AWS that runs as it does for users."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.credentials import Credentials
from botocore.hooks import HierarchicalEmitter
from botocore.model import ServiceId
from botocore.signers import RequestSigner

from lib.emulator.certificates import Authority
from lib.emulator.iam_token import refusal
from lib.emulator.launch import down, up
from lib.emulator.place import Wanted
from lib.emulator.postgres import Postgres, start_postgres
from lib.emulator.resp import Logins
from lib.emulator.seed import REGION
from lib.emulator.session import Session
from lib.emulator.tls import terminate
from lib.emulator.valkey import Valkey, start_valkey

SECRET = "factory/database"
GROUP = "cache-dev"


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.create(datetime.now(UTC))


@pytest.fixture(scope="session")
def ca(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    file.write_bytes(authority.pem())
    return file


@pytest.fixture(scope="session")
def foreign_ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("foreign") / "ca.pem"
    file.write_bytes(Authority.create(datetime.now(UTC)).pem())
    return file


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """For servers: pytest's own folders are closed to nobody, whom they run as where we are root."""
    made = Path(tempfile.mkdtemp(prefix="plantguard-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="session")
def postgres(authority: Authority, folder: Path) -> Iterator[Postgres]:
    home = folder / "postgres"
    home.mkdir()
    server = start_postgres(home, folder / "postgres.log", authority, settings=["log_statement=all"])
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey(folder: Path) -> Iterator[Valkey]:
    home = folder / "valkey"
    home.mkdir()
    server = start_valkey(home, folder / "valkey.log")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def cache_port(valkey: Valkey, authority: Authority) -> Iterator[int]:
    """Where Valkey answers with TLS, as for the replication group GROUP."""
    let_in = valkey.password_for(lambda token, user: refusal(token, user, REGION, [GROUP], datetime.now(UTC)) is None)
    terminator = terminate(valkey.socket, authority, lambda: Logins(let_in).feed)
    yield terminator.port
    terminator.stop()


@pytest.fixture(scope="session")
def token() -> Callable[..., str]:
    """A token as AWS's own SDK signs it."""

    def signed(user: str, group: str = GROUP, region: str = REGION, expires_s: int = 900) -> str:
        emitter = HierarchicalEmitter()  # which a signer holds but weakly
        signer = RequestSigner(
            ServiceId("elasticache"), region, "elasticache", "v4", Credentials("testing", "testing"), emitter
        )
        request = {
            "method": "GET",
            "url": f"https://{group}/?Action=connect&User={user}",
            "body": {},
            "headers": {},
            "context": {},
        }
        url = signer.generate_presigned_url(request, "connect", region_name=region, expires_in=expires_s)
        return url.removeprefix("https://")

    return signed


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Session]]:
    """A project whose embedded AWS is up, for tests that leave it as it is; its caller has a profile that is gone."""
    root = tmp_path_factory.mktemp("project")
    yield root, up(Wanted(root, SECRET), {**os.environ, "AWS_PROFILE": "gone"}, print)
    down(root, print)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A project of its own, whose embedded AWS is down afterwards."""
    yield tmp_path
    down(tmp_path, print)
