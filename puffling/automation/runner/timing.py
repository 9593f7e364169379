"""When a strategy decides: once after the close of each of its bars, by the calendar of what it trades.

A bar is known by the moment it closed, in UTC: that moment never comes twice, whatever clocks are put to, and
an exchange's hours, half days and holidays are in its calendar. What is decided then is traded from the next
moment at which the market is open, as a backtest does at the next open, and for a while only: a decision
carried out hours later is another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from puffling.frozen import frozen
from puffling.market.calendar import Calendar
from puffling.puffin.data.instants import US_PER_MINUTE, from_us, to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.resample import bar_starts

# How long after the market could be traded a decision is still the same one.
LATE_US = 30 * US_PER_MINUTE
# Sessions that one bar may span: a month has at most 23.
_SESSIONS_AROUND = 50
# Counted one by one, and nobody needs to know of more.
MOST_COUNTED = 500


@frozen
class Slot:
    """One closed bar: when it began and closed, and from when until when it can be acted on."""

    bar_at: datetime
    closes_at: datetime
    opens_at: datetime
    valid_until: datetime


@frozen(eq=False)
class Timing:
    """The bars of one width on one calendar."""

    calendar: Calendar
    interval: Interval

    def newest(self, now: datetime) -> Slot | None:
        """Give the newest bar that has closed at a moment, None before the first."""
        closes_us = self._last_close(to_us(now))
        return None if closes_us is None else self._slot(closes_us)

    def next_close(self, after: datetime) -> datetime:
        """Give when the next bar closes after a moment."""
        return from_us(self._next_close(to_us(after)))

    def count_between(self, since: datetime, until: datetime) -> int:
        """Give how many bars closed after one moment and before another."""
        return sum(1 for _ in self._closes_between(to_us(since), to_us(until)))

    def bars_before(self, slot: Slot, count: int) -> datetime:
        """Give when the first of so many bars began, the bar of the slot being the last."""
        first = slot
        for _ in range(min(count, MOST_COUNTED) - 1):
            before = self._last_close(to_us(first.closes_at) - 1)
            if before is None:
                break
            first = self._slot(before)
        return first.bar_at

    def ends_session(self, slot: Slot) -> bool:
        """Tell whether the session ends with a bar, and with it whatever was ordered for the day."""
        closes = self.calendar.sessions.closes_us
        place = int(np.searchsorted(closes, to_us(slot.closes_at)))
        return place < len(closes) and int(closes[place]) == to_us(slot.closes_at)

    def _closes_between(self, since_us: int, until_us: int) -> Iterator[int]:
        at = since_us
        for _ in range(MOST_COUNTED):
            at = self._next_close(at)
            if at >= until_us:
                return
            yield at

    def _slot(self, closes_us: int) -> Slot:
        sessions = self.calendar.sessions
        place = max(int(np.searchsorted(sessions.closes_us, closes_us)), 0)
        if self.interval.is_intraday:
            opened = int(sessions.opens_us[place])
            whole = -(-(closes_us - opened) // self.interval.us)
            bar_us = opened + (whole - 1) * self.interval.us
        else:
            bar_us = int(self._starts(place, place + 1)[0])
        opens_us = closes_us
        if closes_us >= int(sessions.closes_us[place]) and place + 1 < len(sessions):
            opens_us = int(sessions.opens_us[place + 1])
        late_us = min(LATE_US, self.interval.us) if self.interval.is_intraday else LATE_US
        return Slot(from_us(bar_us), from_us(closes_us), from_us(opens_us), from_us(opens_us + late_us))

    def _last_close(self, now_us: int) -> int | None:
        sessions = self.calendar.sessions
        place = sessions.index_at(now_us)
        if not self.interval.is_intraday:
            # The session that runs ends nothing yet.
            last = int(np.searchsorted(sessions.closes_us, now_us, side="right")) - 1
            ends = self._ends(max(last - _SESSIONS_AROUND, 0), last)
            return int(sessions.closes_us[ends[-1]]) if last >= 0 and len(ends) else None
        if place < 0:
            return None
        opened, closed = int(sessions.opens_us[place]), int(sessions.closes_us[place])
        if now_us >= closed:
            return closed
        whole = (now_us - opened) // self.interval.us
        if whole:
            return opened + whole * self.interval.us
        return int(sessions.closes_us[place - 1]) if place else None

    def _next_close(self, after_us: int) -> int:
        sessions = self.calendar.sessions
        if not self.interval.is_intraday:
            first = int(np.searchsorted(sessions.closes_us, after_us, side="right"))
            ends = self._ends(first, min(first + _SESSIONS_AROUND, len(sessions) - 2))
            return int(sessions.closes_us[ends[0]])
        place = int(np.searchsorted(sessions.closes_us, after_us, side="right"))
        opened, closed = int(sessions.opens_us[place]), int(sessions.closes_us[place])
        whole = max(after_us - opened, 0) // self.interval.us + 1
        return min(opened + whole * self.interval.us, closed)

    def _ends(self, first: int, last: int) -> list[int]:
        """Give which of the sessions from one place to another, both included, end a bar."""
        starts = self._starts(first, last + 2)
        return [first + place for place in range(len(starts) - 1) if starts[place] != starts[place + 1]]

    def _starts(self, first: int, last: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        days = self.calendar.sessions.days_us[first:last]
        return bar_starts(days, Interval.D1, self.interval)
