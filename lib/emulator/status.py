"""What `local status` says: where everything is, and how each client gets in."""

from __future__ import annotations

from pathlib import Path

from lib.emulator.certificates import HOST
from lib.emulator.seed import MASTER_USER
from lib.emulator.session import Session, read_session
from lib.errors import EmulatorError

SECRET = "aws secretsmanager get-secret-value --query SecretString --output text --secret-id"


def described(root: Path) -> tuple[str, bool]:
    """The status in words, and whether the embedded AWS is up."""
    try:
        session = read_session(root)
    except EmulatorError as error:
        return f"down: {error}", False
    return f"{_where(session)}\n\n{_how(session)}", True


def _where(session: Session) -> str:
    ports = session.ports
    rows = {
        "AWS": f"{session.url} (account {session.settings['account_id']}, {session.environ['AWS_REGION']})",
        "PostgreSQL": f"{HOST}:{ports['postgres']} (TLS only)",
        "Valkey": f"{HOST}:{ports['valkey']} (TLS only)",
        "CA": str(session.ca),
        "logs": str(session.paths["logs"]),
    }
    head = f"up since {session.started:%Y-%m-%d %H:%M:%S} UTC, pid {session.pid}"
    return "\n".join([head, *(f"  {name:<11}{value}" for name, value in rows.items())])


def _how(session: Session) -> str:
    """Lines for a shell: the session's variables, then one command for each store."""
    exports = [f"  export {name}={value}" for name, value in session.environ.items()]
    postgres, cache, secret = session.ports["postgres"], session.ports["valkey"], session.settings
    return "\n".join(
        [
            "AWS CLI, boto3 and Terraform, in a shell without other AWS_* variables:",
            *exports,
            "PostgreSQL, once a database instance is deployed (the password is in the secret):",
            f"  {SECRET} {secret['database_secret_name']}",
            f'  psql "host={HOST} port={postgres} user={MASTER_USER} dbname=sensors sslmode=verify-full '
            f'sslrootcert={session.ca}"',
            "Valkey, once its users are deployed (the password is an IAM token of ElastiCache):",
            f"  valkey-cli -h {HOST} -p {cache} --tls --cacert {session.ca} --user USER --askpass",
        ]
    )
