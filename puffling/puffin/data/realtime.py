"""What streams carry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade as it was printed."""

    symbol: str
    price: float
    volume: float
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class Quote:
    """The best bid and ask at a moment."""

    symbol: str
    bid: float
    ask: float
    bid_size: float
    ask_size: float
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class OrderBookUpdate:
    """One price level of an order book as it stands now; size 0 removes it."""

    symbol: str
    side: str
    price: float
    size: float
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class Bar:
    """One finished bar."""

    symbol: str
    open: float
    high: float
    low: float
    close: float
    volume: float
    timestamp: datetime
    interval: str
