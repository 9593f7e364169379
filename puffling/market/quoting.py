"""What a feed also offers that knows who bids and who asks."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from puffling.market.values import BidAsk, Book, Tick


@runtime_checkable
class QuotingFeed(Protocol):
    """Quotes, trades one by one, and order books; a feed without them simply has none of these methods."""

    @property
    def has_book(self) -> bool:
        """Whether it tells order books and not only their best prices."""
        ...

    async def quote(self, symbol: str) -> BidAsk | None:
        """Give the newest bid and ask; None while there are none."""
        ...

    async def tape(self, symbol: str, limit: int) -> tuple[Tick, ...]:
        """Give the newest trades, the oldest of them first."""
        ...

    async def book(self, symbol: str) -> Book | None:
        """Give the order book as it stands now; None where there is none."""
        ...

    def watch_quotes(self, symbols: frozenset[str]) -> None:
        """Stream the bids and asks of exactly these symbols from now on."""
        ...

    def watch_books(self, symbols: frozenset[str]) -> None:
        """Stream the order books of exactly these symbols from now on."""
        ...
