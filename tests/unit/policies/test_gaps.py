"""What is decided comes first, and what is not is never taken for anything."""

from __future__ import annotations

import pytest

from policies.gaps import Partial, certain, collected, decided, first, refuse_gap, together
from policies.terraform import CannotDecide

GAP = CannotDecide("policy", "${var.x}")


def ending_in_a_gap(*items: str):
    yield from items
    raise GAP


def is_known(item: str) -> bool:
    if item == "?":
        raise GAP
    return item == "yes"


@pytest.fixture
def partial() -> Partial[str]:
    found = collected(ending_in_a_gap("a", "b"))
    assert isinstance(found, Partial)
    return found


def test_going_through_gives_what_is_decided_then_the_gap(partial):
    items = iter(partial)
    assert [next(items), next(items)] == ["a", "b"]
    with pytest.raises(CannotDecide):
        next(items)
    assert certain(partial) == ("a", "b")


@pytest.mark.parametrize(
    "ask",
    [len, list, tuple, set, hash, refuse_gap, ", ".join, lambda p: p == ("a", "b"), lambda p: "c" in p, lambda p: [*p]],
)
def test_nothing_takes_the_decided_part_for_the_whole(partial, ask):
    with pytest.raises(CannotDecide):
        ask(partial)


def test_what_is_certain_is_answered(partial):
    assert "a" in partial
    assert partial
    assert any(item == "b" for item in partial)


def test_an_item_that_cannot_be_decided_hides_no_other():
    found = decided(["yes", "?", "no"], is_known)
    assert certain(found) == (True, False)
    assert isinstance(found, Partial)
    assert decided(["yes", "no"], is_known) == (True, False)


def test_the_first_that_holds_is_found_behind_one_that_is_not_known():
    assert first(["?", "yes"], is_known) == "yes"
    assert first(["no"], is_known) is None
    for items in (["?", "no"], ending_in_a_gap("no")):
        with pytest.raises(CannotDecide):
            first(items, is_known)


def test_a_part_that_ends_in_a_gap_keeps_none_from_its_turn():
    found = together([ending_in_a_gap("a"), ["b"]])
    assert [next(found), next(found)] == ["a", "b"]
    with pytest.raises(CannotDecide):
        next(found)
    assert list(together([["a"], ["b"]])) == ["a", "b"]
