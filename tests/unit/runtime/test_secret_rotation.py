"""The rotation function against a real PostgreSQL over TLS, and moto's Secrets Manager."""

import contextlib
import json
import logging
import socket
import threading
import uuid

import pytest

from lib.runtime.secret_rotation import handler, steps, versions
from lib.runtime.secret_rotation.database import scram_verifier
from lib.runtime.secret_rotation.errors import (
    DatabaseUnreachable,
    LoginRefused,
    PasswordNotChanged,
    RotationError,
    RotationRefused,
    SecretMalformed,
    SecretsManagerFailed,
    TrustMissing,
)

STEPS = tuple(steps.STEPS)


def outcomes(capsys):
    return [json.loads(line).get("outcome") for line in capsys.readouterr().out.splitlines()]


# The rotation


def test_a_rotation_changes_the_login_and_the_old_password_stops_working(secret, postgres):
    old = secret.password("AWSCURRENT")
    secret.rotate()
    assert postgres.accepts(secret.username, secret.password("AWSCURRENT"))
    assert not postgres.accepts(secret.username, old)


def test_the_replaced_version_is_kept_as_awsprevious(secret):
    old = secret.password("AWSCURRENT")
    secret.rotate()
    assert secret.password("AWSPREVIOUS") == old


def test_rotations_follow_each_other(secret, postgres):
    secret.rotate()
    first = secret.password("AWSCURRENT")
    secret.start()
    secret.rotate()
    assert secret.password("AWSCURRENT") != first
    assert postgres.accepts(secret.username, secret.password("AWSCURRENT"))


def test_only_the_password_of_the_secret_changes(secret):
    before = {**secret.content("AWSCURRENT"), "note": "kept by hand"}
    secret.put(json.dumps(before), "AWSCURRENT")
    secret.run("createSecret")
    assert {**secret.content("AWSPENDING"), "password": before["password"]} == before


def test_a_new_password_is_long_and_safe_inside_a_dsn(secret):
    secret.run("createSecret")
    password = secret.password("AWSPENDING")
    assert len(password) == 40
    assert not set(password) & set("/@\"'\\:?#% $")


def test_the_place_of_the_database_may_come_from_the_environment(secret, postgres, monkeypatch):
    login = {"engine": "postgres", "username": secret.username, "password": secret.password("AWSCURRENT")}
    secret.put(json.dumps(login), "AWSCURRENT")
    monkeypatch.setenv("DATABASE_HOST", postgres.host)
    monkeypatch.setenv("DATABASE_PORT", str(postgres.port))
    monkeypatch.setenv("DATABASE_NAME", "postgres")
    secret.rotate()
    assert postgres.accepts(secret.username, secret.password("AWSCURRENT"))


def test_a_role_name_is_quoted(secret, postgres):
    name = f"s\"; DROP ROLE postgres; -- {uuid.uuid4().hex[:8]} 'é:x"
    postgres.run(f'ALTER ROLE "{secret.username}" RENAME TO "{name.replace(chr(34), chr(34) * 2)}"')
    secret.put(json.dumps({**secret.content("AWSCURRENT"), "username": name}), "AWSCURRENT")
    secret.rotate()
    assert postgres.accepts(name, secret.password("AWSCURRENT"))


def test_a_verifier_has_a_salt_of_its_own():
    assert scram_verifier("the same") != scram_verifier("the same")


# Repeated and resumed


def test_each_step_repeated_is_harmless(secret, postgres):
    for step in STEPS:
        secret.run(step, step)
    assert postgres.accepts(secret.username, secret.password("AWSCURRENT"))


def test_create_keeps_a_value_that_is_already_pending(secret, capsys):
    secret.run("createSecret")
    first = secret.password("AWSPENDING")
    secret.run("createSecret")
    assert secret.password("AWSPENDING") == first
    assert outcomes(capsys) == ["created", "already pending"]


