"""Trading two prices that hang together against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Real, period
from puffling.puffin.strategies.cointegration import Bond, bonds
from puffling.puffin.strategies.holding import new_months
from puffling.puffin.strategies.portfolio import Allocation, Floats, PortfolioStrategy, SymbolColumns

if TYPE_CHECKING:
    import pandas as pd

# The test for a bond looks back so many times as far as the bands of the spread.
_TESTED = 4


class StatArbStrategy(PortfolioStrategy):
    """Of all pairs the one that hangs together best, bought and sold against each other when it comes apart.

    At the first bar of each month every pair is tested over the last four lookbacks, and the one least likely
    to be chance is traded, if it is below `coint_pvalue`. Its spread is first − ratio · second; z is how
    many standard deviations it lies from its mean over `lookback` bars. Below −`entry_zscore` the spread is
    bought, above it is sold, and both are left within `exit_zscore`. Each leg takes half the equity at most.
    """

    title = "Statistical arbitrage"
    help = "Trades the two symbols that hang together best against each other when they come apart."
    parameters = (
        period(60, name="lookback", title="Look back"),
        Real("entry_zscore", "Enter at z", 2.0, 0.1, 10.0, 0.25),
        Real("exit_zscore", "Leave at z", 0.5, 0.0, 10.0, 0.25),
        Real("coint_pvalue", "Chance at most", 0.05, 0.0, 1.0, 0.01),
    )
    lookback: int
    entry_zscore: float
    exit_zscore: float
    coint_pvalue: float

    def __init__(
        self,
        lookback: int = 60,
        entry_zscore: float = 2.0,
        exit_zscore: float = 0.5,
        coint_pvalue: float = 0.05,
    ) -> None:
        super().__init__(
            lookback=lookback,
            entry_zscore=entry_zscore,
            exit_zscore=exit_zscore,
            coint_pvalue=coint_pvalue,
        )

    def check(self) -> None:
        """One leaves nearer to the mean than one enters."""
        if self.exit_zscore >= self.entry_zscore:
            raise InvalidValue("Leave at z must lie below enter at z", field="exit_zscore")

    def least_symbols(self) -> int:
        """A pair."""
        return 2

    def bars_needed(self) -> int:
        """What the test looks at."""
        return _TESTED * self.lookback

    def find_cointegrated_pairs(
        self, prices: pd.DataFrame, pvalue_threshold: float = 0.05
    ) -> list[tuple[str, str, float]]:
        """Give the pairs of columns that hang together, with how likely that is chance, the surest first."""
        told = bonds(prices.to_numpy(dtype=np.float64))
        names = [str(name) for name in prices.columns]
        surest = np.argsort(told.p_value, kind="stable").tolist()
        return [
            (names[told.first[place]], names[told.second[place]], float(told.p_value[place]))
            for place in surest
            if told.p_value[place] <= pvalue_threshold
        ]

    def allocate(self, columns: SymbolColumns) -> Allocation:
        """Choose a pair each month, and trade its spread bar by bar."""
        close = columns.close
        weights = np.zeros_like(close)
        first = np.flatnonzero(new_months(columns.time))
        begins = first[first >= self.bars_needed() - 1].tolist()
        for begin, end in zip(begins, [*begins[1:], len(close)], strict=True):
            seen = close[begin + 1 - self.bars_needed() : begin + 1]
            told = bonds(seen)
            surest = int(np.argmin(told.p_value)) if len(told) else -1
            if surest >= 0 and told.p_value[surest] <= self.coint_pvalue:
                pair = [int(told.first[surest]), int(told.second[surest])]
                weights[begin:end, pair] = self._traded(close[:, pair], told.at(surest), begin, end)
        return Allocation(weights)

    def _traded(self, close: Floats, told: Bond, begin: int, end: int) -> Floats:
        """Give the weights of a pair over a month; it begins with nothing held."""
        seen = close[begin + 1 - self.lookback : end]
        spread = seen[:, 0] - told.ratio * seen[:, 1]
        windows = np.lib.stride_tricks.sliding_window_view(spread, self.lookback)
        deviation = windows.std(axis=1)
        apart = spread[self.lookback - 1 :] - windows.mean(axis=1)
        z = np.divide(apart, deviation, out=np.zeros_like(apart), where=deviation > 0.0)
        # What is bought of one is sold of the other by the same money, leaning with the ratio.
        first, second = 1.0, told.ratio * float(close[begin, 1] / close[begin, 0])
        legs = np.array([first, -second]) * 0.5 / max(first, abs(second))
        side, sides = 0.0, []
        for each in z.tolist():
            if abs(each) >= self.entry_zscore:
                side = -1.0 if each > 0.0 else 1.0
            elif abs(each) <= self.exit_zscore or each * side > 0.0:
                side = 0.0
            sides.append(side)
        return np.array(sides)[:, None] * legs
