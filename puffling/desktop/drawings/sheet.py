"""The drawings of one chart as columns, so that thousands of them cost little where few are seen."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from puffling.desktop.charts.pyramid import Floats
from puffling.desktop.charts.viewport import Viewport
from puffling.desktop.drawings.style import Style
from puffling.desktop.drawings.timeline import Timeline
from puffling.store.values import Drawing, DrawingKind

Indices = NDArray[np.intp]

KINDS = tuple(DrawingKind)
CODE: dict[str, int] = {kind: number for number, kind in enumerate(KINDS)}
_MOST_POINTS = 3
_LABEL_PIXELS = 260.0
_LABEL_HEIGHT_PIXELS = 120.0
_ENDLESS = (DrawingKind.RAY, DrawingKind.EXTENDED, DrawingKind.HORIZONTAL, DrawingKind.VERTICAL)
_NOBODY: tuple[object, Style] = (None, Style())


class Sheet:
    """Drawings in the order they lie on each other, at places among the bars of one chart."""

    def __init__(self, drawings: Sequence[Drawing], timeline: Timeline, before: Sheet | None = None) -> None:
        """Take drawings in; what the sheet `before` knew already is not looked at again."""
        known = before.known if before is not None else {}
        self.known: dict[str, tuple[Drawing, Style]] = {
            each.id: known[each.id]
            if known.get(each.id, _NOBODY)[0] is each
            else (each, Style.of(each.style))
            for each in drawings
            if known.get(each.id, _NOBODY)[0] is each or _sound(each)
        }
        self.drawings = tuple(each for each, _ in self.known.values())
        self.styles = tuple(style for _, style in self.known.values())
        self.codes = np.array([CODE[each.kind] for each in self.drawings], dtype=np.intp)
        # Points a kind does not have lie on its first one.
        points = [(each.points + each.points[:1] * 2)[:_MOST_POINTS] for each in self.drawings]
        shape = (len(points), _MOST_POINTS)
        times = [time_us for each in points for time_us, _ in each]
        prices = [price for each in points for _, price in each]
        self._times = np.array(times, dtype=np.int64).reshape(shape)
        self.prices: Floats = np.array(prices, dtype=np.float64).reshape(shape)
        self.rows = {each.id: row for row, each in enumerate(self.drawings)}
        pens = [(each.colour, each.width, each.dash) for each in self.styles]
        # Of all styles with one pen the first stands for them: their lines are drawn in one call.
        self.pens: dict[object, Style] = {}
        for pen, style in zip(pens, self.styles, strict=True):
            self.pens.setdefault(pen, style)
        numbers = {pen: number for number, pen in enumerate(self.pens)}
        self.pen_of: Indices = np.array([numbers[pen] for pen in pens], dtype=np.intp)
        self.follow(timeline)

    def __len__(self) -> int:
        return len(self.drawings)

    def follow(self, timeline: Timeline) -> None:
        """Find the places anew: the bars have become others."""
        self.places: Floats = timeline.places(self._times)
        left, right = self.places.min(axis=1, initial=np.inf), self.places.max(axis=1, initial=-np.inf)
        low, high = self.prices.min(axis=1, initial=np.inf), self.prices.max(axis=1, initial=-np.inf)
        endless = np.isin(self.codes, [CODE[kind] for kind in _ENDLESS])
        upright = self.codes == CODE[DrawingKind.VERTICAL]
        # Where a ray leaves the view is known only in pixels; the levels of a retracement go on to the right.
        left[endless & ~upright], right[endless & ~upright] = -np.inf, np.inf
        low[endless], high[endless] = -np.inf, np.inf
        level = self.codes == CODE[DrawingKind.HORIZONTAL]
        low[level], high[level] = self.prices[level, 0], self.prices[level, 0]
        loose = np.isin(self.codes, [CODE[DrawingKind.FIBONACCI], CODE[DrawingKind.CHANNEL]])
        low[loose], high[loose] = -np.inf, np.inf
        right[self.codes == CODE[DrawingKind.FIBONACCI]] = np.inf
        self._bounds = (left, right, low, high)

    def seen(self, viewport: Viewport) -> Indices:
        """Give the rows of the drawings that may be in sight, the lowest first."""
        if not len(self):
            return np.zeros(0, dtype=np.intp)
        left, right, low, high = self._bounds
        # Words reach beyond the point they stand at.
        wide = _LABEL_PIXELS / viewport.bar_width
        above, below = (
            viewport.price(-_LABEL_HEIGHT_PIXELS),
            viewport.price(viewport.height + _LABEL_HEIGHT_PIXELS),
        )
        seen = (right >= viewport.first - wide) & (left <= viewport.last + wide)
        seen &= (high >= below) & (low <= above)
        return np.flatnonzero(seen)


def _sound(drawing: Drawing) -> bool:
    """Tell whether it is one that can be drawn."""
    if drawing.kind not in CODE or len(drawing.points) != DrawingKind(drawing.kind).points:
        return False
    return all(math.isfinite(price) for _, price in drawing.points)
