"""Oscillators: how fast the price moves and whether it has gone too far."""

from __future__ import annotations

import numpy as np

from puffling.puffin.factors.cells import Highest, Lag, Lowest, Mean, MeanDeviation, wilder
from puffling.puffin.factors.declaration import Category, Output, Placement, period, source
from puffling.puffin.factors.formulas import FADED, divide, rounding, where_known
from puffling.puffin.factors.indicator import Indicator, Prices
from puffling.puffin.factors.windows import Column


class Rsi(Indicator):
    """Wilder's averages of gains and losses; 0 where nothing ever moved, as TA-Lib says."""

    id = "rsi"
    title = "Relative strength index"
    short = "RSI"
    help = "Gains against losses from 0 to 100: above 70 overbought, below 30 oversold."
    category = Category.MOMENTUM
    placement = Placement.PANE
    parameters = (period(14), source())
    outputs = (Output("rsi", "RSI"),)
    levels = (30.0, 70.0)
    bounds = (0.0, 100.0)
    period: int
    source: str

    def prepare(self) -> None:
        """Make the cells."""
        self._before = Lag()
        self._gain, self._loss = wilder(self.period), wilder(self.period)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Compare gains with losses."""
        price = prices.of(self.source)
        change = price - self._before(price)
        gain = self._gain(np.maximum(change, 0.0))
        loss = self._loss(np.maximum(-change, 0.0))
        return (100.0 * divide(gain, gain + loss, least=FADED),)


class Stochastic(Indicator):
    """Where the close stands in the range of the last bars, averaged simply twice; both begin together."""

    id = "stochastic"
    title = "Stochastic oscillator"
    short = "Stoch"
    help = "Where the close stands between the lowest and the highest price of the last bars."
    category = Category.MOMENTUM
    placement = Placement.PANE
    inputs = ("high", "low", "close")
    parameters = (
        period(14, minimum=1),
        period(3, minimum=1, name="slowing", title="Smoothing of %K"),
        period(3, minimum=1, name="signal", title="Smoothing of %D"),
    )
    outputs = (Output("k", "%K"), Output("d", "%D"))
    levels = (20.0, 80.0)
    bounds = (0.0, 100.0)
    period: int
    slowing: int
    signal: int

    def prepare(self) -> None:
        """Make the cells."""
        self._highest, self._lowest = Highest(self.period), Lowest(self.period)
        self._k, self._d = Mean(self.slowing), Mean(self.signal)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Place the close in its range."""
        highest, lowest = self._highest(prices.high), self._lowest(prices.low)
        least = rounding(highest, lowest)
        k = self._k(100.0 * divide(prices.close - lowest, highest - lowest, least=least))
        d = self._d(k)
        return where_known(d, k), d


class Cci(Indicator):
    """Lambert's index of the typical price, 0 where it stands still."""

    id = "cci"
    title = "Commodity channel index"
    short = "CCI"
    help = "How many usual distances the price is from its average; beyond ±100 is unusual."
    category = Category.MOMENTUM
    placement = Placement.PANE
    inputs = ("high", "low", "close")
    parameters = (period(20),)
    outputs = (Output("cci", "CCI"),)
    levels = (-100.0, 100.0)
    period: int

    def prepare(self) -> None:
        """Make the cells."""
        self._mean = Mean(self.period)
        self._deviation = MeanDeviation(self.period)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Measure the distance."""
        price = prices.of("hlc3")
        mean = self._mean(price)
        # The rounding of a mean is no movement: without this a flat price would show ±67.
        least = 0.015 * rounding(mean, mean) / 2.0
        return (divide(price - mean, 0.015 * self._deviation(price), least=least),)


class Roc(Indicator):
    """The change in percent over `period` bars."""

    id = "roc"
    title = "Rate of change"
    short = "ROC"
    help = "By how many percent the price has changed over the last bars."
    category = Category.MOMENTUM
    placement = Placement.PANE
    parameters = (period(10, minimum=1), source())
    outputs = (Output("roc", "ROC"),)
    levels = (0.0,)
    period: int
    source: str

    def prepare(self) -> None:
        """Make the cells."""
        self._before = Lag(self.period)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Compare with the price then."""
        price = prices.of(self.source)
        before = self._before(price)
        return (100.0 * divide(price - before, before),)


class WilliamsR(Indicator):
    """How far the close is below the highest price, in percent of the range, counted from 0 down to −100."""

    id = "williams_r"
    title = "Williams %R"
    short = "%R"
    help = "How far the close is from the highest price of the last bars: 0 at it, −100 at the lowest."
    category = Category.MOMENTUM
    placement = Placement.PANE
    inputs = ("high", "low", "close")
    parameters = (period(14),)
    outputs = (Output("williams_r", "%R"),)
    levels = (-80.0, -20.0)
    bounds = (-100.0, 0.0)
    period: int

    def prepare(self) -> None:
        """Make the cells."""
        self._highest, self._lowest = Highest(self.period), Lowest(self.period)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Place the close in its range."""
        highest, lowest = self._highest(prices.high), self._lowest(prices.low)
        least = rounding(highest, lowest)
        return (-100.0 * divide(highest - prices.close, highest - lowest, least=least),)
