"""A source on another computer, as bad as the test wants it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from puffling.market.calendar import calendar
from puffling.market.feeds import PriceSink, SourceAway
from puffling.market.values import AssetClass, Basis, Instrument, Price, Quality, SessionState
from puffling.puffin.data.actions import Adjustment, CorporateAction
from puffling.puffin.data.bars import Bars, Span
from puffling.puffin.data.instants import day_to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.raw import Columns
from puffling.runtime.errors import Unavailable


def days_of(start_us: int, end_us: int, *, level: float = 100.0) -> Bars:
    """Quiet days of a share on the exchange's calendar."""
    sessions = calendar("XNYS").sessions
    time = sessions.days_us[sessions.places(start_us, end_us)].copy()
    return wave(time, level)


def minutes_of(start_us: int, end_us: int, interval: Interval, *, level: float = 100.0) -> Bars:
    """Quiet bars within the sessions."""
    sessions = calendar("XNYS").sessions
    places = sessions.places(start_us - start_us % 86_400_000_000, end_us)
    pairs = zip(sessions.opens_us[places].tolist(), sessions.closes_us[places].tolist(), strict=True)
    parts = [np.arange(opened, closed, interval.us, dtype=np.int64) for opened, closed in pairs]
    time = np.concatenate(parts) if parts else np.empty(0, np.int64)
    return wave(time, level).between(start_us, end_us)


def wave(time: np.ndarray[tuple[int], np.dtype[np.int64]], level: float) -> Bars:
    """Prices that depend on nothing but their time."""
    days = time / 86_400e6
    close = level * (1.0 + 0.05 * np.sin(days / 9.0) + 0.01 * np.sin(days * 1.7))
    opening = level * (1.0 + 0.05 * np.sin((days - 0.5) / 9.0) + 0.01 * np.sin((days - 0.5) * 1.7))
    return Bars(
        time,
        opening,
        np.maximum(opening, close) * 1.004,
        np.minimum(opening, close) * 0.996,
        close,
        np.full(len(time), 1e8 / level),
    )


@dataclass
class RemoteFeed:
    """Knows a few symbols once it is asked; what it holds can be changed, broken or out of reach."""

    source: str = "vendor"
    label: str = "Vendor"
    quality: Quality = Quality.DELAYED
    intervals: frozenset[Interval] = frozenset(Interval)
    basis: Basis = Basis.TRADED
    is_remote: bool = True
    streams: bool = False
    symbols: tuple[str, ...] = ("ACME",)
    renamed: dict[str, str] = field(default_factory=dict)
    level: float = 100.0
    happened: tuple[CorporateAction, ...] = ()
    away: Unavailable | None = None
    tail_away: Unavailable | None = None
    changed: Callable[[Bars, Interval], Columns] = lambda bars, _: bars
    moving: Columns = field(default_factory=Bars.empty)
    asked: list[tuple[Interval, Span]] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    last: Price | None = None
    closed: bool = False
    hours: str = "XNYS"

    def instruments(self) -> tuple[Instrument, ...]:
        return ()

    async def find(self, text: str, limit: int) -> tuple[Instrument, ...]:
        self._reach("find")
        return tuple(self._named(each) for each in self.symbols if text.upper() in each)[:limit]

    async def learn(self, symbol: str) -> Instrument | None:
        self._reach(f"learn {symbol}")
        if new := self.renamed.get(symbol):
            return replace(self._named(new), former=symbol)
        return self._named(symbol) if symbol in self.symbols else None

    def price(self, symbol: str) -> Price:
        if self.last is None:
            raise Unavailable("No price is known yet.")
        return self.last

    async def refresh(self, symbols: Sequence[str]) -> None:
        self._reach("refresh")
        self.last = Price(
            symbols[0], 101.0, 0, SessionState.OPEN, 100.0, 100.0, 102.0, 99.0, 1e6,
            self.source, self.label, self.quality,
        )  # fmt: skip

    async def bars(self, symbol: str, interval: Interval, span: Span) -> Columns:
        self.asked.append((interval, span))
        self._reach(f"bars {symbol}")
        return self.changed(self.truth(interval, span), interval)

    def truth(self, interval: Interval, span: Span) -> Bars:
        """What the market really did, as traded."""
        if interval.is_intraday:
            bars = minutes_of(span.start_us, span.end_us, interval, level=self.level)
        else:
            bars = days_of(span.start_us, span.end_us, level=self.level)
        for action in self.happened:
            # Before a split a share cost more of them: as traded is as traded.
            bars = _as_traded(bars, action)
        return bars

    async def tail(self, symbol: str, interval: Interval, since_us: int) -> Columns:
        self._reach(f"tail {symbol}")
        if self.tail_away is not None:
            raise self.tail_away
        return self.moving

    async def adjustment(self, symbol: str) -> Adjustment:
        raise AssertionError("the market keeps the actions of a remote source itself")

    async def actions(self, symbol: str) -> tuple[CorporateAction, ...]:
        self._reach(f"actions {symbol}")
        return self.happened

    def watch(self, symbols: frozenset[str]) -> None:
        pass

    async def run(self, sink: PriceSink) -> None:
        sink.connection(self.source, True)

    async def close(self) -> None:
        self.closed = True

    def _named(self, symbol: str) -> Instrument:
        return Instrument(symbol, f"{symbol.title()} Inc.", AssetClass.EQUITY, "NYSE", "EUR", 2, self.hours)

    def _reach(self, question: str) -> None:
        self.questions.append(question)
        if self.away is not None:
            raise self.away


def no_network() -> SourceAway:
    """What a client says without a network."""
    return SourceAway("The network is away.", hint="Check the connection.")


def _as_traded(bars: Bars, action: CorporateAction) -> Bars:
    before = bars.time < day_to_us(action.day)
    prices = np.where(before, action.split_ratio, 1.0)
    return Bars(
        bars.time,
        bars.open * prices,
        bars.high * prices,
        bars.low * prices,
        bars.close * prices,
        bars.volume / prices,
    )
