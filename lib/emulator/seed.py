"""What the stack expects to exist already: the database secret, and the key that encrypts it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from lib.emulator.aws import ACCOUNT_ID
from lib.emulator.certificates import HOST

Client = Callable[[str], Any]
"""Gives a client of the service of that name."""

REGION = "eu-west-1"
MASTER_USER = "sensor_owner"
"""The login that the stack makes its database with (lib/stack/database.py, which nobody here may import)."""


def environ_for(url: str) -> dict[str, str]:
    """Variables that lead Terraform and the SDKs to `url` and nowhere else; the keys open nothing but the emulator."""
    nobody = "/dev/null"
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_CONFIG_FILE": nobody,
        "AWS_SHARED_CREDENTIALS_FILE": nobody,
        "NO_PROXY": f"127.0.0.1,{HOST}",
        "no_proxy": f"127.0.0.1,{HOST}",
    }


def client_of(url: str) -> Client:
    """Makes clients of the services at `url`."""
    import boto3

    environ = environ_for(url)
    session = boto3.Session(
        environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], region_name=environ["AWS_REGION"]
    )

    def client(service: Any) -> Any:
        return session.client(service, endpoint_url=url)

    return client


def seed(client: Client, secret_name: str) -> Mapping[str, str | int]:
    """Makes key and secret over the AWS API; gives the settings by which the stack finds them.

    The password is made here and kept in the server alone.
    """
    kms = client("kms")
    key = kms.create_key(Description="Existing key of the database secret")["KeyMetadata"]
    kms.enable_key_rotation(KeyId=key["KeyId"])
    login = {"engine": "postgres", "username": MASTER_USER, "password": secrets.token_urlsafe(32)}
    client("secretsmanager").create_secret(Name=secret_name, KmsKeyId=key["Arn"], SecretString=json.dumps(login))
    return {
        "account_id": ACCOUNT_ID,
        "database_secret_name": secret_name,
        "database_secret_kms_key_arn": key["Arn"],
    }


class Groups:
    """The replication groups that exist, once there is an API to ask."""

    def __init__(self) -> None:
        self._elasticache: Any = None

    def ask(self, client: Client) -> None:
        """From now on `known` asks the API."""
        self._elasticache = client("elasticache")

    def known(self) -> frozenset[str]:
        """Their ids."""
        listed = self._elasticache.describe_replication_groups()["ReplicationGroups"] if self._elasticache else ()
        return frozenset(group["ReplicationGroupId"] for group in listed)
