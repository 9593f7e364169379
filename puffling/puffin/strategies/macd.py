"""Following the convergence and divergence of two averages."""

from __future__ import annotations

import numpy as np

from puffling.puffin.data.bars import Bars
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Choice, period
from puffling.puffin.factors.indicators.trend import Macd
from puffling.puffin.strategies.base import Signals, Strategy

# A histogram this large, as a share of the price, leaves no doubt.
_CERTAIN = 0.01
_NOTHING = 1e-9


class MacdStrategy(Strategy):
    """Long while the MACD stands above its signal line; short, or out, while it stands below."""

    title = "MACD"
    help = "Long while the MACD stands above its signal line, short or out while it stands below."
    parameters = (
        period(12, name="fast", title="Fast"),
        period(26, name="slow", title="Slow"),
        period(9, name="smoothing", title="Signal line", minimum=1),
        Choice("side", "Side", "both", (("long", "Long only"), ("both", "Long and short"))),
    )
    fast: int
    slow: int
    smoothing: int
    side: str

    def check(self) -> None:
        """The fast average is the shorter one."""
        if self.fast >= self.slow:
            raise InvalidValue("Fast must be shorter than slow", field="fast")

    def bars_needed(self) -> int:
        """The signal line begins when the slow average has spoken for its own length."""
        return self.slow + self.smoothing - 1

    def decide(self, bars: Bars) -> Signals:
        """Compare the MACD with its signal line."""
        told = Macd.compute(bars, fast=self.fast, slow=self.slow, signal=self.smoothing)
        histogram = np.nan_to_num(told["histogram"], nan=0.0)
        # A price that stands still leaves a histogram of rounding errors.
        signal = np.where(np.abs(histogram) > _NOTHING * bars.close, np.sign(histogram), 0.0)
        if self.side == "long":
            signal = np.maximum(signal, 0.0)
        return Signals(signal, np.minimum(np.abs(histogram) / (bars.close * _CERTAIN), 1.0) * np.abs(signal))
