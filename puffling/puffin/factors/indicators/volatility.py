"""How far prices go."""

from __future__ import annotations

from puffling.puffin.factors.cells import Lag, wilder
from puffling.puffin.factors.declaration import Category, Output, Placement, period
from puffling.puffin.factors.formulas import divide, true_range
from puffling.puffin.factors.indicator import Indicator, Prices
from puffling.puffin.factors.windows import Column


class TrueRange(Indicator):
    """High to low, or to the close before where that lies outside."""

    id = "trange"
    title = "True range"
    short = "TR"
    help = "How far the price went in one bar, gaps included."
    category = Category.VOLATILITY
    placement = Placement.PANE
    inputs = ("high", "low", "close")
    outputs = (Output("trange", "TR"),)

    def prepare(self) -> None:
        """Make the cells."""
        self._before = Lag()

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Measure."""
        return (true_range(prices.high, prices.low, self._before(prices.close)),)


class Atr(Indicator):
    """Wilder's average of the true range, which begins with the second bar."""

    id = "atr"
    title = "Average true range"
    short = "ATR"
    help = "How far the price usually goes in one bar, gaps included."
    category = Category.VOLATILITY
    placement = Placement.PANE
    inputs = ("high", "low", "close")
    parameters = (period(14, minimum=1),)
    outputs = (Output("atr", "ATR"),)
    period: int

    def prepare(self) -> None:
        """Make the cells."""
        self._before = Lag()
        self._average = wilder(self.period)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Average."""
        return (self._average(true_range(prices.high, prices.low, self._before(prices.close))),)


class NormalizedAtr(Atr):
    """The average true range in percent of the close."""

    id = "natr"
    title = "Normalized average true range"
    short = "NATR"
    help = "The average true range in percent of the price: comparable between instruments."
    outputs = (Output("natr", "NATR"),)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Average and compare with the price."""
        (average,) = super().flow(prices)
        return (100.0 * divide(average, prices.close),)
