"""The stores let in those who check their certificate and log in as they should, and nobody else."""

from __future__ import annotations

import ssl

import pytest
import valkey
from pg8000.native import DatabaseError, InterfaceError

from tests.integration.deployment import Deployment
from tests.integration.stores import cache, postgres, trust


def test_postgres_lets_in_a_verified_connection(embedded: Deployment) -> None:
    connection = postgres(embedded, embedded.secret()["password"], trust(embedded))
    assert connection.run("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == [[True]]
    connection.close()


def test_postgres_refuses_a_plain_connection_with_the_right_password(embedded: Deployment) -> None:
    with pytest.raises((DatabaseError, InterfaceError), match=r"28000|no encryption|rejects"):
        postgres(embedded, embedded.secret()["password"], False)


def test_postgres_is_refused_by_who_does_not_know_its_authority(embedded: Deployment) -> None:
    with pytest.raises((ssl.SSLError, InterfaceError), match="certificate verify failed"):
        postgres(embedded, embedded.secret()["password"], ssl.create_default_context())


def test_postgres_refuses_another_password(embedded: Deployment) -> None:
    with pytest.raises(DatabaseError, match="28P01"):
        postgres(embedded, "another", trust(embedded))


def test_the_cache_lets_in_its_user_by_an_iam_token(embedded: Deployment) -> None:
    with cache(embedded) as client:
        assert client.set("sensor:integration", "1", ex=60)
        assert client.get("sensor:integration") == b"1"


def test_the_cache_lets_its_user_manage_nothing(embedded: Deployment) -> None:
    with cache(embedded) as client:
        for command in (("CONFIG", "GET", "*"), ("FLUSHALL",), ("GET", "other:1")):
            with pytest.raises(valkey.exceptions.NoPermissionError):
                client.execute_command(*command)


def test_the_cache_refuses_a_plain_connection(embedded: Deployment) -> None:
    with pytest.raises(valkey.ConnectionError):
        cache(embedded, tls=False).ping()
