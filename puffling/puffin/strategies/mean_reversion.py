"""Buying what has fallen unusually far below its mean."""

from __future__ import annotations

import numpy as np

from puffling.puffin.data.bars import Bars
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.cells import Deviation, Mean
from puffling.puffin.factors.declaration import Real, period
from puffling.puffin.factors.windows import Column
from puffling.puffin.strategies.base import Signals, Strategy


class MeanReversionStrategy(Strategy):
    """Long from a close far below the mean of the window until it has come back.

    z = (close - mean) / standard deviation (of a population, as Bollinger bands have it), over the last
    `window` closes; 0 where the closes are all the same. The signal is +1 from the bar on which z is at or
    below `zscore_entry` to the bar before z is at or above `zscore_exit`, 0 elsewhere. The confidence of a
    signal is |z| / `num_std`, 1 at the most, which is at the edge of the band; without a signal it is 0.
    """

    title = "Mean reversion"
    help = "Buys what has fallen far below its mean, and holds it until it has come back."
    parameters = (
        period(20, name="window", title="Window"),
        Real("num_std", "Width of the band", 2.0, 0.1, 10.0, 0.5),
        Real("zscore_entry", "Enter at z", -2.0, -10.0, 0.0, 0.25),
        Real("zscore_exit", "Leave at z", 0.0, -10.0, 10.0, 0.25),
    )
    window: int
    num_std: float
    zscore_entry: float
    zscore_exit: float

    def __init__(
        self,
        window: int = 20,
        num_std: float = 2.0,
        zscore_entry: float = -2.0,
        zscore_exit: float = 0.0,
    ) -> None:
        super().__init__(window=window, num_std=num_std, zscore_entry=zscore_entry, zscore_exit=zscore_exit)

    def check(self) -> None:
        """What is entered must not be left on the same bar."""
        if self.zscore_entry >= self.zscore_exit:
            raise InvalidValue("Enter at z must lie below leave at z", field="zscore_entry")

    def bars_needed(self) -> int:
        """One full window."""
        return self.window

    def decide(self, bars: Bars) -> Signals:
        """Enter, hold, leave."""
        z = self._distance(bars.close)
        entering, leaving = z <= self.zscore_entry, z >= self.zscore_exit
        # What holds at a bar was settled by the newest bar so far that entered or left.
        settled = np.maximum.accumulate(np.where(entering | leaving, np.arange(len(z)), 0))
        signal = entering[settled].astype(np.float64)
        return Signals(signal, np.minimum(np.nan_to_num(np.abs(z)) / self.num_std, 1.0) * signal)

    def _distance(self, close: Column) -> Column:
        apart = close - Mean(self.window)(close)
        spread = Deviation(self.window)(close)
        moved = spread != 0.0
        return np.where(moved, apart / np.where(moved, spread, 1.0), 0.0)
