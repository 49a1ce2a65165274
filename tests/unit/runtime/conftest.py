"""A real PostgreSQL over TLS, and a secret that rotates in moto's Secrets Manager.

The server is that of the embedded AWS.
"""

import json
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.secretsmanager.models import secretsmanager_backends
from pg8000.native import Connection, identifier, literal

from lib.emulator import postgres as emulator
from lib.emulator.certificates import HOST, Authority
from lib.runtime.secret_rotation import database, handler

REGION = "eu-west-1"


@dataclass(frozen=True)
class Postgres:
    """A server on this machine that accepts TLS alone, and what was said on it."""

    server: emulator.Postgres
    ca_bundle: Path
    log: Path
    host: str = HOST

    @property
    def port(self) -> int:
        return self.server.port

    def accepts(self, username: str, password: str) -> bool:
        """Whether a user who checks the certificate gets in."""
        context = database.trust(str(self.ca_bundle))
        try:
            Connection(username, HOST, "postgres", self.port, password, ssl_context=context, timeout=10).close()
        except Exception as error:
            assert "28P01" in str(error), error
            return False
        return True

    def run(self, statement: str) -> None:
        """Run `statement` as the administrator."""
        with self.server.administrator() as session:
            session.run(statement)


@dataclass(frozen=True)
class RotatingSecret:
    """A secret with rotation enabled, one of whose versions is AWSPENDING and empty."""

    client: Any
    arn: str
    username: str

    @property
    def token(self) -> str:
        """The version that carries AWSPENDING."""
        stages = self.client.describe_secret(SecretId=self.arn)["VersionIdsToStages"]
        return next(version for version, labels in stages.items() if "AWSPENDING" in labels)

    def run(self, *steps: str) -> None:
        """Invoke the function for each step, as Secrets Manager does."""
        for step in steps:
            handler.handler({"Step": step, "SecretId": self.arn, "ClientRequestToken": self.token}, None)

    def rotate(self) -> None:
        """Run all four steps."""
        self.run("createSecret", "setSecret", "testSecret", "finishSecret")

    def start(self) -> None:
        """Begin a rotation as the service does: an empty version takes over AWSPENDING.

        moto has no operation for this: without a function its RotateSecret labels the empty version AWSCURRENT.
        """
        token = str(uuid.uuid4())
        versions = secretsmanager_backends[DEFAULT_ACCOUNT_ID][REGION].secrets[self.arn]
        versions.remove_version_stages_from_old_versions(["AWSPENDING"])
        versions.versions[token] = {"version_id": token, "version_stages": ["AWSPENDING"], "createdate": 0}

    def content(self, stage: str) -> dict[str, Any]:
        """The JSON of the version that carries `stage`."""
        return json.loads(self.client.get_secret_value(SecretId=self.arn, VersionStage=stage)["SecretString"])

    def password(self, stage: str) -> str:
        return self.content(stage)["password"]

    def put(self, text: str, stage: str) -> None:
        """Store `text` as the version that carries `stage`, as somebody other than the function would."""
        token = self.token if stage == "AWSPENDING" else str(uuid.uuid4())
        self.client.put_secret_value(
            SecretId=self.arn, ClientRequestToken=token, SecretString=text, VersionStages=[stage]
        )


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.create(datetime.now(UTC))


@pytest.fixture(scope="session")
def foreign_authority() -> Authority:
    return Authority.create(datetime.now(UTC))


@pytest.fixture(scope="session")
def postgres(authority: Authority) -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="plantguard-postgres-"))  # pytest's own folders are closed to nobody
    folder.chmod(0o711)
    log, data = folder / "server.log", folder / "server"
    data.mkdir()
    (folder / "ca.pem").write_bytes(authority.pem())
    server = emulator.start_postgres(data, log, authority, settings=["log_statement=all"])
    try:
        yield Postgres(server, folder / "ca.pem", log)
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def secrets_manager() -> Iterator[Any]:
    """A client of moto's Secrets Manager, which answers every SDK call of the module."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        yield boto3.client("secretsmanager")


@pytest.fixture
def secret(postgres: Postgres, secrets_manager: Any, monkeypatch: pytest.MonkeyPatch) -> RotatingSecret:
    """A fresh login of the server, stored in a secret whose first rotation has begun."""
    username, password = f"sensor_{uuid.uuid4().hex}", uuid.uuid4().hex
    postgres.run(f"CREATE ROLE {identifier(username)} LOGIN PASSWORD {literal(password)}")
    login = {"engine": "postgres", "username": username, "password": password, "dbname": "postgres"}
    monkeypatch.setenv("DATABASE_CA_BUNDLE", str(postgres.ca_bundle))
    arn = secrets_manager.create_secret(Name=f"factory/{username}")["ARN"]
    secrets_manager.rotate_secret(SecretId=arn, RotationRules={"AutomaticallyAfterDays": 30})
    secret = RotatingSecret(secrets_manager, arn, username)
    secret.put(json.dumps({**login, "host": postgres.host, "port": postgres.port}), "AWSCURRENT")
    secret.start()
    return secret
