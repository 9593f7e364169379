"""Another series on the same chart, in percent: both begin at nothing where the view begins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from puffling.desktop import numbers
from puffling.desktop.charts.pyramid import Floats
from puffling.desktop.charts.series import Series
from puffling.desktop.charts.study import Line, Reading, Study, colour
from puffling.desktop.charts.ticks import DAY_US
from puffling.desktop.charts.viewport import Viewport
from puffling.desktop.theme import Colours

# Over a long weekend the last price still stands; after that there is none.
_LONGEST_CARRY_US = 5 * DAY_US
_NAME = "close"
# A label on the axis takes so many pixels, and one between.
LABEL_GAP = 21.0


class End(NamedTuple):
    """Where a compared line leaves the view, its name, its percentage and the number of its colour."""

    y: float
    name: str
    text: str
    colour: int


class Compared(Study):
    """Closes of another calendar on the bars of this one; each bar shows the last price known by then."""

    def __init__(self, key: str, label: str, number: int, times_us: ArrayLike, closes: ArrayLike) -> None:
        super().__init__(key=key, label=label, plots=(Line(_NAME, "", number),), overlay=True, editable=False)
        self.number = number
        self._ours = self._base = math.nan
        self.take(times_us, closes)

    @property
    def drawable(self) -> bool:
        return super().drawable and self._base > 0 and self._ours > 0

    def take(self, times_us: ArrayLike, closes: ArrayLike) -> None:
        """Take in a history; `begin` puts it on the bars."""
        self._times = np.asarray(times_us, dtype=np.int64)
        self._closes = np.array(closes, dtype=np.float64)
        if len(self._times) != len(self._closes):
            raise ValueError("The columns of a comparison must be of one length.")

    def begin(self, times_us: NDArray[np.int64]) -> None:
        """Stand on these bars."""
        self.series = {_NAME: Series(aligned(times_us, self._times, self._closes))}

    def move(self, close: float) -> None:
        """Take in what the newest price is now."""
        if len(self._closes):
            self._closes[-1] = close
        if _NAME in self.series and math.isfinite(self.series[_NAME].newest):
            self.series[_NAME].set_last(close)

    def grow(self) -> None:
        """Stand on one bar more, with the price known so far."""
        self.series[_NAME].append(self.series[_NAME].newest)

    def rebase(self, ours: float, first: float, last: float) -> None:
        """Count from the first bar that is seen, or from the first after it that has a price."""
        self._ours = ours
        if _NAME not in self.series:
            return
        begin = max(math.ceil(first), 0)
        self._base = self.series[_NAME].value(begin)
        if not math.isfinite(self._base):
            seen = self.series[_NAME].values(begin, int(last) + 1)
            known = np.isfinite(seen)
            self._base = float(seen[known.argmax()]) if known.any() else math.nan

    def own(self, viewport: Viewport) -> Viewport:
        return viewport.times(self._base / self._ours)

    def low_and_high(self, first: float, last: float) -> tuple[float, float] | None:
        found = super().low_and_high(first, last)
        factor = self._ours / self._base
        return None if found is None else (found[0] * factor, found[1] * factor)

    def read(self, index: int | None, colours: Colours) -> list[Reading]:
        series = self.series[_NAME]
        value = series.newest if index is None else series.value(index)
        share = value / self._base - 1 if self._base > 0 else math.nan
        return [Reading("", share, colour(colours, self.number))]

    def end(self, viewport: Viewport) -> End | None:
        """Give where the line leaves the view, for its label."""
        series = self.series.get(_NAME)
        if series is None or not self.drawable:
            return None
        value = series.value(min(int(viewport.last), len(series) - 1))
        y = self.own(viewport).y(value)
        if not 0 <= y <= viewport.height:
            return None
        return End(y, self.label, numbers.percent(value / self._base - 1), self.number)

    def words(self, value: float, decimals: int) -> str:
        return numbers.percent(value)


def spread(ends: Sequence[End], taken: float, height: float) -> list[End]:
    """Give labels that do not cover each other, nor the one that is taken for the prices themselves."""
    if not 0 <= taken <= height:
        taken = -LABEL_GAP
    order = sorted(ends, key=_height)
    above = sum(end.y < taken for end in order)
    # Where one side of the price is full the others go to the other side.
    above = max(min(above, int(taken // LABEL_GAP)), len(order) - int((height - taken) // LABEL_GAP), 0)
    found: list[End] = []
    for side, way, edge in ((order[:above][::-1], -1, 0.0), (order[above:], 1, height)):
        free = taken
        for number, end in enumerate(side):
            # Those still to come need room before the edge.
            last = edge - way * LABEL_GAP * (len(side) - number - 1)
            y = way * max(way * (free + way * LABEL_GAP), min(way * end.y, way * last))
            found.append(end._replace(y=min(max(y, 0.0), height)))
            free = y
    return found


def _height(end: End) -> float:
    return end.y


def aligned(times_us: NDArray[np.int64], others_us: NDArray[np.int64], values: Floats) -> Floats:
    """Give for each time the last value known by then, not a number where there is none or it is too old."""
    if not len(others_us):
        return np.full(len(times_us), np.nan)
    places = np.searchsorted(others_us, times_us, side="right") - 1
    found = np.where(places >= 0, values[np.maximum(places, 0)], np.nan)
    steps = np.diff(others_us[-65:])
    carry = max(_LONGEST_CARRY_US, 2 * int(np.median(steps)) if len(steps) else 0)
    too_old = (places >= 0) & (times_us - others_us[np.maximum(places, 0)] > carry)
    found[too_old] = np.nan
    return found
