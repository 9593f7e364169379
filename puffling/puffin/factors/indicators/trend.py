"""What says which way the market goes, and how decidedly."""

from __future__ import annotations

import numpy as np

from puffling.puffin.factors.cells import (
    Fade,
    HeldWilder,
    Highest,
    Lag,
    Lowest,
    exponential,
    wilder_sum,
)
from puffling.puffin.factors.declaration import Category, Drawing, Output, Placement, Real, period, source
from puffling.puffin.factors.formulas import FADED, divide, true_range, where_known
from puffling.puffin.factors.indicator import PRICES, Indicator, Prices
from puffling.puffin.factors.machines import ParabolicStop
from puffling.puffin.factors.windows import Column


class Macd(Indicator):
    """Fast minus slow exponential average, and the exponential average of that.

    As in TA-Lib both averages begin at the same bar (the fast one is seeded with the prices up to there), all
    outputs begin with the signal, and the shorter period is always the fast one.
    """

    id = "macd"
    title = "Moving average convergence divergence"
    short = "MACD"
    help = "How far a fast average is from a slow one, against its own average."
    category = Category.MOMENTUM
    placement = Placement.PANE
    parameters = (
        period(12, name="fast", title="Fast"),
        period(26, name="slow", title="Slow"),
        period(9, minimum=1, name="signal", title="Signal"),
        source(),
    )
    outputs = (
        Output("macd", "MACD"),
        Output("signal", "Signal"),
        Output("histogram", "Histogram", Drawing.HISTOGRAM),
    )
    levels = (0.0,)
    fast: int
    slow: int
    signal: int
    source: str

    def prepare(self) -> None:
        """Make the cells."""
        fast, slow = sorted((self.fast, self.slow))
        self._wait = Lag(slow - fast) if slow > fast else None
        self._fast = exponential(fast)
        self._slow = exponential(slow)
        self._signal = exponential(self.signal)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Compare the averages."""
        price = prices.of(self.source)
        late = where_known(self._wait(price), price) if self._wait else price
        apart = self._fast(late) - self._slow(price)
        signal = self._signal(apart)
        return where_known(signal, apart), signal, apart - signal


class Adx(Indicator):
    """Wilder's directional movement; a bar that moves nowhere leaves the average where it was."""

    id = "adx"
    title = "Average directional index"
    short = "ADX"
    help = "How strong the trend is (above 25: a trend), with +DI and −DI saying which way."
    category = Category.MOMENTUM
    placement = Placement.PANE
    inputs = ("high", "low", "close")
    parameters = (period(14),)
    outputs = (Output("adx", "ADX"), Output("plus_di", "+DI"), Output("minus_di", "−DI"))
    levels = (25.0,)
    bounds = (0.0, 100.0)
    period: int

    def prepare(self) -> None:
        """Make the cells."""
        self._high, self._low, self._close = Lag(), Lag(), Lag()
        self._up, self._down, self._range = (wilder_sum(self.period) for _ in range(3))
        self._index = HeldWilder(self.period)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Weigh the movements up against those down."""
        rise = prices.high - self._high(prices.high)
        fall = self._low(prices.low) - prices.low
        up = self._up(where_known(rise, np.where((rise > fall) & (rise > 0.0), rise, 0.0)))
        down = self._down(where_known(fall, np.where((fall > rise) & (fall > 0.0), fall, 0.0)))
        moved = self._range(true_range(prices.high, prices.low, self._close(prices.close)))
        plus = 100.0 * divide(up, moved, least=FADED)
        minus = 100.0 * divide(down, moved, least=FADED)
        both = plus + minus
        index = 100.0 * divide(np.abs(minus - plus), both, least=FADED)
        return self._index(index, (both > FADED).astype(np.float64)), plus, minus


class Psar(Indicator):
    """Wilder's stop and reverse with TA-Lib's beginning: the way of the second bar decides the first side."""

    id = "psar"
    title = "Parabolic stop and reverse"
    short = "PSAR"
    help = "Dots that close in on the price the longer a trend lasts, and change sides when it ends."
    category = Category.OVERLAP
    placement = Placement.OVERLAY
    inputs = ("high", "low")
    parameters = (
        Real("acceleration", "Acceleration", 0.02, 0.001, 1.0, 0.01),
        Real("maximum", "Maximum", 0.2, 0.001, 1.0, 0.01),
    )
    outputs = (Output("psar", "PSAR", Drawing.DOTS),)
    acceleration: float
    maximum: float

    def prepare(self) -> None:
        """Make the cells."""
        self._high, self._low = Lag(), Lag()
        self._stop = ParabolicStop(self.acceleration, self.maximum)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Follow the price."""
        return (self._stop(prices.high, prices.low, self._high(prices.high), self._low(prices.low)),)


class Ichimoku(Indicator):
    """Hosoda's lines, each at the bar it is known at; `shift` says how far the chart draws it from there."""

    id = "ichimoku"
    title = "Ichimoku cloud"
    short = "Ichimoku"
    help = "Middles of three ranges and a cloud drawn ahead of the price: support and trend at a glance."
    category = Category.OVERLAP
    placement = Placement.OVERLAY
    inputs = ("high", "low", "close")
    parameters = (
        period(9, minimum=1, name="conversion", title="Conversion"),
        period(26, minimum=1, name="base", title="Base"),
        period(52, minimum=1, name="leading", title="Leading span B"),
        period(26, minimum=1, name="displacement", title="Displacement"),
    )
    outputs = (
        Output("conversion", "Conversion"),
        Output("base", "Base"),
        Output("leading_a", "Leading span A", Drawing.BAND, pair="leading_b", shift="displacement"),
        Output("leading_b", "Leading span B", Drawing.BAND, pair="leading_a", shift="displacement"),
        Output("lagging", "Lagging span", shift="-displacement"),
    )
    conversion: int
    base: int
    leading: int
    displacement: int

    def prepare(self) -> None:
        """Make the cells."""
        self._conversion_high, self._conversion_low = Highest(self.conversion), Lowest(self.conversion)
        self._base_high, self._base_low = Highest(self.base), Lowest(self.base)
        self._leading_high, self._leading_low = Highest(self.leading), Lowest(self.leading)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Find the middles."""
        high, low = prices.high, prices.low
        conversion = (self._conversion_high(high) + self._conversion_low(low)) / 2.0
        base = (self._base_high(high) + self._base_low(low)) / 2.0
        leading = (self._leading_high(high) + self._leading_low(low)) / 2.0
        return conversion, base, (conversion + base) / 2.0, leading, prices.close


class HeikinAshi(Indicator):
    """Averaged candles; the first one opens in the middle of its own body."""

    id = "heikin_ashi"
    title = "Heikin-Ashi"
    short = "HA"
    help = "Candles averaged with the one before: one colour for as long as a trend lasts."
    category = Category.OVERLAP
    placement = Placement.OVERLAY
    inputs = PRICES
    outputs = tuple(Output(name, name.title(), Drawing.CANDLES) for name in PRICES)

    def prepare(self) -> None:
        """Make the cells."""
        self._before = Lag()
        self._open = Fade(1, 0.5, 0.5)

    def flow(self, prices: Prices) -> tuple[Column, ...]:
        """Average the candles."""
        close = prices.of("ohlc4")
        before = self._before(close)
        opening = self._open(np.where(np.isnan(before), (prices.open + prices.close) / 2.0, before))
        high = np.maximum(prices.high, np.maximum(opening, close))
        low = np.minimum(prices.low, np.minimum(opening, close))
        return opening, high, low, close
