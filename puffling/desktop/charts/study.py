"""A study: series that belong together, how each is drawn, and the words that read them out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from PySide6.QtGui import QColor

from puffling.desktop import numbers
from puffling.desktop.charts.series import Series
from puffling.desktop.charts.viewport import Viewport
from puffling.desktop.theme import Colours
from puffling.frozen import frozen

_LARGE = 1_000_000
_MOST_DECIMALS = 8


@frozen
class Line:
    """A line; `sign` names a series that says by its sign whether the line rises or falls."""

    name: str
    title: str
    colour: int
    shift: int = 0
    sign: str = ""


@frozen
class Band:
    """Two lines with a faint fill between them."""

    upper: Line
    lower: Line


@frozen
class Histogram:
    """Bars from zero, coloured by their sign."""

    name: str
    title: str


@frozen
class Dots:
    """A dot at each value."""

    name: str
    title: str
    colour: int


Plot = Line | Band | Histogram | Dots


class Reading(NamedTuple):
    """One value read out, and the colour it is drawn in."""

    title: str
    value: float
    colour: QColor


@dataclass(eq=False, slots=True)
class Study:
    """One thing drawn over the prices (`overlay`) or in a pane of its own."""

    key: str
    label: str
    plots: tuple[Plot, ...]
    overlay: bool
    levels: tuple[float, ...] = ()
    bounds: tuple[float, float] | None = None
    visible: bool = True
    note: str = ""
    share: float = 0.0
    order: tuple[str, ...] = ()
    editable: bool = True
    series: dict[str, Series] = field(default_factory=dict)

    @property
    def drawable(self) -> bool:
        """Tell whether there is something to draw."""
        return self.visible and bool(self.series)

    @property
    def lines(self) -> tuple[Line, ...]:
        """Give every line, those that bound a band included."""
        found: list[Line] = []
        for plot in self.plots:
            if isinstance(plot, Band):
                found += [plot.upper, plot.lower]
            elif isinstance(plot, Line):
                found.append(plot)
        return tuple(found)

    def low_and_high(self, first: float, last: float) -> tuple[float, float] | None:
        """Give the lowest and highest value that is seen between two bars; None where there is none."""
        shifts = {line.name: line.shift for line in self.lines}
        names = [*shifts, *(plot.name for plot in self.plots if isinstance(plot, Histogram | Dots))]
        found = [
            pair
            for name in names
            if (
                pair := self.series[name].low_and_high(
                    first - shifts.get(name, 0), last - shifts.get(name, 0)
                )
            )
        ]
        if not found:
            return None
        return min(low for low, _ in found), max(high for _, high in found)

    def own(self, viewport: Viewport) -> Viewport:
        """Give the piece of the chart in the study's own values; over the prices those are prices."""
        return viewport

    def words(self, value: float, decimals: int) -> str:
        """Give a value as its line says it."""
        # What lies over the prices is a price, and those are never shortened.
        return (numbers.fixed if self.overlay else figure)(value, decimals)

    def read(self, index: int | None, colours: Colours) -> list[Reading]:
        """Give the values drawn at a bar; None reads the newest."""
        return [
            Reading(title, self._value(name, shift, index), colour(colours, number))
            for title, name, shift, number in self._spoken()
        ]

    def _spoken(self) -> list[tuple[str, str, int, int]]:
        spoken = [(line.title, line.name, line.shift, line.colour) for line in self.lines]
        for plot in self.plots:
            if isinstance(plot, Dots | Histogram):
                number = plot.colour if isinstance(plot, Dots) else -1
                spoken.append((plot.title, plot.name, 0, number))
        order = {name: place for place, name in enumerate(self.order)}
        return sorted(spoken, key=lambda each: order.get(each[1], len(order)))

    def _value(self, name: str, shift: int, index: int | None) -> float:
        series = self.series[name]
        return series.newest if index is None else series.value(index - shift)


def colour(colours: Colours, number: int) -> QColor:
    """Give the colour of a number: the set begins again where it ends; below zero stands for muted."""
    return colours.muted if number < 0 else colours.series[number % len(colours.series)]


def decimals_for(low: float, high: float) -> int:
    """Give how many decimals tell values between these two apart."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return 2
    return min(max(3 - math.ceil(math.log10(span)), 1), _MOST_DECIMALS)


def figure(value: float, decimals: int) -> str:
    """Give a value as a legend and an axis say it: shortened where it is large."""
    return numbers.short(value) if abs(value) >= _LARGE else numbers.fixed(value, decimals)
