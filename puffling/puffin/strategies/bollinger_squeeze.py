"""Waiting for quiet, then following where it breaks."""

from __future__ import annotations

import numpy as np

from puffling.puffin.data.bars import Bars
from puffling.puffin.factors.cells import Highest, Lowest
from puffling.puffin.factors.declaration import Choice, Real, period
from puffling.puffin.factors.indicators.bands import Bollinger
from puffling.puffin.strategies.base import Signals, Strategy
from puffling.puffin.strategies.holding import Mask, held


class BollingerSqueezeStrategy(Strategy):
    """After a squeeze, long from a close above the upper band until one below the middle; short likewise.

    A squeeze is a band whose width stands in the lowest part, `quiet`, of its range over `lookback` bars;
    what breaks out within `patience` bars of one counts.
    """

    title = "Bollinger squeeze"
    help = "Waits until the bands are narrow, then follows the side on which the price leaves them."
    parameters = (
        period(20, name="window", title="Window"),
        Real("num_std", "Width of the band", 2.0, 0.1, 10.0, 0.5),
        period(120, name="lookback", title="Compare with the last"),
        Real("quiet", "Narrow below", 0.2, 0.01, 0.9, 0.05),
        period(5, name="patience", title="Break out within", minimum=1),
        Choice("side", "Side", "both", (("long", "Long only"), ("both", "Long and short"))),
    )
    window: int
    num_std: float
    lookback: int
    quiet: float
    patience: int
    side: str

    def bars_needed(self) -> int:
        """The band, and the range of its widths."""
        return self.window + self.lookback - 1

    def decide(self, bars: Bars) -> Signals:
        """Wait, break out, hold to the middle."""
        told = Bollinger.compute(bars, period=self.window, deviations=self.num_std)
        upper, middle, lower = told["upper"], told["middle"], told["lower"]
        width = (upper - lower) / middle
        narrowest, widest = Lowest(self.lookback)(width), Highest(self.lookback)(width)
        squeezed = width <= narrowest + self.quiet * (widest - narrowest)
        lately = held(squeezed, _expired(squeezed, self.patience))
        close = bars.close
        long = held((close > upper) & lately, close < middle)
        short = held((close < lower) & lately, close > middle) if self.side == "both" else np.zeros_like(long)
        signal = long.astype(np.float64) - short
        half = upper - middle
        far = np.divide(np.abs(close - middle), half, out=np.zeros_like(half), where=half > 0.0)
        return Signals(signal, np.clip(far, 0.0, 1.0) * np.abs(signal))


def _expired(squeezed: Mask, patience: int) -> Mask:
    """Give where the newest squeeze lies further back than one has patience for."""
    places = np.arange(len(squeezed))
    newest = np.maximum.accumulate(np.where(squeezed, places, -len(squeezed)))
    gone: Mask = places - newest > patience
    return gone
