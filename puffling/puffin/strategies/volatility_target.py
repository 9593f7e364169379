"""Holding more of what is calm and less of what is wild."""

from __future__ import annotations

import numpy as np

from puffling.puffin.data.bars import Bars
from puffling.puffin.factors.cells import Deviation
from puffling.puffin.factors.declaration import Real, period
from puffling.puffin.strategies.base import Signals, Strategy

_DAYS_A_YEAR = 252.0


class VolatilityTargetStrategy(Strategy):
    """Long with the share of the equity that would have had the target's volatility over the last bars.

    The share is at most all of it. It changes only when it has come further than `band` from the one held, as
    trading every day would cost more than it brings.
    """

    title = "Volatility target"
    help = "Holds more while prices are calm and less while they are wild, for an even ride."
    parameters = (
        period(20, name="window", title="Window"),
        Real("target", "Volatility in a year", 0.15, 0.01, 2.0, 0.01),
        Real("band", "Change beyond", 0.1, 0.0, 1.0, 0.05),
    )
    window: int
    target: float
    band: float

    def bars_needed(self) -> int:
        """The changes of one window."""
        return self.window + 1

    def decide(self, bars: Bars) -> Signals:
        """Measure, compare, adjust."""
        moves = np.zeros(len(bars))
        moves[1:] = np.diff(np.log(bars.close))
        wild = Deviation(self.window)(moves) * np.sqrt(_DAYS_A_YEAR)
        # The first move is that of no bar before it.
        wild[: self.window] = np.nan
        wanted = np.minimum(np.divide(self.target, wild, out=np.ones_like(wild), where=wild > 0.0), 1.0)
        wanted[: self.window] = 0.0
        share, shares = 0.0, []
        for each in wanted.tolist():
            if abs(each - share) > self.band or (each > 0.0) != (share > 0.0):
                share = each
            shares.append(share)
        signal = np.array(shares)
        return Signals(signal, (signal > 0.0).astype(np.float64))