def test_a_version_that_another_invocation_filled_is_never_overwritten(secret):
    secret.rotate()
    stored, token = secret.content("AWSCURRENT"), secret.token
    secret.start()
    assert not versions.Versions(secret.client, secret.arn, token).put_pending("another")
    assert secret.content("AWSCURRENT") == stored


def test_set_returns_when_the_database_accepts_the_password_already(secret, capsys):
    secret.run("createSecret", "setSecret", "setSecret")
    assert outcomes(capsys) == ["created", "set", "already set"]


def test_set_enters_with_the_previous_password_where_the_current_one_is_refused(secret, postgres):
    secret.rotate()
    postgres.run(f"ALTER ROLE {secret.username} PASSWORD '{secret.password('AWSPREVIOUS')}'")
    secret.start()
    secret.rotate()
    assert postgres.accepts(secret.username, secret.password("AWSCURRENT"))


@pytest.mark.parametrize("step", STEPS)
def test_a_finished_rotation_ends_every_step_at_once(secret, step, capsys):
    secret.rotate()
    finished = secret.password("AWSCURRENT")
    secret.run(step)
    assert outcomes(capsys)[-1] == "already finished"
    assert secret.password("AWSCURRENT") == finished


def test_a_failed_test_step_leaves_awscurrent_in_place_and_working(secret, postgres):
    current = secret.password("AWSCURRENT")
    secret.run("createSecret")
    with pytest.raises(LoginRefused, match="run setSecret first"):
        secret.run("testSecret")
    assert secret.password("AWSCURRENT") == current
    assert postgres.accepts(secret.username, current)


# Refused states and events


@pytest.mark.parametrize("step", STEPS[1:])
def test_refuses_a_step_before_create(secret, step):
    with pytest.raises(RotationRefused, match="AWSPENDING version is empty"):
        secret.run(step)


def test_refuses_when_the_database_accepts_no_stored_password(secret, postgres):
    secret.rotate()
    secret.start()
    postgres.run(f"ALTER ROLE {secret.username} PASSWORD 'changed by hand'")
    secret.run("createSecret")
    with pytest.raises(LoginRefused, match="neither the AWSPENDING, AWSCURRENT nor AWSPREVIOUS"):
        secret.run("setSecret")


def test_refuses_a_role_that_may_not_change_its_password(secret, postgres):
    secret.run("createSecret")
    postgres.run(f"ALTER ROLE {secret.username} SET default_transaction_read_only = on")
    with pytest.raises(PasswordNotChanged, match="SQLSTATE 25006"):
        secret.run("setSecret")


def test_refuses_a_pending_version_that_points_at_another_host(secret):
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        port = elsewhere.getsockname()[1]
        secret.put(json.dumps({**secret.content("AWSCURRENT"), "port": port}), "AWSPENDING")
        with pytest.raises(RotationRefused, match="another user, host, port or database"):
            secret.run("setSecret")
        elsewhere.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody has called
            elsewhere.accept()


def test_refuses_a_secret_without_rotation(secret):
    arn = secret.client.create_secret(Name="fixed", SecretString="{}")["ARN"]
    event = {"Step": "createSecret", "SecretId": arn, "ClientRequestToken": str(uuid.uuid4())}
    with pytest.raises(RotationRefused, match="rotation is not enabled"):
        handler.handler(event, None)


def test_refuses_a_version_that_is_not_staged(secret):
    event = {"Step": "createSecret", "SecretId": secret.arn, "ClientRequestToken": str(uuid.uuid4())}
    with pytest.raises(RotationRefused, match="requires AWSPENDING"):
        handler.handler(event, None)


def test_refuses_an_unknown_step(secret):
    with pytest.raises(RotationRefused, match="'dropSecret'"):
        secret.run("dropSecret")


def test_refuses_an_event_without_a_secret():
    with pytest.raises(RotationRefused, match="unknown secret"):
        handler.handler({"Step": "createSecret"}, None)


