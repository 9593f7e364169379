"""Drawings in pixels: the lines, areas and words that are seen, and what of them is under the pointer."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPolygonF

from puffling.desktop import numbers
from puffling.desktop.charts.pyramid import Floats
from puffling.desktop.charts.viewport import Viewport
from puffling.desktop.drawings.sheet import CODE, KINDS, Indices, Sheet
from puffling.desktop.theme import Size, Theme
from puffling.frozen import frozen
from puffling.store.values import DrawingKind

REACH_PIXELS = 5.0
_MARGIN = 8.0
_PADDING = 6.0
_FARTHEST = 20_000.0
# Beyond so many in sight, insides and words of single lines would only hide each other.
MOST_WHOLE = 150
WRAPPED = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.TextFlag.TextWordWrap)
_STRAIGHT = [
    CODE[kind]
    for kind in DrawingKind
    if kind not in (DrawingKind.RECTANGLE, DrawingKind.CHANNEL, DrawingKind.FIBONACCI, DrawingKind.NOTE)
]


class Area(NamedTuple):
    """A shaded inside."""

    row: int
    shape: QPolygonF
    share: float


class Label(NamedTuple):
    """Words beside a drawing; `boxed` ones stand on a ground of their own."""

    row: int
    box: QRectF
    text: str
    boxed: bool


@frozen
class Handle:
    """What a drawing is held by: moving it moves the time of one point and the price of one point."""

    time_of: int
    price_of: int
    at: QPointF


class Outline:
    """What of a sheet is seen in one viewport."""

    def __init__(self, sheet: Sheet, viewport: Viewport, decimals: int) -> None:
        self.sheet = sheet
        self.viewport = viewport
        self._decimals = decimals
        self._metrics = QFontMetricsF(Theme.font(Size.CAPTION))
        self._note_metrics = QFontMetricsF(Theme.font())
        self.seen: Indices = sheet.seen(viewport)
        self.areas: list[Area] = []
        self.labels: list[Label] = []
        self.heads: list[tuple[int, QPointF, QPointF]] = []
        self.whole = len(self.seen) <= MOST_WHOLE
        self._x = (sheet.places[self.seen] - viewport.first) * viewport.bar_width
        self._y = viewport.ys(sheet.prices[self.seen])
        self._codes = sheet.codes[self.seen]
        self._rows: list[int] = []
        self._more: list[tuple[float, float, float, float]] = []
        for number in self._of(DrawingKind.FIBONACCI):
            self._add_levels(number)
        for number in self._of(DrawingKind.ARROW):
            self._add_head(number)
        more = np.array(self._more, dtype=np.float64).reshape(-1, 4)
        parts = [
            self._straight_lines(),
            self._boxes(),
            self._channels(),
            (more, np.array(self._rows, dtype=np.intp)),
        ]
        self.lines, kept = _clipped(np.concatenate([lines for lines, _ in parts]), viewport)
        self.rows: Indices = np.concatenate([rows for _, rows in parts])[kept]
        for number in range(len(self.seen)) if self.whole else self._of(DrawingKind.NOTE):
            self._add_words(number)

    def row_at(self, x: float, y: float, reach: float = REACH_PIXELS) -> int | None:
        """Give the row of the topmost drawing under the pointer."""
        found = -1
        if len(self.lines):
            near = _distances(self.lines, x, y) <= reach
            if near.any():
                found = int(self.rows[near].max())
        for label in self.labels:
            if label.boxed and label.row > found and label.box.contains(x, y):
                found = label.row
        return found if found >= 0 else None

    def in_sight(self) -> set[int]:
        """Give the rows of which something is really seen."""
        return {*self.rows.tolist(), *(label.row for label in self.labels if label.boxed)}

    def handles(self, row: int) -> list[Handle]:
        """Give what the drawing of a row is held by."""
        sheet, viewport = self.sheet, self.viewport
        x = [viewport.x(place) for place in sheet.places[row]]
        y = [viewport.y(price) for price in sheet.prices[row]]
        kind = KINDS[sheet.codes[row]]
        pairs = [(number, number) for number in range(kind.points)]
        if kind is DrawingKind.RECTANGLE:
            pairs += [(0, 1), (1, 0)]
        if kind is DrawingKind.HORIZONTAL:
            # Its time says nothing: it is held where it can be seen.
            x[0] = min(max(x[0], _MARGIN), viewport.width - _MARGIN)
        if kind is DrawingKind.VERTICAL:
            y[0] = viewport.height / 2
        return [Handle(time, price, QPointF(x[time], y[price])) for time, price in pairs]

    def handle_at(self, row: int, x: float, y: float) -> Handle | None:
        """Give the handle under the pointer, the last point first."""
        for handle in reversed(self.handles(row)):
            if abs(handle.at.x() - x) <= REACH_PIXELS + 2 and abs(handle.at.y() - y) <= REACH_PIXELS + 2:
                return handle
        return None

    def _straight_lines(self) -> tuple[Floats, Indices]:
        chosen = np.isin(self._codes, _STRAIGHT)
        codes = self._codes[chosen]
        x1, x2 = self._x[chosen, 0], self._x[chosen, 1]
        y1, y2 = self._y[chosen, 0], self._y[chosen, 1]
        width, height = self.viewport.width, self.viewport.height
        dx, dy = x2 - x1, y2 - y1
        longest = np.maximum(np.maximum(np.abs(dx), np.abs(dy)), 1e-9)
        # So far that the end is out of sight wherever the line begins.
        reach = (np.abs(x1) + np.abs(y1) + width + height) / longest
        back = codes == CODE[DrawingKind.EXTENDED]
        onwards = back | (codes == CODE[DrawingKind.RAY])
        ahead = np.where(onwards, np.maximum(reach, 1.0), 1.0)
        behind = np.where(back, reach, 0.0)
        lines = np.stack((x1 - dx * behind, y1 - dy * behind, x1 + dx * ahead, y1 + dy * ahead), axis=1)
        level, upright = codes == CODE[DrawingKind.HORIZONTAL], codes == CODE[DrawingKind.VERTICAL]
        lines[level, 0], lines[level, 2] = 0.0, width
        # In the middle of a pixel, where a thin line is sharp.
        lines[level, 1] = lines[level, 3] = np.floor(lines[level, 1]) + 0.5
        lines[upright, 1], lines[upright, 3] = 0.0, height
        lines[upright, 0] = lines[upright, 2] = np.floor(lines[upright, 0]) + 0.5
        return lines, self.seen[chosen]

    def _boxes(self) -> tuple[Floats, Indices]:
        chosen = self._codes == CODE[DrawingKind.RECTANGLE]
        (x1, x2, _), (y1, y2, _) = self._x[chosen].T, self._y[chosen].T
        rows = self.seen[chosen]
        for row, *corners in zip(rows.tolist(), *np.array((x1, y1, x2, y2)).tolist(), strict=True):
            left, top, right, bottom = corners
            self._add_area(row, [(left, top), (right, top), (right, bottom), (left, bottom)], 0.10)
        sides = ((x1, y1, x2, y1), (x2, y1, x2, y2), (x2, y2, x1, y2), (x1, y2, x1, y1))
        return np.concatenate([np.stack(side, axis=1) for side in sides]), np.tile(rows, 4)

    def _channels(self) -> tuple[Floats, Indices]:
        chosen = self._codes == CODE[DrawingKind.CHANNEL]
        (x1, x2, x3), (y1, y2, y3) = self._x[chosen].T, self._y[chosen].T
        rows = self.seen[chosen]
        run = x2 - x1
        slope = np.divide(y2 - y1, run, out=np.zeros_like(run), where=run != 0)
        off = y3 - (y1 + slope * (x3 - x1))
        for row, *corners in zip(rows.tolist(), *np.array((x1, y1, x2, y2, off)).tolist(), strict=True):
            left, top, right, bottom, down = corners
            self._add_area(
                row, [(left, top), (right, bottom), (right, bottom + down), (left, top + down)], 0.08
            )
        sides = ((x1, y1, x2, y2), (x1, y1 + off, x2, y2 + off))
        return np.concatenate([np.stack(side, axis=1) for side in sides]), np.tile(rows, 2)

    def _of(self, kind: DrawingKind) -> list[int]:
        """Give where drawings of a kind are among those that are seen."""
        found: list[int] = np.flatnonzero(self._codes == CODE[kind]).tolist()
        return found

    def _add_area(self, row: int, corners: list[tuple[float, float]], share: float) -> None:
        if not self.whole or not self.sheet.styles[row].filled:
            return
        shape = QPolygonF([QPointF(x, y) for x, y in corners])
        if max(max(abs(x), abs(y)) for x, y in corners) > _FARTHEST:
            sight = QRectF(-1, -1, self.viewport.width + 2, self.viewport.height + 2)
            shape = shape.intersected(QPolygonF(sight))
        self.areas.append(Area(row, shape, share))

    def _add_levels(self, number: int) -> None:
        """Draw each level from its beginning to the right edge, and say what it is."""
        row, left = int(self.seen[number]), float(self._x[number, :2].min())
        from_price, to_price = self.sheet.prices[row, 0], self.sheet.prices[row, 1]
        right = self.viewport.width
        before: float | None = None
        for place, level in enumerate(self.sheet.styles[row].shown_levels):
            price = float(to_price + (from_price - to_price) * level)
            y = math.floor(self.viewport.y(price)) + 0.5
            self._rows.append(row)
            self._more.append((left, y, right, y))
            if not self.whole:
                continue
            if before is not None and left < right:
                corners = [(left, before), (right, before), (right, y), (left, y)]
                self._add_area(row, corners, 0.05 if place % 2 else 0.09)
            before = y
            text = f"{level:g}  {numbers.fixed(price, self._decimals)}"
            box = QRectF(max(left, 0.0) + 4, y - 16, self._metrics.horizontalAdvance(text) + 2, 15)
            self.labels.append(Label(row, box, text, boxed=False))

    def _add_head(self, number: int) -> None:
        (x1, x2, _), (y1, y2, _) = self._x[number].tolist(), self._y[number].tolist()
        self.heads.append((int(self.seen[number]), QPointF(x1, y1), QPointF(x2, y2)))

    def _add_words(self, number: int) -> None:
        row = int(self.seen[number])
        kind, text = KINDS[self.sheet.codes[row]], self.sheet.styles[row].text
        x, y = self._x[number].tolist(), self._y[number].tolist()
        if kind is DrawingKind.NOTE:
            size = self._note_metrics.boundingRect(QRectF(0, 0, 240, 2000), WRAPPED, text or " ").size()
            width, height = size.width() + 2 * _PADDING + 2, size.height() + _PADDING
            top = y[0] - height if y[0] >= height or y[0] < 0 else y[0]
            box = QRectF(self._beside(x[0], width), top, width, height)
            self.labels.append(Label(row, box, text, boxed=True))
            return
        if kind is DrawingKind.HORIZONTAL:
            price = numbers.fixed(float(self.sheet.prices[row, 0]), self._decimals)
            words = f"{text}  {price}" if text else price
            width = self._metrics.horizontalAdvance(words) + 2
            box = QRectF(self.viewport.width - width - 6, y[0] - 16, width, 15)
        elif not text:
            return
        else:
            words, width = text.replace("\n", " "), self._metrics.horizontalAdvance(text) + 2
            if kind is DrawingKind.VERTICAL:
                box = QRectF(self._beside(x[0] + 5, width, 10), self.viewport.height - 20, width, 15)
            elif kind in (DrawingKind.RECTANGLE, DrawingKind.FIBONACCI):
                box = QRectF(max(min(x[0], x[1]), 0.0) + 5, min(y[0], y[1]) + 3, width, 15)
            else:
                box = QRectF((x[0] + x[1] - width) / 2, (y[0] + y[1]) / 2 - 19, width, 15)
        self.labels.append(Label(row, box, words, boxed=False))

    def _beside(self, x: float, width: float, gap: float = 0.0) -> float:
        """Give where words begin: to the right of their point, or to its left where that would cut them."""
        right = self.viewport.width
        if x + width <= right or not 0 <= x - gap / 2 <= right:
            return x
        return x - gap - width if x - gap >= width else max(right - width, 0.0)


def _clipped(lines: Floats, viewport: Viewport) -> tuple[Floats, Indices]:
    """Give the pieces of lines that are in sight, and which lines they are pieces of."""
    if not len(lines):
        return lines, np.zeros(0, dtype=np.intp)
    x, y = lines[:, 0], lines[:, 1]
    dx, dy = lines[:, 2] - x, lines[:, 3] - y
    begin, end = np.zeros(len(lines)), np.ones(len(lines))
    outside = np.zeros(len(lines), dtype=np.bool_)
    for step, room in (
        (-dx, x + _MARGIN),
        (dx, viewport.width + _MARGIN - x),
        (-dy, y + _MARGIN),
        (dy, viewport.height + _MARGIN - y),
    ):
        with np.errstate(divide="ignore", invalid="ignore"):
            share = room / step
        outside |= (step == 0) & (room < 0)
        begin = np.where(step < 0, np.maximum(begin, share), begin)
        end = np.where(step > 0, np.minimum(end, share), end)
    kept = np.flatnonzero(~outside & (begin <= end) & np.isfinite(lines).all(axis=1))
    x, y, dx, dy, begin, end = (each[kept] for each in (x, y, dx, dy, begin, end))
    return np.stack((x + dx * begin, y + dy * begin, x + dx * end, y + dy * end), axis=1), kept


def _distances(lines: Floats, x: float, y: float) -> Floats:
    """Give how far a point is from each line."""
    x1, y1 = lines[:, 0], lines[:, 1]
    dx, dy = lines[:, 2] - x1, lines[:, 3] - y1
    length = np.maximum(dx * dx + dy * dy, 1e-12)
    along = np.clip(((x - x1) * dx + (y - y1) * dy) / length, 0.0, 1.0)
    found: Floats = np.hypot(x1 + along * dx - x, y1 + along * dy - y)
    return found
