"""How long can it be between two firings of a Secrets Manager schedule? The question of ROT.secret-30-days.

Secrets Manager fires on the hour, in UTC, every year. Dates and weekdays repeat after 28 years (no century between),
so that one such span, closed to a ring, shows the largest gap there is, leap days included. A firing opens a window
in which the rotation happens; gaps are counted from opening to opening, as AWS counts them.
Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Collection
from datetime import date, timedelta
from itertools import pairwise

RATE = re.compile(r"rate\(([0-9]{1,4}) (hour|day)s?\)")
WINDOW = re.compile(r"([1-9]|1[0-9]|2[0-4])h")
CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
ITEM = re.compile(r"(?P<start>\*|\w+)?(?:-(?P<end>\w+))?(?:/(?P<step>[0-9]{1,3}))?")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
LEAST_HOURS = 4
"""As often as Secrets Manager rotates."""
RING_START, RING_DAYS = date(2024, 1, 1), 28 * 365 + 7

Matches = Callable[[date], bool]


class UnreadableSchedule(ValueError):
    """An expression that Secrets Manager refuses, or whose meaning is not certain."""


def largest_gap_hours(expression: str) -> float:
    """Hours between the two consecutive firings that lie furthest apart; infinite where it never fires.

    expression: `rate(30 days)`, `rate(12 hours)` or `cron(0 4 1,15 * ? *)`.
    Raises: UnreadableSchedule.
    """
    rate = RATE.fullmatch(expression)
    rate_hours = int(rate[1]) * (24 if rate[2] == "day" else 1) if rate else 0
    if rate_hours >= LEAST_HOURS:
        return rate_hours
    cron = CRON.fullmatch(expression)
    if not cron:
        raise UnreadableSchedule(expression)
    minutes, hours, days, months, weekdays, years = cron.groups()
    if minutes != "0" or years != "*":
        raise UnreadableSchedule(expression)
    return _largest_cron_gap(_numbers(hours, 0, 23), _numbers(months, 1, 12, MONTHS), _day(days, weekdays))


def is_window(duration: str) -> bool:
    """Whether Secrets Manager can accept a window of this length: `3h`, and never past the end of a day."""
    return WINDOW.fullmatch(duration) is not None


def _largest_cron_gap(hours: Collection[int], months: Collection[int], fires: Matches) -> float:
    days = (RING_START + timedelta(offset) for offset in range(RING_DAYS))
    firing = [day.toordinal() for day in days if day.month in months and fires(day)]
    if not firing:
        return float("inf")
    ring = [*firing, firing[0] + RING_DAYS]
    between_days = max(later - earlier for earlier, later in pairwise(ring)) * 24 - max(hours) + min(hours)
    return max(between_days, *(later - earlier for earlier, later in pairwise(sorted(hours))), 0)


def _day(days: str, weekdays: str) -> Matches:
    """One of the two fields must be `?`: the other one decides."""
    if (days == "?") == (weekdays == "?"):
        raise UnreadableSchedule(f"{days} {weekdays}")
    if weekdays == "?":
        return _day_of_month(days)
    return _day_of_week(weekdays.upper())


def _day_of_month(field: str) -> Matches:
    if field == "L":
        return lambda day: day.day == monthrange(day.year, day.month)[1]
    chosen = _numbers(field, 1, 31)
    return lambda day: day.day in chosen


def _day_of_week(field: str) -> Matches:
    nth = re.fullmatch(r"(\w+)#([1-5])", field)
    if nth:
        weekday, week = _number(nth[1], 1, 7, WEEKDAYS), int(nth[2])
        return lambda day: _weekday(day) == weekday and (day.day - 1) // 7 + 1 == week
    last = re.fullmatch(r"(\w+)L", field)
    if last:
        weekday = _number(last[1], 1, 7, WEEKDAYS)
        return lambda day: _weekday(day) == weekday and day.day + 7 > monthrange(day.year, day.month)[1]
    chosen = {7} if field == "L" else _numbers(field, 1, 7, WEEKDAYS)
    return lambda day: _weekday(day) in chosen


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _numbers(field: str, low: int, high: int, names: tuple[str, ...] = ()) -> set[int]:
    """The numbers that a field of lists, ranges and steps means: `1,15`, `MON-FRI`, `*/7`, `/8`, `1/30`."""
    chosen: set[int] = set()
    for item in field.upper().split(","):
        match = ITEM.fullmatch(item)
        if not item or not match or (match["start"] in (None, "*") and match["end"]):
            raise UnreadableSchedule(field)
        step, whole = int(match["step"] or 1), match["start"] in (None, "*")
        start = low if whole else _number(match["start"], low, high, names)
        single = not whole and not match["step"]
        end = _number(match["end"], low, high, names) if match["end"] else start if single else high
        if step == 0 or end < start:
            raise UnreadableSchedule(field)
        chosen.update(range(start, end + 1, step))
    return chosen


def _number(text: str, low: int, high: int, names: tuple[str, ...]) -> int:
    number = names.index(text) + low if text in names else int(text) if re.fullmatch(r"[0-9]{1,2}", text) else low - 1
    if not low <= number <= high:
        raise UnreadableSchedule(text)
    return number
