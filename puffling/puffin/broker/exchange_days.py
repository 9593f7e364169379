"""When the New York exchanges trade, by rule: holidays and half days need no file and no network.

Days on which a whole exchange was closed for something that happened are in no rule; whoever needs the past
exactly hands in a calendar that knows them.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
OPENS = time(9, 30)
CLOSES = time(16)
CLOSES_EARLY = time(13)
_ONE_DAY = timedelta(days=1)
_MONDAY, _THURSDAY, _SATURDAY = 0, 3, 5
_JUNETEENTH_SINCE = 2022


def hours_on(day: date) -> tuple[datetime, datetime] | None:
    """Give when the exchanges open and close on a day; None when they do not trade."""
    if day.weekday() >= _SATURDAY or day in _holidays(day.year):
        return None
    closes = CLOSES_EARLY if day in _half_days(day.year) else CLOSES
    return datetime.combine(day, OPENS, NEW_YORK), datetime.combine(day, closes, NEW_YORK)


@cache
def _holidays(year: int) -> frozenset[date]:
    days = {
        _nth(year, 1, _MONDAY, 3),
        _nth(year, 2, _MONDAY, 3),
        _easter(year) - timedelta(days=2),
        _nth(year, 6, _MONDAY, 1) - timedelta(days=7),
        _nth(year, 9, _MONDAY, 1),
        _nth(year, 11, _THURSDAY, 4),
        _observed(date(year, 7, 4)),
        _observed(date(year, 12, 25)),
    }
    if year >= _JUNETEENTH_SINCE:
        days.add(_observed(date(year, 6, 19)))
    new_year = date(year, 1, 1)
    if new_year.weekday() != _SATURDAY:
        # A new year that begins on a Saturday is not made up for in the old one.
        days.add(_observed(new_year))
    return frozenset(days)


@cache
def _half_days(year: int) -> frozenset[date]:
    days = {_nth(year, 11, _THURSDAY, 4) + _ONE_DAY, date(year, 12, 24)}
    if date(year, 7, 4).weekday() not in {_SATURDAY, _SATURDAY + 1}:
        days.add(date(year, 7, 3))
    return frozenset(days - _holidays(year))


def _nth(year: int, month: int, weekday: int, which: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (which - 1))


def _observed(day: date) -> date:
    if day.weekday() == _SATURDAY:
        return day - _ONE_DAY
    return day + _ONE_DAY if day.weekday() > _SATURDAY else day


def _easter(year: int) -> date:
    """Give Easter Sunday, by the rule of the Gregorian calendar."""
    century, place = divmod(year, 100)
    golden = year % 19
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (place // 4) - moon - place % 4) % 7
    shift = moon + week - 7 * ((golden + 11 * moon + 22 * week) // 451) + 114
    return date(year, shift // 31, shift % 31 + 1)
