"""What happens in the market, told on the bus."""

from __future__ import annotations

from collections.abc import Mapping

from puffling.frozen import frozen
from puffling.market.values import BidAsk, Book, FeedState, LeftOut, Price, Tick


@frozen
class PricesMoved:
    """The newest price of every watched symbol that moved since the last such event."""

    prices: Mapping[str, Price]


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
