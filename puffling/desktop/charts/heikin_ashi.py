"""Heikin-Ashi: bars averaged with those before them, kept up bar by bar."""

from __future__ import annotations

import math

import numpy as np

from puffling.desktop.charts.pyramid import Bar, Floats, Pyramid

# Every bar weighs half of the one after it; what lies further back is smaller than a number can tell.
_PASSES = 7


class HeikinAshi:
    """The averaged bars of a chart; a tick costs as much as one bar."""

    def __init__(self, bars: Pyramid) -> None:
        open_, high, low, close, volume = bars.columns()
        self.bars = Pyramid(bars.times_us, *averaged(open_, high, low, close), volume)

    def set_last(self, bar: Bar) -> None:
        """Take in what the newest bar is now."""
        self.bars.set_last(*self._average(bar, len(self.bars) - 2))

    def append(self, bar: Bar) -> None:
        """Take in one bar more."""
        self.bars.append(bar.time_us, *self._average(bar, len(self.bars) - 1))

    def _average(self, bar: Bar, before: int) -> tuple[float, float, float, float, float]:
        close = (bar.open + bar.high + bar.low + bar.close) / 4
        if before < 0:
            open_ = (bar.open + bar.close) / 2
        else:
            open_ = (self.bars.bar(before).open + self._close_known_at(before)) / 2
        return open_, max(bar.high, open_, close), min(bar.low, open_, close), close, bar.volume

    def _close_known_at(self, place: int) -> float:
        """Give the last close that is a number; a bar without one changes nothing for those after it."""
        while place and not math.isfinite(self.bars.bar(place).close):
            place -= 1
        return self.bars.bar(place).close


def averaged(
    open_: Floats, high: Floats, low: Floats, close: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Give the four averaged columns."""
    mean = (open_ + high + low + close) / 4
    # Each opening is the mean of the one before and of the close before: half, a quarter, an eighth ...
    # of the closes before, summed by doubling the reach with every pass.
    begun = np.empty_like(mean)
    begun[:1] = (open_[:1] + close[:1]) / 2
    begun[1:] = _carried(mean)[:-1] / 2
    reach = 1
    for _ in range(_PASSES):
        if reach >= len(begun):
            break
        begun[reach:] += begun[:-reach] * 0.5**reach
        reach *= 2
    return begun, np.maximum(high, np.maximum(begun, mean)), np.minimum(low, np.minimum(begun, mean)), mean


def _carried(values: Floats) -> Floats:
    """Give the values with the last number in the place of those that are none."""
    known = np.isfinite(values)
    if known.all():
        return values
    places = np.maximum.accumulate(np.where(known, np.arange(len(values)), 0))
    carried: Floats = values[places]
    return carried
