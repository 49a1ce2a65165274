"""The real stores behind the endpoints that RDS and ElastiCache give out, and what they are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Database:
    """A database that an RDS instance promises: its `name`, and the login that owns it."""

    identifier: str
    name: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class CacheUser:
    """A user of ElastiCache, with the ACL rules it was given; `enabled` is what their `on` or `off` says."""

    name: str
    access_string: str
    enabled: bool


@dataclass(frozen=True)
class Stores:
    """Where the stores listen (host, port).

    on_database: called when an instance is created, and when its master password changes.
    on_cache_users: called with all users that the replication groups admit, when they change.
    ca: the certificate authority of the stores in PEM, which functions are to trust beside nothing else.
    """

    postgres: tuple[str, int]
    valkey: tuple[str, int]
    on_database: Callable[[Database], None]
    on_cache_users: Callable[[tuple[CacheUser, ...]], None]
    ca: Path | None = None
