"""Sixty in one, forty in the other."""

from __future__ import annotations

import numpy as np

from puffling.puffin.factors.declaration import Choice, Real
from puffling.puffin.strategies.holding import new_months
from puffling.puffin.strategies.portfolio import Allocation, PortfolioStrategy, SymbolColumns


class BalancedStrategy(PortfolioStrategy):
    """A share in the first symbol, the rest in equal parts in the others, brought back now and then."""

    title = "60/40 rebalanced"
    help = "A fixed share in the first symbol and the rest in the others, rebalanced by the calendar."
    parameters = (
        Real("first", "Share of the first", 0.6, 0.0, 1.0, 0.05),
        Choice(
            "every",
            "Rebalance",
            "quarter",
            (
                ("month", "Every month"),
                ("quarter", "Every quarter"),
                ("year", "Every year"),
                ("never", "Never"),
            ),
        ),
    )
    first: float
    every: str

    def least_symbols(self) -> int:
        """One for each part."""
        return 2

    def allocate(self, columns: SymbolColumns) -> Allocation:
        """Hold the shares from the first bar on which all symbols trade."""
        count = len(columns.symbols)
        shares = np.array([self.first, *[(1.0 - self.first) / (count - 1)] * (count - 1)])
        all_there = np.logical_and.reduce(np.maximum.accumulate(~np.isnan(columns.close), axis=0), axis=1)
        weights = np.where(all_there[:, None], shares, 0.0)
        months = {"month": 1, "quarter": 3, "year": 12}.get(self.every, 0)
        if not months:
            return Allocation(weights)
        first = new_months(columns.time)
        number = columns.time.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
        return Allocation(weights, first & (number % months == 0))
