"""One request at a time: moto's dictionaries have no locks, and Terraform sends ten requests at once.

Handlers take milliseconds, so nobody waits long. What takes longer, or calls the server itself, gives its turn back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

TURN = threading.Lock()


@contextmanager
def given_back() -> Iterator[None]:
    """Let other requests be answered meanwhile; the caller holds the turn before and after."""
    TURN.release()
    try:
        yield
    finally:
        TURN.acquire()
