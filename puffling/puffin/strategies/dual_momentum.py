"""Holding what has risen most, and nothing when nothing has."""

from __future__ import annotations

import numpy as np

from puffling.puffin.factors.declaration import Whole, period
from puffling.puffin.strategies.holding import new_months, since
from puffling.puffin.strategies.portfolio import Allocation, PortfolioStrategy, SymbolColumns, risen


class DualMomentumStrategy(PortfolioStrategy):
    """Each month, equal parts of the symbols that rose most, and only of those that rose at all."""

    title = "Dual momentum"
    help = "Each month holds the symbols that rose most, and cash in place of those that did not rise."
    parameters = (
        period(252, name="lookback", title="Look back"),
        Whole("hold", "Symbols held", 1, 1, 100),
    )
    lookback: int
    hold: int

    def bars_needed(self) -> int:
        """A price to compare with."""
        return self.lookback + 1

    def allocate(self, columns: SymbolColumns) -> Allocation:
        """Rank, choose, hold for a month."""
        rise = risen(columns.close, self.lookback)
        known = np.nan_to_num(rise, nan=-np.inf)
        # Of equals the one named first is taken.
        rank = np.argsort(np.argsort(-known, axis=1, kind="stable"), axis=1)
        hold = min(self.hold, len(columns.symbols))
        chosen = np.where((rank < hold) & (known > 0.0), 1.0 / hold, 0.0)
        first = new_months(columns.time)
        return Allocation(since(first, chosen), first)
