"""The best against the worst."""

from __future__ import annotations

import numpy as np

from puffling.puffin.factors.declaration import Choice, Real, period
from puffling.puffin.strategies.holding import new_months, since
from puffling.puffin.strategies.portfolio import Allocation, Floats, PortfolioStrategy, SymbolColumns, risen


class FactorLongShortStrategy(PortfolioStrategy):
    """Each month, long the best part of the symbols by a factor and short the worst, half the equity each."""

    title = "Factor long-short"
    help = "Each month buys the best symbols by a factor and sells as much of the worst ones short."
    parameters = (
        Choice(
            "factor",
            "Factor",
            "momentum",
            (("momentum", "Momentum"), ("reversal", "Reversal"), ("low_volatility", "Low volatility")),
        ),
        period(252, name="lookback", title="Look back"),
        Real("part", "Part on each side", 0.3, 0.05, 0.5, 0.05),
    )
    factor: str
    lookback: int
    part: float

    def least_symbols(self) -> int:
        """One on each side."""
        return 2

    def bars_needed(self) -> int:
        """A price to compare with."""
        return self.lookback + 1

    def allocate(self, columns: SymbolColumns) -> Allocation:
        """Rank, buy one end, sell the other."""
        score = self._score(columns.close)
        there = ~np.isnan(score)
        count = there.sum(axis=1, keepdims=True)
        rank = np.argsort(np.argsort(np.where(there, -score, np.inf), axis=1, kind="stable"), axis=1)
        side = np.maximum(np.floor(count * self.part), 1.0)
        enough = count >= 2
        long = there & enough & (rank < side)
        short = there & enough & (rank >= count - side) & ~long
        weights = (long.astype(np.float64) - short) * 0.5 / side
        first = new_months(columns.time)
        return Allocation(since(first, weights), first)

    def _score(self, close: Floats) -> Floats:
        if self.factor == "momentum":
            return risen(close, self.lookback)
        if self.factor == "reversal":
            return -risen(close, self.lookback)
        moves = np.full_like(close, np.nan)
        moves[1:] = np.diff(np.log(close), axis=0)
        # Sums of squares over a window, each bar's own: nothing is carried on from bar to bar.
        windows = np.lib.stride_tricks.sliding_window_view(moves, self.lookback, axis=0)
        wild = np.full_like(close, np.nan)
        wild[self.lookback - 1 :] = windows.std(axis=-1)
        return -wild
