"""The charts of a tear sheet as marks on a plane: a page and a sheet of paper draw the same ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np

from puffling.automation.research.tearsheet.words import money, share
from puffling.frozen import frozen
from puffling.puffin.backtest.report import BacktestReport, Bin, Number
from puffling.puffin.backtest.thinning import thinned
from puffling.puffin.data.instants import from_us, to_us
from puffling.runtime.text import tr

WIDTH = 1_000.0
_RIGHT, _BOTTOM, _TOP = 64.0, 22.0, 8.0
_POINTS = 1_600

Point = tuple[float, float]


@frozen
class Stroke:
    """A line through points, or the area that it closes."""

    points: tuple[Point, ...]
    role: str
    filled: bool = False


@frozen
class Box:
    """A rectangle from its upper left corner, with what it says to whoever points at it."""

    x: float
    y: float
    width: float
    height: float
    role: str
    hint: str = ""


@frozen
class Words:
    """A short text; it begins, is centred or ends at its place."""

    x: float
    y: float
    text: str
    role: str = "tick"
    anchor: str = "start"


@frozen
class Sketch:
    """A finished chart; y grows downwards."""

    height: float
    marks: tuple[Stroke | Box | Words, ...]
    alt: str
    width: float = WIDTH


class Plane:
    """Where values of a chart lie, with the lines and the labels around them."""

    def __init__(self, height: float, time_us: Sequence[int], low: float, high: float) -> None:
        self.height = height
        self._first, self._last = time_us[0], max(time_us[-1], time_us[0] + 1)
        room = (high - low) * 0.04 or abs(high) * 0.05 or 1.0
        self._low, self._high = low - room, high + room

    def x(self, time_us: int) -> float:
        """Give the place of a time."""
        return (WIDTH - _RIGHT) * (time_us - self._first) / (self._last - self._first)

    def y(self, value: float) -> float:
        """Give the place of a value."""
        inside = self.height - _TOP - _BOTTOM
        return _TOP + inside * (self._high - value) / (self._high - self._low)

    def scale(self, write: Callable[[float], str], most: int = 5) -> list[Stroke | Words]:
        """Give lines at round values."""
        marks: list[Stroke | Words] = []
        for value in round_values(self._low, self._high, most):
            y = self.y(value)
            marks.append(Stroke(((0.0, y), (WIDTH - _RIGHT, y)), "zero" if value == 0.0 else "grid"))
            marks.append(Words(WIDTH - _RIGHT + 8.0, y + 4.0, write(value)))
        return marks

    def calendar(self) -> list[Words]:
        """Give the times below."""
        words = []
        for time_us, text, anchor in _dates(self._first, self._last):
            x = self.x(time_us)
            words.append(Words(x, self.height - 5.0, text, anchor="start" if x < 20.0 else anchor))
        return words

    def line(self, time_us: Sequence[int], values: Sequence[Number], role: str) -> list[Stroke]:
        """Give a line that is broken where a value is missing."""
        parts: list[list[Point]] = [[]]
        for moment, value in zip(time_us, values, strict=True):
            if value is None:
                parts.append([])
            else:
                parts[-1].append((self.x(moment), self.y(value)))
        return [Stroke(tuple(part), role) for part in parts if len(part) > 1]

    def area(self, time_us: Sequence[int], values: Sequence[float], role: str, base: float) -> Stroke:
        """Give the area between a line and a level."""
        along = [(self.x(moment), self.y(value)) for moment, value in zip(time_us, values, strict=True)]
        ground = self.y(base)
        return Stroke(((along[0][0], ground), *along, (along[-1][0], ground)), role, filled=True)


def equity_chart(report: BacktestReport) -> Sketch:
    """Draw the equity, and the benchmark where there is one."""
    curves = report.curves
    equity = np.array(curves.equity)
    other = np.array([math.nan if each is None else each for each in curves.benchmark])
    kept = thinned([equity, *([other] if len(other) else [])], _POINTS).tolist()
    times = [curves.time_us[place] for place in kept]
    values = [curves.equity[place] for place in kept]
    beside = [curves.benchmark[place] for place in kept] if len(other) else []
    everything = [*values, *(each for each in beside if each is not None)]
    plane = Plane(300.0, times, min(everything), max(everything))
    marks: list[Stroke | Box | Words] = [*plane.scale(money), *plane.calendar()]
    marks.append(plane.area(times, values, "under", min(everything)))
    if beside:
        marks += plane.line(times, beside, "benchmark")
    marks += plane.line(times, values, "equity")
    return Sketch(300.0, tuple(marks), tr("Equity over time, in money"))


def drawdown_chart(report: BacktestReport) -> Sketch:
    """Draw how far below its highest value the equity stood."""
    curves = report.curves
    kept = thinned([np.array(curves.drawdown)], _POINTS).tolist()
    times = [curves.time_us[place] for place in kept]
    values = [curves.drawdown[place] for place in kept]
    plane = Plane(150.0, times, min(values), 0.0)
    marks: list[Stroke | Box | Words] = [*plane.scale(share, 3), *plane.calendar()]
    marks.append(plane.area(times, values, "fallen", 0.0))
    marks += plane.line(times, values, "fall")
    return Sketch(150.0, tuple(marks), tr("Drawdown over time"))


def rolling_chart(report: BacktestReport) -> Sketch | None:
    """Draw the rolling Sharpe ratio."""
    curves = report.curves
    told = [each for each in curves.rolling_sharpe if each is not None]
    if len(told) < 2:
        return None
    plane = Plane(140.0, curves.time_us, min(0.0, *told), max(0.0, *told))
    marks = [*plane.scale(_plain, 3), *plane.calendar()]
    return Sketch(
        140.0,
        (*marks, *plane.line(curves.time_us, curves.rolling_sharpe, "rolling")),
        tr("Rolling Sharpe ratio over time"),
    )


def exposure_chart(report: BacktestReport) -> Sketch:
    """Draw the value of all positions for each unit of equity."""
    curves = report.curves
    kept = thinned([np.array(curves.exposure)], _POINTS).tolist()
    times = [curves.time_us[place] for place in kept]
    values = [curves.exposure[place] for place in kept]
    plane = Plane(120.0, times, 0.0, max(1.0, *values))
    marks: list[Stroke | Box | Words] = [*plane.scale(share, 2), *plane.calendar()]
    marks.append(plane.area(times, values, "held", 0.0))
    return Sketch(120.0, tuple(marks), tr("Exposure over time"))


def distribution_chart(bins: Sequence[Bin]) -> Sketch | None:
    """Draw how many trades gained how much."""
    if not bins:
        return None
    height, width = 170.0, 480.0
    tallest = max(each.count for each in bins) or 1
    step = width / len(bins)
    marks: list[Stroke | Box | Words] = []
    for place, each in enumerate(bins):
        tall = (height - 44.0) * each.count / tallest
        role = "gain" if each.low + each.high > 0.0 else "loss"
        hint = tr(
            "{count} from {low} to {high}", count=each.count, low=share(each.low), high=share(each.high)
        )
        if each.count:
            marks.append(Box(place * step + 1.0, height - 22.0 - tall, step - 2.0, tall, role, hint))
            marks.append(
                Words((place + 0.5) * step, height - 26.0 - tall, str(each.count), "count", "middle")
            )
    marks.append(Stroke(((0.0, height - 22.0), (width, height - 22.0)), "zero"))
    marks.append(Words(0.0, height - 6.0, share(bins[0].low)))
    marks.append(Words(width, height - 6.0, share(bins[-1].high), anchor="end"))
    low, high = bins[0].low, bins[-1].high
    if low < 0.0 < high:
        marks.append(Words(width * -low / (high - low), height - 6.0, "0%", anchor="middle"))
    return Sketch(height, tuple(marks), tr("How many trades gained how much"), width)


def round_values(low: float, high: float, most: int) -> list[float]:
    """Give round values between two, as many as fit well."""
    apart = (high - low) / max(most, 1)
    power = 10.0 ** math.floor(math.log10(apart)) if apart > 0.0 else 1.0
    step = next(size * power for size in (1.0, 2.0, 2.5, 5.0, 10.0) if size * power >= apart)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [place * step for place in range(first, last + 1)]


def _plain(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def _dates(first_us: int, last_us: int) -> list[tuple[int, str, str]]:
    first, last = from_us(first_us), from_us(last_us)
    years = range(first.year + 1, last.year + 1)
    if len(years) >= 3:
        every = math.ceil(len(years) / 10)
        return [
            (to_us(datetime(year, 1, 1, tzinfo=UTC)), str(year), "middle")
            for year in years
            if year % every == 0
        ]
    form = "%Y-%m-%d" if (last - first).days > 3 else "%m-%d %H:%M"
    return [(first_us, first.strftime(form), "start"), (last_us, last.strftime(form), "end")]
