from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from lib.emulator.aws import Stores, serve
from lib.emulator.aws.running import RUNNING
from lib.emulator.aws.stores import CacheUser, Database

Client = Callable[[str], Any]


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    served = serve(0)
    yield served.url
    served.stop()


@pytest.fixture
def aws(url: str) -> Client:
    """A client of the service that is named: `aws("kms")`."""

    def client(service: str, **credentials: str) -> Any:
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", **credentials}
        return boto3.client(service, endpoint_url=url, region_name="eu-west-1", **keys)

    return client


@pytest.fixture
def told(url: str) -> Iterator[list[Database | tuple[CacheUser, ...]]]:
    """What the stores are told, while RDS leads to port 15432 and ElastiCache to localhost."""
    seen: list[Database | tuple[CacheUser, ...]] = []
    RUNNING.stores = Stores(("127.0.0.1", 15432), ("localhost", 16379), seen.append, seen.append)
    yield seen
    RUNNING.stores = None
