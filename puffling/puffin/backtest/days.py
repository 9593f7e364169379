"""Which session an order is good for: what a day means to the market model, in a backtest and on paper alike.

Whoever knows an exchange's calendar hands in its sessions (`ExchangeDays`). Without one the hours of
American exchanges are taken: a day is New York's, ends at 16:00 there or at 13:00 before some holidays, and
passes over weekends; pairs of currencies and coins have the days of UTC.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import date, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.data.instants import US_PER_DAY, day_to_us, from_us
from puffling.puffin.data.sessions import Sessions

# Gives for a symbol and an instant the session that runs then, or else the next one: a number that is the
# same throughout a session and rises from one to the next.
DayOf = Callable[[str, int], int]

_PAIR = re.compile(r".+/.+|.+-(USD|USDT|USDC|EUR|GBP|JPY|BTC|ETH)")
_CLOSE, _EARLY_CLOSE = time(16), time(13)
_FRIDAY, _THURSDAY = 4, 3


def usual_day_of(symbol: str, time_us: int) -> int:
    """Give the session by what a symbol looks like: a day of UTC for pairs, else one of New York."""
    if _PAIR.fullmatch(symbol):
        return int(time_us - time_us % US_PER_DAY)
    local = from_us(time_us).astimezone(_new_york())
    day = local.date()
    if local.time() >= close_of(day):
        day += timedelta(days=1)
    while day.weekday() > _FRIDAY:
        day += timedelta(days=1)
    return day_to_us(day)


def close_of(day: date) -> time:
    """Give New York's closing time on a day that is no holiday."""
    after_thanksgiving = day.month == 11 and day.weekday() == _FRIDAY and 23 <= day.day <= 29
    # What a holiday on a Saturday takes is the whole Friday before it.
    eve = (day.month, day.day) in {(12, 24), (7, 3)} and day.weekday() <= _THURSDAY
    return _EARLY_CLOSE if after_thanksgiving or eve else _CLOSE


@frozen(eq=False)
class ExchangeDays:
    """The sessions of exchanges by symbol; it travels to another process."""

    sessions: Mapping[str, Sessions] = field(default_factory=dict)

    def __call__(self, symbol: str, time_us: int) -> int:
        """Give the session that runs at an instant, or else the next one."""
        known = self.sessions.get(symbol)
        if known is not None:
            place = int(np.searchsorted(known.closes_us, time_us, side="right"))
            if place < len(known) and (place or time_us >= known.days_us[0]):
                return int(known.days_us[place])
        return usual_day_of(symbol, time_us)


@cache
def _new_york() -> ZoneInfo:
    return ZoneInfo("America/New_York")
