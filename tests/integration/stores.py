"""The ways into the two stores that their users have."""

from __future__ import annotations

import ssl
from typing import Any

import valkey
from botocore.credentials import Credentials
from botocore.hooks import HierarchicalEmitter
from botocore.model import ServiceId
from botocore.signers import RequestSigner
from pg8000.native import Connection

from tests.integration.deployment import REGION, Deployment


def trust(at: Deployment) -> ssl.SSLContext:
    """Checks name and chain of a store's certificate."""
    assert at.session
    return ssl.create_default_context(cafile=str(at.session.ca))


def postgres(at: Deployment, password: str, context: ssl.SSLContext | bool) -> Connection:
    """Logged in as the stack's own user. context: False for a plain connection."""
    host, _, port = at.outputs["database_endpoint"].partition(":")
    return Connection(at.secret()["username"], host, "sensors", int(port), password, ssl_context=context, timeout=10)


def cache_token(at: Deployment, user: str) -> str:
    """As AWS's own SDK signs it, for this stack's replication group."""
    emitter = HierarchicalEmitter()  # which a signer holds but weakly
    keys = Credentials("testing", "testing")
    signer = RequestSigner(ServiceId("elasticache"), REGION, "elasticache", "v4", keys, emitter)
    url = f"https://{at.outputs['cache_replication_group_id']}/?Action=connect&User={user}"
    request = {"method": "GET", "url": url, "body": {}, "headers": {}, "context": {}}
    signed = signer.generate_presigned_url(request, "connect", region_name=REGION, expires_in=900)
    return signed.removeprefix("https://")


def cache(at: Deployment, *, tls: bool = True) -> Any:
    """As the processor logs in."""
    assert at.session
    (user,) = [each for each in at.named("aws_elasticache_user", "user_id") if "login" in each]
    tls_by = {"ssl": True, "ssl_ca_certs": str(at.session.ca), "ssl_check_hostname": True} if tls else {}
    return valkey.Valkey(
        host=at.outputs["cache_endpoint"],
        port=at.session.ports["valkey"],
        username=user,
        password=cache_token(at, user),
        socket_timeout=10,
        **tls_by,
    )
