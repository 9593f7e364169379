"""The price board: the newest price of every watched symbol, told in batches that a window can follow."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from puffling.market.chain import FeedChain
from puffling.market.events import FeedStateChanged, PricesMoved
from puffling.market.feeds import Feed
from puffling.market.values import BidAsk, Book, FeedState, Price, SessionState, Tick
from puffling.puffin.data.instants import US_PER_SECOND, to_us
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock
from puffling.runtime.tasks import TaskScope
from puffling.runtime.text import tr

DRAIN_SECONDS = 0.010
LOOK_SECONDS = 1.0
STALE_SECONDS = 30.0


@dataclass(slots=True)
class _Live:
    """The running state of one symbol: the only value here that changes, because each tick does it."""

    price: Price
    since_us: int
    last: float
    time_us: int
    high: float
    low: float
    volume: float

    @classmethod
    def of(cls, price: Price) -> _Live:
        return cls(
            price, price.time_us, price.price, price.time_us, price.day_high, price.day_low, price.day_volume
        )

    def told(self) -> Price:
        """Give the state as a value."""
        return self.price._replace(
            price=self.last,
            time_us=self.time_us,
            day_high=self.high,
            day_low=self.low,
            day_volume=self.volume,
        )


class PriceBoard:
    """Takes ticks as fast as they come and tells the newest prices, at most one event every 10 ms."""

    def __init__(self, chain: FeedChain, clock: Clock, bus: Bus, scope: TaskScope) -> None:
        self._chain = chain
        self._clock = clock
        self._bus = bus
        self._scope = scope
        self._counts: Counter[str] = Counter()
        self._live: dict[str, _Live] = {}
        self._moved: set[str] = set()
        self._something_moved = asyncio.Event()
        self._somebody_watches = asyncio.Event()
        self._states = {
            feed.source: FeedState(feed.source, feed.label, feed.quality, connected=False)
            for feed in chain.feeds
        }
        self._last_tick_us: dict[str, int] = {}

    def start(self) -> None:
        """Begin to listen to every feed."""
        self._scope.spawn(self._drain(), name="market.drain")
        self._scope.spawn(self._look_after_feeds(), name="market.feeds")
        for feed in self._chain.feeds:
            self._scope.spawn(self._listen(feed), name=f"market.{feed.source}")

    def watch(self, symbols: Iterable[str]) -> Callable[[], None]:
        """Stream these symbols until the answer is called; several watchers share one stream."""
        watched = tuple(dict.fromkeys(symbols))
        for symbol in watched:
            self._chain.feed_of(symbol)
        fresh = [symbol for symbol in watched if not self._counts[symbol]]
        self._counts.update(watched)
        if fresh:
            self._tell_feeds()
            self._somebody_watches.set()
            self._scope.spawn(self._greet(fresh), name="market.greet")
        open_watch = list(watched)

        def unwatch() -> None:
            for symbol in open_watch:
                self._counts[symbol] -= 1
                if self._counts[symbol] == 0:
                    del self._counts[symbol]
                    self._live.pop(symbol, None)
                    self._moved.discard(symbol)
            if open_watch:
                open_watch.clear()
                self._tell_feeds()
                if not self._counts:
                    self._somebody_watches.clear()

        return unwatch

    def price(self, symbol: str) -> Price:
        """Give the newest price: the stream's when it is watched, the feed's own otherwise."""
        live = self._live.get(symbol)
        return live.told() if live is not None else self._chain.feed_of(symbol).price(symbol)

    def watched(self) -> frozenset[str]:
        """Give the symbols somebody watches."""
        return frozenset(self._counts)

    def states(self) -> tuple[FeedState, ...]:
        """Give how every feed is doing now, in the order they are asked."""
        return tuple(self._state_now(feed) for feed in self._chain.feeds)

    def ticks(self, source: str, batch: Sequence[Tick]) -> None:
        """Take trades; only the newest price of each symbol is kept, its day counts them all."""
        live_symbols, moved = self._live, self._moved
        for symbol, price, size, time_us in batch:
            live = live_symbols.get(symbol)
            # What a snapshot has counted already is not counted again.
            if live is None or time_us <= live.since_us:
                continue
            live.last = price
            live.time_us = time_us
            session = live.price.session
            # The day is the regular session's; what is traded after it moves the price alone.
            if session is SessionState.OPEN or session is SessionState.PRE:
                live.volume += size
                if price > live.high:
                    live.high = price
                elif price < live.low:
                    live.low = price
            moved.add(symbol)
        if batch:
            self._heard(source, batch[-1].time_us)
        if moved:
            self._something_moved.set()

    def snapshots(self, prices: Sequence[Price]) -> None:
        """Take prices whose day begins anew."""
        for price in prices:
            if price.symbol in self._counts:
                self._live[price.symbol] = _Live.of(price)
                self._moved.add(price.symbol)
        if self._moved:
            self._something_moved.set()

    def connection(self, source: str, connected: bool, note: str = "") -> None:
        """Hear how a feed is connected and tell it when that changed."""
        self._tell_state(replace(self._states[source], connected=connected, note=note))

    def quotes(self, source: str, batch: Sequence[BidAsk]) -> None:
        """Take bids and asks."""

    def book(self, source: str, book: Book) -> None:
        """Take an order book."""

    def reconnecting(self, source: str, attempt: int, next_try_seconds: float, note: str = "") -> None:
        """Hear that a feed lost its connection and when it tries again."""
        self.connection(source, False, note)

    def _heard(self, source: str, time_us: int) -> None:
        first = source not in self._last_tick_us
        self._last_tick_us[source] = time_us
        if first or self._states[source].stale:
            self._tell_state(replace(self._states[source], stale=False))

    def _tell_feeds(self) -> None:
        for feed in self._chain.feeds:
            feed.watch(frozenset(each for each in self._counts if self._chain.feed_of(each) is feed))

    async def _listen(self, feed: Feed) -> None:
        try:
            await feed.run(self)
        except asyncio.CancelledError:
            raise
        except BaseException:
            # The scope reports what happened; whoever looks at prices must see that no more will come.
            self.connection(feed.source, connected=False, note=tr("The feed stopped after an error."))
            raise

    async def _greet(self, symbols: Sequence[str]) -> None:
        """Show a newly watched symbol at once, not only when it trades next."""
        for symbol in symbols:
            if symbol in self._counts and symbol not in self._live:
                self.snapshots((self._chain.feed_of(symbol).price(symbol),))
            # Asking a feed may cost milliseconds of computing: one symbol a turn keeps the loop free.
            await asyncio.sleep(0)

    async def _drain(self) -> None:
        while True:
            await self._something_moved.wait()
            self._something_moved.clear()
            moved, self._moved = self._moved, set()
            live = self._live
            prices = {symbol: live[symbol].told() for symbol in moved if symbol in live}
            if prices:
                self._bus.publish(PricesMoved(prices))
            await self._clock.sleep(DRAIN_SECONDS)

    async def _look_after_feeds(self) -> None:
        """Notice feeds that fell silent; nobody looks while nobody watches."""
        while True:
            await self._somebody_watches.wait()
            for feed in self._chain.feeds:
                known, now = self._states[feed.source], self._state_now(feed)
                if now.stale != known.stale:
                    self._tell_state(now)
            await self._clock.sleep(LOOK_SECONDS)

    def _state_now(self, feed: Feed) -> FeedState:
        state = self._states[feed.source]
        last_us = self._last_tick_us.get(feed.source)
        if last_us is None:
            return state
        age = max(0.0, (to_us(self._clock.now()) - last_us) / US_PER_SECOND)
        stale = age > STALE_SECONDS and self._should_tick(feed)
        return replace(state, last_tick_us=last_us, age_seconds=age, stale=stale)

    def _should_tick(self, feed: Feed) -> bool:
        now = self._clock.now()
        return any(
            self._chain.calendar_of(symbol).state(now) is not SessionState.CLOSED
            for symbol in self._counts
            if self._chain.feed_of(symbol) is feed
        )

    def _tell_state(self, state: FeedState) -> None:
        if state != self._states[state.source]:
            self._states[state.source] = state
            told = next(feed for feed in self._chain.feeds if feed.source == state.source)
            self._bus.publish(FeedStateChanged(self._state_now(told)))
