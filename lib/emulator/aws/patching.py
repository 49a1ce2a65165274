"""How the modules beside this one change moto: an operation is added, or a method is wrapped.

moto finds an operation by the name of a method on the service's response class, so a function set there is enough.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

Original = Callable[..., Any]


def add(owner: type, *operations: Callable[..., Any]) -> None:
    """Give `owner` operations that it lacks, each under its function's own name.

    Raises: RuntimeError where moto has one by now, so that ours is dropped instead of hiding it.
    """
    for operation in operations:
        if hasattr(owner, operation.__name__):
            raise RuntimeError(f"{owner.__name__}.{operation.__name__} exists: drop ours, or wrap moto's")
        setattr(owner, operation.__name__, operation)


def wrap(owner: type, name: str, around: Callable[..., Any]) -> None:
    """Let `around(original, self, ...)` stand for a method that moto has."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return around(original, self, *args, **kwargs)

    setattr(owner, name, method)


class Unsupported(Exception):
    """What AWS takes and these extensions do not: told to the caller, since silence would look like success."""
