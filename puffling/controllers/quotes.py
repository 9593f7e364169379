"""Who bids and who asks: quotes, trades one by one, and order books."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated

import numpy as np
from pydantic import Field

from puffling.frozen import frozen
from puffling.market.calendar import Calendar, calendar
from puffling.market.events import QuotesMoved
from puffling.market.market import Market
from puffling.market.parameters import Symbol
from puffling.market.values import BidAsk, Book, FeedState, LeftOut, SessionState, Tick, words_of
from puffling.puffin.data.actions import Adjustment, CorporateAction
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.interval import Interval
from puffling.runtime.bus import Bus
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import Clock, microseconds, moment_of
from puffling.runtime.errors import NotFound, PufflingError, Unavailable
from puffling.runtime.gate import Effect
from puffling.runtime.streams import Topics, stream
from puffling.runtime.text import tr

YEAR = timedelta(days=365)
AVERAGE_DAYS = 20

_log = logging.getLogger(__name__)

Prints = Annotated[int, Field(description="How many trades at the most: the newest.", ge=1, le=1_000)]


@frozen
class QuoteSheet:
    """All that is known of a symbol's price now; what its feed does not tell is empty."""

    symbol: str
    name: str
    price: float
    timestamp: datetime
    change: float
    change_percent: float
    bid: float | None
    ask: float | None
    bid_size: float | None
    ask_size: float | None
    quoted_at: datetime | None
    spread: float | None
    spread_basis_points: float | None
    previous_close: float
    day_open: float
    day_high: float
    day_low: float
    day_volume: float
    average_volume: float | None
    year_high: float | None
    year_low: float | None
    session: str
    session_ends: datetime | None
    source: str
    label: str
    quality: str
    feed: FeedState
    has_quotes: bool
    has_book: bool
    left_out: tuple[str, ...]


@frozen
class Trade:
    """One trade as it was printed."""

    price: float
    size: float
    timestamp: datetime


@frozen
class Tape:
    """The newest trades of a symbol, the newest first."""

    symbol: str
    label: str
    quality: str
    trades: tuple[Trade, ...]


@frozen
class BookLevel:
    """One price of an order book and how much waits there."""

    price: float
    size: float


@frozen
class Depth:
    """An order book, on each side the best price first."""

    symbol: str
    label: str
    quality: str
    timestamp: datetime
    bids: tuple[BookLevel, ...]
    asks: tuple[BookLevel, ...]


@frozen
class QuoteTick:
    """One message of the stream of quotes; a side on which nobody stands is empty."""

    symbol: str
    bid: float | None
    ask: float | None
    bid_size: float
    ask_size: float
    timestamp: datetime
    label: str
    quality: str


@frozen
class YearRange:
    """What the daily bars of a year say of a price."""

    high: float | None
    low: float | None
    average_volume: float | None


