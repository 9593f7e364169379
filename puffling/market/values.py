"""What the market tells: instruments, prices, histories; light enough to load before the window paints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from puffling.puffin.data.bars import Bars, SeriesKey


class AssetClass(StrEnum):
    """What kind of thing is traded."""

    EQUITY = "equity"
    ETF = "etf"
    CRYPTO = "crypto"


class Quality(StrEnum):
    """How much a number may be trusted to be the market's, now."""

    REALTIME = "realtime"
    DELAYED = "delayed"
    END_OF_DAY = "end_of_day"
    SAMPLE = "sample"
    DEMO = "demo"


class SessionState(StrEnum):
    """What an instrument's exchange is doing."""

    OPEN = "open"
    PRE = "pre"
    POST = "post"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Instrument:
    """Something that can be looked at and traded."""

    symbol: str
    name: str
    asset_class: AssetClass
    exchange: str
    currency: str = "USD"
    price_decimals: int = 2
    calendar: str = "XNYS"


class Tick(NamedTuple):
    """One trade; a tuple, because thousands arrive each second."""

    symbol: str
    price: float
    size: float
    time_us: int


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
        return self.price - self.previous_close

    @property
    def change_percent(self) -> float:
        """Difference to the previous session's close in percent; 0 when that is unknown."""
        return 100.0 * self.change / self.previous_close if self.previous_close else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Bars with where they come from; the last bar may still be moving."""

    key: SeriesKey
    bars: Bars
    label: str
    quality: Quality
    fetched_at: datetime
    developing: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Name of the feed that answered."""
        return self.key.source

    @property
    def adjusted(self) -> bool:
        """Whether prices are corrected for splits and dividends."""
        return self.key.adjusted


@dataclass(frozen=True, slots=True)
class FeedState:
    """How a feed is doing; `age_seconds` says how old its newest tick is, None before the first."""

    source: str
    label: str
    quality: Quality
    connected: bool
    last_tick_us: int | None = None
    age_seconds: float | None = None
    stale: bool = False
    note: str = ""
