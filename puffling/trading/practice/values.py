"""What practising came to, as every face shows it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from puffling.frozen import frozen


@frozen
class PracticeLine:
    """One practice: on what, and how well it went; shares are fractions, and a drawdown is 0 or less.

    `gained` is beside `held`, what buying at the beginning and holding would have made of the same stretch.
    A trade is a fill that closed something; `win_rate` is None before the first. Costs are fees, and by how
    much fills were dearer than the prices they met. `rewinds` is how often something was done over.
    """

    id: str
    symbol: str
    interval: str
    began: datetime
    ended: datetime
    bars: int
    gained: float
    held: float
    ahead: float
    drawdown: float
    held_drawdown: float
    trades: int
    wins: int
    win_rate: float | None
    costs: Decimal
    rewinds: int
    cash: Decimal
    equity: Decimal
    practised_at: datetime


@frozen
class PracticeDeal:
    """One fill of a practice."""

    at: datetime
    side: str
    quantity: Decimal
    price: Decimal
    fee: Decimal


@frozen
class PracticeDetail:
    """One practice with its fills, and what there was after its bars: moments, equity and prices."""

    line: PracticeLine
    deals: tuple[PracticeDeal, ...]
    times_us: tuple[int, ...]
    equity: tuple[float, ...]
    prices: tuple[float, ...]
