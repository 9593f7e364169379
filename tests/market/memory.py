"""Parts for the market's tests: bars kept in memory, and a feed that counts what it is asked."""

from __future__ import annotations

from collections.abc import Sequence

from puffling.market.demo.feed import DemoFeed
from puffling.market.demo.market import DemoMarket
from puffling.market.values import BidAsk, Book, Price, Tick
from puffling.puffin.data.bars import Bars, SeriesKey, Span, merge_spans
from puffling.puffin.data.interval import Interval
from puffling.runtime.clock import Clock
from puffling.runtime.errors import StorageFailed


class MemoryBars:
    """A bar store that forgets everything at the end of the test."""

    def __init__(self) -> None:
        self.kept: dict[SeriesKey, Bars] = {}
        self.spans: dict[SeriesKey, tuple[Span, ...]] = {}
        self.full = False

    async def load(self, key: SeriesKey, start_us: int, end_us: int) -> Bars:
        return self.kept.get(key, Bars.empty()).between(start_us, end_us)

    async def save(self, key: SeriesKey, bars: Bars, span: Span) -> None:
        if self.full:
            raise StorageFailed("The disk is full.")
        self.kept[key] = Bars.join([self.kept.get(key, Bars.empty()), bars])
        self.spans[key] = merge_spans((*self.spans.get(key, ()), span))

    async def coverage(self, key: SeriesKey) -> tuple[Span, ...]:
        return self.spans.get(key, ())


class CountingFeed(DemoFeed):
    """The demo feed, remembering every span it was asked for."""

    def __init__(self, market: DemoMarket, clock: Clock) -> None:
        super().__init__(market, clock)
        self.asked: list[Span] = []

    async def bars(self, symbol: str, interval: Interval, span: Span) -> Bars:
        self.asked.append(span)
        return await super().bars(symbol, interval, span)


class Recorder:
    """A price sink that writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[Tick] = []
        self.begun: list[Price] = []
        self.connected: list[str] = []
        self.quoted: list[BidAsk] = []
        self.books: list[Book] = []
        self.retries: list[tuple[int, float]] = []

    def ticks(self, source: str, batch: Sequence[Tick]) -> None:
        self.heard.extend(batch)

    def snapshots(self, prices: Sequence[Price]) -> None:
        self.begun.extend(prices)

    def connection(self, source: str, connected: bool, note: str = "") -> None:
        self.connected.append(source)

    def quotes(self, source: str, batch: Sequence[BidAsk]) -> None:
        self.quoted.extend(batch)

    def book(self, source: str, book: Book) -> None:
        self.books.append(book)

    def reconnecting(self, source: str, attempt: int, next_try_seconds: float, note: str = "") -> None:
        self.retries.append((attempt, next_try_seconds))
