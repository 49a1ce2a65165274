"""The database login that a secret version holds.

The secret is JSON of the shape Secrets Manager prescribes for a single-user PostgreSQL rotation: engine, username and
password, and optionally host, port and dbname. An entry that existed before the stack may lack the place of the
database, so DATABASE_HOST, DATABASE_PORT and DATABASE_NAME of the function's environment fill the gaps.
Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import SecretMalformed

ENGINE = "postgres"
# What the JSON shape above means by an absent port or dbname.
DEFAULT_PORT = 5432
DEFAULT_DATABASE = "postgres"


@dataclass(frozen=True)
class Login:
    """Who connects where. The password stays out of repr, so that no traceback or assertion prints it."""

    username: str
    password: str = field(repr=False)
    host: str
    port: int
    database: str

    def same_place_and_user(self, other: "Login") -> bool:
        """Whether the two differ in nothing but the password."""
        return (self.username, self.host, self.port, self.database) == (
            other.username,
            other.host,
            other.port,
            other.database,
        )


def parse_login(secret: str, environ: Mapping[str, str]) -> Login:
    """The login in `secret`, its missing place taken from `environ`.

    Raises: SecretMalformed, naming the key but never a value.
    """
    content = _content(secret)
    if content.get("engine") != ENGINE:
        raise _malformed(f'"engine" is not "{ENGINE}"')
    return Login(
        username=_text(content, "username"),
        password=_text(content, "password"),
        host=_text({"host": content.get("host") or environ.get("DATABASE_HOST")}, "host"),
        port=_port(content.get("port") or environ.get("DATABASE_PORT") or DEFAULT_PORT),
        database=_text({"dbname": content.get("dbname") or environ.get("DATABASE_NAME") or DEFAULT_DATABASE}, "dbname"),
    )


def with_password(secret: str, password: str) -> str:
    """`secret` with its password replaced and every other key kept, those this function does not know included."""
    return json.dumps({**_content(secret), "password": password})


def _content(secret: str) -> dict[str, Any]:
    try:
        content = json.loads(secret)
    except ValueError:
        # A JSONDecodeError carries the whole document, so it is not chained.
        raise _malformed("it is not JSON") from None
    if not isinstance(content, dict):
        raise _malformed("its JSON is not an object")
    return content


def _text(content: Mapping[str, Any], key: str) -> str:
    value = content.get(key)
    # PostgreSQL ends every string of its protocol at a zero byte.
    if not isinstance(value, str) or not value or "\0" in value:
        raise _malformed(f'"{key}" is absent, empty or not text')
    return value


def _port(value: object) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535):
        raise _malformed('"port" is not a number from 1 to 65535')
    return int(text)


def _malformed(cause: str) -> SecretMalformed:
    return SecretMalformed(
        f"the secret's value is not a PostgreSQL login: {cause}",
        fix='store {"engine": "postgres", "username": ..., "password": ...} with host, port and dbname, '
        "or name the place in DATABASE_HOST, DATABASE_PORT and DATABASE_NAME",
    )
