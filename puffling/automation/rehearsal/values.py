"""What a rehearsal was of and what it came to."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import Any

from puffling.frozen import frozen


@frozen
class RehearsedOrder:
    """An order of a rehearsal: what the gate said where it refused, what it filled at where it did."""

    at: datetime
    symbol: str
    side: str
    quantity: float
    fate: str
    price: float | None = None
    fees: float = 0.0
    text: str = ""


@frozen
class RehearsalLine:
    """What a list shows of a rehearsal."""

    id: str
    strategy_id: str | None
    name: str
    symbols: tuple[str, ...]
    start: datetime
    end: datetime
    made_at: datetime
    capital: float
    final: float
    tested: float
    orders: int
    refused: int
    asked: int
    undecided: int
    same: bool


@frozen
class Rehearsal(RehearsalLine):
    """A whole rehearsal: the worth of the strategy's money after every bar, beside that of its backtest."""

    time: tuple[datetime, ...] = ()
    equity: tuple[float, ...] = ()
    tested_equity: tuple[float, ...] = ()
    made: tuple[RehearsedOrder, ...] = ()
    differences: tuple[str, ...] = ()
    request: dict[str, Any] = field(default_factory=dict)
