"""Which bars and prices are seen, and on which pixels."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log

import numpy as np

from puffling.desktop.charts.pyramid import Floats
from puffling.frozen import frozen

VOLUME_SHARE = 0.17
_TOP_PIXELS = 34
_GAP_PIXELS = 12
# A chart lower than this is there for its prices: legend and volume may cover them.
_LOW_PIXELS = 150
_LOW_SHARE = 0.09
# What a logarithm makes of a price at or below zero: far below everything, yet still a number.
_LEAST = 1e-300


@frozen
class Viewport:
    """A piece of the chart and the pixels it is drawn on; bar i stands at i, y grows downwards.

    On a logarithmic scale equal ratios are equally high; both ends of the prices are above zero then.
    """

    first: float
    last: float
    low: float
    high: float
    width: float
    height: float
    logarithmic: bool = False

    @property
    def bar_width(self) -> float:
        """Give how many pixels one bar takes."""
        return self.width / (self.last - self.first)

    @property
    def is_low(self) -> bool:
        """Tell whether there is hardly room for the prices themselves."""
        return self.height < _LOW_PIXELS

    @property
    def volume_height(self) -> float:
        """Give how many pixels the highest volume takes."""
        return self.height * VOLUME_SHARE

    def x(self, index: float) -> float:
        """Give where a bar stands."""
        return (index - self.first) * self.width / (self.last - self.first)

    def y(self, price: float) -> float:
        """Give where a price stands."""
        if self.logarithmic:
            top = log(self.high)
            return (top - log(max(price, _LEAST))) * self.height / (top - log(self.low))
        return (self.high - price) * self.height / (self.high - self.low)

    def ys(self, prices: Floats) -> Floats:
        """Give where prices stand."""
        if self.logarithmic:
            top = log(self.high)
            return (top - np.log(np.maximum(prices, _LEAST))) * (self.height / (top - log(self.low)))
        return (self.high - prices) * (self.height / (self.high - self.low))

    def index(self, x: float) -> float:
        """Give the bar at a pixel."""
        return self.first + x * (self.last - self.first) / self.width

    def price(self, y: float) -> float:
        """Give the price at a pixel."""
        if self.logarithmic:
            return self.high * exp(-y * log(self.high / self.low) / self.height)
        return self.high - y * (self.high - self.low) / self.height

    def times(self, factor: float) -> Viewport:
        """Give the same piece for values that stand at the height of prices times a factor."""
        return replace(self, low=self.low * factor, high=self.high * factor)


def fit_prices(
    low: float, high: float, height: float, *, with_volume: bool, logarithmic: bool = False
) -> tuple[float, float]:
    """Give the range of prices that leaves room for the legend above and the volume below."""
    if logarithmic:
        below, above = fit_prices(log(low), log(high), height, with_volume=with_volume)
        return exp(below), exp(above)
    span = high - low or abs(high) * 0.01 or 1.0
    if high == low:
        low, high = low - span / 2, high + span / 2
    if height < _LOW_PIXELS:
        above = below = max(height, 1.0) * _LOW_SHARE
        below += above if with_volume else 0
    else:
        above = _TOP_PIXELS
        below = _GAP_PIXELS + (height * VOLUME_SHARE + _GAP_PIXELS if with_volume else 0)
    inside = max(height - above - below, 1.0)
    return low - span * below / inside, high + span * above / inside


def stretch_prices(low: float, high: float, factor: float, *, logarithmic: bool) -> tuple[float, float]:
    """Give a range around the same middle, a factor narrower."""
    if logarithmic:
        below, above = stretch_prices(log(low), log(high), factor, logarithmic=False)
        return exp(max(below, -600.0)), exp(min(above, 600.0))
    middle, half = (low + high) / 2, (high - low) / 2 / factor
    return middle - half, middle + half
