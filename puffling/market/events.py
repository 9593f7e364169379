"""What happens in the market, told on the bus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from puffling.market.values import BidAsk, Book, FeedState, LeftOut, Price, Tick


@dataclass(frozen=True, slots=True)
class PricesMoved:
    """The newest price of every watched symbol that moved since the last such event."""

    prices: Mapping[str, Price]


@dataclass(frozen=True, slots=True)
class FeedStateChanged:
    """A feed connected, fell silent, or came back."""

    state: FeedState


@dataclass(frozen=True, slots=True)
class HistoryRenewed:
    """What a feed has under a symbol is another history now: it was imported again, removed or restored."""

    symbol: str


@dataclass(frozen=True, slots=True)
class QuotesMoved:
    """The newest bid and ask of every symbol whose quotes somebody watches and that moved."""

    quotes: Mapping[str, BidAsk]


@dataclass(frozen=True, slots=True)
class TapePrinted:
    """The trades since the last such event of every symbol whose tape somebody watches."""

    trades: Mapping[str, tuple[Tick, ...]]


@dataclass(frozen=True, slots=True)
class BooksMoved:
    """The newest order book of every symbol whose book somebody watches and that moved."""

    books: Mapping[str, Book]


@dataclass(frozen=True, slots=True)
class MessagesLeftOut:
    """Feeds told something too strange to be shown; told once a second at the most."""

    left_out: tuple[LeftOut, ...]
