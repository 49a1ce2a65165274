"""The AWS API on this machine: moto's server, extended by what the real provider needs for this stack.

`serve` is the way in. What moto lacks stands in one module a service, each with an `install()` that says which call of
the provider needs what. moto takes seconds to import, so nothing here imports it before `serve` is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lib.emulator.aws.running import RUNNING
from lib.emulator.aws.stores import CacheUser, Database, Stores

if TYPE_CHECKING:
    from lib.emulator.aws.server import Served

__all__ = ["ACCOUNT_ID", "CacheUser", "Database", "Stores", "serve"]

ACCOUNT_ID = "123456789012"


def serve(
    port: int, stores: Stores | None = None, *, account_id: str = ACCOUNT_ID, enforce_iam: bool = False
) -> Served:
    """An empty AWS account on 127.0.0.1:`port` (0 takes a free port), until `Served.stop()`.

    stores: the real stores that RDS and ElastiCache lead to; without them their endpoints are made up.
    enforce_iam: whether roles and users may do only what their policies grant; `lib.emulator.aws.iam` says what is
    checked and what is not.
    One server a process: its state belongs to the process, and a second call would empty the first one's.
    `GET /_emulator/inventory` lists what is live, and what AWS keeps of what was deleted.
    Raises: OSError where the port is taken.
    """
    from lib.emulator.aws.extensions import install
    from lib.emulator.aws.server import start
    from lib.emulator.aws.state import empty

    install()
    empty()
    RUNNING.account_id, RUNNING.stores, RUNNING.enforce_iam = account_id, stores, enforce_iam
    served = start(port)
    RUNNING.url = served.url
    return served
