"""The demo market as a feed: histories up to now, and ticks that move on the injected clock."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter

from puffling.market.assembly import assembled
from puffling.market.demo.market import SEED, DemoMarket
from puffling.market.demo.quotes import DemoQuotes
from puffling.market.feeds import PriceSink
from puffling.market.values import Basis, BidAsk, Book, Instrument, Price, Quality, Tick
from puffling.puffin.data.actions import Adjustment, CorporateAction
from puffling.puffin.data.bars import Bars, Span
from puffling.puffin.data.instants import US_PER_DAY, US_PER_MINUTE, US_PER_SECOND, to_us, us_to_day
from puffling.puffin.data.interval import Interval
from puffling.runtime.clock import Clock
from puffling.runtime.text import tr

# Shortest time between two batches of ticks, and longest until a change of what is watched is seen.
SHORTEST_PAUSE_US = 20_000
LONGEST_PAUSE_US = US_PER_SECOND
QUOTED_PAUSE_US = US_PER_SECOND // 4
# Whoever slept longer wants the present, not the ticks he slept through.
OVERSLEPT_US = 5 * US_PER_MINUTE
_CHUNK_US = 40 * US_PER_DAY


class DemoFeed:
    """Shows the demo market up to the clock's present and never a moment further."""

    quality = Quality.DEMO
    intervals = frozenset(Interval)
    basis = Basis.TRADED
    is_remote = False
    streams = True
    has_book = True

    def __init__(self, market: DemoMarket, clock: Clock) -> None:
        self.market = market
        self._quotes = DemoQuotes(market)
        self._quoted: frozenset[str] = frozenset()
        self._booked: frozenset[str] = frozenset()
        self._last_quotes: dict[str, int] = {}
        # Another seed is another market: its series are kept apart.
        self.source = "demo" if market.seed == SEED else f"demo-{market.seed}"
        self._clock = clock
        self._watched: frozenset[str] = frozenset()
        self._watching = asyncio.Event()
        self._plan: tuple[int, frozenset[str], list[Tick]] = (-1, frozenset(), [])

    @property
    def label(self) -> str:
        """What a person reads beside its prices."""
        return tr("Demo data")

    def instruments(self) -> tuple[Instrument, ...]:
        """Give everything that is listed."""
        return tuple(listing.instrument for listing in self.market.listings.values())

    async def find(self, text: str, limit: int) -> tuple[Instrument, ...]:
        """Give none: all there is is listed."""
        return ()

    async def learn(self, symbol: str) -> Instrument | None:
        """Give none: all there is is listed."""
        return None

    async def refresh(self, symbols: Sequence[str]) -> None:
        """Do nothing: the newest price is always at hand."""

    def price(self, symbol: str) -> Price:
        """Give the newest price and the day around it."""
        return self._price(symbol, self._now_us())

    async def bars(self, symbol: str, interval: Interval, span: Span) -> Bars:
        """Give the closed bars of a span; a long one in pieces, between which others get their turn."""
        end_us = min(span.end_us, self.market.calendar_of(symbol).closed_before(interval, self._now_us()))
        start_us = max(span.start_us, int(self.market.path(symbol).sessions.days_us[0]))
        if not interval.is_intraday:
            return self.market.bars(symbol, interval, start_us, end_us)
        pieces = []
        at = start_us
        while at < end_us:
            # Pieces meet at midnight, where no session is cut.
            following = min(at - at % US_PER_DAY + _CHUNK_US, end_us)
            pieces.append(self.market.bars(symbol, interval, at, following))
            at = following
            await asyncio.sleep(0)
        return await assembled(pieces)

    async def tail(self, symbol: str, interval: Interval, since_us: int) -> Bars:
        """Give the bars from a time to now, the last one as far as it has come."""
        now_us = self._now_us()
        return self.market.bars_until(symbol, interval, since_us, now_us + 1, now_us)[0]

    async def adjustment(self, symbol: str) -> Adjustment:
        """Give what makes old prices comparable with those of now."""
        return Adjustment.of(await self.actions(symbol), us_to_day(self._trading_day_us(symbol)))

    async def actions(self, symbol: str) -> tuple[CorporateAction, ...]:
        """Give the splits and dividends until now; what the future brings stays unknown."""
        today = us_to_day(self._trading_day_us(symbol))
        return tuple(action for action in self.market.actions(symbol) if action.day <= today)

    def watch(self, symbols: frozenset[str]) -> None:
        """Stream exactly these symbols from now on."""
        self._watched = symbols
        if symbols:
            self._watching.set()
        else:
            self._watching.clear()

    async def quote(self, symbol: str) -> BidAsk | None:
        """Give the bid and ask that stand now."""
        return self._quotes.quote(symbol, self._now_us())

    async def tape(self, symbol: str, limit: int) -> tuple[Tick, ...]:
        """Give the newest trades, the oldest of them first."""
        return self._quotes.tape(symbol, self._now_us(), limit)

    async def book(self, symbol: str) -> Book | None:
        """Give the order book as it stands now."""
        return self._quotes.book(symbol, self._now_us())

    def watch_quotes(self, symbols: frozenset[str]) -> None:
        """Stream the bids and asks of exactly these symbols from now on."""
        self._quoted = symbols
        self._last_quotes.clear()

    def watch_books(self, symbols: frozenset[str]) -> None:
        """Stream the order books of exactly these symbols from now on."""
        self._booked = symbols
        self._last_quotes.clear()

    async def run(self, sink: PriceSink) -> None:
        """Stream what is watched until cancelled; asleep while nothing is."""
        sink.connection(self.source, True)
        told_us = self._now_us()
        while True:
            if not self._watched:
                await self._watching.wait()
                told_us = self._now_us()
            now_us = self._now_us()
            if not -US_PER_MINUTE < now_us - told_us < OVERSLEPT_US:
                await self._tell_anew(sink, sorted(self._watched), now_us)
                told_us = now_us
            while told_us < now_us:
                until_us = min(now_us, told_us - told_us % US_PER_MINUTE + US_PER_MINUTE)
                await self._tell(sink, told_us, until_us)
                told_us = until_us
            await self._tell_quotes(sink, now_us)
            await self._clock.sleep(await self._pause_us(now_us) / US_PER_SECOND)

    async def close(self) -> None:
        """Do nothing: nothing is held."""

    async def _tell(self, sink: PriceSink, after_us: int, until_us: int) -> None:
        """Tell the ticks after one instant up to another, which lie in one minute or on its end."""
        watched = self._watched
        due = await self._planned(after_us - after_us % US_PER_MINUTE, watched)
        first = bisect_right(due, after_us, key=attrgetter("time_us"))
        last = bisect_right(due, until_us, key=attrgetter("time_us"))
        if first < last:
            sink.ticks(self.source, due[first:last])
        if until_us % US_PER_MINUTE == 0:
            begun = [symbol for symbol in sorted(watched) if self._begins(symbol, until_us)]
            await self._tell_anew(sink, begun, until_us)
            beginning = [
                tick
                for tick in await self._planned(until_us, watched)
                if tick.time_us == until_us and tick.symbol not in begun
            ]
            if beginning:
                sink.ticks(self.source, beginning)

    async def _tell_quotes(self, sink: PriceSink, at_us: int) -> None:
        """Tell the quotes and books that changed since they were told; those between need nobody."""
        for symbol in sorted(self._quoted | self._booked):
            quote = self._quotes.quote(symbol, at_us)
            if quote is None or self._last_quotes.get(symbol) == quote.time_us:
                continue
            self._last_quotes[symbol] = quote.time_us
            if symbol in self._quoted:
                sink.quotes(self.source, (quote,))
            if symbol in self._booked and (book := self._quotes.book(symbol, at_us)) is not None:
                sink.book(self.source, book)
            await asyncio.sleep(0)

    async def _tell_anew(self, sink: PriceSink, symbols: Sequence[str], at_us: int) -> None:
        for symbol in symbols:
            sink.snapshots((self._price(symbol, at_us),))
            await asyncio.sleep(0)

    async def _planned(self, minute_us: int, watched: frozenset[str]) -> list[Tick]:
        """Give all ticks of a minute in order; the last minute asked for is remembered."""
        if self._plan[:2] != (minute_us, watched):
            ticks: list[Tick] = []
            for symbol in sorted(watched):
                # The first question about a symbol computes its whole history: others get their turn between.
                await asyncio.sleep(0)
                found = self.market.ticks(symbol, minute_us, minute_us + US_PER_MINUTE)
                columns = zip(found.price.tolist(), found.size.tolist(), found.time.tolist(), strict=True)
                ticks += [Tick(symbol, price, size, time_us) for price, size, time_us in columns]
            ticks.sort(key=attrgetter("time_us"))
            self._plan = (minute_us, watched, ticks)
        return self._plan[2]

    def _begins(self, symbol: str, instant_us: int) -> bool:
        """Tell whether another part of the trading day, or another day, begins at this instant."""
        path = self.market.path(symbol)
        before, after = self.market.locate(path, instant_us - 1), self.market.locate(path, instant_us)
        return before[:2] != after[:2]

    async def _pause_us(self, now_us: int) -> int:
        due = await self._planned(now_us - now_us % US_PER_MINUTE, self._watched)
        following = bisect_right(due, now_us, key=attrgetter("time_us"))
        longest_us = QUOTED_PAUSE_US if self._quoted or self._booked else LONGEST_PAUSE_US
        next_us = due[following].time_us if following < len(due) else now_us + longest_us
        next_minute_us = now_us - now_us % US_PER_MINUTE + US_PER_MINUTE
        wait_us = min(next_us, next_minute_us, now_us + longest_us) - now_us
        return max(wait_us, SHORTEST_PAUSE_US)

    def _price(self, symbol: str, at_us: int) -> Price:
        day = self.market.day(symbol, at_us)
        return Price(
            symbol=symbol,
            price=day.price,
            time_us=day.time_us,
            session=day.state,
            previous_close=day.previous_close,
            day_open=day.open,
            day_high=day.high,
            day_low=day.low,
            day_volume=day.volume,
            source=self.source,
            label=self.label,
            quality=self.quality,
        )

    def _trading_day_us(self, symbol: str) -> int:
        """Give the day whose prices are current: the next one from its early trading on."""
        path = self.market.path(symbol)
        moment = self.market.locate(path, self._now_us())
        return int(path.sessions.days_us[max(moment.place, 0)])

    def _now_us(self) -> int:
        return to_us(self._clock.now())
