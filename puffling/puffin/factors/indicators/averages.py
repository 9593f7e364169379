"""Averages of price, drawn over it."""

from __future__ import annotations

from puffling.puffin.factors.cells import Mean, Sum, Total, WeightedMean, exponential
from puffling.puffin.factors.declaration import Category, Output, Placement, period, source
from puffling.puffin.factors.formulas import divide
from puffling.puffin.factors.indicator import Indicator, Prices
from puffling.puffin.factors.windows import Column


class Sma(Indicator):
    """The mean of the last `period` prices."""

    id = "sma"
    title = "Simple moving average"
    short = "SMA"
    help = "The plain average of the last bars: smooth, and half its period late."
    category = Category.OVERLAP
    placement = Placement.OVERLAY
    parameters = (period(20), source())
    outputs = (Output("sma", "SMA"),)
    period: int
    source: str

    def prepare(self) -> None:
        """Make the cells."""
        self._mean = Mean(self.period)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Average."""
        return (self._mean(prices.of(self.source)),)


class Ema(Indicator):
    """k = 2 / (period + 1), seeded with the mean of the first `period` prices, as TA-Lib does."""

    id = "ema"
    title = "Exponential moving average"
    short = "EMA"
    help = "An average in which older bars fade: turns sooner than the simple one."
    category = Category.OVERLAP
    placement = Placement.OVERLAY
    parameters = (period(20), source())
    outputs = (Output("ema", "EMA"),)
    period: int
    source: str

    def prepare(self) -> None:
        """Make the cells."""
        self._average = exponential(self.period)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Average."""
        return (self._average(prices.of(self.source)),)


class Wma(Indicator):
    """Weights 1, 2, ... `period`, the newest weighing most."""

    id = "wma"
    title = "Weighted moving average"
    short = "WMA"
    help = "An average whose weights rise evenly up to the newest bar."
    category = Category.OVERLAP
    placement = Placement.OVERLAY
    parameters = (period(20), source())
    outputs = (Output("wma", "WMA"),)
    period: int
    source: str

    def prepare(self) -> None:
        """Make the cells."""
        self._mean = WeightedMean(self.period)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Average."""
        return (self._mean(prices.of(self.source)),)


class Vwap(Indicator):
    """Typical price, each bar weighing as much as its volume; NaN until something has been traded."""

    id = "vwap"
    title = "Volume-weighted average price"
    short = "VWAP"
    help = "What the average share has cost since the session began."
    category = Category.OVERLAP
    placement = Placement.OVERLAY
    inputs = ("high", "low", "close", "volume")
    outputs = (Output("vwap", "VWAP"),)

    def prepare(self) -> None:
        """Make the cells."""
        self._money = Total()
        self._volume = Total()

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Divide the money by the volume."""
        session = prices.session()
        money = self._money(prices.of("hlc3") * prices.volume, session)
        return (divide(money, self._volume(prices.volume, session), otherwise=float("nan")),)


class RollingVwap(Indicator):
    """The same over the last `period` bars; NaN where none of them was traded."""

    id = "rolling_vwap"
    title = "Volume-weighted moving average price"
    short = "VWAP"
    help = "What the average share has cost over the last bars, sessions aside."
    category = Category.OVERLAP
    placement = Placement.OVERLAY
    inputs = ("high", "low", "close", "volume")
    parameters = (period(20, minimum=1),)
    outputs = (Output("vwap", "VWAP"),)
    period: int

    def prepare(self) -> None:
        """Make the cells."""
        self._money = Sum(self.period)
        self._volume = Sum(self.period)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Divide the money by the volume."""
        money = self._money(prices.of("hlc3") * prices.volume)
        return (divide(money, self._volume(prices.volume), otherwise=float("nan")),)
