"""A column drawn along the bars: lowest and highest of any stretch at hand, its newest value alive."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from puffling.desktop.charts.pyramid import MOST_PER_PIXEL, Floats

# Finer joins are made from the stretch that is seen; what is kept takes an eighth of the column.
_FIRST_SHIFT = 4


class Strip(NamedTuple):
    """A stretch of a series: place i stands for `span` bars from bar `first + i * span`."""

    first: int
    span: int
    low: Floats
    high: Floats

    @property
    def centers(self) -> Floats:
        """Give the bar in the middle of each place."""
        return self.first + (self.span - 1) / 2 + np.arange(len(self.low), dtype=np.float64) * self.span


class Series:
    """Values of bars from the first on, not a number where there is none; read, never copied or written.

    The newest value may move and values may follow; both touch only what they are part of.
    """

    def __init__(self, values: ArrayLike) -> None:
        self._history = np.asarray(values, dtype=np.float64)
        self._count = len(self._history)
        self._settled = max(self._count - 1, 0)
        self._tail = np.empty(64)
        self._tail[: self._count - self._settled] = self._history[self._settled :]
        self._levels: list[tuple[Floats, Floats]] = []
        self.builds = 0
        self._build()

    def __len__(self) -> int:
        return self._count

    @property
    def newest(self) -> float:
        """Give the last value."""
        return self.value(self._count - 1)

    def value(self, index: int) -> float:
        """Give the value of a bar, not a number where there is none."""
        if not 0 <= index < self._count:
            return np.nan
        return float(self._tail[index - self._settled] if index >= self._settled else self._history[index])

    def values(self, begin: int, end: int) -> Floats:
        """Give the values from one bar up to another, which is not included."""
        begin, end = max(begin, 0), min(end, self._count)
        if begin >= self._settled:
            return self._tail[begin - self._settled : max(end, begin) - self._settled]
        if end <= self._settled:
            return self._history[begin : max(end, begin)]
        return np.concatenate((self._history[begin : self._settled], self._tail[: end - self._settled]))

    def strip(self, first: float, last: float, pixels: float) -> Strip:
        """Give what lies between two bars: each value while two a pixel do, else lowest and highest."""
        shift = _shift_for(last - first, pixels)
        begin = min(max(int(np.floor(first)) - 1, 0), self._count) >> shift
        end = -(-min(max(int(np.ceil(last)) + 2, 0), self._count) >> shift)
        low, high = self._joined(shift, begin, max(end, begin))
        return Strip(begin << shift, 1 << shift, low, high)

    def low_and_high(self, first: float, last: float) -> tuple[float, float] | None:
        """Give the lowest and highest value between two bars; None where there is none."""
        begin, end = max(int(np.ceil(first)), 0), min(int(np.floor(last)) + 1, self._count)
        if begin >= end:
            return None
        shift = 0
        # Both ends are read value by value and the middle coarsely: a few thousand reads, however many bars.
        while (end - begin) >> shift > 2048 and shift < len(self._levels) + _FIRST_SHIFT - 1:
            shift = max(shift + 1, _FIRST_SHIFT)
        inner_begin, inner_end = -(-begin >> shift), end >> shift
        low, high = self._joined(shift, inner_begin, max(inner_end, inner_begin))
        ends = (self.values(begin, inner_begin << shift), self.values(inner_end << shift, end))
        lows = [np.fmin.reduce(part) for part in (low, *ends) if len(part)]
        highs = [np.fmax.reduce(part) for part in (high, *ends) if len(part)]
        lowest, highest = float(np.fmin.reduce(lows)), float(np.fmax.reduce(highs))
        return None if lowest != lowest else (lowest, highest)

    def set_last(self, value: float) -> None:
        """Change the last value and what it is part of."""
        if self._count:
            self._tail[self._count - 1 - self._settled] = value
            self._propagate()

    def append(self, value: float) -> None:
        """Add the value of one bar more."""
        if self._count - self._settled == len(self._tail):
            self._tail = np.concatenate((self._tail, np.empty_like(self._tail)))
        self._count += 1
        self._tail[self._count - 1 - self._settled] = value
        if self._levels and -(-self._count >> _FIRST_SHIFT) > len(self._levels[0][0]):
            self._build()
        else:
            self._propagate()

    def _joined(self, shift: int, begin: int, end: int) -> tuple[Floats, Floats]:
        if shift < _FIRST_SHIFT or shift - _FIRST_SHIFT >= len(self._levels):
            values = self.values(begin << shift, end << shift)
            low = high = values
            for _ in range(shift):
                low, high = _paired(low, np.fmin), _paired(high, np.fmax)
            return low, high
        low, high = self._levels[shift - _FIRST_SHIFT]
        return low[begin:end], high[begin:end]

    def _build(self) -> None:
        self.builds += 1
        self._levels.clear()
        if self._count < 1 << _FIRST_SHIFT:
            return
        step = 1 << _FIRST_SHIFT
        whole = self._count >> _FIRST_SHIFT
        # Room to grow, so that a series that runs for days is not built again with every bar.
        low, high = (np.full(whole + whole // 16 + 64, np.nan) for _ in range(2))
        values = self._history if self._count == len(self._history) else self.values(0, self._count)
        low[:whole] = values[: whole * step : step]
        high[:whole] = low[:whole]
        for place in range(1, step):
            part = values[place : whole * step : step]
            np.fmin(low[:whole], part, out=low[:whole])
            np.fmax(high[:whole], part, out=high[:whole])
        self._levels.append((low, high))
        while len(low) > 64:
            low, high = _paired(low, np.fmin), _paired(high, np.fmax)
            self._levels.append((low, high))
        self._propagate()

    def _propagate(self) -> None:
        """Carry the last value up: on every level it is part of the last place, whole or not."""
        place = (self._count - 1) >> _FIRST_SHIFT
        parts = self.values(place << _FIRST_SHIFT, self._count)
        for level, (low, high) in enumerate(self._levels):
            if level:
                place >>= 1
                below_low, below_high = self._levels[level - 1]
                low[place] = np.fmin.reduce(below_low[2 * place : 2 * place + 2])
                high[place] = np.fmax.reduce(below_high[2 * place : 2 * place + 2])
            else:
                low[place], high[place] = np.fmin.reduce(parts), np.fmax.reduce(parts)


def _shift_for(bars: float, pixels: float) -> int:
    """Give the power of two that is joined: none while two values fall on a pixel, else one place a pixel."""
    pixels = max(pixels, 1.0)
    if bars <= MOST_PER_PIXEL * pixels:
        return 0
    return int(np.ceil(np.log2(bars / pixels)))


def _paired(values: Floats, join: np.ufunc) -> Floats:
    """Join neighbours; one that is alone at the end stays."""
    joined: Floats = join(values[: len(values) // 2 * 2 : 2], values[1::2])
    return np.append(joined, values[-1]) if len(values) % 2 else joined
