"""What is certain although a part is not known: every decided part first, the gap behind them.

A gap must neither pass for a good value nor hide a bad one that stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from policies.terraform import CannotDecide

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, eq=False)
class Partial(Generic[T]):
    """A collection of which some is not known: going through it gives what is decided, then raises CannotDecide.

    It counts as not empty, and nobody can tell its length or what it equals.
    """

    decided: tuple[T, ...]
    gap: CannotDecide

    def __iter__(self) -> Iterator[T]:
        yield from self.decided
        self.refuse()

    def __contains__(self, item: object) -> bool:
        return item in self.decided or self.refuse()

    def __eq__(self, other: object) -> bool:
        return self.refuse()

    def __hash__(self) -> int:
        return self.refuse()

    def __len__(self) -> int:
        return self.refuse()

    def __bool__(self) -> bool:
        return True

    def refuse(self) -> bool:
        """Raises: CannotDecide, always."""
        raise self.gap.with_traceback(None)


Items = tuple[T, ...] | Partial[T]


def collected(items: Iterable[T]) -> Items[T]:
    """All items, to go through more than once; the gap they end in, if any, stays at their end."""
    return decided(items, lambda item: item)


def decided(items: Iterable[S], decide: Callable[[S], T]) -> Items[T]:
    """What `decide` makes of each item; those it cannot decide, and what the items end in, become the gap."""
    found: list[T] = []
    gaps: list[CannotDecide] = []
    try:
        for item in items:
            try:
                found.append(decide(item))
            except CannotDecide as unknown:
                gaps.append(unknown)
    except CannotDecide as unknown:
        gaps.append(unknown)
    return Partial(tuple(found), gaps[0]) if gaps else tuple(found)


def certain(items: Items[T]) -> tuple[T, ...]:
    """The decided part, for a message about what is wrong already."""
    return items.decided if isinstance(items, Partial) else items


def refuse_gap(items: Items[T]) -> None:
    """Does nothing, unless a part is not known. Raises: CannotDecide."""
    if isinstance(items, Partial):
        items.refuse()


def first(items: Iterable[T], holds: Callable[[T], bool]) -> T | None:
    """The first item for which `holds` is true; None where it is false for all.

    Raises: CannotDecide where it is true for none, and not known for one.
    """
    gap: CannotDecide | None = None
    for item in items:
        try:
            if holds(item):
                return item
        except CannotDecide as unknown:
            gap = gap or unknown
    if gap:
        raise gap
    return None


def together(parts: Iterable[Iterable[T]]) -> Iterator[T]:
    """What all parts give, one after the other; a part that ends in a gap does not keep the next from its turn.

    Raises: CannotDecide behind the last part, where one had a gap.
    """
    gap: CannotDecide | None = None
    for part in parts:
        try:
            yield from part
        except CannotDecide as unknown:
            gap = gap or unknown
    if gap:
        raise gap
