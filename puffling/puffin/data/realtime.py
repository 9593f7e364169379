"""What streams carry."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from puffling.frozen import frozen

if TYPE_CHECKING:
    from puffling.puffin.data.order_book import OrderBook
    from puffling.puffin.data.realtime_engine import RealtimeEngine

__all__ = ["Bar", "OrderBook", "OrderBookUpdate", "Quote", "RealtimeEngine", "Trade"]


@frozen
class Trade:
    """One trade as it was printed."""

    symbol: str
    price: float
    volume: float
    timestamp: datetime


@frozen
class Quote:
    """The best bid and ask at a moment."""

    symbol: str
    bid: float
    ask: float
    bid_size: float
    ask_size: float
    timestamp: datetime


@frozen
class OrderBookUpdate:
    """One price level of an order book as it stands now; size 0 removes it."""

    symbol: str
    side: str
    price: float
    size: float
    timestamp: datetime


@frozen
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


def __getattr__(name: str) -> object:
    """Give the engine and the book under the module people know them by, loaded when they are used."""
    if name == "OrderBook":
        from puffling.puffin.data.order_book import OrderBook

        return OrderBook
    if name == "RealtimeEngine":
        from puffling.puffin.data.realtime_engine import RealtimeEngine

        return RealtimeEngine
    raise AttributeError(name)
