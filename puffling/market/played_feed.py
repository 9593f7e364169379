"""A past market that plays up to a clock: nobody sees a bar before its close, nor a price before its time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from puffling.market.calendar import calendar
from puffling.market.feeds import PriceSink
from puffling.market.values import AssetClass, Basis, Instrument, Price, Quality, SessionState
from puffling.puffin.data.actions import Adjustment, CorporateAction
from puffling.puffin.data.bars import Bars, Span
from puffling.puffin.data.instants import to_us
from puffling.puffin.data.interval import Interval
from puffling.runtime.clock import Clock
from puffling.runtime.errors import Unavailable
from puffling.runtime.text import tr


class PlayedFeed:
    """Bars of one width, served as they were known at the clock's time."""

    source = "played"
    quality = Quality.REALTIME
    basis = Basis.GIVEN
    is_remote = False
    streams = False

    def __init__(self, clock: Clock, interval: Interval, series: Mapping[str, Bars], hours: str) -> None:
        self._clock = clock
        self._interval = interval
        self._series = series
        self._hours = hours
        self.intervals = frozenset({interval})

    @property
    def label(self) -> str:
        """What a person reads beside its prices."""
        return tr("A past market")

    def instruments(self) -> tuple[Instrument, ...]:
        """Give what is played."""
        return tuple(
            Instrument(symbol, symbol, AssetClass.EQUITY, self._hours, calendar=self._hours)
            for symbol in self._series
        )

    async def find(self, text: str, limit: int) -> tuple[Instrument, ...]:
        """Give none: all there is is listed."""
        return ()

    async def learn(self, symbol: str) -> Instrument | None:
        """Give none: all there is is listed."""
        return None

    async def refresh(self, symbols: Sequence[str]) -> None:
        """Do nothing: the newest price is always at hand."""

    def running(self, symbol: str) -> Bars:
        """Give the bars that have begun by now; of the last one only what it opened at may be known."""
        bars, now_us = self._series[symbol], to_us(self._clock.now())
        begun = int(np.searchsorted(self._began(bars), now_us, side="right"))
        return bars[:begun]

    def price(self, symbol: str) -> Price:
        """Give what the bar that runs opened at, or where the last one closed."""
        hours, now_us = calendar(self._hours), to_us(self._clock.now())
        begun = self.running(symbol)
        closed = begun.between(0, hours.closed_before(self._interval, now_us))
        if not len(begun):
            raise Unavailable(tr("{symbol} was not traded yet.", symbol=symbol))
        runs = len(begun) > len(closed)
        price = float(begun.open[-1]) if runs else float(begun.close[-1])
        before = float(begun.close[-2]) if len(begun) > 1 else price
        state = hours.state_at(now_us)
        return Price(
            symbol=symbol,
            price=price,
            time_us=now_us if runs or state is SessionState.OPEN else int(self._began(begun)[-1]),
            session=state,
            previous_close=before,
            day_open=float(begun.open[-1]),
            day_high=price,
            day_low=price,
            day_volume=0.0,
            source=self.source,
            label=self.label,
            quality=self.quality,
        )

    async def bars(self, symbol: str, interval: Interval, span: Span) -> Bars:
        """Give the bars of a span that have closed by now."""
        until_us = calendar(self._hours).closed_before(interval, to_us(self._clock.now()))
        return self._series[symbol].between(span.start_us, min(span.end_us, until_us))

    async def tail(self, symbol: str, interval: Interval, since_us: int) -> Bars:
        """Give none: what a bar comes to is not known before it has closed."""
        return Bars.empty()

    async def adjustment(self, symbol: str) -> Adjustment:
        """Give none: the bars are comparable as they are."""
        return Adjustment.none()

    async def actions(self, symbol: str) -> tuple[CorporateAction, ...]:
        """Give none: they are in the bars."""
        return ()

    def watch(self, symbols: frozenset[str]) -> None:
        """Do nothing: what is asked for is at hand."""

    async def run(self, sink: PriceSink) -> None:
        """Say that the history is there; nothing follows."""
        sink.connection(self.source, True)

    async def close(self) -> None:
        """Do nothing: nothing is held."""

    def _began(self, bars: Bars) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Give when each bar began to trade: a day is named by its midnight, and begins with its session."""
        if self._interval.is_intraday:
            return bars.time
        sessions = calendar(self._hours).sessions
        places = np.minimum(np.searchsorted(sessions.days_us, bars.time), len(sessions) - 1)
        return np.asarray(sessions.opens_us[places], dtype=np.int64)
