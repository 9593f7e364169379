"""When an exchange trades: sessions, half days, holidays from one small file; and one that never rests."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from pathlib import Path

import numpy as np

from puffling.frozen import frozen
from puffling.market.values import SessionState
from puffling.puffin.data.instants import US_PER_DAY, US_PER_MINUTE, day_to_us, from_us, to_us, us_to_day
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.resample import bar_starts
from puffling.puffin.data.sessions import Sessions
from puffling.runtime.errors import NotFound, Unavailable
from puffling.runtime.paths import resources
from puffling.runtime.text import tr

EXCHANGE = "XNYS"
ALWAYS = "24/7"
# The exchange with the hours before and after its sessions.
LONG_HOURS = "XNYS, long hours"
# Whose holidays nobody here knows: open as far as one can tell, and no day is missed.
UNKNOWN = "unknown"
FIRST_DAY = date(1990, 1, 1)
END_DAY = date(2061, 1, 1)


@frozen
class Session:
    """One trading day of an exchange."""

    day: date
    opens: datetime
    closes: datetime

    @property
    def minutes(self) -> int:
        """Length in whole minutes."""
        return int((self.closes - self.opens).total_seconds()) // 60


@frozen(eq=False)
class Calendar:
    """The sessions of one exchange, and how long it trades before and after them."""

    name: str
    sessions: Sessions
    pre_minutes: int = 0
    post_minutes: int = 0
    # Whether it knows the holidays, so that a missing day is a fault.
    is_exact: bool = True

    def is_open(self, at: datetime) -> bool:
        """Tell whether a regular session runs at this moment."""
        return self.state_at(to_us(at)) is SessionState.OPEN

    def state(self, at: datetime) -> SessionState:
        """Tell what the exchange does at this moment."""
        return self.state_at(to_us(at))

    def state_at(self, instant_us: int) -> SessionState:
        """Tell what the exchange does at this instant."""
        sessions = self.sessions
        place = sessions.index_at(instant_us)
        if place >= 0:
            if instant_us < sessions.closes_us[place]:
                return SessionState.OPEN
            if instant_us < sessions.closes_us[place] + self.post_minutes * US_PER_MINUTE:
                return SessionState.POST
        following = place + 1
        if (
            following < len(sessions)
            and instant_us >= sessions.opens_us[following] - self.pre_minutes * US_PER_MINUTE
        ):
            return SessionState.PRE
        return SessionState.CLOSED

    def session_of(self, at: datetime) -> Session | None:
        """Give the regular session that runs at this moment, if one does."""
        place = self.sessions.index_at(to_us(at))
        if place < 0 or to_us(at) >= self.sessions.closes_us[place]:
            return None
        return self.session_at_place(place)

    def session_on(self, day: date) -> Session | None:
        """Give the session of a day; None on weekends and holidays."""
        place = int(np.searchsorted(self.sessions.days_us, day_to_us(day)))
        if place == len(self.sessions) or self.sessions.days_us[place] != day_to_us(day):
            return None
        return self.session_at_place(place)

    def session_at_place(self, place: int) -> Session:
        """Give the session at a place of the columns."""
        sessions = self.sessions
        return Session(
            us_to_day(int(sessions.days_us[place])),
            from_us(int(sessions.opens_us[place])),
            from_us(int(sessions.closes_us[place])),
        )

    def sessions_between(self, start: date, end: date) -> tuple[Session, ...]:
        """Give the sessions of the days from start to end, both included."""
        places = self.sessions.places(day_to_us(start), day_to_us(end) + US_PER_DAY)
        return tuple(self.session_at_place(place) for place in range(places.start, places.stop))

    def next_open(self, at: datetime) -> datetime:
        """Give the first opening after this moment."""
        return self._boundary(self.sessions.opens_us, at)

    def next_close(self, at: datetime) -> datetime:
        """Give the first close after this moment."""
        return self._boundary(self.sessions.closes_us, at)

    def last_close(self, at: datetime) -> datetime:
        """Give the newest close at or before this moment."""
        place = int(np.searchsorted(self.sessions.closes_us, to_us(at), side="right")) - 1
        if place < 0:
            raise self._beyond(at)
        return from_us(int(self.sessions.closes_us[place]))

    def closed_before(self, interval: Interval, now_us: int) -> int:
        """Give the time before which every bar of this width has closed."""
        sessions = self.sessions
        place = sessions.index_at(now_us)
        if place < 0:
            return now_us
        running = now_us < sessions.closes_us[place]
        if interval.is_intraday:
            if not running:
                # Nothing opens before the next session does, so all time up to now is settled.
                return now_us
            opened = int(sessions.opens_us[place])
            return opened + (now_us - opened) // interval.us * interval.us
        unfinished = place if running else place + 1
        if unfinished >= len(sessions):
            return now_us
        day = sessions.days_us[unfinished : unfinished + 1]
        return int(bar_starts(day, Interval.D1, interval)[0])

    def trading_day_us(self, now_us: int) -> int:
        """Give the UTC midnight at which the newest trading day began."""
        place = int(np.searchsorted(self.sessions.days_us, now_us, side="right")) - 1
        return int(self.sessions.days_us[place]) if place >= 0 else now_us

    def _boundary(self, column: np.ndarray[tuple[int], np.dtype[np.int64]], at: datetime) -> datetime:
        place = int(np.searchsorted(column, to_us(at), side="right"))
        if place == len(column):
            raise self._beyond(at)
        return from_us(int(column[place]))

    def _beyond(self, at: datetime) -> Unavailable:
        return Unavailable(
            tr("The calendar {name} does not reach {day}.", name=self.name, day=at.date()),
            hint=tr("It covers {first} to {end}.", first=FIRST_DAY.year, end=END_DAY.year - 1),
        )


def calendar(name: str) -> Calendar:
    """Give the calendar an instrument names: "XNYS", "24/7", or "unknown" hours."""
    if name == ALWAYS:
        return _around_the_clock()
    if name == UNKNOWN:
        return _at_unknown_hours()
    if name == EXCHANGE:
        return read_calendar(name, resources() / "calendars" / "xnys.npz")
    if name == LONG_HOURS:
        return _with_long_hours()
    raise NotFound(
        tr("There is no calendar named {name}.", name=name),
        hint=tr("Known calendars: {names}.", names=f"{EXCHANGE}, {ALWAYS}, {UNKNOWN}"),
    )


@cache
def read_calendar(name: str, file: Path) -> Calendar:
    """Read an exchange's sessions from a file that calendar_data wrote."""
    with np.load(file) as columns:
        days = columns["day"].astype(np.int64) * US_PER_DAY
        opens = days + columns["open_minute"].astype(np.int64) * US_PER_MINUTE
        closes = days + columns["close_minute"].astype(np.int64) * US_PER_MINUTE
    # American stock exchanges trade from 04:00 to 20:00 New York time around the regular session.
    return Calendar(name, Sessions(days, opens, closes), pre_minutes=330, post_minutes=240)


@cache
def _with_long_hours() -> Calendar:
    exchange = calendar(EXCHANGE)
    days = exchange.sessions
    opens = days.opens_us - exchange.pre_minutes * US_PER_MINUTE
    closes = days.closes_us + exchange.post_minutes * US_PER_MINUTE
    # So few trade early and late that a missing bar means nothing.
    return Calendar(LONG_HOURS, Sessions(days.days_us, opens, closes), is_exact=False)


@cache
def _around_the_clock() -> Calendar:
    return Calendar(ALWAYS, Sessions.around_the_clock(day_to_us(FIRST_DAY), day_to_us(END_DAY)))


@cache
def _at_unknown_hours() -> Calendar:
    return Calendar(UNKNOWN, _around_the_clock().sessions, is_exact=False)
