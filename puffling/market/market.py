"""The market as the rest of the house sees it: instruments, histories, newest prices and streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from puffling.market.assembly import assembled
from puffling.market.cache import BarCache, BarStore
from puffling.market.chain import FeedChain
from puffling.market.feeds import Feed
from puffling.market.live_quotes import LiveQuotes
from puffling.market.streams import PriceBoard
from puffling.market.values import FeedState, History, Instrument, Price
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.bars import Bars, SeriesKey, Span
from puffling.puffin.data.instants import US_PER_DAY, to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.quality import inspect_bars
from puffling.puffin.data.resample import resample
from puffling.puffin.data.sessions import Sessions
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock
from puffling.runtime.tasks import TaskScope

_WIDEST_US = 31 * US_PER_DAY


class Market:
    """Feeds, cache and price board in one hand."""

    def __init__(
        self, *, clock: Clock, bus: Bus, scope: TaskScope, feeds: Sequence[Feed], bar_store: BarStore
    ) -> None:
        self._clock = clock
        self._chain = FeedChain(feeds)
        self._cache = BarCache(bar_store)
        self._board = PriceBoard(self._chain, clock, bus, scope)
        self.quotes = LiveQuotes(self._chain, self._board, scope)

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        *,
        seed: int,
        clock: Clock,
        bus: Bus,
        scope: TaskScope,
        bar_store: BarStore,
    ) -> Self:
        """Build the market from the names of its feeds, in the order they are asked: "demo", "samples"."""
        from puffling.market.demo.feed import DemoFeed
        from puffling.market.demo.market import DemoMarket
        from puffling.market.samples_feed import SamplesFeed
        from puffling.puffin.data.samples import SamplesProvider
        from puffling.runtime.paths import resources

        offered: dict[str, Callable[[], Feed]] = {
            "demo": lambda: DemoFeed(DemoMarket(seed), clock),
            "samples": lambda: SamplesFeed(SamplesProvider(resources() / "samples")),
        }
        feeds = [offered[name]() for name in dict.fromkeys(names)]
        return cls(clock=clock, bus=bus, scope=scope, feeds=feeds, bar_store=bar_store)

    async def start(self) -> None:
        """Begin to stream what is watched."""
        self._board.start()

    async def close(self) -> None:
        """End; the tasks belong to the scope the market was given and end with it."""

    def search(self, text: str = "", limit: int = 50) -> tuple[Instrument, ...]:
        """Give instruments whose symbol or name holds the text, the nearest first."""
        return self._chain.search(text, limit)

    def instrument(self, symbol: str, source: str | None = None) -> Instrument:
        """Give what is known of a symbol, or say which ones come near."""
        return self._chain.instrument(symbol, source)

    def price(self, symbol: str) -> Price:
        """Give the newest price of a symbol."""
        return self._board.price(symbol)

    def watch(self, symbols: Iterable[str]) -> Callable[[], None]:
        """Stream these symbols as PricesMoved events until the answer is called."""
        return self._board.watch(symbols)

    def feed_states(self) -> tuple[FeedState, ...]:
        """Give how every feed is doing."""
        return self._board.states()

    async def actions(self, symbol: str, source: str | None = None) -> tuple[CorporateAction, ...]:
        """Give the splits and dividends of a symbol until now."""
        return await self._chain.feed_of(symbol, source).actions(symbol)

    async def bars(
        self,
        symbol: str,
        interval: Interval,
        start_us: int,
        end_us: int,
        *,
        adjusted: bool = True,
        source: str | None = None,
    ) -> History:
        """Give the bars whose time lies in [start, end) up to now, the last one as far as it has come."""
        feed = self._chain.feed_of(symbol, source)
        if interval in {Interval.W1, Interval.MO1}:
            # Wide bars are made of adjusted days: a split inside a week would mix two units of price.
            bars = await self._wide_bars(feed, symbol, interval, Span(start_us, end_us), adjusted)
        else:
            bars = await self._plain_bars(feed, symbol, interval, Span(start_us, end_us), adjusted)
        now = self._clock.now()
        settled_us = self._chain.calendar_of(symbol, feed.source).closed_before(interval, to_us(now))
        return History(
            key=SeriesKey(feed.source, symbol, interval, adjusted),
            bars=bars,
            label=feed.label,
            quality=feed.quality,
            fetched_at=now,
            developing=len(bars) > 0 and int(bars.time[-1]) >= settled_us,
            warnings=tuple(flag.message for flag in inspect_bars(bars, now_us=to_us(now))),
        )

    def sessions_of(self, symbol: str) -> Sessions:
        """Give the sessions a symbol trades in."""
        return self._chain.calendar_of(symbol).sessions

    def trading_days(self, symbol: str, bars: Bars) -> NDArray[np.int64]:
        """Give the times that daily bars should have from the first of these to the last."""
        if not len(bars):
            return bars.time
        sessions = self.sessions_of(symbol)
        return sessions.days_us[sessions.places(int(bars.time[0]), int(bars.time[-1]) + 1)]

    async def _plain_bars(
        self, feed: Feed, symbol: str, interval: Interval, span: Span, adjusted: bool
    ) -> Bars:
        calendar = self._chain.calendar_of(symbol, feed.source)
        settled_us = calendar.closed_before(interval, to_us(self._clock.now()))
        end_us = max(min(span.end_us, settled_us), span.start_us)
        closed = await self._cache.closed(feed, symbol, interval, Span(span.start_us, end_us))
        moving = Bars.empty()
        if span.end_us > settled_us:
            tail = await feed.tail(symbol, interval, settled_us)
            moving = tail.between(span.start_us, span.end_us)
        adjustment = await feed.adjustment(symbol) if adjusted else None
        return await assembled([closed, moving], adjustment)

    async def _wide_bars(
        self, feed: Feed, symbol: str, interval: Interval, span: Span, adjusted: bool
    ) -> Bars:
        # A week or month needs all its days, also those after the end of what was asked for.
        days_span = Span(span.start_us, span.end_us + _WIDEST_US)
        days = await self._plain_bars(feed, symbol, Interval.D1, days_span, adjusted)
        return resample(days, Interval.D1, interval).between(span.start_us, span.end_us)
