"""Feeds: where prices come from, and the order in which they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Protocol

from puffling.market.calendar import EXCHANGE, Calendar, calendar
from puffling.market.values import AssetClass, Instrument, Price, Quality, SessionState, Tick
from puffling.puffin.data.actions import Adjustment, CorporateAction
from puffling.puffin.data.bars import Bars, Span
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.samples import NAMES, SamplesProvider
from puffling.runtime.errors import NotFound, Unavailable
from puffling.runtime.text import tr


class PriceSink(Protocol):
    """Takes what a feed has to tell; the price board is one."""

    def ticks(self, source: str, batch: Sequence[Tick]) -> None:
        """Take trades in the order they happened."""
        ...

    def snapshots(self, prices: Sequence[Price]) -> None:
        """Take newest prices with a day that begins anew, as at the start of a session."""
        ...

    def connection(self, source: str, connected: bool, note: str = "") -> None:
        """Hear that a feed is connected, or that it is not and why."""
        ...


class Feed(Protocol):
    """One source of instruments, histories and live prices."""

    @property
    def source(self) -> str:
        """The name under which its series are kept."""
        ...

    @property
    def label(self) -> str:
        """What a person reads beside its prices."""
        ...

    @property
    def quality(self) -> Quality:
        """How far its prices may be trusted."""
        ...

    def instruments(self) -> tuple[Instrument, ...]:
        """Give everything this feed knows."""
        ...

    def price(self, symbol: str) -> Price:
        """Give the newest price without waiting."""
        ...

    async def bars(self, symbol: str, interval: Interval, span: Span) -> Bars:
        """Give the closed bars of a span in prices as they were traded."""
        ...

    async def tail(self, symbol: str, interval: Interval, since_us: int) -> Bars:
        """Give the bars from a time to now, the last one as far as it has come."""
        ...

    async def adjustment(self, symbol: str) -> Adjustment:
        """Give what makes old prices comparable with those of now."""
        ...

    async def actions(self, symbol: str) -> tuple[CorporateAction, ...]:
        """Give the splits and dividends until now."""
        ...

    def watch(self, symbols: frozenset[str]) -> None:
        """Stream exactly these symbols from now on."""
        ...

    async def run(self, sink: PriceSink) -> None:
        """Stream what is watched until cancelled."""
        ...


class SamplesFeed:
    """Real daily history of five shares that comes with the program; nothing in it moves."""

    source = "samples"
    quality = Quality.SAMPLE

    def __init__(self, provider: SamplesProvider) -> None:
        self._provider = provider

    @property
    def label(self) -> str:
        """What a person reads beside its prices."""
        return tr("Sample data, real prices")

    def instruments(self) -> tuple[Instrument, ...]:
        """Give the shares there are."""
        exchanges = {"IBM": "NYSE"}
        return tuple(
            Instrument(symbol, NAMES[symbol], AssetClass.EQUITY, exchanges.get(symbol, "NASDAQ"))
            for symbol in self._provider.symbols
        )

    def price(self, symbol: str) -> Price:
        """Give the last close of the history."""
        bars = self._provider.sample(symbol).bars
        last = len(bars) - 1
        session = calendar(EXCHANGE).sessions
        closed_us = int(session.closes_us[session.places(int(bars.time[last]), int(bars.time[last]) + 1)][0])
        return Price(
            symbol=symbol,
            price=float(bars.close[last]),
            time_us=closed_us,
            session=SessionState.CLOSED,
            previous_close=float(bars.close[last - 1]),
            day_open=float(bars.open[last]),
            day_high=float(bars.high[last]),
            day_low=float(bars.low[last]),
            day_volume=float(bars.volume[last]),
            source=self.source,
            label=self.label,
            quality=self.quality,
        )

    async def bars(self, symbol: str, interval: Interval, span: Span) -> Bars:
        """Give the daily bars of a span in prices as they were traded."""
        if interval is not Interval.D1:
            raise Unavailable(
                tr("The samples hold daily history only."), hint=tr("Choose days, weeks or months.")
            )
        return self._provider.sample(symbol).bars.between(span.start_us, span.end_us)

    async def tail(self, symbol: str, interval: Interval, since_us: int) -> Bars:
        """Give none: the history ended in 2013."""
        return Bars.empty()

    async def adjustment(self, symbol: str) -> Adjustment:
        """Give the correction the source states for each day."""
        return self._provider.sample(symbol).adjustment

    async def actions(self, symbol: str) -> tuple[CorporateAction, ...]:
        """Give none: the source states their effect on prices, not what they were."""
        return ()

    def watch(self, symbols: frozenset[str]) -> None:
        """Do nothing: these prices stand still."""

    async def run(self, sink: PriceSink) -> None:
        """Say that the history is there; nothing follows."""
        sink.connection(self.source, True)


class FeedChain:
    """Feeds in order: a symbol is answered by the first that knows it, or by the one that is named."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        self.feeds = tuple(feeds)
        self._known = {feed.source: {each.symbol: each for each in feed.instruments()} for feed in self.feeds}
        self._first: dict[str, Feed] = {}
        for feed in reversed(self.feeds):
            self._first.update(dict.fromkeys(self._known[feed.source], feed))

    def feed_of(self, symbol: str, source: str | None = None) -> Feed:
        """Give the feed that answers for a symbol, or say which symbols come near."""
        if source is None:
            found = self._first.get(symbol)
        else:
            found = next((feed for feed in self.feeds if feed.source == source), None)
            if found is None:
                raise NotFound(
                    tr("There is no feed named {source}.", source=source),
                    hint=tr("Feeds: {names}.", names=", ".join(feed.source for feed in self.feeds)),
                )
            if symbol not in self._known[source]:
                raise NotFound(
                    tr("The feed {source} does not know {symbol}.", source=source, symbol=symbol),
                    hint=tr("Leave the feed out to ask all of them."),
                )
        if found is None:
            raise self._unknown(symbol)
        return found

    def instrument(self, symbol: str, source: str | None = None) -> Instrument:
        """Give what is known of a symbol."""
        return self._known[self.feed_of(symbol, source).source][symbol]

    def calendar_of(self, symbol: str, source: str | None = None) -> Calendar:
        """Give the calendar a symbol trades on."""
        return calendar(self.instrument(symbol, source).calendar)

    def search(self, text: str, limit: int = 50) -> tuple[Instrument, ...]:
        """Give instruments whose symbol or name holds the text, the nearest first; all for an empty text."""
        wanted = text.strip().casefold()
        ranked = []
        for place, (symbol, feed) in enumerate(self._in_order()):
            instrument = self._known[feed.source][symbol]
            rank = _rank(wanted, symbol.casefold(), instrument.name.casefold())
            if rank is not None:
                ranked.append((rank, place, instrument))
        return tuple(instrument for _, _, instrument in sorted(ranked, key=lambda each: each[:2])[:limit])

    def _in_order(self) -> list[tuple[str, Feed]]:
        return [
            (symbol, feed)
            for feed in self.feeds
            for symbol in self._known[feed.source]
            if self._first[symbol] is feed
        ]

    def _unknown(self, symbol: str) -> NotFound:
        near = get_close_matches(symbol.upper(), list(self._first), 3, 0.5)
        names = {each.casefold(): known for known, each in self._names()}
        near += [names[name] for name in get_close_matches(symbol.casefold(), list(names), 2, 0.6)]
        near += [found.symbol for found in self.search(symbol, 3)]
        hint = tr("Type a part of its name to find it.")
        if near:
            hint = tr("Did you mean {symbols}?", symbols=", ".join(dict.fromkeys(near)))
        return NotFound(tr("No feed knows {symbol}.", symbol=symbol), hint=hint)

    def _names(self) -> list[tuple[str, str]]:
        return [(symbol, self._known[feed.source][symbol].name) for symbol, feed in self._in_order()]


def _rank(wanted: str, symbol: str, name: str) -> int | None:
    for rank, matches in enumerate(
        (
            not wanted or symbol == wanted,
            symbol.startswith(wanted),
            name.startswith(wanted) or f" {wanted}" in name,
            wanted in symbol or wanted in name,
        )
    ):
        if matches:
            return rank
    return None
