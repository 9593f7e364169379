"""Alerts as every face shows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from puffling.frozen import frozen


class Way(StrEnum):
    """Which way a price has to go."""

    ABOVE = "above"
    BELOW = "below"
    EITHER = "either"


class AlertState(StrEnum):
    """Whether an alert can be raised now, and why not."""

    WATCHING = "watching"
    OFF = "off"
    # It was to be raised once, and was.
    DONE = "done"
    # It was made on made-up prices and the symbol has real ones now, or the other way round.
    OTHER_PRICES = "other_prices"


@frozen
class AlertLine:
    """One alert: what it waits for, in words and in numbers, and how it stands.

    `level` is a price, `percent` how far the price is to move in a day; one of them is None. `price` is the
    newest one, None when there is none.
    """

    id: str
    kind: str
    symbol: str
    title: str
    way: Way
    level: float | None
    percent: float | None
    once: bool
    cooldown_seconds: int
    state: AlertState
    name: str
    price: float | None
    last_raised_at: datetime | None
    created_at: datetime
