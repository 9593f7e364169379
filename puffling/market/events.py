"""What happens in the market, told on the bus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from puffling.frozen import frozen
from puffling.market.values import BidAsk, Book, FeedState, LeftOut, Price, Tick


@frozen
class PricesMoved:
    """The newest price of every watched symbol that moved since the last such event.

    `turns` are the highest and the lowest price on the way there, in the order they were met, of the symbols
    that went farther than from one newest price to the next.
    """

    prices: Mapping[str, Price]
    turns: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def way(self, symbol: str) -> Iterator[Price]:
        """Give the prices a symbol came by, the newest one last; none when it did not move."""
        newest = self.prices.get(symbol)
        if newest is not None:
            for price in self.turns.get(symbol, ()):
                yield newest._replace(price=price)
            yield newest


@frozen
class FeedStateChanged:
    """A feed connected, fell silent, or came back."""

    state: FeedState


@frozen
class HistoryRenewed:
    """What a feed has under a symbol is another history now: it was imported again, removed or restored."""

    symbol: str


@frozen
class QuotesMoved:
    """The newest bid and ask of every symbol whose quotes somebody watches and that moved."""

    quotes: Mapping[str, BidAsk]


@frozen
class TapePrinted:
    """The trades since the last such event of every symbol whose tape somebody watches."""

    trades: Mapping[str, tuple[Tick, ...]]


@frozen
class BooksMoved:
    """The newest order book of every symbol whose book somebody watches and that moved."""

    books: Mapping[str, Book]


@frozen
class MessagesLeftOut:
    """Feeds told something too strange to be shown; told once a second at the most."""

    left_out: tuple[LeftOut, ...]
