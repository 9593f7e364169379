"""Cells: the steps indicators are put together from, each of them both vectorised and incremental.

The first call hands a cell the whole history; it computes in columns and remembers where it ended. Every
later call hands it one more bar, as columns of length one. `settle` makes that bar part of what is kept,
without it the next call replaces the bar: so the moving last bar of a chart is followed.

A column may begin with NaN (the warm-up of the cell before); after that it holds none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import fsum

import numpy as np

from puffling.puffin.factors import windows
from puffling.puffin.factors.recurrence import fade
from puffling.puffin.factors.windows import Column, Kernel, over_windows


class Cell:
    """One step of a computation."""

    def __init__(self) -> None:
        self._begun = False

    def __call__(self, *columns: Column) -> Column:
        if not self._begun:
            self._begun = True
            return self.history(*columns)
        return np.array([self.step(*(float(column[0]) for column in columns))])

    def history(self, *columns: Column) -> Column:
        """Compute the whole history and remember where it ended."""
        raise NotImplementedError

    def step(self, *values: float) -> float:
        """Compute one bar more without keeping it."""
        raise NotImplementedError

    def settle(self) -> None:
        """Keep the bar that was computed last."""
        raise NotImplementedError


def warm_up(column: Column) -> int:
    """Give how many values at the front are NaN."""
    if not len(column) or column[0] == column[0]:
        return 0
    known = column == column
    return int(np.argmax(known)) if bool(known.any()) else len(column)


class Window(Cell):
    """Something computed from the newest `width` values alone."""

    kernel: Kernel

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self._kept: deque[float] = deque(maxlen=width - 1)
        self._newest = np.nan

    def history(self, *columns: Column) -> Column:
        """Compute every full window."""
        (values,) = columns
        first = warm_up(values)
        known = values[first:]
        given = np.full(len(values), np.nan)
        given[first + self.width - 1 :] = over_windows(type(self).kernel, known, self.width)
        self._kept.extend(known[max(len(known) - self.width + 1, 0) :].tolist())
        return given

    def step(self, *values: float) -> float:
        """Compute the newest window."""
        (self._newest,) = values
        if self._newest != self._newest or len(self._kept) < self.width - 1:
            return np.nan
        return self.one([*self._kept, self._newest])

    def settle(self) -> None:
        """Let the oldest value go."""
        self._kept.append(self._newest)

    def one(self, window: list[float]) -> float:
        """Compute one window, oldest value first."""
        raise NotImplementedError


class Sum(Window):
    """The sum of the window."""

    kernel = staticmethod(windows.sums)

    def one(self, window: list[float]) -> float:
        """Sum it."""
        return fsum(window)


class Mean(Window):
    """The simple moving average."""

    kernel = staticmethod(windows.means)

    def one(self, window: list[float]) -> float:
        """Average it."""
        return fsum(window) / self.width


class WeightedMean(Window):
    """The average with weights 1, 2, ... up to the newest."""

    kernel = staticmethod(windows.weighted_means)

    def one(self, window: list[float]) -> float:
        """Average it, the newest weighing most."""
        total = sum(weight * value for weight, value in enumerate(window, 1))
        return total / (self.width * (self.width + 1) / 2)


class Highest(Window):
    """The highest value."""

    kernel = staticmethod(windows.highs)

    def one(self, window: list[float]) -> float:
        """Find it."""
        return max(window)


class Lowest(Window):
    """The lowest value."""

    kernel = staticmethod(windows.lows)

    def one(self, window: list[float]) -> float:
        """Find it."""
        return min(window)


class Deviation(Window):
    """The standard deviation of a population: the sum of squares is divided by the count itself."""

    kernel = staticmethod(windows.deviations)

    def one(self, window: list[float]) -> float:
        """Measure it."""
        mean = fsum(window) / self.width
        squares: float = sum((value - mean) ** 2 for value in window)
        return float((squares / self.width) ** 0.5)


class MeanDeviation(Window):
    """The mean distance from the mean."""

    kernel = staticmethod(windows.mean_deviations)

    def one(self, window: list[float]) -> float:
        """Measure it."""
        mean = fsum(window) / self.width
        return sum(abs(value - mean) for value in window) / self.width


class Lag(Cell):
    """The value `bars` before; NaN where there is none."""

    def __init__(self, bars: int = 1) -> None:
        super().__init__()
        self._bars = bars
        self._kept: deque[float] = deque(maxlen=bars)
        self._newest = np.nan

    def history(self, *columns: Column) -> Column:
        """Move the column."""
        (values,) = columns
        moved = np.full(len(values), np.nan)
        moved[self._bars :] = values[: max(len(values) - self._bars, 0)]
        self._kept.extend(values[-self._bars :].tolist())
        return moved

    def step(self, *values: float) -> float:
        """Give the value kept longest."""
        (self._newest,) = values
        return self._kept[0] if len(self._kept) == self._bars else np.nan

    def settle(self) -> None:
        """Keep the newest."""
        self._kept.append(self._newest)


class Fade(Cell):
    """An average that fades: factor * the one before + gain * the new value, seeded from `width` values."""

    def __init__(
        self, width: int, factor: float, gain: float, seed: Callable[[Sequence[float]], float] | None = None
    ) -> None:
        super().__init__()
        self.width = width
        self._factor = factor
        self._gain = gain
        self._seed = seed or self._mean
        self._waiting: list[float] = []
        self.settled = np.nan
        self._newest = np.nan
        self._value = np.nan

    def history(self, *columns: Column) -> Column:
        """Seed, then fade to the end."""
        (values,) = columns
        first = warm_up(values)
        given = np.full(len(values), np.nan)
        known = values[first:]
        if len(known) < self.width:
            self._waiting = known.tolist()
            return given
        start = first + self.width - 1
        seed = self._seed(known[: self.width].tolist())
        given[start] = seed
        given[start + 1 :] = fade(values[start + 1 :] * self._gain, self._factor, seed)
        self.settled = float(given[-1])
        return given

    def step(self, *values: float) -> float:
        """Fade once more."""
        (self._newest,) = values
        if self._newest != self._newest:
            self._value = np.nan
        elif self.settled == self.settled:
            self._value = self._factor * self.settled + self._gain * self._newest
        elif len(self._waiting) == self.width - 1:
            self._value = self._seed([*self._waiting, self._newest])
        else:
            self._value = np.nan
        return self._value

    def settle(self) -> None:
        """Keep the new average."""
        if self._newest != self._newest:
            return
        if self._value == self._value:
            self.settled = self._value
            self._waiting.clear()
        else:
            self._waiting.append(self._newest)

    def _mean(self, values: Sequence[float]) -> float:
        return sum(values) / self.width


def exponential(width: int) -> Fade:
    """Make an exponential average, k = 2 / (width + 1), seeded with the mean of the first `width` values."""
    gain = 2.0 / (width + 1)
    return Fade(width, 1.0 - gain, gain)


def wilder(width: int) -> Fade:
    """Make Wilder's average, k = 1 / width, seeded with the mean of the first `width` values."""
    return Fade(width, 1.0 - 1.0 / width, 1.0 / width)


