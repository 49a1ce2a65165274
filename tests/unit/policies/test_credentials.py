"""What is taken for a credential under an innocent name, and the ordinary texts that are not."""

from __future__ import annotations

import base64
import gzip

import pytest

from policies.credentials import credential_in, credential_name, named_values


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


LEAKS = [
    "kq7xp2mv9tr4wz8nb3cl6",
    "KQ7XP2MV9TR4WZ8NB3CL6XW2",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b0b4d3e2a",
    "kQ7x-P2mV_9tR4wZ8nB-3cL6aT0y",
    "mysql --user app --password hunter2 -h db",
    "curl -u admin:hunter2 https://x",
    "curl -H 'Authorization: Bearer abcdef123456' https://x",
    "sshpass -p hunter2 ssh x",
    "echo 'root:hunter2' | chpasswd",
    "machine x login u password hunter2",
    "ALTER USER sensor WITH PASSWORD 'hunter2'",
    "CREATE USER s IDENTIFIED BY 'hunter2'",
    "#cloud-config\nusers:\n  - name: x\n    password: hunter2\n",
    "Server=db;User Id=u;Pwd=hunter2;",
    "jdbc:postgresql://db/x?user=u&password=hunter2",
    "amqp://u:hunter2@mq",
    "https://u:hunter2@example.com/x.git",
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=" + "aB3+" * 21 + "aB==",
    "sq0csp\u002d" + "aB3" * 14 + "x",
    encoded("#!/bin/sh\nexport DB_PASSWORD=hunter2\npsql"),
    encoded(encoded("export DB_PASSWORD=hunter2")),
    base64.b64encode(gzip.compress(b"export DB_PASSWORD=hunter2 && psql", mtime=0)).decode(),
    "X=" + encoded("postgres://u:hunter2@db/sensors"),
    '${jsonencode({"password" = "hunter2"})}',
    '{"outer": "{\\"api_key\\": \\"hunter2\\"}"}',
]
ORDINARY = [
    "arn:aws:kms:eu-west-1:123456789012:key/4f8d2a6c-13be-4c57-9e20-7ab5d1c3e984",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:sensor/database-AbCdEf",
    "4f8d2a6c-13be-4c57-9e20-7ab5d1c3e984",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sensor-processor@sha256:" + "ab12" * 16,
    "assets/8FBC02A19D34E1F7A6B5C4D3E2F10987/archive.zip",
    "git::https://example.com/modules.git//vpc?ref=da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJl3dIeudNqd0DPMRD6OIh65tjkxFNOtGAyHbLoDjXbA x",
    "vpc-0a1b2c3d4e5f60718",
    "subnet-0a1b2c3d4e5f60718,subnet-0f1e2d3c4b5a69788",
    "10.0.0.0/16",
    "2001:db8:1234:5678:9abc:def0:1234:5678/64",
    "cron(0 4 1,15 * ? *)",
    "SELECT topic(2) AS sensor_id, timestamp() AS received_at, * FROM 'factory/+/readings' WHERE pressure_pa > 0",
    "CREATE TABLE readings (id bigint PRIMARY KEY, password_hash text NOT NULL)",
    "com.amazonaws.eu-west-1.secretsmanager",
    "IoTSecurityPolicy_TLS13_1_2_2022_10",
    "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "AmazonSSMManagedInstanceCore",
    "AllowRotationFunctionToReadTheDatabaseSecretV2",
    "sensor-secret-rotation-dev-eu-west-1-2026-11-24",
    "2026-11-24T20:24:28Z",
    "Password policy: see the runbook",
    "Rotates the password of the database login",
    "token: ${var.x}",
    "curl -u admin:$PASSWORD https://x",
    'psql --password "$PGPASSWORD"',
    "mysql --password=${DB_PASSWORD}",
    "postgres://sensor:${DB_PASSWORD}@db/x",
    "postgres://sensor:<password>@db/x",
    "https://example.com:8443/path@2",
    "Authorization: Bearer $TOKEN",
    "password_encryption = scram-sha-256",
    '{"Version": "2012-10-17", "Statement": [{"Action": "secretsmanager:GetSecretValue", "Effect": "Allow"}]}',
    "-----BEGIN CERTIFICATE-----\nkQ7xP2mV9tR4wZ8nB3cL6kQ7xP2mV9tR4wZ8nB3cL6\n-----END CERTIFICATE-----",
    "rediss://cache.abcdef.0001.euw1.cache.amazonaws.com:6379",
    "sensor-dev.c9akciq32xyz.eu-west-1.rds.amazonaws.com",
    "prod-eu-west-1-starport-layer-bucket",
    "rds-ca-rsa2048-g1",
    "ami-0abcdef1234567890",
    "aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
    encoded("#!/bin/sh\nyum install -y amazon-cloudwatch-agent\n"),
    "token_use = access",
    '{ $.errorCode = "AccessDenied" || $.eventName = "PutSecretValue" }',
    "aws secretsmanager get-secret-value --secret-id sensor/database --query SecretString",
    "aws sso login --token-file /tmp/x",
]


@pytest.mark.parametrize("text", LEAKS)
def test_a_credential_shows_without_its_name(text):
    assert credential_in(text)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_is_no_credential(text):
    assert credential_in(text) == ""


@pytest.mark.parametrize(
    "name", ["tunnel1_preshared_key", "AUTH_KEY", "wifiPsk", "keyPassphrase", "signing_key", "x-pass"]
)
def test_a_name_tells(name):
    assert credential_name(name)


def test_an_item_of_a_command_is_named_by_the_flag_before_it():
    command = ["run", "--db-password", "hunter2", "--level", "INFO"]
    assert [name for _, name, _ in named_values(command, "", "command")] == ["command"] * 2 + [
        "db-password",
        "command",
        "level",
    ]
