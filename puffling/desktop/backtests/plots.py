"""What is drawn over time, as values: lines in panes that share one axis of time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtGui import QColor

from puffling.desktop import numbers
from puffling.desktop.charts.scale import logarithmic_ticks
from puffling.desktop.charts.ticks import price_ticks
from puffling.desktop.theme import Colours

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]
DAY_US = 86_400_000_000
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
_DAY_STEPS = (1, 2, 5, 10)
_LEAST_GAP = 74
_NO_ROOM = 1e-9


@dataclass(frozen=True, eq=False)
class Line:
    """Values at moments, with gaps where they are not a number; `ink` is a colour's name or a number."""

    name: str
    time_us: Times
    values: Floats
    ink: str | int = "accent"
    fill: str = ""
    width: float = 1.6

    @staticmethod
    def of(
        name: str,
        times_us: ArrayLike,
        values: Sequence[float | None] | Floats,
        ink: str | int,
        fill: str = "",
    ) -> Line:
        """Make a line of plain columns, in which nothing stands for a gap."""
        return Line(name, np.asarray(times_us, np.int64), np.asarray(values, np.float64), ink, fill)

    def colour(self, colours: Colours) -> QColor:
        """Give the colour of the line in a theme."""
        if isinstance(self.ink, int):
            return colours.series[self.ink % len(colours.series)]
        found: QColor = getattr(colours, self.ink)
        return found

    def at(self, moment_us: float) -> float:
        """Give the value that stood at a moment; not a number before the first."""
        place = int(np.searchsorted(self.time_us, moment_us, side="right")) - 1
        return float(self.values[place]) if 0 <= place < len(self.values) else math.nan

    def within(self, begin_us: float, end_us: float) -> slice:
        """Give the places between two moments, and one more on each side."""
        first, last = np.searchsorted(self.time_us, (begin_us, end_us))
        return slice(max(int(first) - 1, 0), int(last) + 1)


@dataclass(frozen=True, eq=False)
class Pane:
    """Lines on one scale of values; `share` is how much of the height the pane takes."""

    id: str
    title: str
    lines: tuple[Line, ...]
    write: Callable[[float], str]
    share: int = 1
    base: float | None = None
    top: float | None = None
    logarithmic: bool = False

    def reach(self, begin_us: float, end_us: float) -> tuple[float, float] | None:
        """Give the lowest and the highest value between two moments, with a little room around."""
        parts = [line.values[line.within(begin_us, end_us)] for line in self.lines]
        known = [part[np.isfinite(part)] for part in parts]
        found = np.concatenate(known) if known else np.empty(0)
        if self.logarithmic:
            found = found[found > 0.0]
        if not len(found):
            return None
        low, high = float(found.min()), float(found.max())
        if self.base is not None and not self.logarithmic:
            low, high = min(low, self.base), max(high, self.base)
        if self.logarithmic:
            room = max(math.log(high / low) * 0.06, 0.002)
            return low * math.exp(-room), high * math.exp(room)
        room = max((high - low) * 0.06, abs(high) * 1e-6, _NO_ROOM)
        top = high if self.top is not None and high >= self.top else high + room
        return low - room, top

    def ticks(self, low: float, high: float, pixels: float) -> tuple[float, ...]:
        """Give round values that fit without crowding."""
        if self.logarithmic:
            return logarithmic_ticks(low, high, pixels)
        # Small panes want closer labels than a chart of prices has.
        return price_ticks(low, high, pixels * (2.0 if pixels < 90 else 1.35)).values


class TimeTick(NamedTuple):
    """A moment of the axis and its words; a strong one begins a year."""

    time_us: int
    text: str
    strong: bool


def time_ticks(begin_us: float, end_us: float, pixels: float) -> list[TimeTick]:
    """Give the beginnings of days, months or years between two moments, as many as fit."""
    most = max(int(pixels / _LEAST_GAP), 1)
    days = (end_us - begin_us) / DAY_US
    if days <= 0:
        return []
    begin = datetime.fromtimestamp(begin_us / 1e6, UTC)
    if days / most <= _DAY_STEPS[-1]:
        step = next(each for each in _DAY_STEPS if each >= days / most * 0.999)
        first = math.ceil(begin_us / DAY_US / step) * step
        moments = [number * DAY_US for number in range(first, int(end_us / DAY_US) + 1, step)]
        return [_day_tick(each) for each in moments]
    months = days / 30.44 / most
    step = next((each for each in _MONTH_STEPS if each >= months * 0.999), _MONTH_STEPS[-1])
    number = -(-(begin.year * 12 + begin.month) // step) * step
    found: list[TimeTick] = []
    while True:
        at = datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)
        at_us = int(at.timestamp()) * 1_000_000
        if at_us > end_us:
            return found
        text = str(at.year) if at.month == 1 else numbers.month(at.month)
        found.append(TimeTick(at_us, text, at.month == 1 and step < 12))
        number += step


def describe_moment(moment_us: float, *, whole_days: bool) -> str:
    """Give a moment for the crosshair."""
    at = datetime.fromtimestamp(moment_us / 1e6, UTC)
    day = f"{numbers.day(at)} {at.year}"
    return day if whole_days else f"{day}  {at:%H:%M}"


def thinned(x: Floats, y: Floats, pixels: float) -> tuple[Floats, Floats]:
    """Give the corners of a line that can be seen: first, lowest, highest and last of each pixel."""
    if len(x) <= 3 * max(pixels, 1.0):
        return x, y
    edges = np.flatnonzero(np.diff(np.floor(x), prepend=-1.0))
    column = np.repeat(np.arange(len(edges)), np.diff(np.append(edges, len(x))))
    order = np.lexsort((y, column))
    ends = np.append(edges[1:], len(x)) - 1
    kept = np.unique(np.concatenate((edges, ends, order[edges], order[ends])))
    return x[kept], y[kept]


def _day_tick(at_us: int) -> TimeTick:
    at = datetime.fromtimestamp(at_us / 1e6, UTC)
    return TimeTick(at_us, numbers.day(at), at.day == 1)