class Quotes(Controller):
    """Bids, asks, trades and order books."""

    def __init__(self, market: Market, clock: Clock, bus: Bus) -> None:
        self._market = market
        self._live = market.quotes
        self._clock = clock
        self._bus = bus

    @capability(title="Show quote", effect=Effect.READ, http="GET /api/data/quote", tool="get_quote")
    async def show(self, symbol: Symbol) -> QuoteSheet:
        """Show a symbol's price with bid, ask, spread, day, year, session and how fresh it is."""
        price = await self._market.latest(symbol)
        instrument = self._market.instrument(symbol)
        quote, year = await self._quote(symbol), await self.year(symbol)
        spread = spread_of(quote)
        return QuoteSheet(
            symbol=symbol,
            name=instrument.name,
            price=price.price,
            timestamp=moment_of(price.time_us),
            change=price.change,
            change_percent=price.change_percent,
            bid=(quote.bid or None) if quote else None,
            ask=(quote.ask or None) if quote else None,
            bid_size=quote.bid_size if quote else None,
            ask_size=quote.ask_size if quote else None,
            quoted_at=moment_of(quote.time_us) if quote else None,
            spread=spread[0] if spread else None,
            spread_basis_points=spread[1] if spread else None,
            previous_close=price.previous_close,
            day_open=price.day_open,
            day_high=price.day_high,
            day_low=price.day_low,
            day_volume=price.day_volume,
            average_volume=year.average_volume,
            year_high=_reach(max, year.high, price.day_high),
            year_low=_reach(min, year.low, price.day_low),
            session=str(price.session),
            session_ends=self.session_ends(symbol),
            source=price.source,
            label=price.label,
            quality=str(price.quality),
            feed=self._live.state_of(symbol),
            has_quotes=self._live.has_quotes(symbol),
            has_book=self._live.has_book(symbol),
            left_out=tuple(
                tr("{count} x {words}", count=each.count, words=words_of(each.doubt))
                for each in self._live.left_out(symbol)
            ),
        )

    @capability(title="Show tape", effect=Effect.READ, http="GET /api/data/tape", tool="get_tape")
    async def tape(self, symbol: Symbol, limit: Prints = 50) -> Tape:
        """Show the newest trades of a symbol, the newest first."""
        price = await self._market.latest(symbol)
        if not self._live.has_quotes(symbol):
            raise self._not_offered(symbol, tr("{feed} tells no single trades.", feed=price.label))
        trades = await self._live.tape(symbol, limit)
        return Tape(
            symbol,
            price.label,
            str(price.quality),
            tuple(Trade(tick.price, tick.size, moment_of(tick.time_us)) for tick in reversed(trades)),
        )

    @capability(title="Show order book", effect=Effect.READ, http="GET /api/data/book", tool="get_order_book")
    async def book(self, symbol: Symbol) -> Depth:
        """Show what waits at the best prices of a symbol, where its feed knows."""
        price = await self._market.latest(symbol)
        book = await self._live.book(symbol)
        if book is None:
            raise self._not_offered(symbol, tr("{feed} has no order book.", feed=price.label))
        sides = [tuple(BookLevel(*level) for level in side) for side in (book.bids, book.asks)]
        return Depth(
            symbol, price.label, str(price.quality), moment_of(book.time_us), bids=sides[0], asks=sides[1]
        )

    @stream(title="Live quotes", ws="/ws/quotes")
    async def quotes(self, topics: Topics) -> AsyncIterator[QuoteTick]:
        """Tell every new bid and ask of the symbols that were asked for, the newest of each."""
        moved: dict[str, BidAsk] = {}
        ready = asyncio.Event()
        ends: dict[str, Callable[[], None]] = {}

        def take(event: QuotesMoved) -> None:
            wanted = event.quotes.keys() & ends.keys()
            if wanted:
                moved.update((symbol, event.quotes[symbol]) for symbol in wanted)
                ready.set()

        def watch() -> None:
            heard = {name.upper() for name in topics.names}
            for symbol in ends.keys() - heard:
                ends.pop(symbol)()
            for name in sorted(topics.names):
                if name.upper() not in ends:
                    try:
                        ends[name.upper()] = self.watch((name.upper(),))
                    except NotFound as unknown:
                        topics.refuse(name, unknown)
                        continue
                    # What is known already comes first: a closed market would keep its listener waiting.
                    if (known := self._live.known(name.upper())) is not None:
                        moved[known.symbol] = known
                        ready.set()

        topics.on_change(watch)
        unsubscribe = self._bus.on(QuotesMoved, take)
        try:
            watch()
            while True:
                await ready.wait()
                ready.clear()
                # A slow listener finds the newest quote of each symbol here, never a queue of old ones.
                batch, moved = moved, {}
                for quote in batch.values():
                    yield QuoteTick(
                        quote.symbol,
                        quote.bid or None,
                        quote.ask or None,
                        quote.bid_size,
                        quote.ask_size,
                        moment_of(quote.time_us),
                        *self._said_of(quote.symbol),
                    )
        finally:
            unsubscribe()
            for end in ends.values():
                end()

    def watch(self, symbols: Iterable[str]) -> Callable[[], None]:
        """Keep bids and asks of these coming on the bus, for faces in this process; the answer ends it."""
        return self._live.watch_quotes(tuple(symbols))

    def watch_tape(self, symbols: Iterable[str]) -> Callable[[], None]:
        """Keep the trades of these coming on the bus, for faces in this process; the answer ends it."""
        return self._live.watch_tape(tuple(symbols))

    def watch_books(self, symbols: Iterable[str]) -> Callable[[], None]:
        """Keep the order books of these coming on the bus, for faces in this process; the answer ends it."""
        return self._live.watch_books(tuple(symbols))

    async def printed(self, symbol: str, limit: int) -> tuple[Tick, ...]:
        """Give the newest trades, the oldest of them first, for faces in this process."""
        return await self._live.tape(symbol, limit)

    async def depth(self, symbol: str) -> Book | None:
        """Give the order book, for faces in this process; None where there is none."""
        return await self._live.book(symbol)

    async def newest(self, symbol: str) -> BidAsk | None:
        """Give the bid and ask, for faces in this process; None where there are none."""
        return await self._quote(symbol)

    def has_quotes(self, symbol: str) -> bool:
        """Tell whether the feed of a symbol knows bids and asks."""
        return self._live.has_quotes(symbol)

    def has_book(self, symbol: str) -> bool:
        """Tell whether the feed of a symbol knows order books."""
        return self._live.has_book(symbol)

    def feed_of(self, symbol: str) -> FeedState:
        """Give how the feed of a symbol is doing."""
        return self._live.state_of(symbol)

    def left_out(self, symbol: str) -> tuple[LeftOut, ...]:
        """Give what was too strange about a symbol to be shown."""
        return self._live.left_out(symbol)

    def session_ends(self, symbol: str) -> datetime | None:
        """Give when the exchange of a symbol stops doing what it does now; None if it never rests."""
        try:
            return _ends(calendar(self._market.instrument(symbol).calendar), self._clock.now())
        except PufflingError as beyond:
            _log.info("The calendar of %s says nothing of the next session: %s", symbol, beyond)
            return None

    async def year(self, symbol: str) -> YearRange:
        """Give the highest and lowest price of a year and the usual volume of a day."""
        now = self._clock.now()
        try:
            history = await self._market.bars(
                symbol, Interval.D1, microseconds(now - YEAR), microseconds(now) + 1, adjusted=False
            )
            actions = await self._market.actions(symbol, history.source)
        except PufflingError as quiet:
            _log.info("No year of %s: %s", symbol, quiet)
            return YearRange(None, None, None)
        # What is kept away was never paid: it would stand as the year's high for a year.
        bars = _in_shares_of_today(history.clean, actions, now.date())
        if not len(bars):
            return YearRange(None, None, None)
        whole = bars.volume[:-1] if history.developing else bars.volume
        usual = float(np.mean(whole[-AVERAGE_DAYS:])) if len(whole) else None
        return YearRange(float(bars.high.max()), float(bars.low.min()), usual)

    async def _quote(self, symbol: str) -> BidAsk | None:
        try:
            return await self._live.quote(symbol)
        except PufflingError as quiet:
            _log.info("No quote of %s: %s", symbol, quiet)
            return None

    def _said_of(self, symbol: str) -> tuple[str, str]:
        try:
            price = self._market.price(symbol)
            return price.label, str(price.quality)
        except PufflingError:
            # The bid came before the first price did.
            feed = self._live.state_of(symbol)
            return feed.label, str(feed.quality)

    def _not_offered(self, symbol: str, message: str) -> Unavailable:
        return Unavailable(
            message, hint=tr("Choose a feed that has it, or another symbol than {symbol}.", symbol=symbol)
        )


def _in_shares_of_today(bars: Bars, actions: Sequence[CorporateAction], today: date) -> Bars:
    """Correct for splits alone: a dividend changes no price that was paid."""
    splits = [replace(each, price_factor=1.0 / each.split_ratio) for each in actions]
    return Adjustment.of(splits, today).apply(bars)


def spread_of(quote: BidAsk | None) -> tuple[float, float] | None:
    """Give how far bid and ask are apart, in price and in basis points of the middle."""
    if quote is None or not quote.bid or not quote.ask:
        return None
    return round(quote.ask - quote.bid, 10), 20_000.0 * (quote.ask - quote.bid) / (quote.ask + quote.bid)


def _ends(days: Calendar, now: datetime) -> datetime | None:
    if not days.pre_minutes and not days.post_minutes:
        return None
    state = days.state(now)
    if state is SessionState.OPEN:
        return days.next_close(now)
    if state is SessionState.POST:
        return days.last_close(now) + timedelta(minutes=days.post_minutes)
    opens = days.next_open(now)
    return opens if state is SessionState.PRE else opens - timedelta(minutes=days.pre_minutes)


def _reach(choose: Callable[[float, float], float], year: float | None, day: float) -> float | None:
    return None if year is None else choose(year, day)
