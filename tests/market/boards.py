"""A price board on a simulated clock with a feed that says only what the test makes it say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from puffling.market.chain import FeedChain
from puffling.market.demo.feed import DemoFeed
from puffling.market.demo.market import DemoMarket
from puffling.market.events import (
    BooksMoved,
    FeedStateChanged,
    MessagesLeftOut,
    PricesMoved,
    QuotesMoved,
    TapePrinted,
)
from puffling.market.feeds import PriceSink
from puffling.market.streams import PriceBoard
from puffling.market.values import Condition, Tick
from puffling.puffin.data.instants import US_PER_SECOND, to_us
from puffling.runtime.bus import Bus
from puffling.runtime.clock import SimulatedClock
from puffling.runtime.tasks import TaskScope

# A Friday morning in New York with the market open.
OPEN = datetime(2026, 11, 20, 15, tzinfo=UTC)


class SilentFeed(DemoFeed):
    """Knows what the demo market knows, connects, and streams nothing by itself."""

    async def run(self, sink: PriceSink) -> None:
        sink.connection(self.source, connected=True)


@dataclass
class Room:
    """A board that is started, and what it has told."""

    clock: SimulatedClock
    board: PriceBoard
    prices: list[PricesMoved] = field(default_factory=list)
    quotes: list[QuotesMoved] = field(default_factory=list)
    tape: list[TapePrinted] = field(default_factory=list)
    books: list[BooksMoved] = field(default_factory=list)
    states: list[FeedStateChanged] = field(default_factory=list)
    left_out: list[MessagesLeftOut] = field(default_factory=list)

    async def live(self, seconds: float) -> None:
        """Live through some seconds."""
        await self.clock.run(until=self.clock.now() + timedelta(seconds=seconds))

    def now_us(self) -> int:
        """The present on the board's clock."""
        return to_us(self.clock.now())

    def trade(self, symbol: str, price: float, *, size: float = 1.0, after_seconds: float = 0.0) -> None:
        """Send one trade, stamped now or some seconds from now."""
        at_us = self.now_us() + round(after_seconds * US_PER_SECOND)
        self.board.ticks("demo", (Tick(symbol, price, size, at_us),))

    @property
    def conditions(self) -> list[Condition]:
        """How the feed was, as it was told."""
        return [each.state.condition for each in self.states]


@asynccontextmanager
async def open_room(at: datetime = OPEN, feed: type[DemoFeed] = SilentFeed) -> AsyncIterator[Room]:
    """Start a board, and end it with the test."""
    clock, bus, scope = SimulatedClock(at), Bus(), TaskScope("test")
    room = Room(clock, PriceBoard(FeedChain([feed(DemoMarket(), clock)]), clock, bus, scope))
    bus.on(PricesMoved, room.prices.append)
    bus.on(QuotesMoved, room.quotes.append)
    bus.on(TapePrinted, room.tape.append)
    bus.on(BooksMoved, room.books.append)
    bus.on(FeedStateChanged, room.states.append)
    bus.on(MessagesLeftOut, room.left_out.append)
    room.board.start()
    await room.live(0.001)
    try:
        yield room
    finally:
        await scope.close()
