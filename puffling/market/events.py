"""What happens in the market, told on the bus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from puffling.market.values import FeedState, Price


@dataclass(frozen=True, slots=True)
class PricesMoved:
    """The newest price of every watched symbol that moved since the last such event."""

    prices: Mapping[str, Price]


@dataclass(frozen=True, slots=True)
class FeedStateChanged:
    """A feed connected, fell silent, or came back."""

    state: FeedState
