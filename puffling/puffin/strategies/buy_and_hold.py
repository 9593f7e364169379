"""What every other strategy is held against."""

from __future__ import annotations

import numpy as np

from puffling.puffin.data.bars import Bars
from puffling.puffin.strategies.base import Signals, Strategy


class BuyAndHoldStrategy(Strategy):
    """Long from the first bar to the last."""

    title = "Buy and hold"
    help = "Buys on the first day and never sells: what a strategy has to beat."

    def decide(self, bars: Bars) -> Signals:
        """Hold."""
        always = np.ones(len(bars))
        return Signals(always, always)
