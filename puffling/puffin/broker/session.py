"""The trading day: whether the market is open, when it opens and closes, and waiting for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from puffling.puffin.broker.exchange_days import CLOSES_EARLY, NEW_YORK, hours_on
from puffling.puffin.errors import InvalidValue
from puffling.puffin.machine_time import machine_time

Hours = tuple[datetime, datetime]
Pause = Callable[[float], object]

_EARLY = time(4)
_LATE, _LATE_ON_HALF_DAYS = time(20), time(17)
_ONE_DAY = timedelta(days=1)
# No exchange is closed for longer, other than by a calendar that has come to its end.
_LONGEST_BREAK_DAYS = 30


class TradingSession:
    """The sessions of the New York exchanges, early and late hours among them when `extended_hours` says so.

    Times without a zone are read in `timezone`, and answers are given in it. `hours` tells when the exchange
    opens and closes on a day (None: not at all); without it the rules of New York are used. `now` is the
    clock, `pause` waits some seconds.
    """

    def __init__(
        self,
        timezone: str = "America/New_York",
        extended_hours: bool = False,
        *,
        hours: Callable[[date], Hours | None] = hours_on,
        now: Callable[[], datetime] | None = None,
        pause: Pause | None = None,
    ) -> None:
        try:
            self.timezone = ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise InvalidValue(f"No time zone is called {timezone!r}", field="timezone") from error
        self.extended_hours = extended_hours
        self._hours = hours
        self._now = now or machine_time
        self._pause = pause or threading.Event().wait

    def supports_extended_hours(self) -> bool:
        """Tell whether early and late hours count as open."""
        return self.extended_hours

    def is_trading_day(self, dt: datetime | date | None = None) -> bool:
        """Tell whether the exchange trades at all on the day of this moment."""
        return self._hours(self._day(dt)) is not None

    def is_market_open(self, dt: datetime | None = None) -> bool:
        """Tell whether one can trade at this moment."""
        at = self._at(dt)
        window = self._window(self._day(at))
        return window is not None and window[0] <= at < window[1]

    def next_open(self, dt: datetime | None = None) -> datetime:
        """Give the first opening after this moment."""
        return self._next(0, self._at(dt))

    def next_close(self, dt: datetime | None = None) -> datetime:
        """Give the first close after this moment."""
        return self._next(1, self._at(dt))

    def time_until_open(self, dt: datetime | None = None) -> timedelta:
        """Give how long it is until one can trade; nothing when one can."""
        at = self._at(dt)
        return timedelta() if self.is_market_open(at) else self.next_open(at) - at

    def time_until_close(self, dt: datetime | None = None) -> timedelta:
        """Give how long one can still trade; nothing when one cannot."""
        at = self._at(dt)
        return self.next_close(at) - at if self.is_market_open(at) else timedelta()

    def get_trading_days(self, start: datetime | date, end: datetime | date) -> list[date]:
        """Give the days from start to end, both included, on which the exchange trades."""
        first, last = self._day(start), self._day(end)
        days = (first + timedelta(days=ahead) for ahead in range((last - first).days + 1))
        return [day for day in days if self._hours(day) is not None]

    def get_session_schedule(self, date: datetime | date | None = None) -> dict[str, datetime | None]:
        """Give when early, regular and late hours begin and end on a day; None where they do not."""
        day = self._day(date)
        regular, whole = self._hours(day), self._extended(day)
        if regular is None or whole is None:
            return dict.fromkeys(("pre_market_open", "market_open", "market_close", "after_hours_close"))
        times = (whole[0], regular[0], regular[1], whole[1])
        names = ("pre_market_open", "market_open", "market_close", "after_hours_close")
        return {name: at.astimezone(self.timezone) for name, at in zip(names, times, strict=True)}

    def wait_for_open_sync(self, check_interval: float = 60.0) -> None:
        """Block until one can trade, looking every so many seconds and at the opening itself."""
        if not check_interval > 0:
            raise InvalidValue("Looking takes some seconds between two looks", field="check_interval")
        while (left := self.time_until_open()) > timedelta():
            self._pause(min(check_interval, left.total_seconds()))

    def _next(self, which: int, at: datetime) -> datetime:
        day = self._day(at)
        for _ in range(_LONGEST_BREAK_DAYS):
            window = self._window(day)
            if window is not None and window[which] > at:
                return window[which].astimezone(self.timezone)
            day += _ONE_DAY
        raise InvalidValue("The calendar knows no session after this moment", field="dt")

    def _window(self, day: date) -> Hours | None:
        return self._extended(day) if self.extended_hours else self._hours(day)

    def _extended(self, day: date) -> Hours | None:
        regular = self._hours(day)
        if regular is None:
            return None
        half = regular[1].astimezone(NEW_YORK).time() <= CLOSES_EARLY
        late = _LATE_ON_HALF_DAYS if half else _LATE
        return datetime.combine(day, _EARLY, NEW_YORK), datetime.combine(day, late, NEW_YORK)

    def _at(self, dt: datetime | None) -> datetime:
        at = self._now() if dt is None else dt
        return at.replace(tzinfo=self.timezone) if at.tzinfo is None else at

    def _day(self, dt: datetime | date | None) -> date:
        if isinstance(dt, date) and not isinstance(dt, datetime):
            return dt
        return self._at(dt).astimezone(NEW_YORK).date()