def test_refuses_a_secret_whose_current_version_is_missing(secret):
    arn = secret.client.create_secret(Name="empty")["ARN"]
    rotation = steps.Rotation(versions.Versions(secret.client, arn, str(uuid.uuid4())), {})
    with pytest.raises(RotationRefused, match="no version is labelled AWSCURRENT"):
        steps.create_secret(rotation)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"username": None}, '"username" is absent'),
        ({"username": "nul\0byte"}, '"username" is absent'),
        ({"password": None}, '"password" is absent'),
        ({"password": ""}, '"password" is absent'),
        ({"password": 12345678}, '"password" is absent, empty or not text'),
        ({"engine": None}, '"engine" is not "postgres"'),
        ({"engine": "mysql"}, '"engine" is not "postgres"'),
        ({"host": None}, '"host" is absent'),
        ({"port": "54321 "}, '"port" is not a number'),
        ({"port": 65_536}, '"port" is not a number'),
        ({"port": True}, '"port" is not a number'),
    ],
)
def test_refuses_a_secret_that_is_not_a_postgresql_login(secret, change, cause):
    content = {key: value for key, value in (secret.content("AWSCURRENT") | change).items() if value is not None}
    secret.put(json.dumps(content), "AWSCURRENT")
    with pytest.raises(SecretMalformed, match=cause):
        secret.run("createSecret")


@pytest.mark.parametrize("text", ["hunter2", '["hunter2"]', '"hunter2"'])
def test_refuses_a_secret_that_is_not_a_json_object_without_quoting_it(secret, text):
    secret.put(text, "AWSCURRENT")
    with pytest.raises(SecretMalformed) as refusal:
        secret.run("createSecret")
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_refuses_a_binary_secret(secret):
    secret.client.put_secret_value(SecretId=secret.arn, SecretBinary=b"hunter2", VersionStages=["AWSCURRENT"])
    with pytest.raises(SecretMalformed, match="not JSON"):
        secret.run("createSecret")


def test_names_the_call_that_secrets_manager_refuses(secret):
    event = {"Step": "createSecret", "SecretId": secret.arn + "x", "ClientRequestToken": secret.token}
    with pytest.raises(SecretsManagerFailed, match="DescribeSecret was answered with ResourceNotFoundException"):
        handler.handler(event, None)


def test_refuses_a_secret_that_is_marked_for_deletion(secret):
    event = {"Step": "createSecret", "SecretId": secret.arn, "ClientRequestToken": secret.token}
    secret.client.delete_secret(SecretId=secret.arn)
    with pytest.raises(SecretsManagerFailed, match="GetSecretValue was answered with InvalidRequestException"):
        handler.handler(event, None)


def test_a_password_that_cannot_be_stored_is_an_error(secret):
    lost = versions.Versions(secret.client, secret.arn + "x", secret.token)
    with pytest.raises(SecretsManagerFailed, match="PutSecretValue was answered with ResourceNotFoundException"):
        lost.put_pending("text")


def test_names_the_sqlstate_of_a_refusal_that_no_password_cures(secret):
    secret.put(json.dumps({**secret.content("AWSCURRENT"), "dbname": "absent"}), "AWSCURRENT")
    secret.run("createSecret")
    with pytest.raises(DatabaseUnreachable, match="SQLSTATE 3D000"):
        secret.run("setSecret")


# TLS


