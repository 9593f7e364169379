"""The price board: the newest price of every watched symbol, told in batches that a window can follow."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from puffling.market.calendar import calendar
from puffling.market.chain import FeedChain
from puffling.market.doubts import (
    FUTURE_US,
    JITTER_US,
    Doubts,
    doubt_of_snapshot,
    doubt_of_trade,
)
from puffling.market.events import FeedStateChanged, MessagesLeftOut, PricesMoved
from puffling.market.feeds import Feed
from puffling.market.health import FeedHealth, patience_with
from puffling.market.live_price import LivePrice
from puffling.market.quote_board import QuoteBoard
from puffling.market.quoting import QuotingFeed
from puffling.market.values import (
    BidAsk,
    Book,
    Doubt,
    FeedState,
    LeftOut,
    Price,
    SessionState,
    Tick,
    words_of,
)
from puffling.puffin.data.instants import to_us
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock
from puffling.runtime.errors import PufflingError, Unavailable
from puffling.runtime.tasks import TaskScope
from puffling.runtime.text import tr

DRAIN_SECONDS = 0.010
LOOK_SECONDS = 1.0


class PriceBoard:
    """Takes ticks as fast as they come and tells the newest prices, at most one event every 10 ms."""

    def __init__(self, chain: FeedChain, clock: Clock, bus: Bus, scope: TaskScope) -> None:
        self._chain = chain
        self._clock = clock
        self._bus = bus
        self._scope = scope
        self._counts: Counter[str] = Counter()
        self._live: dict[str, LivePrice] = {}
        self._moved: set[str] = set()
        self._something_moved = asyncio.Event()
        self._somebody_watches = asyncio.Event()
        self._health = {feed.source: FeedHealth(feed, clock) for feed in chain.feeds}
        self._listening: dict[str, asyncio.Task[None]] = {}
        self._started = False
        self._doubts = Doubts()
        self.asked = QuoteBoard(
            bus,
            self._doubts,
            last_price=self._last_sound,
            latest_us=self._latest_us,
            changed=self._tell_quoting_feeds,
        )

    def start(self) -> None:
        """Begin to listen to every feed."""
        self._scope.spawn(self._drain(), name="market.drain")
        self._scope.spawn(self._look_after_feeds(), name="market.feeds")
        self._started = True
        self._listen_to_all()

    def renew(self) -> None:
        """Follow the chain, whose feeds are others or in another order now."""
        for feed in self._chain.feeds:
            self._health.setdefault(feed.source, FeedHealth(feed, self._clock))
        if self._started:
            self._listen_to_all()
        for symbol, live in tuple(self._live.items()):
            answering = self._chain.answering(symbol)
            if answering is None or answering.source != live.price.source:
                # Prices of two sources never follow each other in one line.
                del self._live[symbol]
                self._moved.discard(symbol)
                self.asked.forget(symbol)
        self._tell_feeds()
        self._tell_quoting_feeds()
        if self._counts:
            self._scope.spawn(self._greet(tuple(self._counts)), name="market.greet")

    def watch(self, symbols: Iterable[str]) -> Callable[[], None]:
        """Stream these symbols until the answer is called; several watchers share one stream."""
        watched = tuple(dict.fromkeys(symbols))
        for symbol in watched:
            self._chain.feed_of(symbol)
        fresh = [symbol for symbol in watched if not self._counts[symbol]]
        self._counts.update(watched)
        if fresh:
            self._tell_feeds()
            self._tell_quoting_feeds()
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
        if live is not None:
            return live.told()
        price = self._chain.feed_of(symbol).price(symbol)
        doubt = doubt_of_snapshot(price, last=None, latest_us=self._latest_us())
        if doubt is not None:
            raise Unavailable(
                tr(
                    "{label} tells a price of {symbol} that cannot be right: {words}.",
                    label=price.label,
                    symbol=symbol,
                    words=words_of(doubt),
                ),
                hint=tr("It is shown nowhere; the next sound price is."),
            )
        return price

    def watched(self) -> frozenset[str]:
        """Give the symbols somebody watches."""
        return frozenset(self._counts)

    def left_out(self, symbol: str) -> tuple[LeftOut, ...]:
        """Give what was too strange about a symbol to be shown."""
        return self._doubts.of(symbol)

    def states(self) -> tuple[FeedState, ...]:
        """Give how every feed is doing now, in the order they are asked."""
        for feed in self._chain.feeds:
            self._health[feed.source].expect(self._patience(feed))
        return tuple(self._health[feed.source].state() for feed in self._chain.feeds)

    def ticks(self, source: str, batch: Sequence[Tick]) -> None:
        """Take trades; only the newest price of each symbol is kept, its day counts them all."""
        live_symbols, moved, printed = self._live, self._moved, self.asked.printed
        latest_us = self._latest_us()
        newest_us, endless = 0, math.inf
        for tick in batch:
            symbol, price, size, time_us = tick
            live = live_symbols.get(symbol)
            # What a snapshot has counted already is not counted again.
            if live is None or time_us <= live.since_us:
                continue
            if not (
                live.floor < price < live.ceiling
                and live.time_us <= time_us <= latest_us
                and 0.0 <= size < endless
            ) and not self._is_sound(source, live, tick, latest_us):
                continue
            live.last = price
            live.time_us = newest_us = time_us
            if price > live.top:
                live.top, live.fell_last = price, False
            elif price < live.bottom:
                live.bottom, live.fell_last = price, True
            session = live.price.session
            # The day is the regular session's; what is traded after it moves the price alone.
            if session is SessionState.OPEN or session is SessionState.PRE:
                live.volume += size
                if price > live.high:
                    live.high = price
                elif price < live.low:
                    live.low = price
            moved.add(symbol)
            if printed and symbol in printed:
                printed[symbol].append(tick)
        if newest_us:
            self._heard(source, newest_us)
            self._something_moved.set()

    def quotes(self, source: str, batch: Sequence[BidAsk]) -> None:
        """Take bids and asks; only the newest of each symbol is kept."""
        noted = self.asked.noted
        newest = self.asked.take_quotes(batch)
        self._health[source].left_out += self.asked.noted - noted
        if newest is not None:
            self._heard(source, newest.time_us)
            self._something_moved.set()

    def book(self, source: str, book: Book) -> None:
        """Take an order book; only the newest of each symbol is kept."""
        noted = self.asked.noted
        sound = self.asked.take_book(book)
        self._health[source].left_out += self.asked.noted - noted
        if sound:
            self._heard(source, book.time_us)
            self._something_moved.set()

    def snapshots(self, prices: Sequence[Price]) -> None:
        """Take prices whose day begins anew; one that cannot be a price changes nothing."""
        latest_us = self._latest_us()
        for price in prices:
            if price.symbol not in self._counts:
                continue
            live = self._live.get(price.symbol)
            if live is not None and live.price.source != price.source:
                live = None
            doubt = doubt_of_snapshot(price, last=live.last if live else None, latest_us=latest_us)
            if (
                doubt is Doubt.SPIKE
                and live
                and live.jump.confirmed_by(price.price, price.time_us, live.time_us)
            ):
                doubt = None
            if doubt is not None:
                self._leave_out(price.source, price.symbol, doubt, price.price, price.time_us)
                continue
            self._live[price.symbol] = fresh = LivePrice.of(price)
            if live is not None:
                fresh.come_from(live)
            self._moved.add(price.symbol)
        if self._moved:
            self._something_moved.set()

    def connection(self, source: str, connected: bool, note: str = "") -> None:
        """Hear how a feed is connected and tell it when that changed."""
        self._health[source].connection(connected, note)
        self._tell_state(source)

    def reconnecting(self, source: str, attempt: int, next_try_seconds: float, note: str = "") -> None:
        """Hear that a feed lost its connection and when it tries again."""
        self._health[source].reconnecting(attempt, next_try_seconds, note)
        self._tell_state(source)

    def _is_sound(self, source: str, live: LivePrice, tick: Tick, latest_us: int) -> bool:
        """Look a second time at a tick that is out of the ordinary."""
        symbol, price, size, time_us = tick
        doubt = doubt_of_trade(
            price, size, time_us, last=live.last, newest_us=live.time_us, latest_us=latest_us
        )
        if doubt is None:
            live.anchor(price)
            return True
        if doubt is Doubt.SPIKE and live.jump.confirmed_by(price, time_us, live.time_us):
            live.begin_anew_at(price)
            return True
        if doubt is Doubt.LATE and time_us >= live.time_us - JITTER_US:
            if live.price.session is not SessionState.POST and live.floor < price < live.ceiling:
                live.volume += size
            return False
        self._leave_out(source, symbol, doubt, price, time_us)
        return False

    def _leave_out(self, source: str, symbol: str, doubt: Doubt, price: float, time_us: int) -> None:
        self._doubts.note(symbol, doubt, price, time_us)
        self._health[source].left_out += 1

    def _heard(self, source: str, newest_us: int) -> None:
        health = self._health[source]
        health.heard(newest_us)
        if health.told.stale:
            self._tell_state(source)

    def _latest_us(self) -> int:
        return to_us(self._clock.now()) + FUTURE_US

    def _last_sound(self, symbol: str) -> float | None:
        live = self._live.get(symbol)
        return live.last if live is not None else None

    def _tell_feeds(self) -> None:
        for feed in self._chain.feeds:
            feed.watch(frozenset(each for each in self._counts if self._chain.answering(each) is feed))
            self._health[feed.source].expect(self._patience(feed))

    def _tell_quoting_feeds(self) -> None:
        self.asked.forget_unwatched()
        quoted, booked = self.asked.quoted.symbols(), self.asked.booked.symbols()
        for feed in self._chain.feeds:
            if isinstance(feed, QuotingFeed):
                feed.watch_quotes(frozenset(each for each in quoted if self._chain.answering(each) is feed))
                feed.watch_books(frozenset(each for each in booked if self._chain.answering(each) is feed))

    def _listen_to_all(self) -> None:
        asked = {feed.source: feed for feed in self._chain.feeds}
        for source in tuple(self._listening):
            if source not in asked:
                self._listening.pop(source).cancel()
                self.connection(source, connected=False, note=tr("The feed is not asked any more."))
        for source, feed in asked.items():
            if source not in self._listening:
                self._listening[source] = self._scope.spawn(self._listen(feed), name=f"market.{source}")

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
                try:
                    self.snapshots((self._chain.feed_of(symbol).price(symbol),))
                except PufflingError:
                    # Not known yet: the feed tells it as soon as it is.
                    continue
            # Asking a feed may cost milliseconds of computing: one symbol a turn keeps the loop free.
            await asyncio.sleep(0)

    async def _drain(self) -> None:
        while True:
            await self._something_moved.wait()
            self._something_moved.clear()
            moved, self._moved = self._moved, set()
            live = [self._live[symbol] for symbol in moved if symbol in self._live]
            if live:
                prices = {each.price.symbol: each.told() for each in live}
                turns = {each.price.symbol: passed for each in live if (passed := each.take_turns())}
                self._bus.publish(PricesMoved(prices, turns))
            self.asked.publish()
            await self._clock.sleep(DRAIN_SECONDS)

    async def _look_after_feeds(self) -> None:
        """Notice feeds that fell silent and tell what was left out; nobody looks while nobody watches."""
        while True:
            await self._somebody_watches.wait()
            for feed in self._chain.feeds:
                self._health[feed.source].expect(self._patience(feed))
                self._tell_state(feed.source)
            if fresh := self._doubts.take_fresh():
                self._bus.publish(MessagesLeftOut(fresh))
            await self._clock.sleep(LOOK_SECONDS)

    def _patience(self, feed: Feed) -> float | None:
        """Give how long this feed may be silent now: as long as the liveliest of what is watched of it."""
        if not feed.streams:
            return None
        names = {
            self._chain.instrument(symbol).calendar
            for symbol in self._counts
            if self._chain.answering(symbol) is feed
        }
        now = self._clock.now()
        patiences = (patience_with(feed.quality, calendar(name).state(now)) for name in names)
        return min((patience for patience in patiences if patience is not None), default=None)

    def _tell_state(self, source: str) -> None:
        state = self._health[source].news()
        if state is not None:
            self._bus.publish(FeedStateChanged(state))
