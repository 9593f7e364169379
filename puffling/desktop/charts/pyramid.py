"""Bars aggregated by twos, level upon level, so that any stretch is drawn from about one per pixel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
MOST_PER_PIXEL = 2
_FIELDS = 5
_OPEN, _HIGH, _LOW, _CLOSE, _VOLUME = range(_FIELDS)
# The first level joins four bars at once: levels of 4, 8, 16 take a third of the memory of 2, 4, 8.
_FIRST_SHIFT = 2


class Stretch(NamedTuple):
    """Candles of one level: candle i stands for `span` bars from bar `first + i * span`."""

    first: int
    span: int
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats


class Bar(NamedTuple):
    """One bar."""

    time_us: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class Pyramid:
    """All bars of a chart with every coarser level ready; the newest change and grow without a rebuild.

    The arrays that come in are read, never copied or written; bars that change live in a tail of our own.
    """

    def __init__(
        self,
        times_us: ArrayLike,
        open_: ArrayLike,
        high: ArrayLike,
        low: ArrayLike,
        close: ArrayLike,
        volume: ArrayLike,
    ) -> None:
        self._times = np.asarray(times_us, dtype=np.int64)
        self._history = [np.asarray(column, dtype=np.float64) for column in (open_, high, low, close, volume)]
        if any(column.shape != self._times.shape or column.ndim != 1 for column in self._history):
            raise ValueError("The columns of a chart must be flat and of one length.")
        self._count = len(self._times)
        self._settled = max(self._count - 1, 0)
        self._tail = np.empty((_FIELDS, 64))
        for number, column in enumerate(self._history):
            self._tail[number, : self._count - self._settled] = column[self._settled :]
        self._new_times: list[int] = []
        self._changed = False
        self._levels: list[Floats] = []
        self._build()

    def __len__(self) -> int:
        return self._count

    @property
    def times_us(self) -> NDArray[np.int64]:
        """Give the opening time of every bar."""
        if self._new_times:
            self._times = np.concatenate((self._times, np.array(self._new_times, dtype=np.int64)))
            self._new_times.clear()
        return self._times

    def bar(self, index: int) -> Bar:
        """Give one bar."""
        # Bars that came one by one keep their times apart until somebody wants all of them.
        known = len(self._times)
        time_us = self._times[index] if index < known else self._new_times[index - known]
        return Bar(int(time_us), *self._base(index, index + 1)[:, 0].tolist())

    def columns(self) -> list[Floats]:
        """Give opens, highs, lows, closes and volumes of all bars: to be read, not to be written."""
        return list(self._base(0, self._count)) if self._changed else list(self._history)

    def level_for(self, bars: float, pixels: float) -> int:
        """Give the finest level at which this many bars are no more than two candles per pixel."""
        level = 0
        while bars > MOST_PER_PIXEL * max(pixels, 1.0) * (1 << _shift(level)) and level < len(self._levels):
            level += 1
        return level

    def stretch(self, first: float, last: float, pixels: float) -> Stretch:
        """Give the candles between two bars, at the level that fits this many pixels."""
        shift = _shift(level := self.level_for(last - first, pixels))
        begin = min(max(int(first), 0), self._count) >> shift
        end = -(-min(max(int(np.ceil(last)) + 1, 0), self._count) >> shift)
        end = max(end, begin)
        data = self._base(begin, end) if level == 0 else self._levels[level - 1][:, begin:end]
        return Stretch(begin << shift, 1 << shift, *data)

    def low_and_high(self, first: float, last: float) -> tuple[float, float] | None:
        """Give the lowest and highest price between two bars, both included; None where there are none."""
        begin, end = max(int(np.ceil(first)), 0), min(int(last) + 1, self._count)
        if begin >= end:
            return None
        pieces: list[Floats] = []
        # Ragged ends are read finely and the middle coarsely: a handful of reads, however many bars.
        for level in range(len(self._levels) + 1):
            step = 1 << (_shift(level + 1) - _shift(level))
            inner_begin, inner_end = -(-begin // step), end // step
            if level == len(self._levels) or inner_begin >= inner_end:
                pieces.append(self._read(level, begin, end))
                break
            pieces.append(self._read(level, begin, inner_begin * step))
            pieces.append(self._read(level, inner_end * step, end))
            begin, end = inner_begin, inner_end
        # A bar that is no number counts for nothing.
        low = float(np.fmin.reduce([np.fmin.reduce(piece[_LOW]) for piece in pieces if piece.shape[1]]))
        high = float(np.fmax.reduce([np.fmax.reduce(piece[_HIGH]) for piece in pieces if piece.shape[1]]))
        return (low, high) if low == low and high == high else None

    def set_last(self, open_: float, high: float, low: float, close: float, volume: float) -> None:
        """Change the last bar and what it is part of, level by level."""
        self._changed = True
        self._tail[:, self._count - 1 - self._settled] = (open_, high, low, close, volume)
        self._propagate()

    def append(
        self, time_us: int, open_: float, high: float, low: float, close: float, volume: float
    ) -> None:
        """Add a bar after the last."""
        if self._count - self._settled == self._tail.shape[1]:
            self._tail = np.concatenate((self._tail, np.empty_like(self._tail)), axis=1)
        self._changed = True
        self._new_times.append(time_us)
        self._count += 1
        if self._full():
            self._tail[:, self._count - 1 - self._settled] = (open_, high, low, close, volume)
            self._build()
        else:
            self.set_last(open_, high, low, close, volume)

    def _base(self, begin: int, end: int) -> Floats:
        settled = self._settled
        if begin >= settled:
            return self._tail[:, begin - settled : end - settled]
        found = np.empty((_FIELDS, end - begin))
        inside = min(end, settled) - begin
        for number, column in enumerate(self._history):
            found[number, :inside] = column[begin : begin + inside]
        if end > settled:
            found[:, inside:] = self._tail[:, : end - settled]
        return found

    def _read(self, level: int, begin: int, end: int) -> Floats:
        return self._base(begin, end) if level == 0 else self._levels[level - 1][:, begin:end]

    def _full(self) -> bool:
        return not self._levels or -(-self._count >> _FIRST_SHIFT) > self._levels[0].shape[1]

    def _build(self) -> None:
        self._levels.clear()
        quarters = self._count >> _FIRST_SHIFT
        if not quarters:
            return
        # Room to grow, so that a chart that runs for days is not rebuilt with every bar.
        level = np.empty((_FIELDS, quarters + quarters // 16 + 64))
        whole = quarters << _FIRST_SHIFT
        columns = self._history if self._count == len(self._history[0]) else list(self._base(0, self._count))
        open_, high, low, close, volume = (column[:whole] for column in columns)
        level[_OPEN, :quarters] = open_[0::4]
        level[_CLOSE, :quarters] = close[3::4]
        for field, column, join in (
            (_HIGH, high, np.fmax),
            (_LOW, low, np.fmin),
            (_VOLUME, volume, np.add),
        ):
            joined = level[field, :quarters]
            join(column[0::4], column[1::4], out=joined)
            join(joined, column[2::4], out=joined)
            join(joined, column[3::4], out=joined)
        self._levels.append(level)
        self._propagate()

    def _raise(self) -> None:
        """Put a level on top, of pairs of the candles below."""
        below, pairs = self._levels[-1], self._count >> _shift(len(self._levels) + 1)
        level = np.empty((_FIELDS, (below.shape[1] + 1) // 2))
        left, right = below[:, 0 : 2 * pairs : 2], below[:, 1 : 2 * pairs : 2]
        level[_OPEN, :pairs] = left[_OPEN]
        np.fmax(left[_HIGH], right[_HIGH], out=level[_HIGH, :pairs])
        np.fmin(left[_LOW], right[_LOW], out=level[_LOW, :pairs])
        level[_CLOSE, :pairs] = right[_CLOSE]
        np.add(left[_VOLUME], right[_VOLUME], out=level[_VOLUME, :pairs])
        self._levels.append(level)

    def _propagate(self) -> None:
        """Carry the last bar up: on every level it is part of the last candle, whole or not."""
        while self._levels and -(-self._count >> _shift(len(self._levels))) > 1:
            self._raise()
        for level, data in enumerate(self._levels, start=1):
            step = 1 << (_shift(level) - _shift(level - 1))
            count = -(-self._count >> _shift(level - 1))
            begin = (count - 1) // step * step
            parts = self._read(level - 1, begin, count)
            data[:, begin // step] = (
                parts[_OPEN, 0],
                np.fmax.reduce(parts[_HIGH]),
                np.fmin.reduce(parts[_LOW]),
                parts[_CLOSE, -1],
                parts[_VOLUME].sum(),
            )


def _shift(level: int) -> int:
    """Give the power of two that a candle of a level stands for."""
    return 0 if level == 0 else level + _FIRST_SHIFT - 1