def test_refuses_a_server_of_another_certificate_authority(secret, foreign_authority, tmp_path, monkeypatch):
    (tmp_path / "ca.pem").write_bytes(foreign_authority.pem())
    monkeypatch.setenv("DATABASE_CA_BUNDLE", str(tmp_path / "ca.pem"))
    secret.run("createSecret")
    with pytest.raises(DatabaseUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
        secret.run("setSecret")


def test_refuses_a_server_whose_certificate_names_another_host(secret):
    secret.put(json.dumps({**secret.content("AWSCURRENT"), "host": "127.1"}), "AWSCURRENT")
    secret.run("createSecret")
    with pytest.raises(DatabaseUnreachable, match="Hostname mismatch"):
        secret.run("setSecret")


def test_refuses_a_private_authority_where_no_bundle_is_named_or_packaged(secret, monkeypatch):
    monkeypatch.delenv("DATABASE_CA_BUNDLE")
    secret.run("createSecret")
    with pytest.raises(DatabaseUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
        secret.run("setSecret")


def test_checks_the_server_against_the_packaged_bundle(secret, postgres, monkeypatch):
    monkeypatch.delenv("DATABASE_CA_BUNDLE")
    monkeypatch.setattr("lib.runtime.secret_rotation.database.PACKAGED_CA_BUNDLE", postgres.ca_bundle)
    secret.rotate()
    assert postgres.accepts(secret.username, secret.password("AWSCURRENT"))


@pytest.mark.parametrize("content", [None, "no certificate here"])
def test_refuses_a_named_bundle_that_is_missing_or_empty(secret, content, tmp_path, monkeypatch):
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_text(content)
    monkeypatch.setenv("DATABASE_CA_BUNDLE", str(bundle))
    secret.run("createSecret")
    with pytest.raises(TrustMissing, match="DATABASE_CA_BUNDLE"):
        secret.run("setSecret")


def test_refuses_an_empty_bundle_name(secret, monkeypatch):
    monkeypatch.setenv("DATABASE_CA_BUNDLE", "")
    secret.run("createSecret")
    with pytest.raises(TrustMissing):
        secret.run("setSecret")


def test_sends_nothing_but_the_request_for_tls_to_a_server_without_it(secret):
    received = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_no() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rwb") as stream:
                received.append(stream.read(8))
                stream.write(b"N")
                stream.flush()
                received.append(stream.read())

        server = threading.Thread(target=answer_no)
        server.start()
        place = {"host": "localhost", "port": listener.getsockname()[1]}
        secret.put(json.dumps(secret.content("AWSCURRENT") | place), "AWSCURRENT")
        secret.run("createSecret")
        with pytest.raises(DatabaseUnreachable, match="Server refuses SSL"):
            secret.run("setSecret")
        server.join(timeout=10)
    assert received == [b"\0\0\0\x08\x04\xd2\x16\x2f", b""]


# What is told


def test_no_password_reaches_the_statement_log_of_the_server(secret, postgres):
    secret.rotate()
    log = postgres.log.read_text()
    assert f'ALTER ROLE "{secret.username}" PASSWORD \'SCRAM-SHA-256$' in log
    assert secret.password("AWSCURRENT") not in log


def test_no_secret_value_is_logged_even_at_debug_level(secret, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    passwords = {secret.password("AWSCURRENT")}
    caplog.clear()
    secret.run("createSecret")
    passwords.add(secret.password("AWSPENDING"))
    with contextlib.suppress(LoginRefused):
        secret.run("testSecret")
    secret.run("setSecret", "testSecret", "finishSecret")
    told = "".join(capfd.readouterr()) + caplog.text
    assert '"outcome": "finished"' in told
    assert not [password for password in passwords if password in told]


def test_the_function_logs_one_json_object_a_line(secret, capsys):
    secret.run("createSecret")
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "level": "INFO",
        "step": "createSecret",
        "secret_arn": secret.arn,
        "version": secret.token,
        "outcome": "created",
    }


def test_an_error_says_secret_step_cause_and_fix_and_is_logged(secret, capsys):
    secret.run("createSecret")
    with pytest.raises(RotationError) as refusal:
        secret.run("testSecret")
    assert str(refusal.value).startswith(f"testSecret of {secret.arn}: localhost:")
    assert "fix: run setSecret first" in str(refusal.value)
    logged = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (logged["level"], logged["error"], logged["cause"]) == ("ERROR", "LoginRefused", refusal.value.cause)


def test_a_login_hides_its_password_from_repr(secret):
    rotation = steps.Rotation(versions.Versions(secret.client, secret.arn, secret.token), {})
    secret.run("createSecret")
    assert secret.password("AWSPENDING") not in repr(rotation.pending())
