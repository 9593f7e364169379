"""How well somebody practised: beside buying at the beginning and holding, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.metrics import max_drawdown
from puffling.puffin.orders import Side
from puffling.puffin.portfolio.lots import Deal, LotBook


@frozen
class PracticeFill:
    """One fill, and by how much all of it was dearer than the price that was met."""

    id: str
    filled_at: datetime
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    slipped: Decimal


@frozen
class PracticeScore:
    """What a practice came to; shares are fractions, and a drawdown is 0 or less.

    A trade is a fill that closed something: it is won when it brought more than it had cost, fees included.
    `win_rate` is None before the first. `held` is what buying at the beginning and holding would have made of
    the same stretch. Costs are fees, and by how much fills were dearer than the prices they met.
    """

    symbol: str
    begun_us: int
    ended_us: int
    bars: int
    cash: Decimal
    equity: Decimal
    gained: float
    held: float
    drawdown: float
    held_drawdown: float
    fills: int
    trades: int
    wins: int
    win_rate: float | None
    costs: Decimal
    rewinds: int

    @property
    def ahead(self) -> float:
        """Give by how much it did better than holding."""
        return self.gained - self.held


def score_of(
    symbol: str,
    points: Sequence[tuple[int, float, float]],
    fills: Sequence[PracticeFill],
    rewinds: int = 0,
) -> PracticeScore:
    """Score what there was after every bar, the first point being the beginning."""
    equity = np.array([point[1] for point in points])
    prices = np.array([point[2] for point in points])
    gains = _gains(symbol, fills)
    wins = sum(gain > 0 for gain in gains)
    return PracticeScore(
        symbol,
        points[0][0],
        points[-1][0],
        len(points) - 1,
        _money(equity[0]),
        _money(equity[-1]),
        float(equity[-1] / equity[0] - 1.0),
        float(prices[-1] / prices[0] - 1.0) if prices[0] else 0.0,
        max_drawdown(equity),
        max_drawdown(prices),
        len(fills),
        len(gains),
        wins,
        wins / len(gains) if gains else None,
        _money(float(sum(fill.fee + fill.slipped for fill in fills))),
        rewinds,
    )


def _gains(symbol: str, fills: Sequence[PracticeFill]) -> list[Decimal]:
    """Give what each fill that closed something brought."""
    book, gains = LotBook(), []
    for fill in fills:
        quantity = fill.quantity if fill.side is Side.BUY else -fill.quantity
        closed = book.take(Deal(fill.id, fill.filled_at, symbol, quantity, fill.price, fill.fee))
        if closed:
            gains.append(sum((each.gain for each in closed), Decimal(0)))
    return gains


def _money(amount: float) -> Decimal:
    return Decimal(repr(float(amount))).quantize(Decimal("0.01"))
