"""Bands and channels around the price."""

from __future__ import annotations

import numpy as np

from puffling.puffin.factors.cells import Deviation, Highest, Lag, Lowest, Mean, exponential, wilder
from puffling.puffin.factors.declaration import Category, Drawing, Output, Placement, Real, period, source
from puffling.puffin.factors.formulas import true_range
from puffling.puffin.factors.indicator import Indicator, Prices
from puffling.puffin.factors.machines import Ceiling, Direction
from puffling.puffin.factors.windows import Column

_BANDS = (
    Output("upper", "Upper", Drawing.BAND, pair="lower"),
    Output("middle", "Middle"),
    Output("lower", "Lower", Drawing.BAND, pair="upper"),
)


class Bollinger(Indicator):
    """The simple average and so many standard deviations (of a population) on either side."""

    id = "bollinger"
    title = "Bollinger bands"
    short = "BB"
    help = "Bands two standard deviations from the average: narrow in calm, wide in storm."
    category = Category.OVERLAP
    placement = Placement.OVERLAY
    parameters = (period(20), Real("deviations", "Deviations", 2.0, 0.1, 10.0, 0.1), source())
    outputs = _BANDS
    period: int
    deviations: float
    source: str

    def prepare(self) -> None:
        """Make the cells."""
        self._mean = Mean(self.period)
        self._deviation = Deviation(self.period)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Span the bands."""
        price = prices.of(self.source)
        middle = self._mean(price)
        reach = self.deviations * self._deviation(price)
        return middle + reach, middle, middle - reach


class Keltner(Indicator):
    """The exponential average of the close and so many average true ranges (Wilder's) on either side."""

    id = "keltner"
    title = "Keltner channels"
    short = "KC"
    help = "A channel around the exponential average, as wide as bars usually are."
    category = Category.VOLATILITY
    placement = Placement.OVERLAY
    inputs = ("high", "low", "close")
    parameters = (
        period(20),
        period(10, minimum=1, name="range_period", title="Range period"),
        Real("multiplier", "Ranges", 2.0, 0.1, 20.0, 0.1),
    )
    outputs = _BANDS
    period: int
    range_period: int
    multiplier: float

    def prepare(self) -> None:
        """Make the cells."""
        self._middle = exponential(self.period)
        self._before = Lag()
        self._range = wilder(self.range_period)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Span the channel."""
        middle = self._middle(prices.close)
        reach = self.multiplier * self._range(true_range(prices.high, prices.low, self._before(prices.close)))
        return middle + reach, middle, middle - reach


class Donchian(Indicator):
    """Highest high and lowest low of the last `period` bars, the newest among them."""

    id = "donchian"
    title = "Donchian channel"
    short = "DC"
    help = "The highest and the lowest price of the last bars: leaving it is a breakout."
    category = Category.VOLATILITY
    placement = Placement.OVERLAY
    inputs = ("high", "low")
    parameters = (period(20, minimum=1),)
    outputs = _BANDS
    period: int

    def prepare(self) -> None:
        """Make the cells."""
        self._highest = Highest(self.period)
        self._lowest = Lowest(self.period)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Span the channel."""
        upper, lower = self._highest(prices.high), self._lowest(prices.low)
        return upper, (upper + lower) / 2.0, lower


class SuperTrend(Indicator):
    """Seban's line: bands so many average true ranges from the middle of the bar, which only tighten.

    It begins falling; the line is the floor while rising and the ceiling while falling.
    """

    id = "supertrend"
    title = "SuperTrend"
    short = "ST"
    help = "A trailing line below a rising and above a falling price; crossing it turns the trend."
    category = Category.OVERLAP
    placement = Placement.OVERLAY
    inputs = ("high", "low", "close")
    parameters = (period(10, minimum=1), Real("multiplier", "Ranges", 3.0, 0.1, 20.0, 0.1))
    outputs = (
        Output("supertrend", "SuperTrend", coloured_by="direction"),
        Output("direction", "Direction", Drawing.HIDDEN),
    )
    period: int
    multiplier: float

    def prepare(self) -> None:
        """Make the cells."""
        self._before = Lag()
        self._range = wilder(self.period)
        self._ceiling = Ceiling()
        self._floor = Ceiling()
        self._direction = Direction()

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Tighten the bands and follow the one the trend is on."""
        before = self._before(prices.close)
        reach = self.multiplier * self._range(true_range(prices.high, prices.low, before))
        middle = prices.of("hl2")
        ceiling = self._ceiling(middle + reach, before)
        floor = -self._floor(reach - middle, -before)
        direction = self._direction(prices.close, ceiling, floor)
        return np.where(direction > 0.0, floor, ceiling), direction
