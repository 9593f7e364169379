"""Instruments, prices and histories."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from puffling.frozen import frozen
from puffling.market.events import PricesMoved
from puffling.market.market import Market
from puffling.market.parameters import Adjusted, Day, Limit, LongHours, Newest, Source, Step, Symbol, parted
from puffling.market.ranges import span_of
from puffling.market.tables import ExportedPrices, Table, exported, table_of
from puffling.market.values import Coverage, FeedState, History, Instrument, Price
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.quality import Fault, Flag
from puffling.puffin.data.sessions import Sessions
from puffling.runtime.bus import Bus
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import Clock, moment_of
from puffling.runtime.errors import NotFound, PufflingError
from puffling.runtime.gate import Effect
from puffling.runtime.jobs import Job
from puffling.runtime.streams import Topics, stream
from puffling.runtime.text import tr

USUAL_BARS = 5_000

_log = logging.getLogger(__name__)


@frozen
class Quoted:
    """The newest price of a symbol with its day around it and how good it is."""

    symbol: str
    price: float
    timestamp: datetime
    session: str
    previous_close: float
    change: float
    change_percent: float
    day_open: float
    day_high: float
    day_low: float
    day_volume: float
    source: str
    label: str
    quality: str


@frozen
class PriceTick:
    """One message of the price stream; `label` says how far the price may be trusted."""

    symbol: str
    price: float
    timestamp: datetime
    label: str
    quality: str


@frozen
class Finding:
    """One kind of fault in a history, how often it occurs and when first."""

    symbol: str
    fault: str
    count: int
    first: datetime
    message: str


@frozen
class CheckReport:
    """What a check of histories found."""

    symbols: int
    bars: int
    findings: tuple[Finding, ...]
    summary: str


@frozen
class Stretch:
    """A stretch of time, its end not included."""

    start: datetime
    end: datetime


@frozen
class KeptBars:
    """Of which stretches bars are kept here; wide bars are made of narrower ones, which are what is kept."""

    symbol: str
    source: str
    interval: str
    stretches: tuple[Stretch, ...]


@frozen
class Reloaded:
    """What a source answered when it was asked anew."""

    symbol: str
    interval: str
    source: str
    bars: int
    flags: int
    summary: str


class Data(Controller):
    """The market as Puffling sees it."""

    def __init__(self, market: Market, clock: Clock, bus: Bus) -> None:
        self._market = market
        self._clock = clock
        self._bus = bus

    @capability(title="Find symbols", effect=Effect.READ, http="GET /api/data/symbols", tool="search_symbols")
    async def symbols(
        self,
        query: Annotated[
            str, Field(description="Part of a symbol or a name; empty means all.", max_length=80)
        ] = "",
        limit: Limit = 50,
    ) -> tuple[Instrument, ...]:
        """Find instruments by symbol or name, here and at the sources."""
        return await self._market.find(query, limit)

    @capability(title="Show prices", effect=Effect.READ, http="GET /api/data/ohlcv", tool="get_market_data")
    async def ohlcv(
        self,
        symbol: Symbol,
        interval: Step = Interval.D1,
        start: Day = None,
        end: Day = None,
        source: Source = None,
        limit: Newest = USUAL_BARS,
        adjusted: Adjusted = True,
        long_hours: LongHours = False,
    ) -> Table:
        """Show open, high, low, close and volume of a symbol, with where they come from."""
        history = await self.history(
            symbol, interval, start, end, source, adjusted=adjusted, long_hours=long_hours
        )
        return table_of(history, limit)

    @capability(title="Export prices", effect=Effect.READ, http="GET /api/data/export")
    async def export(
        self,
        symbol: Symbol,
        interval: Step = Interval.D1,
        start: Day = None,
        end: Day = None,
        source: Source = None,
        limit: Annotated[
            int, Field(description="How many bars at the most: the newest of the range.", ge=1, le=200_000)
        ] = 200_000,
        adjusted: Adjusted = True,
    ) -> ExportedPrices:
        """Give a history as a table for other programs, with where it comes from above it."""
        history = await self.history(symbol, interval, start, end, source, adjusted=adjusted)
        return await exported(history, limit)

    @capability(title="Show what is kept", effect=Effect.READ, http="GET /api/data/coverage")
    async def coverage(self, symbol: Symbol, interval: Step = Interval.D1, source: Source = None) -> KeptBars:
        """Show of which stretches of time the bars of a symbol are kept here."""
        kept = await self.kept(symbol, interval, source)
        return KeptBars(
            symbol=kept.key.symbol,
            source=kept.key.source,
            interval=str(kept.key.interval),
            stretches=tuple(Stretch(moment_of(span.start_us), moment_of(span.end_us)) for span in kept.spans),
        )

    @capability(title="Ask source again", effect=Effect.WRITE, http="POST /api/data/reload", job=True)
    async def reload(
        self,
        symbol: Symbol,
        interval: Step = Interval.D1,
        start: Day = None,
        end: Day = None,
        source: Source = None,
    ) -> Reloaded:
        """Fetch a history anew, in the place of what is kept of it; when that fails, what is kept stays."""
        Job.current().progress(0, 1, tr("Asking for {symbol}", symbol=symbol))
        span = span_of(interval, start, end, self._clock.now())
        history = await self._market.bars(
            symbol, interval, span.start_us, span.end_us, source=source, anew=True
        )
        return Reloaded(
            symbol=history.key.symbol,
            interval=str(interval),
            source=history.source,
            bars=len(history.bars),
            flags=len(history.flags),
            summary=tr(
                "{label} gave {bars} bars of {symbol}.",
                label=history.label,
                bars=f"{len(history.bars):,}",
                symbol=history.key.symbol,
            ),
        )

    @capability(
        title="Show splits and dividends",
        effect=Effect.READ,
        http="GET /api/data/actions",
        tool="get_splits_and_dividends",
    )
    async def actions(self, symbol: Symbol, source: Source = None) -> tuple[CorporateAction, ...]:
        """Show the splits and dividends of a symbol until now, the oldest first."""
        return await self._market.actions(symbol, source)

    @capability(title="Show quotes", effect=Effect.READ, http="GET /api/data/quotes", tool="get_quotes")
    async def quotes(
        self,
        symbols: Annotated[
            tuple[Symbol, ...], Field(description="The symbols.", min_length=1, max_length=500), parted
        ],
    ) -> tuple[Quoted, ...]:
        """Show the newest prices of these symbols with their day around them."""
        return tuple([_quoted(await self._market.latest(symbol)) for symbol in symbols])

    @capability(
        title="Check history",
        effect=Effect.COMPUTE,
        http="POST /api/data/check",
        tool="check_history",
        menu="Data",
        job=True,
    )
    async def check(
        self,
        symbols: Annotated[
            tuple[Symbol, ...], Field(description="The symbols; none means all.", max_length=500), parted
        ] = (),
    ) -> CheckReport:
        """Look through daily histories for gaps, spikes and impossible prices."""
        job = Job.current()
        wanted = symbols or tuple(instrument.symbol for instrument in self._market.search("", 10_000))
        bars = 0
        findings: list[Finding] = []
        for done, symbol in enumerate(wanted):
            job.progress(done, len(wanted), tr("Checking {symbol}", symbol=symbol))
            history = await self.history(symbol, Interval.D1, date(1970, 1, 2))
            bars += len(history.bars)
            findings += _findings(history)
        return CheckReport(
            symbols=len(wanted),
            bars=bars,
            findings=tuple(findings),
            summary=_summary(len(wanted), len(findings)),
        )

    @stream(title="Live prices", ws="/ws/prices")
    async def prices(self, topics: Topics) -> AsyncIterator[PriceTick]:
        """Tell every new price of the symbols that were asked for, the newest of each."""
        moved: dict[str, Price] = {}
        ready = asyncio.Event()

        def take(event: PricesMoved) -> None:
            wanted = event.prices.keys() & heard
            if wanted:
                moved.update((symbol, event.prices[symbol]) for symbol in wanted)
                ready.set()

        watched = self._market.watch(())
        heard: set[str] = set()

        def watch() -> None:
            nonlocal watched, heard
            for name in sorted(topics.names):
                symbol = name.upper()
                if symbol in heard:
                    continue
                try:
                    # What is known already comes first: a closed market would keep its listener waiting.
                    moved[symbol] = self._market.price(symbol)
                    ready.set()
                except NotFound as unknown:
                    topics.refuse(name, unknown)
                except PufflingError as quiet:
                    _log.info("No price of %s yet: %s", symbol, quiet)
            heard = {name.upper() for name in topics.names}
            renewed = self._market.watch(tuple(sorted(heard)))
            watched()
            watched = renewed

        topics.on_change(watch)
        unsubscribe = self._bus.on(PricesMoved, take)
        try:
            watch()
            while True:
                await ready.wait()
                ready.clear()
                # A slow listener finds the newest price of each symbol here, never a queue of old ones.
                batch, moved = moved, {}
                for price in batch.values():
                    yield PriceTick(
                        price.symbol,
                        price.price,
                        moment_of(price.time_us),
                        price.label,
                        str(price.quality),
                    )
        finally:
            unsubscribe()
            watched()

    def newest(self, symbol: str) -> Price | None:
        """Give the newest price of a symbol, for faces in this process; None while there is none."""
        try:
            return self._market.price(symbol)
        except PufflingError:
            return None

    def instrument(self, symbol: str) -> Instrument:
        """Give what is known about a symbol, for faces in this process."""
        return self._market.instrument(symbol)

    async def learn(self, symbol: str) -> Instrument:
        """Give what is known about a symbol, asking the sources if need be, for faces in this process."""
        return await self._market.learn(symbol)

    def has_long_hours(self, symbol: str, interval: Interval) -> bool:
        """Tell whether there are bars from before and after the sessions, for faces in this process."""
        return self._market.has_long_hours(symbol, interval)

    def sessions(self, symbol: str) -> Sessions:
        """Give the sessions a symbol trades in, for faces in this process."""
        return self._market.sessions_of(symbol)

    def watch(self, symbols: Iterable[str]) -> Callable[[], None]:
        """Keep prices of these symbols coming on the bus, for faces in this process; the answer ends it."""
        return self._market.watch(tuple(symbols))

    async def history(
        self,
        symbol: str,
        interval: Interval = Interval.D1,
        start: date | None = None,
        end: date | None = None,
        source: str | None = None,
        *,
        adjusted: bool = True,
        long_hours: bool = False,
    ) -> History:
        """Give a history as columns of numbers, for faces in this process."""
        span = span_of(interval, start, end, self._clock.now())
        return await self._market.bars(
            symbol,
            interval,
            span.start_us,
            span.end_us,
            source=source,
            adjusted=adjusted,
            long_hours=long_hours,
        )

    async def kept(self, symbol: str, interval: Interval, source: str | None = None) -> Coverage:
        """Give of which stretches bars are kept, for faces in this process."""
        return await self._market.coverage(symbol, interval, source)

    def feeds(self) -> tuple[FeedState, ...]:
        """Give the feeds in the order they are asked, for faces in this process."""
        return self._market.feed_states()


def _quoted(price: Price) -> Quoted:
    return Quoted(
        symbol=price.symbol,
        price=price.price,
        timestamp=moment_of(price.time_us),
        session=str(price.session),
        previous_close=price.previous_close,
        change=price.change,
        change_percent=price.change_percent,
        day_open=price.day_open,
        day_high=price.day_high,
        day_low=price.day_low,
        day_volume=price.day_volume,
        source=price.source,
        label=price.label,
        quality=str(price.quality),
    )


def _findings(history: History) -> tuple[Finding, ...]:
    by_fault: dict[Fault, list[Flag]] = {}
    for flag in history.flags:
        by_fault.setdefault(flag.fault, []).append(flag)
    return tuple(
        Finding(
            symbol=history.key.symbol,
            fault=str(fault),
            count=sum(flag.count for flag in flags),
            first=moment_of(flags[0].time_us),
            message=flags[0].message,
        )
        for fault, flags in by_fault.items()
    )


def _summary(symbols: int, findings: int) -> str:
    if not findings:
        return tr("{symbols} histories are clean.", symbols=symbols)
    return tr(
        "{symbols} histories were checked; {findings} places need a look.", symbols=symbols, findings=findings
    )
