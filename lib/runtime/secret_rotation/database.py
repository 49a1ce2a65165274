"""PostgreSQL as the rotation uses it: a verified TLS session, a login tried, a password replaced."""

import base64
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import scramp
from pg8000.native import Connection, DatabaseError, InterfaceError, identifier, literal

from .errors import DatabaseUnreachable, LoginRefused, PasswordNotChanged, TrustMissing
from .login import Login

PACKAGED_CA_BUNDLE = Path(__file__).with_name("rds-ca-bundle.pem")
# For connecting and for each answer. A network failure ends the step, so the passwords tried do not multiply it.
TIMEOUT_S = 5
# SQLSTATE invalid_password: the only refusal that another password can cure.
INVALID_PASSWORD = "28P01"


def trust(ca_bundle: str | None) -> ssl.SSLContext:
    """What libpq calls sslmode=verify-full: the certificate's chain and its host name are both checked, over TLS 1.2 or
    later.

    ca_bundle: path of a PEM file. If None, `rds-ca-bundle.pem` beside this module, and without one the system's store.
    That last resort suits an RDS Proxy, whose certificate has a public root. An RDS instance's has not: until the
    bundle of its region is packaged or named, each connection to one is refused, and nothing is ever sent unverified.
    Raises: TrustMissing where a named file is not there or holds no certificate.
    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
    """
    file = Path(ca_bundle) if ca_bundle is not None else PACKAGED_CA_BUNDLE
    named = ca_bundle is not None or file.is_file()
    try:
        context = ssl.create_default_context(cafile=str(file) if named else None)
    except OSError as error:  # ssl.SSLError is one
        raise TrustMissing(
            f"no certificate authority can be read from {str(file)!r}: {type(error).__name__}",
            fix="package the RDS bundle of the region (from truststore.pki.rds.amazonaws.com) and name its path in "
            "DATABASE_CA_BUNDLE",
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@contextmanager
def session(login: Login, context: ssl.SSLContext) -> Iterator[Connection]:
    """An open session of `login`, closed on leaving.

    Raises: LoginRefused for a wrong password, DatabaseUnreachable for everything else that ends it.
    """
    try:
        with Connection(
            user=login.username,
            password=login.password,
            host=login.host,
            port=login.port,
            database=login.database,
            ssl_context=context,
            timeout=TIMEOUT_S,
            application_name="secret_rotation",
        ) as connection:
            yield connection
    except DatabaseError as error:
        if _sqlstate(error) == INVALID_PASSWORD:
            raise _refused(login) from error
        raise _unreachable(login, f"SQLSTATE {_sqlstate(error)}") from error
    except (InterfaceError, OSError, scramp.ScramException) as error:
        raise _unreachable(login, f"{type(error).__name__}: {error}") from error


def probe(login: Login, context: ssl.SSLContext) -> None:
    """Run a query as `login`. Raises: LoginRefused, DatabaseUnreachable."""
    with session(login, context) as connection:
        connection.run("SELECT 1")


def replace_password(login: Login, password: str, context: ssl.SSLContext) -> None:
    """Give the role of `login` the new `password`, in a session of `login` itself.

    The server is sent a verifier, never the password, so its statement log cannot hold one. DDL takes no bound
    parameters, hence the quoting.
    Raises: PasswordNotChanged, LoginRefused, DatabaseUnreachable.
    Source: https://www.postgresql.org/docs/current/sql-alterrole.html
    """
    statement = f"ALTER ROLE {identifier(login.username)} PASSWORD {literal(scram_verifier(password))}"
    with session(login, context) as connection:
        try:
            connection.run(statement)
        except DatabaseError as error:
            # Not chained: a syntax error quotes the statement.
            raise PasswordNotChanged(
                f"ALTER ROLE {login.username!r} on {_place(login)} ended with SQLSTATE {_sqlstate(error)}",
                fix="let the role change its own password (grant rds_password if rds.restrict_password_commands is on)",
            ) from None


def scram_verifier(password: str) -> str:
    """What PostgreSQL stores instead of `password`: SCRAM-SHA-256$iterations:salt$stored key:server key.

    Source: https://www.postgresql.org/docs/current/catalog-pg-authid.html
    """
    salt, stored_key, server_key, iterations = scramp.ScramMechanism("SCRAM-SHA-256").make_auth_info(password)
    salt_64, stored_64, server_64 = (base64.b64encode(part).decode() for part in (salt, stored_key, server_key))
    return f"SCRAM-SHA-256${iterations}:{salt_64}${stored_64}:{server_64}"


def _refused(login: Login) -> LoginRefused:
    return LoginRefused(
        f"{_place(login)} does not accept this password of {login.username!r}",
        fix="run setSecret first; if it ran, the password was changed outside this secret",
    )


def _unreachable(login: Login, reason: str) -> DatabaseUnreachable:
    return DatabaseUnreachable(
        f"no verified TLS session of {login.username!r} with {_place(login)}: {reason}",
        fix="check the host name against the server's certificate, the CA bundle (DATABASE_CA_BUNDLE), "
        "the security groups, and that the server accepts TLS",
    )


def _place(login: Login) -> str:
    return f"{login.host}:{login.port}/{login.database}"


def _sqlstate(error: DatabaseError) -> str:
    fields = error.args[0] if error.args else None
    return str(fields.get("C", "unknown")) if isinstance(fields, dict) else "unknown"
