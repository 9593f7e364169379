"""The market as the rest of the house sees it: instruments, histories, newest prices and streams."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Self

from puffling.market.asking import Asking, answer_of
from puffling.market.cache import BarCache, BarStore
from puffling.market.calendar import calendar
from puffling.market.chain import FeedChain
from puffling.market.events import HistoryRenewed
from puffling.market.feeds import Feed, FeedParts, standing_of
from puffling.market.history import Histories, base_of, has_long_hours
from puffling.market.live_quotes import LiveQuotes
from puffling.market.sources import make_feed
from puffling.market.streams import PriceBoard
from puffling.market.values import Coverage, FeedState, History, Instrument, Price, Quality
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.bars import SeriesKey, Span
from puffling.puffin.data.instants import US_PER_SECOND, to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.sessions import Sessions
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock
from puffling.runtime.errors import NotFound, PufflingError, Unavailable
from puffling.runtime.tasks import TaskScope
from puffling.runtime.text import tr

_log = logging.getLogger(__name__)

LEARN_AGAIN_SECONDS = 30.0


class Market:
    """Feeds, cache and price board in one hand."""

    def __init__(
        self, *, clock: Clock, bus: Bus, scope: TaskScope, feeds: Sequence[Feed], bar_store: BarStore
    ) -> None:
        self._clock = clock
        self._chain = FeedChain(feeds)
        self._named: dict[str, Feed] = {}
        self._asking = Asking(self._chain, clock, bar_store)
        self._bar_store = bar_store
        self._bus = bus
        self._cache = BarCache(bar_store, clock)
        self._histories = Histories(self._cache, clock)
        self._scope = scope
        self._board = PriceBoard(self._chain, clock, bus, scope)
        self.quotes = LiveQuotes(self._chain, self._board, scope, self.watch)

    @classmethod
    def of(
        cls, names: Sequence[str], *, parts: FeedParts, bus: Bus, scope: TaskScope, bar_store: BarStore
    ) -> Self:
        """Build the market from the names of its feeds, in the order they are asked."""
        named = {name: make_feed(name, parts) for name in dict.fromkeys(names)}
        market = cls(
            clock=parts.clock, bus=bus, scope=scope, feeds=tuple(named.values()), bar_store=bar_store
        )
        market._named = named
        return market

    async def use(self, names: Sequence[str], parts: FeedParts) -> None:
        """Ask the feeds of these names in this order from now on; those that stay are not begun anew."""
        wanted = tuple(dict.fromkeys(names))
        if wanted == tuple(self._named):
            return
        before = self._named
        self._named = {name: before.get(name) or make_feed(name, parts) for name in wanted}
        self._chain.use(tuple(self._named.values()))
        await self._asking.recall()
        self._board.renew()
        for name in before.keys() - self._named.keys():
            await before[name].close()

    async def start(self) -> None:
        """Begin to stream what is watched."""
        await self._asking.recall()
        self._board.start()

    async def close(self) -> None:
        """Let the feeds go; the tasks belong to the scope the market was given and end with it."""
        for feed in self._chain.feeds:
            await feed.close()

    def search(self, text: str = "", limit: int = 50) -> tuple[Instrument, ...]:
        """Give instruments whose symbol or name holds the text, the nearest first."""
        return self._chain.search(text, limit)

    def instrument(self, symbol: str, source: str | None = None) -> Instrument:
        """Give what is known of a symbol, or say which ones come near."""
        return self._chain.instrument(symbol, source)

    async def find(self, text: str, limit: int = 50) -> tuple[Instrument, ...]:
        """Search here and at the sources; what is known here comes first."""
        return await self._asking.find(text, limit)

    async def learn(self, symbol: str, source: str | None = None) -> Instrument:
        """Give what is known of a symbol, asking the sources when nobody here knows it."""
        return await self._asking.learn(symbol, source)

    def source_of(self, symbol: str) -> str | None:
        """Give the name of the feed that answers for a symbol, as far as that is known here."""
        try:
            return self._chain.feed_of(symbol).source
        except NotFound:
            return None

    def quality_of(self, symbol: str) -> Quality:
        """Give how much the prices of a symbol may be trusted, also while none is known."""
        return standing_of(self._chain.feed_of(symbol), symbol).quality

    async def renew(self, source: str, symbol: str) -> None:
        """Take in that what a feed has under a symbol is another history now, or none."""
        feed = self._chain.named(source)
        instrument = await feed.learn(symbol)
        # One that is gone stays known until the end: whoever watches it is told that it has no prices.
        if instrument is not None:
            self._chain.learned(feed, symbol, instrument)
        self._bus.publish(HistoryRenewed(symbol))

    def price(self, symbol: str) -> Price:
        """Give the newest price of a symbol without waiting for anybody."""
        if not self._asking.is_settled(symbol):
            raise Unavailable(tr("The price of {symbol} is not known yet.", symbol=symbol))
        return self._board.price(symbol)

    async def latest(self, symbol: str, *, fresh_seconds: float = math.inf) -> Price:
        """Give the newest price of a symbol, asking its source when none is at hand that is fresh enough."""
        await self._asking.learn(symbol)
        feed = self._chain.feed_of(symbol)
        try:
            price = self._board.price(symbol)
        except Unavailable:
            await answer_of(feed, feed.refresh((symbol,)))
            return self._board.price(symbol)
        if (to_us(self._clock.now()) - price.time_us) / US_PER_SECOND <= fresh_seconds:
            return price
        with suppress(Unavailable):
            # Where nobody answers, the old one says how old it is.
            await answer_of(feed, feed.refresh((symbol,)))
        return self._board.price(symbol)

    def watch(self, symbols: Iterable[str]) -> Callable[[], None]:
        """Stream these symbols as PricesMoved events until the answer is called."""
        wanted = tuple(dict.fromkeys(symbols))
        unsettled = [symbol for symbol in wanted if not self._is_answered(symbol)]
        ends = [self._board.watch(symbol for symbol in wanted if symbol not in unsettled)]
        asking = [
            self._scope.spawn(self._watch_once_known(symbol, ends), name="market.learn")
            for symbol in unsettled
        ]

        def unwatch() -> None:
            for task in asking:
                task.cancel()
            while ends:
                ends.pop()()

        return unwatch

    def feed_states(self) -> tuple[FeedState, ...]:
        """Give how every feed is doing."""
        return self._board.states()

    async def actions(self, symbol: str, source: str | None = None) -> tuple[CorporateAction, ...]:
        """Give the splits and dividends of a symbol until now."""

        async def ask(feed: Feed, instrument: Instrument) -> tuple[CorporateAction, ...]:
            if not feed.is_remote:
                return await feed.actions(instrument.symbol)
            today_us = calendar(instrument.calendar).trading_day_us(to_us(self._clock.now()))
            return await self._cache.actions(feed, instrument.symbol, today_us)

        return (await self._asking.first(symbol, source, ask)).value

    async def bars(
        self,
        symbol: str,
        interval: Interval,
        start_us: int,
        end_us: int,
        *,
        adjusted: bool = True,
        source: str | None = None,
        anew: bool = False,
        long_hours: bool = False,
    ) -> History:
        """Give the bars whose time lies in [start, end) up to now, the last one as far as it has come.

        The first feed that has the symbol and such bars answers. Where one fails, the next answers for the
        whole of it and the history says so; where all fail, what is kept of the first is given, and said so.
        What is wanted anew is asked for at the source although it is kept. Long hours, those before and after
        the sessions, are for the eye: whatever decides asks without them.
        """
        span = Span(start_us, end_us)

        async def read(feed: Feed, instrument: Instrument) -> History:
            return await self._histories.read(
                feed, instrument, interval, span, adjusted=adjusted, anew=anew, long_hours=long_hours
            )

        try:
            answer = await self._asking.first(
                symbol,
                source,
                read,
                interval=interval,
                able=lambda feed: base_of(feed, interval) is not None,
            )
        except Unavailable as error:
            kept = None if anew else await self._kept(symbol, interval, span, adjusted, source, long_hours)
            if kept is None:
                raise
            said = (error.message, tr("These are the bars kept from before."))
            return replace(kept, warnings=(*said, *kept.warnings))
        history = answer.value
        passed_over = tuple(
            tr(
                "No answer from {label}: {reason} These bars are from {other}.",
                label=feed.label,
                reason=reason,
                other=history.label,
            )
            for feed, reason in answer.passed_over
        )
        return replace(history, warnings=(*passed_over, *history.warnings)) if passed_over else history

    async def coverage(self, symbol: str, interval: Interval, source: str | None = None) -> Coverage:
        """Give the stretches of which the bars of a symbol are kept here."""

        async def look(feed: Feed, instrument: Instrument) -> Coverage:
            base = base_of(feed, interval) or interval
            key = SeriesKey(feed.source, instrument.symbol, base)
            return Coverage(key, await self._bar_store.coverage(key))

        answer = await self._asking.first(
            symbol, source, look, interval=interval, able=lambda feed: base_of(feed, interval) is not None
        )
        return answer.value

    def has_long_hours(self, symbol: str, interval: Interval) -> bool:
        """Tell whether the feed that answers for a symbol has bars from before and after the sessions."""
        feed = self._chain.answering(symbol)
        known = self._chain.known(feed, symbol) if feed is not None else None
        return feed is not None and known is not None and has_long_hours(feed, known, interval)

    def sessions_of(self, symbol: str) -> Sessions:
        """Give the sessions a symbol trades in."""
        return self._chain.calendar_of(symbol).sessions

    async def _kept(
        self,
        symbol: str,
        interval: Interval,
        span: Span,
        adjusted: bool,
        source: str | None,
        long_hours: bool,
    ) -> History | None:
        """Give what is kept of the first feed that has such bars; None when nothing is."""
        feeds = self._chain.feeds if source is None else (self._chain.named(source),)
        for feed in feeds:
            instrument = self._chain.known(feed, symbol)
            if instrument is None or base_of(feed, interval) is None or not feed.is_remote:
                continue
            try:
                kept = await self._histories.read(
                    feed,
                    instrument,
                    interval,
                    span,
                    adjusted=adjusted,
                    kept_only=True,
                    long_hours=long_hours,
                )
            except Unavailable:
                continue
            if len(kept.bars):
                return kept
        return None

    def _is_answered(self, symbol: str) -> bool:
        """Tell whether it is clear who answers for a symbol, or that nobody ever will."""
        may_learn = any(feed.is_remote for feed in self._chain.feeds)
        nobody = self._chain.answering(symbol) is None
        return self._asking.is_settled(symbol) and not (nobody and may_learn)

    async def _watch_once_known(self, symbol: str, ends: list[Callable[[], None]]) -> None:
        while True:
            try:
                await self._asking.learn(symbol)
                ends.append(self._board.watch((symbol,)))
            except Unavailable as away:
                # A source that is away now comes back, and whoever watches waits for it.
                _log.info("%s is not watched yet: %s", symbol, away)
                await self._clock.sleep(LEARN_AGAIN_SECONDS)
                continue
            except PufflingError as error:
                _log.info("%s is not watched: %s", symbol, error)
            return
