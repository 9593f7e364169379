"""What the market tells: instruments, prices, histories; light enough to load before the window paints."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from puffling.frozen import frozen
from puffling.puffin.data.bars import Bars, SeriesKey, Span
from puffling.puffin.data.quality import Flag
from puffling.runtime.text import tr


class AssetClass(StrEnum):
    """What kind of thing is traded."""

    EQUITY = "equity"
    ETF = "etf"
    CRYPTO = "crypto"


class Quality(StrEnum):
    """How much a number may be trusted to be the market's, now."""

    REALTIME = "realtime"
    ONE_EXCHANGE = "one_exchange"
    DELAYED = "delayed"
    END_OF_DAY = "end_of_day"
    SAMPLE = "sample"
    DEMO = "demo"


class Basis(StrEnum):
    """What prices of a history stand for."""

    TRADED = "as traded"
    ADJUSTED = "adjusted for splits and dividends"
    GIVEN = "as the source gives them"


class SessionState(StrEnum):
    """What an instrument's exchange is doing."""

    OPEN = "open"
    PRE = "pre"
    POST = "post"
    CLOSED = "closed"


@frozen
class Instrument:
    """Something that can be looked at and traded."""

    symbol: str
    name: str
    asset_class: AssetClass
    exchange: str
    currency: str = "USD"
    price_decimals: int = 2
    calendar: str = "XNYS"
    # The symbol that was asked for, when the company has renamed its share since.
    former: str = ""


class Tick(NamedTuple):
    """One trade; a tuple, because thousands arrive each second."""

    symbol: str
    price: float
    size: float
    time_us: int


class BidAsk(NamedTuple):
    """The best bid and ask of a moment; price and size are 0 on a side on which nobody stands."""

    symbol: str
    bid: float
    ask: float
    bid_size: float
    ask_size: float
    time_us: int


class Level(NamedTuple):
    """One price of an order book and how much waits there."""

    price: float
    size: float


class Book(NamedTuple):
    """The order book of a moment, on each side the best price first."""

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    time_us: int


_DIFFERENCE_DECIMALS = 10


class Price(NamedTuple):
    """The newest price of a symbol with its day around it."""

    symbol: str
    price: float
    time_us: int
    session: SessionState
    previous_close: float
    day_open: float
    day_high: float
    day_low: float
    day_volume: float
    source: str
    label: str
    quality: Quality

    @property
    def change(self) -> float:
        """Difference to the previous session's close."""
        # Prices are decimal numbers: 759.35 - 760.88 is -1.53, not -1.5299999999999727.
        return round(self.price - self.previous_close, _DIFFERENCE_DECIMALS)

    @property
    def change_percent(self) -> float:
        """Difference to the previous session's close in percent; 0 when that is unknown."""
        return 100.0 * self.change / self.previous_close if self.previous_close else 0.0


@frozen(eq=False)
class History:
    """Bars with where they come from; the last bar may still be moving.

    `bars` are for the eye, faulty ones included; `kept_away` tells beside each whether it is. Whatever
    decides or computes takes `clean`, the others, or `blanked` where it must stay as long: nothing is
    repaired, and where levels cannot be compared or a page is missing, both begin after it. `flags` say
    which bar has which fault. The oldest part was fetched from the source at `fetched_at`, the newest at
    `refreshed_at`.
    """

    key: SeriesKey
    bars: Bars
    label: str
    quality: Quality
    fetched_at: datetime
    refreshed_at: datetime
    kept_away: NDArray[np.bool_]
    developing: bool = False
    warnings: tuple[str, ...] = ()
    basis: Basis = Basis.ADJUSTED
    currency: str = "USD"
    flags: tuple[Flag, ...] = ()

    def __post_init__(self) -> None:
        if len(self.kept_away) != len(self.bars):
            raise ValueError("every bar of a history is kept away or not")

    @property
    def clean(self) -> Bars:
        """The bars that may be computed and decided on."""
        return self.bars.where(~self.kept_away) if bool(self.kept_away.any()) else self.bars

    @property
    def closed(self) -> Bars:
        """The bars that may be decided on and will not change any more: a decision waits for the close."""
        clean = self.clean
        moving = self.developing and len(clean) and clean.time[-1] == self.bars.time[-1]
        return clean[:-1] if moving else clean

    @property
    def blanked(self) -> Bars:
        """The bars with nothing but their time in the place of those that are kept away."""
        if not bool(self.kept_away.any()):
            return self.bars
        columns = (np.where(self.kept_away, np.nan, column) for column in self.bars.columns())
        return Bars(self.bars.time, *columns)

    def showing(self, bars: Bars) -> History:
        """Give the same history with some of its bars only, or with one that was under way."""
        faulty = np.isin(bars.time, self.bars.time[self.kept_away])
        last_us = int(bars.time[-1]) if len(bars) else 0
        flags = tuple(flag for flag in self.flags if flag.time_us <= last_us)
        return replace(self, bars=bars, kept_away=faulty, flags=flags)

    @property
    def source(self) -> str:
        """Name of the feed that answered."""
        return self.key.source

    @property
    def adjusted(self) -> bool:
        """Whether prices are corrected for splits and dividends."""
        return self.key.adjusted


@frozen
class Coverage:
    """Of which stretches bars are kept; wide bars are made of narrower ones, which are what is kept."""

    key: SeriesKey
    spans: tuple[Span, ...]


class Doubt(StrEnum):
    """Why something a feed told was left out."""

    NOT_A_NUMBER = "not_a_number"
    NOT_POSITIVE = "not_positive"
    SPIKE = "spike"
    CROSSED = "crossed"
    LATE = "late"
    FUTURE = "future"


_DOUBTS = {
    Doubt.NOT_A_NUMBER: "not a number",
    Doubt.NOT_POSITIVE: "zero or less",
    Doubt.SPIKE: "an impossible jump",
    Doubt.CROSSED: "bid above ask",
    Doubt.LATE: "older than what was known",
    Doubt.FUTURE: "in the future (is this computer's clock right?)",
}


def words_of(doubt: Doubt) -> str:
    """Say what was wrong with something that was left out."""
    return tr(_DOUBTS[doubt])


@frozen
class LeftOut:
    """What a feed told of a symbol and nobody was shown: why, how often, and the newest case."""

    symbol: str
    doubt: Doubt
    count: int
    price: float
    time_us: int


class Condition(StrEnum):
    """How a feed is doing, in one word."""

    LIVE = "live"
    QUIET = "quiet"
    STALE = "stale"
    MUTE = "mute"
    RECONNECTING = "reconnecting"
    OFF = "off"


@frozen
class FeedState:
    """How a feed is doing; `age_seconds` says how old its newest tick is, None before the first.

    Quiet is a feed of which nobody expects anything now; stale is one that fell silent, mute one that is
    connected and never said anything. `left_out` counts what was too strange to be shown.
    """

    source: str
    label: str
    quality: Quality
    connected: bool
    last_tick_us: int | None = None
    age_seconds: float | None = None
    stale: bool = False
    note: str = ""
    condition: Condition = Condition.OFF
    attempt: int = 0
    next_try_seconds: float | None = None
    left_out: int = 0
