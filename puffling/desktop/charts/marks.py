"""Marks: signs at moments, above or below their bars; what stands too close is drawn as one, counted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem

from puffling.desktop import numbers
from puffling.desktop.charts.items import Layer, Scene
from puffling.desktop.charts.kinds import Prices
from puffling.desktop.charts.pyramid import Pyramid
from puffling.desktop.charts.viewport import Viewport
from puffling.desktop.theme import Size, Tone
from puffling.frozen import frozen
from puffling.runtime.text import tr

SPACING = 14
_EVERYDAY_SPACING = 36
_SIZE = 12.0
_BADGE = 15.0
_GAP = 5.0
_COUNT_HEIGHT = 11.0
_COUNT_WIDTH = 40.0
_RIM = 1.5
_NEAR = 3.0
_MOST_LINES = 6

Places = NDArray[np.int64]


class Shape(StrEnum):
    """What a mark looks like; a badge holds a letter."""

    UP = "up"
    DOWN = "down"
    CIRCLE = "circle"
    DIAMOND = "diamond"
    CROSS = "cross"
    BADGE = "badge"


class Place(StrEnum):
    """Where a mark stands: at its price, beside its bar, or at the foot of the chart."""

    PRICE = "price"
    ABOVE = "above"
    BELOW = "below"
    FOOT = "foot"


@frozen
class Style:
    """How marks of one sort look; `title` names them where many are counted.

    Everyday marks are left out where they would stand all along the chart and say nothing.
    """

    title: str
    shape: Shape
    tone: Tone
    place: Place
    letter: str = ""
    everyday: bool = False


class Marks:
    """Marks of a few styles: when, of which style, at what price, and what is said of each."""

    def __init__(
        self,
        styles: Sequence[Style],
        times_us: ArrayLike,
        style: ArrayLike,
        texts: Sequence[str],
        prices: ArrayLike | None = None,
    ) -> None:
        self.styles = tuple(styles)
        self.times_us = np.asarray(times_us, dtype=np.int64)
        self.style = np.asarray(style, dtype=np.int64)
        self.texts = texts
        self.prices = (
            np.full(len(self.times_us), np.nan) if prices is None else np.asarray(prices, dtype=np.float64)
        )
        if not len(self.times_us) == len(self.style) == len(self.texts) == len(self.prices):
            raise ValueError("The columns of marks must be of one length.")

    def __len__(self) -> int:
        return len(self.times_us)


class Glyph(NamedTuple):
    """One sign as it was drawn, and the marks it stands for."""

    at: QPointF
    reach: float
    marks: Marks
    style: Style
    rows: Places


class MarkLayer(Layer):
    """Draws all marks of a chart; `glyphs` is what the last painting drew."""

    def __init__(self, scene: Scene, depth: float, parent: QGraphicsItem | None, prices: Prices) -> None:
        super().__init__(scene, depth, parent)
        self._prices = prices
        self._sets: dict[str, Marks] = {}
        self._sorted: dict[str, list[tuple[Style, Places, Places]]] = {}
        self.glyphs: list[Glyph] = []

    def put(self, key: str, marks: Marks) -> None:
        """Show these marks in place of those that had this key."""
        self._sets[key] = marks
        self._sorted.pop(key, None)

    def remove(self, key: str) -> None:
        """Take marks away."""
        self._sets.pop(key, None)
        self._sorted.pop(key, None)
        self.glyphs = [glyph for glyph in self.glyphs if glyph.marks in self._sets.values()]

    def begin(self) -> None:
        """Find the bars anew: there are other bars, or more of them."""
        self._sorted.clear()

    def text_at(self, x: float, y: float) -> str:
        """Give what is said of the marks under the pointer; empty where there are none."""
        for glyph in reversed(self.glyphs):
            reach = glyph.reach + _NEAR
            if abs(glyph.at.x() - x) <= reach and abs(glyph.at.y() - y) <= reach:
                return describe(glyph)
        return ""

    def text_on(self, index: int) -> str:
        """Give what is said of the marks of one bar, as they were drawn."""
        viewport = self.shared.viewport
        if viewport is None:
            return ""
        near = max(SPACING, viewport.bar_width) / 2
        x = viewport.x(index)
        return "\n".join(describe(glyph) for glyph in self.glyphs if abs(glyph.at.x() - x) <= near)

    def draw(self, painter: QPainter, bars: Pyramid, viewport: Viewport) -> None:
        self.glyphs = []
        if not self._sets:
            return
        shift = max(math.ceil(math.log2(SPACING / viewport.bar_width)), 0)
        extremes = _Extremes(self._prices.bars(bars), viewport, shift)
        used: dict[tuple[Place, int], float] = {}
        painter.save()
        painter.setClipRect(QRectF(0, 0, viewport.width, viewport.height))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for key, marks in self._sets.items():
            if key not in self._sorted:
                self._sorted[key] = _by_style(marks, bars.times_us)
            for style, places, rows in self._sorted[key]:
                begin, end = np.searchsorted(places, [viewport.first - 1, viewport.last + 1])
                groups = _grouped(places[begin:end] >> shift, rows[begin:end])
                if style.everyday and len(groups) * _EVERYDAY_SPACING > viewport.width:
                    continue
                for cell, chosen in groups:
                    middle = (cell << shift) + ((1 << shift) - 1) / 2
                    x = viewport.x(min(middle, len(bars) - 1))
                    taken = used.get((style.place, cell), 0.0)
                    y, grown = _height(style, marks, chosen, viewport, extremes.of(cell), taken)
                    used[style.place, cell] = grown
                    self.glyphs.append(Glyph(QPointF(x, y), _reach(style), marks, style, chosen))
        self._draw_glyphs(painter)
        painter.restore()

    def _draw_glyphs(self, painter: QPainter) -> None:
        theme = self.shared.theme
        colours = theme.colours
        # A rim in the colour of the ground keeps a sign apart from the candle it stands on.
        rim = QPen(colours.panel, _RIM)
        painter.setFont(theme.font(Size.CAPTION, semibold=True))
        for glyph in self.glyphs:
            style, at, half = glyph.style, glyph.at, glyph.reach
            ink = colours.tone(style.tone)
            box = QRectF(at.x() - half, at.y() - half, 2 * half, 2 * half)
            painter.setBrush(ink)
            painter.setPen(rim)
            if style.shape is Shape.BADGE:
                painter.setBrush(colours.panel)
                painter.setPen(QPen(ink, _RIM))
                inside = _RIM / 2
                painter.drawRoundedRect(box.adjusted(inside, inside, -inside, -inside), 4, 4)
                painter.setPen(ink)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, style.letter)
            elif style.shape is Shape.CIRCLE:
                painter.drawEllipse(box)
            elif style.shape is Shape.CROSS:
                painter.setPen(QPen(ink, 2))
                painter.drawLine(box.topLeft(), box.bottomRight())
                painter.drawLine(box.bottomLeft(), box.topRight())
            else:
                painter.drawPolygon(_polygon(style.shape, at, half))
            if len(glyph.rows) > 1:
                above = style.place is not Place.BELOW
                top = at.y() - half - _COUNT_HEIGHT - 1 if above else at.y() + half + 1
                painter.setPen(ink)
                place = QRectF(at.x() - _COUNT_WIDTH / 2, top, _COUNT_WIDTH, _COUNT_HEIGHT)
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, numbers.short(len(glyph.rows)))


class _Extremes:
    """The highest and lowest price of each cell that is seen."""

    def __init__(self, bars: Pyramid, viewport: Viewport, shift: int) -> None:
        candles = bars.stretch(viewport.first - (1 << shift), viewport.last + (1 << shift), viewport.width)
        cells = (candles.first + np.arange(len(candles.open)) * candles.span) >> shift
        begins = np.flatnonzero(np.diff(cells, prepend=-1))
        self._of: dict[int, tuple[float, float]] = {}
        if len(begins):
            low, high = np.fmin.reduceat(candles.low, begins), np.fmax.reduceat(candles.high, begins)
            self._of = dict(
                zip(cells[begins].tolist(), zip(low.tolist(), high.tolist(), strict=True), strict=True)
            )

    def of(self, cell: int) -> tuple[float, float]:
        return self._of.get(cell, (math.nan, math.nan))


def describe(glyph: Glyph) -> str:
    """Give what the marks behind one sign say, a few of them in full."""
    lines = [glyph.marks.texts[row] for row in glyph.rows[:_MOST_LINES]]
    more = len(glyph.rows) - len(lines)
    if more > 0:
        lines.append(tr("and {count} more: {title}", count=more, title=glyph.style.title))
    return "\n".join(lines)


def _by_style(marks: Marks, times_us: NDArray[np.int64]) -> list[tuple[Style, Places, Places]]:
    """Give for each style the bars of its marks in order, and the rows they come from."""
    places = np.searchsorted(times_us, marks.times_us, side="right") - 1
    order = np.argsort(marks.times_us, kind="stable")
    order = order[places[order] >= 0]
    found = []
    for number, style in enumerate(marks.styles):
        rows = order[marks.style[order] == number]
        found.append((style, places[rows].astype(np.int64), rows.astype(np.int64)))
    return found


def _grouped(cells: Places, rows: Places) -> list[tuple[int, Places]]:
    """Give each cell with its rows; cells come in order."""
    if not len(cells):
        return []
    cuts = np.flatnonzero(np.diff(cells)) + 1
    begins = [0, *cuts.tolist()]
    return [
        (int(cells[begin]), rows[begin:end])
        for begin, end in zip(begins, [*begins[1:], len(rows)], strict=True)
    ]


def _height(
    style: Style,
    marks: Marks,
    rows: Places,
    viewport: Viewport,
    extremes: tuple[float, float],
    taken: float,
) -> tuple[float, float]:
    """Give where a sign stands and how much of its place is taken then."""
    reach = _reach(style)
    room = 2 * reach + _GAP + (_COUNT_HEIGHT if len(rows) > 1 else 0)
    low, high = extremes
    # Beside a bar that is no number there is no place but the foot.
    if style.place is Place.FOOT or (style.place is not Place.PRICE and not math.isfinite(low)):
        return viewport.height - reach - 3 - taken, taken + room
    price = float(marks.prices[rows[-1]])
    if style.place is Place.PRICE and math.isfinite(price):
        return viewport.y(price), taken
    if style.place is Place.BELOW:
        return viewport.y(low) + _GAP + reach + taken, taken + room
    return viewport.y(high) - _GAP - reach - taken, taken + room


def _reach(style: Style) -> float:
    return (_BADGE if style.shape is Shape.BADGE else _SIZE) / 2


def _polygon(shape: Shape, at: QPointF, half: float) -> QPolygonF:
    x, y = at.x(), at.y()
    if shape is Shape.DIAMOND:
        return QPolygonF(
            [QPointF(x, y - half), QPointF(x + half, y), QPointF(x, y + half), QPointF(x - half, y)]
        )
    way = -half if shape is Shape.UP else half
    return QPolygonF([QPointF(x, y + way), QPointF(x + half, y - way), QPointF(x - half, y - way)])
