"""Following what breaks out of its range."""

from __future__ import annotations

import numpy as np

from puffling.puffin.data.bars import Bars
from puffling.puffin.factors.cells import Highest, Lowest
from puffling.puffin.factors.declaration import Choice, period
from puffling.puffin.strategies.base import Signals, Strategy
from puffling.puffin.strategies.holding import before, held


class DonchianBreakoutStrategy(Strategy):
    """Long from a close above the highest high of the bars before it, until one below a shorter range's low.

    Short the other way round. The bar itself is never part of the range it breaks. Where the range to leave
    is the longer one, breaking out on the other side turns the position.
    """

    title = "Donchian breakout"
    help = "Enters when the close leaves the range of the last bars, and leaves beyond a shorter range."
    parameters = (
        period(20, name="entry", title="Enter beyond"),
        period(10, name="exit", title="Leave beyond"),
        Choice("side", "Side", "both", (("long", "Long only"), ("both", "Long and short"))),
    )
    entry: int
    exit: int
    side: str

    def bars_needed(self) -> int:
        """The longer range, and the bar that leaves it."""
        return max(self.entry, self.exit) + 1

    def decide(self, bars: Bars) -> Signals:
        """Break out, hold, fall back."""
        close = bars.close
        top, bottom = before(Highest(self.entry)(bars.high)), before(Lowest(self.entry)(bars.low))
        floor, ceiling = before(Lowest(self.exit)(bars.low)), before(Highest(self.exit)(bars.high))
        # Comparing what is not a number is false: no range yet, no breakout.
        up, down = close > top, (close < bottom) & (self.side == "both")
        long, short = held(up, (close < floor) | down), held(down, (close > ceiling) | up)
        signal = long.astype(np.float64) - short
        width = np.nan_to_num(top - bottom, nan=0.0)
        beyond = np.divide(
            np.abs(close - (top + bottom) / 2.0), width, out=np.zeros_like(width), where=width > 0.0
        )
        return Signals(signal, np.clip(beyond, 0.0, 1.0) * np.abs(signal))
