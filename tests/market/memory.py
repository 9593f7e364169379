"""Parts for the market's tests: bars kept in memory, and a feed that counts what it is asked."""

from __future__ import annotations

from collections.abc import Sequence

from puffling.market.demo.feed import DemoFeed
from puffling.market.demo.market import DemoMarket
from puffling.market.values import BidAsk, Book, Price, Tick
from puffling.puffin.data.bars import Bars, SeriesKey, Span, merge_spans
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.kept import Fetch, Kept, Note, cut_fetches
from puffling.puffin.data.quality import Mark
from puffling.runtime.clock import Clock
from puffling.runtime.errors import StorageFailed


class MemoryBars:
    """A bar store that forgets everything at the end of the test."""

    def __init__(self) -> None:
        self.kept: dict[SeriesKey, Bars] = {}
        self.fetches: dict[SeriesKey, tuple[Fetch, ...]] = {}
        self.marks: dict[SeriesKey, tuple[Mark, ...]] = {}
        self.texts: dict[tuple[str, str], dict[str, Note]] = {}
        self.full = False

    async def load(self, key: SeriesKey, start_us: int, end_us: int) -> Kept:
        bars = self.kept.get(key, Bars.empty()).between(start_us, end_us)
        marks = (each for each in self.marks.get(key, ()) if start_us <= each.time_us < end_us)
        ages = [
            age
            for each in self.fetches.get(key, ())
            if each.span.end_us > start_us and each.span.start_us < end_us
            for age in (each.fetched_us, each.newest_us)
        ]
        return Kept(bars, tuple(marks), min(ages, default=None), max(ages, default=None))

    async def save(
        self, key: SeriesKey, bars: Bars, span: Span, fetched_us: int = 0, marks: Sequence[Mark] = ()
    ) -> None:
        if self.full:
            raise StorageFailed("The disk is full.")
        held = self.kept.get(key, Bars.empty())
        outside = (held.time < span.start_us) | (held.time >= span.end_us)
        self.kept[key] = Bars.join([held.where(outside), bars])
        self.fetches[key] = cut_fetches(self.fetches.get(key, ()), Fetch(span, fetched_us, fetched_us))
        self.marks[key] = (*self.marks.get(key, ()), *marks)

    async def coverage(self, key: SeriesKey) -> tuple[Span, ...]:
        return merge_spans(each.span for each in self.fetches.get(key, ()))

    async def forget(self, key: SeriesKey) -> None:
        for of_series in (self.kept, self.fetches, self.marks):
            of_series.pop(key, None)

    async def note(self, source: str, kind: str, symbol: str, text: str, noted_us: int) -> None:
        self.texts.setdefault((source, kind), {})[symbol] = Note(text, noted_us)

    async def notes(self, source: str, kind: str) -> dict[str, Note]:
        return self.texts.get((source, kind), {})


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
