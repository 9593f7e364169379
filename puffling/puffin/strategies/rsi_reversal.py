"""Buying what has been sold too fast."""

from __future__ import annotations

import numpy as np

from puffling.puffin.data.bars import Bars
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.cells import Highest, Lowest
from puffling.puffin.factors.declaration import Choice, Real, period
from puffling.puffin.factors.indicators.momentum import Rsi
from puffling.puffin.strategies.base import Signals, Strategy
from puffling.puffin.strategies.holding import held


class RsiReversalStrategy(Strategy):
    """Long from an RSI at or below `low` until it is back at `middle`; short from `high` in the same way.

    The confidence is one half at the edge, and grows with how far the RSI stands beyond it.
    """

    title = "RSI reversal"
    help = "Buys what fell too fast and sells what rose too fast, until the RSI is back in its middle."
    parameters = (
        period(14),
        Real("low", "Oversold below", 30.0, 1.0, 50.0, 1.0),
        Real("high", "Overbought above", 70.0, 50.0, 99.0, 1.0),
        Real("middle", "Leave at", 50.0, 1.0, 99.0, 1.0),
        Choice("side", "Side", "long", (("long", "Long only"), ("both", "Long and short"))),
    )
    period: int
    low: float
    high: float
    middle: float
    side: str

    def check(self) -> None:
        """The middle lies between the edges."""
        if not self.low < self.middle < self.high:
            raise InvalidValue("Leave at must lie between oversold and overbought", field="middle")

    def bars_needed(self) -> int:
        """One bar more than the RSI looks back, for its first change."""
        return self.period + 1

    def decide(self, bars: Bars) -> Signals:
        """Enter at an edge, leave in the middle."""
        rsi = Rsi.compute(bars, period=self.period)["rsi"]
        # A price that stood still was neither bought nor sold too fast, though its RSI is 0.
        width = self.period + 1
        still = Highest(width)(bars.close) == Lowest(width)(bars.close)
        known = np.where(np.isnan(rsi) | still, self.middle, rsi)
        long = held(known <= self.low, known >= self.middle)
        short = held(known >= self.high, known <= self.middle) if self.side == "both" else np.zeros_like(long)
        signal = long.astype(np.float64) - short
        beyond = np.maximum((self.low - known) / self.low, (known - self.high) / (100.0 - self.high))
        return Signals(signal, np.clip(0.5 + beyond, 0.0, 1.0) * np.abs(signal))
