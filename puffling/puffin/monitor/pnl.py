"""Profit and loss as Puffin's users track it: positions and prices in, equity and attribution out.

Trades are kept in lots, the oldest leaving first, with their commissions in the basis, so that what was
realised and what is not yet always add up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.metrics import annual_volatility, max_drawdown, returns_of, sharpe_ratio
from puffling.puffin.errors import InvalidValue
from puffling.puffin.machine_time import machine_time
from puffling.puffin.portfolio.lots import Deal, LotBook

if TYPE_CHECKING:
    import pandas as pd

Number = int | float | Decimal


@frozen
class Position:
    """What is held of a ticker; a quantity below zero was sold short."""

    ticker: str
    quantity: float
    avg_price: float
    current_price: float = 0.0
    strategy: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def market_value(self) -> float:
        """Give what it would bring now."""
        return self.quantity * self.current_price

    def cost_basis(self) -> float:
        """Give what it cost."""
        return self.quantity * self.avg_price

    def unrealized_pnl(self) -> float:
        """Give what it earned so far."""
        return self.market_value() - self.cost_basis()


class PnLTracker:
    """Follows cash, positions and equity; each `update` is one point of the curve."""

    def __init__(self, initial_cash: float = 0.0, *, now: Callable[[], datetime] = machine_time) -> None:
        self.initial_cash = initial_cash
        self.cash = initial_cash
        self._now = now
        self._book = LotBook()
        self._positions: dict[str, Position] = {}
        self._realized: defaultdict[str, float] = defaultdict(float)
        self._strategies: dict[str, str] = {}
        self._curve: list[tuple[datetime, float, float]] = []
        self._trades = 0

    def update(
        self, positions: Mapping[str, Position] | Iterable[Position], prices: Mapping[str, float]
    ) -> None:
        """Take in what is held and what it costs now; the equity of this moment joins the curve."""
        held = positions.values() if isinstance(positions, Mapping) else positions
        self._positions = {
            each.ticker: replace(each, current_price=float(prices.get(each.ticker, each.current_price)))
            for each in held
        }
        self._strategies |= {each.ticker: each.strategy for each in self._positions.values() if each.strategy}
        self._curve.append((self._now(), self.equity(), self.total_pnl()))

    def record_trade(
        self, ticker: str, quantity: Number, price: Number, side: str, commission: Number = 0.0
    ) -> None:
        """Take in a trade: it moves cash, opens or closes lots, and changes what is held."""
        if side.lower() not in ("buy", "sell"):
            raise InvalidValue(f"A side is buy or sell, not {side!r}", field="side")
        signed = abs(_exact(quantity)) * (1 if side.lower() == "buy" else -1)
        deal = Deal(str(self._trades), self._now(), ticker, signed, _exact(price), _exact(commission))
        self._trades += 1
        for closed in self._book.take(deal):
            self._realized[ticker] += float(closed.gain)
        self.cash -= float(deal.cost)
        quantity_now = self._book.quantity(ticker)
        before = self._positions.pop(ticker, None) or Position(ticker, 0.0, 0.0)
        if quantity_now:
            average = float(self._book.cost(ticker) / quantity_now)
            self._positions[ticker] = replace(
                before, quantity=float(quantity_now), avg_price=average, current_price=float(price)
            )

    def equity(self) -> float:
        """Give cash and what the positions are worth."""
        return self.cash + self.positions_value()

    def positions_value(self) -> float:
        """Give what the positions are worth."""
        return sum(each.market_value() for each in self._positions.values())

    def unrealized_pnl(self) -> float:
        """Give what the positions earned so far."""
        return sum(each.unrealized_pnl() for each in self._positions.values())

    def realized_pnl(self) -> float:
        """Give what closed lots brought, commissions taken off."""
        return sum(self._realized.values())

    def total_pnl(self) -> float:
        """Give what was earned in all."""
        return self.realized_pnl() + self.unrealized_pnl()

    def daily_pnl(self) -> pd.Series[float]:
        """Give what each day brought, by the last update of the day; the first counts from the start."""
        return self._by_day().diff().fillna(self._by_day()).rename("daily_pnl")

    def cumulative_pnl(self) -> pd.Series[float]:
        """Give what was earned up to the end of each day."""
        return self._by_day().rename("cumulative_pnl")

    def attribution_by_strategy(self) -> dict[str, float]:
        """Give what each strategy earned; what belongs to none stands under an empty name."""
        told: defaultdict[str, float] = defaultdict(float)
        for ticker, earned in self.attribution_by_asset().items():
            told[self._strategies.get(ticker, "")] += earned
        return dict(told)

    def attribution_by_asset(self) -> dict[str, float]:
        """Give what each ticker earned, realised or not."""
        told = defaultdict(float, self._realized)
        for each in self._positions.values():
            told[each.ticker] += each.unrealized_pnl()
        return dict(told)

    def performance_summary(self) -> dict[str, float]:
        """Give the figures of the curve so far."""
        by_day = np.array([self.initial_cash, *(self._by_day() + self.initial_cash)], np.float64)
        returns = returns_of(by_day)
        return {
            "initial_cash": self.initial_cash,
            "equity": self.equity(),
            "cash": self.cash,
            "positions_value": self.positions_value(),
            "realized_pnl": self.realized_pnl(),
            "unrealized_pnl": self.unrealized_pnl(),
            "total_pnl": self.total_pnl(),
            "total_return": self.total_pnl() / self.initial_cash if self.initial_cash else float("nan"),
            "annualized_volatility": annual_volatility(returns),
            "sharpe_ratio": sharpe_ratio(returns),
            "max_drawdown": max_drawdown(by_day),
            "total_trades": float(self._trades),
        }

    def _by_day(self) -> pd.Series[float]:
        import pandas as pd

        last = {at.date(): earned for at, _, earned in self._curve}
        return pd.Series(list(last.values()), index=pd.DatetimeIndex(list(last), name="Date"), dtype=float)


def _exact(value: Number) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))
