"""An order book that is kept up to date price by price."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

from puffling.puffin.errors import InvalidValue

if TYPE_CHECKING:
    from puffling.puffin.data.realtime import OrderBookUpdate

_BUYING = frozenset(("bid", "bids", "buy", "b"))
_SELLING = frozenset(("ask", "asks", "sell", "a", "s"))


class OrderBook:
    """Prices and sizes on both sides; it is never crossed, because the newest word wins."""

    def __init__(self) -> None:
        self._bids: dict[float, float] = {}
        self._asks: dict[float, float] = {}
        # Streams write from their own threads while others read.
        self._guard = threading.Lock()

    def update(self, update: OrderBookUpdate) -> None:
        """Take one level as it stands now; size 0 removes it."""
        side = str(update.side).lower()
        if side not in _BUYING | _SELLING:
            raise InvalidValue(f"A book has no side {update.side!r}", field="side")
        price, size = float(update.price), float(update.size)
        if not (math.isfinite(price) and price > 0.0 and math.isfinite(size) and size >= 0.0):
            raise InvalidValue(
                "A level needs a price above zero and a size that is not negative", field="price"
            )
        with self._guard:
            own, other = (self._bids, self._asks) if side in _BUYING else (self._asks, self._bids)
            if size == 0.0:
                own.pop(price, None)
                return
            own[price] = size
            for gone in [each for each in other if (each < price if own is self._bids else each > price)]:
                del other[gone]

    def best_bid(self) -> float | None:
        """Give the highest price somebody would pay."""
        with self._guard:
            return max(self._bids, default=None)

    def best_ask(self) -> float | None:
        """Give the lowest price somebody would take."""
        with self._guard:
            return min(self._asks, default=None)

    def spread(self) -> float | None:
        """Give how far the best prices are apart; None while a side is empty."""
        bid, ask = self.best_bid(), self.best_ask()
        return None if bid is None or ask is None else ask - bid

    def bids(self) -> list[tuple[float, float]]:
        """Give price and size of every bid, the best first."""
        with self._guard:
            return sorted(self._bids.items(), reverse=True)

    def asks(self) -> list[tuple[float, float]]:
        """Give price and size of every ask, the best first."""
        with self._guard:
            return sorted(self._asks.items())

    def clear(self) -> None:
        """Forget all levels."""
        with self._guard:
            self._bids.clear()
            self._asks.clear()
