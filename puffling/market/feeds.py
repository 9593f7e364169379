"""What a source of market data must offer, and what one is made from.

A feed answers for itself alone: it knows nothing of other feeds, of the cache or of what is wrong with its
bars. Whatever it cannot answer now it refuses with `Unavailable` and the reason in plain words (no network,
a limit on requests, a missing key or extra); the chain then asks the next feed and tells the person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from puffling.frozen import frozen
from puffling.market.values import Basis, BidAsk, Book, Instrument, Price, Quality, Tick
from puffling.puffin.data.actions import Adjustment, CorporateAction
from puffling.puffin.data.bars import Span
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.raw import Columns
from puffling.runtime.clock import Clock
from puffling.runtime.errors import Unavailable
from puffling.runtime.port import Port
from puffling.settings.model import Market as MarketSettings


class PriceSink(Protocol):
    """Takes what a feed has to tell; the price board is one."""

    def ticks(self, source: str, batch: Sequence[Tick]) -> None:
        """Take trades in the order they happened."""
        ...

    def snapshots(self, prices: Sequence[Price]) -> None:
        """Take newest prices with a day that begins anew, as at the start of a session."""
        ...

    def quotes(self, source: str, batch: Sequence[BidAsk]) -> None:
        """Take bids and asks in the order they came."""
        ...

    def book(self, source: str, book: Book) -> None:
        """Take a symbol's order book as it stands now."""
        ...

    def connection(self, source: str, connected: bool, note: str = "") -> None:
        """Hear that a feed is connected, or that it is not and why."""
        ...

    def reconnecting(self, source: str, attempt: int, next_try_seconds: float, note: str = "") -> None:
        """Hear that a feed lost its connection, which try comes next and in how many seconds."""
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

    @property
    def intervals(self) -> frozenset[Interval]:
        """The widths of bars it has itself; wider ones are made from them."""
        ...

    @property
    def basis(self) -> Basis:
        """Whether its bars are as traded, or as somebody left them."""
        ...

    @property
    def is_remote(self) -> bool:
        """Whether it has to ask another computer, which may be slow, strict or away."""
        ...

    @property
    def streams(self) -> bool:
        """Whether its prices move by themselves while they are watched."""
        ...

    def instruments(self) -> tuple[Instrument, ...]:
        """Give everything this feed knows without asking anybody."""
        ...

    async def find(self, text: str, limit: int) -> tuple[Instrument, ...]:
        """Search at the source; one that lists all it has in `instruments` gives none."""
        ...

    async def learn(self, symbol: str) -> Instrument | None:
        """Ask the source about a symbol that `instruments` does not have; None when it has none either."""
        ...

    def price(self, symbol: str) -> Price:
        """Give the newest price without waiting, or raise Unavailable while none is known."""
        ...

    async def refresh(self, symbols: Sequence[str]) -> None:
        """Ask the source for the newest prices of these, so that `price` has them."""
        ...

    async def bars(self, symbol: str, interval: Interval, span: Span) -> Columns:
        """Give the closed bars of a span in prices as they were traded, untouched as the source has them."""
        ...

    async def tail(self, symbol: str, interval: Interval, since_us: int) -> Columns:
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

    async def close(self) -> None:
        """Let go of connections and threads."""
        ...


@runtime_checkable
class ImportedFeed(Protocol):
    """What a feed also offers whose prices came at some time and are not asked for again."""

    def came_at_us(self, symbol: str) -> int:
        """Give when the prices of a symbol came."""
        ...


@runtime_checkable
class LongHoursFeed(Protocol):
    """What a feed also offers that has bars from before and after the sessions."""

    async def long_bars(self, symbol: str, interval: Interval, span: Span) -> Columns:
        """Give the closed bars of a span, those before and after the sessions among them."""
        ...

    async def long_tail(self, symbol: str, interval: Interval, since_us: int) -> Columns:
        """Give the same from a time to now, the last one as far as it has come."""
        ...


class Standing(NamedTuple):
    """What a person reads beside prices, and how far they may be trusted."""

    label: str
    quality: Quality


@runtime_checkable
class MixedFeed(Protocol):
    """What a feed also offers that does not tell all of its symbols alike."""

    def standing_of(self, symbol: str) -> Standing:
        """Give how the prices of this symbol stand."""
        ...


def standing_of(feed: Feed, symbol: str) -> Standing:
    """Give how the prices a feed tells of a symbol stand."""
    return feed.standing_of(symbol) if isinstance(feed, MixedFeed) else Standing(feed.label, feed.quality)


class SourceAway(Unavailable):
    """A source that answers nobody for now: no network, a limit reached, no answer in time."""

    def __init__(self, message: str, *, hint: str = "", retry_seconds: float = 30.0) -> None:
        super().__init__(message, hint=hint)
        self.retry_seconds = retry_seconds


@frozen
class FeedParts:
    """What feeds are made from: each is built as `Feed(parts)` and takes what it needs.

    `key` finds a key by its name, such as ALPACA_API_KEY, or None; it may block on the keychain, so it is
    called in a lane of the port. `data` is the folder of the person's data.
    """

    clock: Clock
    port: Port
    key: Callable[[str], str | None]
    data: Path
    settings: MarketSettings
