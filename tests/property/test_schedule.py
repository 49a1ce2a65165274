"""The largest gap of a schedule, against a calendar that is walked day by day, and fields that are never parsed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from policies.schedule import MONTHS, WEEKDAYS, largest_gap_hours

START = date(2025, 3, 1)
DAYS = [START + timedelta(offset) for offset in range(33 * 366)]
"""28 years and the longest gap, four years and a bit from one 29 February to the next."""
Field = tuple[str, frozenset[int]]


def numbers(low: int, high: int, names: tuple[str, ...] = ()) -> st.SearchStrategy[Field]:
    """Spellings of a field with the numbers they mean: all, one, a list, a range, steps."""
    number = st.integers(low, high)
    step = st.integers(1, high)

    def written(value: int) -> st.SearchStrategy[str]:
        return st.sampled_from([str(value), *([names[value - low], names[value - low].lower()] if names else [])])

    def item(value: int) -> st.SearchStrategy[Field]:
        return written(value).flatmap(
            lambda text: st.one_of(
                st.just((text, frozenset({value}))),
                step.map(lambda by: (f"{text}/{by}", frozenset(range(value, high + 1, by)))),
                st.integers(value, high).map(lambda end: (f"{text}-{end}", frozenset(range(value, end + 1)))),
                st.tuples(st.integers(value, high), step).map(
                    lambda pair: (f"{text}-{pair[0]}/{pair[1]}", frozenset(range(value, pair[0] + 1, pair[1])))
                ),
            )
        )

    everything = st.one_of(
        st.just(("*", frozenset(range(low, high + 1)))),
        st.tuples(st.sampled_from(["*", ""]), step).map(
            lambda pair: (f"{pair[0]}/{pair[1]}", frozenset(range(low, high + 1, pair[1])))
        ),
    )
    listed = st.lists(number.flatmap(item), min_size=1, max_size=3).map(
        lambda items: (",".join(text for text, _ in items), frozenset().union(*(chosen for _, chosen in items)))
    )
    return st.one_of(everything, listed)


def weekday(day: date) -> int:
    return (day.weekday() + 1) % 7 + 1


def is_last_week(day: date) -> bool:
    return (day + timedelta(7)).month != day.month


def days() -> st.SearchStrategy[tuple[str, str, Callable[[date], bool]]]:
    """Both day fields, one of them `?`, with whether they mean a day."""
    a_weekday = st.integers(1, 7)
    return st.one_of(
        numbers(1, 31).map(lambda field: (field[0], "?", lambda day: day.day in field[1])),
        st.just(("L", "?", lambda day: (day + timedelta(1)).day == 1)),
        numbers(1, 7, WEEKDAYS).map(lambda field: ("?", field[0], lambda day: weekday(day) in field[1])),
        st.just(("?", "L", lambda day: weekday(day) == 7)),
        a_weekday.map(lambda n: ("?", f"{n}L", lambda day: weekday(day) == n and is_last_week(day))),
        st.tuples(a_weekday, st.integers(1, 5)).map(
            lambda n: (
                "?",
                f"{WEEKDAYS[n[0] - 1]}#{n[1]}",
                lambda day: weekday(day) == n[0] and 7 * (n[1] - 1) < day.day <= 7 * n[1],
            )
        ),
    )


@given(numbers(0, 23), numbers(1, 12, MONTHS), days())
@example(("4", frozenset({4})), ("2", frozenset({2})), ("29", "?", lambda day: day.day == 29))
@example(("0,23", frozenset({0, 23})), ("*", frozenset(range(1, 13))), ("1", "?", lambda day: day.day == 1))
def test_the_largest_gap_is_the_one_that_the_calendar_shows(hours, months, day):
    expression = f"cron(0 {hours[0]} {day[0]} {months[0]} {day[1]} *)"
    dates = [found for found in DAYS if found.month in months[1] and day[2](found)]
    firing = [found.toordinal() * 24 + hour for found in dates for hour in sorted(hours[1])]
    expected = max((later - earlier for earlier, later in pairwise(firing)), default=float("inf"))
    assert largest_gap_hours(expression) == expected, expression
