"""The demo market itself: any bar, tick or price of any listing at any time, from the seed alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import date
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from puffling.frozen import frozen
from puffling.market.calendar import ALWAYS, EXCHANGE, Calendar, calendar
from puffling.market.demo.daily import DailyPath, actions_of, daily_path
from puffling.market.demo.factors import Tides, crypto_tides, market_tides
from puffling.market.demo.hashing import Floats, Ints, key_of
from puffling.market.demo.paths import Candles, split_into_candles, split_into_ticks
from puffling.market.demo.universe import EPOCH_DAY, FIRST_HORIZON, LISTINGS, Listing
from puffling.market.values import SessionState
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY, US_PER_MINUTE, day_to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.resample import resample
from puffling.puffin.data.sessions import Sessions
from puffling.puffin.errors import UnknownSymbol

SEED = 7
REGULAR_TICKS = 60
EXTENDED_TICKS = 10
_WIDEST_US = 31 * US_PER_DAY
_BLOCK_CELLS = 32_768
_KEPT_DAYS = 96
_KEPT_PATHS = 48

T = TypeVar("T")


class Moment(NamedTuple):
    """Where an instant lies: the day it counts to, and the minute within that part of the day."""

    state: SessionState
    place: int
    minute: int
    starts_us: int


class Ticks(NamedTuple):
    """Trades in the order they happen."""

    time: Ints
    price: Floats
    size: Floats


class Day(NamedTuple):
    """The newest price and the day around it."""

    state: SessionState
    time_us: int
    price: float
    previous_close: float
    open: float
    high: float
    low: float
    volume: float


@frozen
class _Exchange:
    calendar: Calendar
    sessions: Sessions
    tides: Tides


class DemoMarket:
    """An invented market; two with the same seed agree on every tick."""

    def __init__(self, seed: int = SEED, horizon: date = FIRST_HORIZON) -> None:
        """Tell prices up to this day; what was told of earlier days is the same with any."""
        self.seed = seed
        self._horizon = max(horizon, FIRST_HORIZON)
        self.listings = {listing.symbol: listing for listing in LISTINGS}
        self._paths: _Kept[DailyPath] = _Kept(_KEPT_PATHS)
        self._actions: _Kept[tuple[CorporateAction, ...]] = _Kept(_KEPT_PATHS)
        self._days: _Kept[Candles] = _Kept(_KEPT_DAYS)
        self._minutes: _Kept[Ticks] = _Kept(_KEPT_DAYS)

    def listing(self, symbol: str) -> Listing:
        """Give the entry of a symbol."""
        found = self.listings.get(symbol)
        if found is None:
            raise UnknownSymbol(symbol)
        return found

    def calendar_of(self, symbol: str) -> Calendar:
        """Give the calendar a symbol trades on."""
        return self._exchange(self.listing(symbol)).calendar

    def path(self, symbol: str) -> DailyPath:
        """Give the whole daily history of a symbol in whole steps."""
        listing = self.listing(symbol)

        def tell() -> DailyPath:
            exchange = self._exchange(listing)
            return daily_path(self.seed, listing, exchange.sessions, exchange.tides)

        return self._paths.get(symbol, tell)

    def actions(self, symbol: str) -> tuple[CorporateAction, ...]:
        """Give all splits and dividends, those of the future too."""
        return self._actions.get(symbol, lambda: actions_of(self.path(symbol)))

    def bars(self, symbol: str, interval: Interval, start_us: int, end_us: int) -> Bars:
        """Give the finished bars whose time lies in [start, end), in prices as they were then."""
        if end_us <= start_us:
            return Bars.empty()
        path = self.path(symbol)
        sessions = path.sessions
        if interval.is_intraday:
            first = max(sessions.index_at(start_us), 0)
            places = slice(first, sessions.index_at(end_us - 1) + 1)
            minutes = self._minute_bars(path, places)
            return resample(minutes, Interval.M1, interval, sessions).between(start_us, end_us)
        if interval is Interval.D1:
            return _priced(path, sessions.days_us, path, sessions.places(start_us, end_us))
        # A week or month belongs to the answer with all its days, those after the end of the window too.
        places = sessions.places(start_us, end_us + _WIDEST_US)
        wide = resample(_priced(path, sessions.days_us, path, places), Interval.D1, interval)
        return wide.between(start_us, end_us)

    def bars_until(
        self, symbol: str, interval: Interval, start_us: int, end_us: int, now_us: int
    ) -> tuple[Bars, bool]:
        """Give the bars as somebody sees them now, and whether the last one is still moving."""
        exchange = self.calendar_of(symbol)
        settled_us = exchange.closed_before(interval, now_us)
        settled = self.bars(symbol, interval, start_us, min(end_us, settled_us))
        moving = self.moving_bar(symbol, interval, now_us).between(start_us, end_us)
        return Bars.join([settled, moving]), bool(moving)

    def moving_bar(self, symbol: str, interval: Interval, now_us: int) -> Bars:
        """Give the bar that is not closed yet, as far as it has come; empty when none is."""
        path = self.path(symbol)
        sessions = path.sessions
        settled_us = self.calendar_of(symbol).closed_before(interval, now_us)
        today = self._so_far(symbol, now_us)
        if interval.is_intraday:
            return resample(today, Interval.M1, interval, sessions).between(settled_us, now_us + 1)
        days = resample(today, Interval.M1, Interval.D1, sessions)
        if interval is not Interval.D1:
            closed_us = self.calendar_of(symbol).closed_before(Interval.D1, now_us)
            finished = self.bars(symbol, Interval.D1, settled_us, closed_us)
            days = resample(Bars.join([finished, days]), Interval.D1, interval)
        return days

    def ticks(self, symbol: str, start_us: int, end_us: int) -> Ticks:
        """Give the trades in [start, end); one minute takes microseconds."""
        path = self.path(symbol)
        times, prices, sizes = [], [], []
        minute_us = start_us - start_us % US_PER_MINUTE
        while minute_us < end_us:
            found = self._minute_ticks(path, self.locate(path, minute_us))
            if found is not None:
                within = slice(*np.searchsorted(found.time, (start_us, end_us)).tolist())
                times.append(found.time[within])
                prices.append(found.price[within])
                sizes.append(found.size[within])
            minute_us += US_PER_MINUTE
        if not times:
            return Ticks(np.empty(0, np.int64), np.empty(0), np.empty(0))
        return Ticks(np.concatenate(times), np.concatenate(prices), np.concatenate(sizes))

    def day(self, symbol: str, at_us: int) -> Day:
        """Give the price at an instant with its day: range, volume and the close before it."""
        path = self.path(symbol)
        moment = self.locate(path, at_us)
        unit = float(10**path.listing.price_decimals)
        place = moment.place
        if place < 0:
            opening = int(path.open[0]) / unit
            return Day(SessionState.CLOSED, at_us, opening, opening, opening, opening, opening, 0.0)
        previous = int(path.reference[place]) / unit
        settled = _priced(path, path.sessions.days_us, path, slice(place, place + 1))
        if moment.state is SessionState.CLOSED:
            closed_us = int(path.sessions.closes_us[place]) + self._post_us(path)
            return Day(moment.state, closed_us, float(settled.close[0]), previous, *_whole(settled))
        newest = self._minute_ticks(path, moment)
        assert newest is not None
        index = int(np.searchsorted(newest.time, at_us, side="right")) - 1
        price, time_us = float(newest.price[index]), int(newest.time[index])
        if moment.state is SessionState.POST:
            return Day(moment.state, time_us, price, previous, *_whole(settled))
        finished = self._candles(path, moment.place, moment.state)[: moment.minute]
        prices = newest.price[: index + 1]
        opening, high, low = float(prices[0]), float(prices.max()), float(prices.min())
        volume = float(newest.size[: index + 1].sum())
        if moment.minute:
            opening = int(finished.open[0]) / unit
            high, low = max(high, int(finished.high.max()) / unit), min(low, int(finished.low.min()) / unit)
            volume += int(finished.volume.sum()) / path.listing.volume_parts
        return Day(moment.state, time_us, price, previous, opening, high, low, volume)

    def last_traded(self, path: DailyPath, at_us: int) -> int:
        """Give the last instant up to this one at which its exchange traded; -1 before the epoch."""
        moment = self.locate(path, at_us)
        if moment.state is not SessionState.CLOSED:
            return at_us
        return (
            -1 if moment.place < 0 else int(path.sessions.closes_us[moment.place]) + self._post_us(path) - 1
        )

    def locate(self, path: DailyPath, at_us: int) -> Moment:
        """Find the part of the trading day an instant lies in; place -1 lies before the epoch."""
        state = self._exchange(path.listing).calendar.state_at(at_us)
        place = path.sessions.index_at(at_us)
        if place < 0:
            return Moment(SessionState.CLOSED, -1, 0, at_us)
        if state is SessionState.PRE:
            place += 1
            starts = int(path.sessions.opens_us[place]) - self._pre_us(path)
        elif state is SessionState.POST:
            starts = int(path.sessions.closes_us[place])
        else:
            starts = int(path.sessions.opens_us[place])
        return Moment(state, place, (at_us - starts) // US_PER_MINUTE, starts)

    def _minute_ticks(self, path: DailyPath, moment: Moment) -> Ticks | None:
        if moment.state is SessionState.CLOSED:
            return None
        # A price is asked for several times a minute, and by more than one.
        starts_us = moment.starts_us + moment.minute * US_PER_MINUTE
        return self._minutes.get(
            (path.listing.symbol, starts_us, moment.state),
            lambda: self._split_minute(path, moment, starts_us),
        )

    def _split_minute(self, path: DailyPath, moment: Moment, starts_us: int) -> Ticks:
        minute = self._candles(path, moment.place, moment.state)[moment.minute : moment.minute + 1]
        count = REGULAR_TICKS if moment.state is SessionState.OPEN else EXTENDED_TICKS
        key = key_of(self.seed, path.listing.symbol, "ticks")
        offsets, prices, sizes = split_into_ticks(
            key, np.array([starts_us // US_PER_MINUTE], dtype=np.int64), minute, count
        )
        return Ticks(
            starts_us + offsets[0],
            prices[0] / float(10**path.listing.price_decimals),
            sizes[0] / float(path.listing.volume_parts),
        )

    def _candles(self, path: DailyPath, place: int, state: SessionState) -> Candles:
        """Give the minutes of one part of one day."""
        return self._days.get(
            (path.listing.symbol, place, state), lambda: self._split_day(path, place, state)
        )

    def _split_day(self, path: DailyPath, place: int, state: SessionState) -> Candles:
        sessions = path.sessions
        one = slice(place, place + 1)
        if state is SessionState.OPEN:
            whole = _candles_at(path, one)
            count = int(sessions.closes_us[place] - sessions.opens_us[place]) // US_PER_MINUTE
        else:
            # Before the open the price finds its way there from the last close; later it strays a little.
            before = state is SessionState.PRE
            opening = path.reference[one] if before else path.close[one]
            closing = path.open[one] if before else path.close[one]
            margin = (path.high[one] - path.low[one]) // (6 if before else 10) + 1
            whole = Candles(
                opening,
                np.maximum(opening, closing) + margin,
                np.maximum(np.minimum(opening, closing) - margin, 1),
                closing,
                path.volume[one] // 50,
            )
            count = (self._pre_us(path) if before else self._post_us(path)) // US_PER_MINUTE
        return self._split(path, place, place + 1, whole, state, count)[0, :]

    def _split(
        self, path: DailyPath, start: int, stop: int, whole: Candles, state: SessionState, count: int
    ) -> Candles:
        key = key_of(self.seed, path.listing.symbol, "minutes", state)
        days = path.sessions.days_us[start:stop] // US_PER_DAY
        return split_into_candles(key, days, whole, *_shape(count, path.listing.calendar == ALWAYS))

    def _minute_bars(self, path: DailyPath, places: slice) -> Bars:
        """Give the minutes of whole sessions, in blocks that fit the processor's cache."""
        sessions = path.sessions
        lengths = (sessions.closes_us[places] - sessions.opens_us[places]) // US_PER_MINUTE
        if not len(lengths):
            return Bars.empty()
        ends = np.cumsum(lengths)
        total = int(ends[-1])
        time = np.empty(total, np.int64)
        columns = np.empty((5, total))
        unit, parts = float(10**path.listing.price_decimals), float(path.listing.volume_parts)
        key = key_of(self.seed, path.listing.symbol, "minutes", SessionState.OPEN)
        for count in np.unique(lengths).tolist():
            liveliness, busyness = _shape(count, path.listing.calendar == ALWAYS)
            of_length = np.flatnonzero(lengths == count)
            rows = max(_BLOCK_CELLS // count, 1)
            for begin in range(0, len(of_length), rows):
                chosen = of_length[begin : begin + rows]
                at = places.start + chosen
                candles = split_into_candles(
                    key, sessions.days_us[at] // US_PER_DAY, _candles_at(path, at), liveliness, busyness
                )
                cells = ((ends - lengths)[chosen][:, None] + np.arange(count)).ravel()
                time[cells] = (sessions.opens_us[at][:, None] + np.arange(count) * US_PER_MINUTE).ravel()
                for row, values in enumerate((candles.open, candles.high, candles.low, candles.close)):
                    columns[row, cells] = values.ravel() / unit
                columns[4, cells] = candles.volume.ravel() / parts
        return Bars(time, *columns)

    def _so_far(self, symbol: str, now_us: int) -> Bars:
        """Give today's minutes up to now, the last one as far as its ticks have come."""
        path = self.path(symbol)
        moment = self.locate(path, now_us)
        if moment.state is not SessionState.OPEN:
            return Bars.empty()
        starts_us = moment.starts_us + moment.minute * US_PER_MINUTE
        times = moment.starts_us + np.arange(moment.minute, dtype=np.int64) * US_PER_MINUTE
        candles = self._candles(path, moment.place, moment.state)[: moment.minute]
        finished = _priced(path, times, candles, slice(None))
        ticks = self._minute_ticks(path, moment)
        assert ticks is not None
        seen = int(np.searchsorted(ticks.time, now_us, side="right"))
        price = ticks.price[:seen]
        running = Bars(
            np.array([starts_us], dtype=np.int64),
            price[:1],
            price.max(keepdims=True),
            price.min(keepdims=True),
            price[-1:],
            ticks.size[:seen].sum(keepdims=True),
        )
        return Bars.join([finished, running])

    def _exchange(self, listing: Listing) -> _Exchange:
        return self._crypto if listing.calendar == ALWAYS else self._shares

    @cached_property
    def _shares(self) -> _Exchange:
        exchange = calendar(EXCHANGE)
        sessions = _between(exchange.sessions, self._horizon)
        return _Exchange(exchange, sessions, market_tides(self.seed, sessions.days_us // US_PER_DAY))

    @cached_property
    def _crypto(self) -> _Exchange:
        exchange, shares = calendar(ALWAYS), self._shares
        sessions = _between(exchange.sessions, self._horizon)
        days, session_days = sessions.days_us // US_PER_DAY, shares.sessions.days_us // US_PER_DAY
        return _Exchange(exchange, sessions, crypto_tides(self.seed, days, session_days, shares.tides))

    def _pre_us(self, path: DailyPath) -> int:
        return self._exchange(path.listing).calendar.pre_minutes * US_PER_MINUTE

    def _post_us(self, path: DailyPath) -> int:
        return self._exchange(path.listing).calendar.post_minutes * US_PER_MINUTE


class _Kept(Generic[T]):
    """The values used last, up to a number; older ones are simply told again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, tell: Callable[[], T]) -> T:
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        value = self._values[key] = tell()
        if len(self._values) > self._most:
            self._values.popitem(last=False)
        return value


def _between(sessions: Sessions, horizon: date) -> Sessions:
    told = sessions.places(day_to_us(EPOCH_DAY), day_to_us(horizon))
    return Sessions(sessions.days_us[told], sessions.opens_us[told], sessions.closes_us[told])


def _shape(count: int, around_the_clock: bool) -> tuple[Ints, Floats]:
    """Give how lively and busy each minute is: sessions at their ends, crypto a little at midday."""
    across = (2.0 * np.arange(count) + 1.0) / count - 1.0
    bend = across * across
    if around_the_clock:
        return np.rint(12.0 - 3.0 * bend).astype(np.int64), 1.2 - 0.5 * bend
    return np.rint(8.0 + 9.0 * bend * bend).astype(np.int64), 0.55 + 1.9 * bend * bend


def _candles_at(path: DailyPath, where: slice | Ints) -> Candles:
    return Candles(path.open[where], path.high[where], path.low[where], path.close[where], path.volume[where])


def _priced(path: DailyPath, times: Ints, steps: DailyPath | Candles, where: slice) -> Bars:
    """Turn whole steps and parts into prices and volumes."""
    unit, parts = float(10**path.listing.price_decimals), float(path.listing.volume_parts)
    return Bars(
        times[where],
        steps.open[where] / unit,
        steps.high[where] / unit,
        steps.low[where] / unit,
        steps.close[where] / unit,
        steps.volume[where] / parts,
    )


def _whole(bar: Bars) -> tuple[float, float, float, float]:
    return float(bar.open[0]), float(bar.high[0]), float(bar.low[0]), float(bar.volume[0])
