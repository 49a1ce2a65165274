"""What the stack expects to exist already: the database secret, and the key that encrypts it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lib.emulator.certificates import HOST

if TYPE_CHECKING:
    import boto3

REGION = "eu-west-1"
ACCOUNT_ID = "123456789012"
"""moto's own account."""
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


def seed(session: boto3.Session, url: str, secret_name: str) -> Mapping[str, str | int]:
    """Makes key and secret over the AWS API; gives the settings by which the stack finds them.

    The password is made here and kept in the server alone.
    """
    kms = session.client("kms", endpoint_url=url)
    store = session.client("secretsmanager", endpoint_url=url)
    key = kms.create_key(Description="Existing key of the database secret")["KeyMetadata"]
    kms.enable_key_rotation(KeyId=key["KeyId"])
    login = {"engine": "postgres", "username": MASTER_USER, "password": secrets.token_urlsafe(32)}
    store.create_secret(Name=secret_name, KmsKeyId=key["Arn"], SecretString=json.dumps(login))
    return {
        "account_id": ACCOUNT_ID,
        "database_secret_name": secret_name,
        "database_secret_kms_key_arn": key["Arn"],
    }