def wilder_sum(width: int) -> Fade:
    """Make Wilder's fading sum, seeded with the sum of the first `width` - 1 values."""
    factor = 1.0 - 1.0 / width
    return Fade(width, factor, 1.0, lambda values: factor * sum(values[:-1]) + values[-1])


class HeldWilder(Cell):
    """Wilder's average of (value, known): what is not known counts as 0 in the seed and not at all later."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self._fade = wilder(width)
        self._held = np.nan
        self._taken = False

    def history(self, *columns: Column) -> Column:
        """Average what is known and hold the average over the rest."""
        values, known = columns
        first = warm_up(values)
        seeded = first + self._fade.width
        taken = known != 0.0
        taken[:first] = False
        taken[first:seeded] = True
        averages = np.append(np.nan, self._fade(values[taken]))
        given: Column = averages[np.cumsum(taken)]
        self._held = float(given[-1]) if len(given) else np.nan
        return given

    def step(self, *values: float) -> float:
        """Average once more, or hold."""
        value, known = values
        self._taken = value == value and (known != 0.0 or self._held != self._held)
        if not self._taken:
            return self._held
        return float(self._fade(np.array([value]))[0])

    def settle(self) -> None:
        """Keep the new average."""
        if self._taken:
            self._fade.settle()
            self._held = self._fade.settled


class Total(Cell):
    """The sum of everything so far; given a second column, of everything since that one last changed."""

    def __init__(self) -> None:
        super().__init__()
        self._settled = 0.0
        self._group = np.nan
        self._newest = (0.0, np.nan)

    def history(self, *columns: Column) -> Column:
        """Sum up, anew in every group."""
        values = columns[0]
        if not len(values):
            return np.empty(0)
        given = np.empty(len(values))
        edges = [0, len(values)]
        if len(columns) == 2:
            group = columns[1]
            edges[1:1] = (np.flatnonzero(group[1:] != group[:-1]) + 1).tolist()
            self._group = float(group[-1])
        for start, end in pairwise(edges):
            np.cumsum(values[start:end], out=given[start:end])
        self._settled = float(given[-1])
        return given

    def step(self, *values: float) -> float:
        """Add one value."""
        group = values[1] if len(values) == 2 else self._group
        before = self._settled if group == self._group or group != group else 0.0
        self._newest = (before + values[0], group)
        return self._newest[0]

    def settle(self) -> None:
        """Keep the sum."""
        self._settled, self._group = self._newest
