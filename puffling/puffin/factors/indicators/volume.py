"""Price and volume together."""

from __future__ import annotations

import numpy as np

from puffling.puffin.factors.cells import Fade, Lag, Sum, Total
from puffling.puffin.factors.declaration import Category, Output, Placement, period
from puffling.puffin.factors.formulas import divide, rounding, where_known
from puffling.puffin.factors.indicator import Indicator, Prices
from puffling.puffin.factors.windows import Column


class Obv(Indicator):
    """Volume added on bars that close higher, taken off on those that close lower; the first is added."""

    id = "obv"
    title = "On-balance volume"
    short = "OBV"
    help = "Volume of rising bars less that of falling ones, added up."
    category = Category.VOLUME
    placement = Placement.PANE
    inputs = ("close", "volume")
    outputs = (Output("obv", "OBV"),)

    def prepare(self) -> None:
        """Make the cells."""
        self._before = Lag()
        self._total = Total()

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Add up."""
        before = self._before(prices.close)
        way = np.where(np.isnan(before), 1.0, np.sign(prices.close - before))
        return (self._total(way * prices.volume),)


class Mfi(Indicator):
    """Money that came in on bars with a higher typical price, in percent of all; 0 where none was moved."""

    id = "mfi"
    title = "Money flow index"
    short = "MFI"
    help = "The RSI of money: above 80 overbought, below 20 oversold."
    category = Category.VOLUME
    placement = Placement.PANE
    inputs = ("high", "low", "close", "volume")
    parameters = (period(14),)
    outputs = (Output("mfi", "MFI"),)
    levels = (20.0, 80.0)
    bounds = (0.0, 100.0)
    period: int

    def prepare(self) -> None:
        """Make the cells."""
        self._before = Lag()
        self._gained, self._lost = Sum(self.period), Sum(self.period)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Compare the money."""
        price = prices.of("hlc3")
        before = self._before(price)
        money = where_known(before, price * prices.volume)
        change, least = price - before, rounding(price, before)
        gained = self._gained(np.where(change <= least, 0.0 * money, money))
        lost = self._lost(np.where(change >= -least, 0.0 * money, money))
        return (100.0 * divide(gained, gained + lost),)


class AccumulationDistribution(Indicator):
    """Chaikin's line: volume, weighed by where in its range each bar closed."""

    id = "ad"
    title = "Accumulation/distribution line"
    short = "A/D"
    help = "Volume added up, counting for as much as the bar closed near its high or low."
    category = Category.VOLUME
    placement = Placement.PANE
    inputs = ("high", "low", "close", "volume")
    outputs = (Output("ad", "A/D"),)

    def prepare(self) -> None:
        """Make the cells."""
        self._total = Total()

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Add up."""
        return (self._total(_money_flow(prices)),)


class ChaikinOscillator(Indicator):
    """Fast minus slow exponential average of the line, both seeded with its first value as in TA-Lib."""

    id = "adosc"
    title = "Chaikin oscillator"
    short = "ADOSC"
    help = "How fast the accumulation/distribution line moves."
    category = Category.VOLUME
    placement = Placement.PANE
    inputs = ("high", "low", "close", "volume")
    parameters = (period(3, name="fast", title="Fast"), period(10, name="slow", title="Slow"))
    outputs = (Output("adosc", "ADOSC"),)
    levels = (0.0,)
    fast: int
    slow: int

    def prepare(self) -> None:
        """Make the cells."""
        self._total = Total()
        self._fast, self._slow = (
            Fade(1, 1.0 - 2.0 / (width + 1), 2.0 / (width + 1)) for width in (self.fast, self.slow)
        )
        self._wait = Lag(max(self.fast, self.slow) - 1)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Compare the averages."""
        line = self._total(_money_flow(prices))
        return (where_known(self._wait(line), self._fast(line) - self._slow(line)),)


def _money_flow(prices: Prices) -> Column:
    above, below = prices.close - prices.low, prices.high - prices.close
    return prices.volume * divide(above - below, prices.high - prices.low)
