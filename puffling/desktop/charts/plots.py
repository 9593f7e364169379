"""How studies are drawn: lines, bands, bars and dots, from no more than two points a pixel."""

from __future__ import annotations

import math

import numpy as np
from pyqtgraph import functions
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QLineF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from puffling.desktop.charts.candles import body_pixels
from puffling.desktop.charts.items import Boxes, Mask, device_ratio
from puffling.desktop.charts.pyramid import Floats
from puffling.desktop.charts.series import Strip
from puffling.desktop.charts.study import Band, Dots, Histogram, Line, Study, colour
from puffling.desktop.charts.viewport import Viewport
from puffling.desktop.theme import Theme, mix

LINE_PIXELS = 1.5
_FILL = 0.09
_BAR_TONE = 0.62
_DOT_PIXELS = 4.0
_FILL_PIXELS = 2.0
_SMOOTH_SLOT = 4.0
# With more bars to a pixel a line is all ups and downs, and plain columns are drawn in half the time.
_SMOOTH_SPAN = 16
# Far outside of what is seen a line is as good as at its edge, and a painter knows no larger numbers.
_FARTHEST = 1e5


class Plotter:
    """Draws studies; `most_points` is the most that one series took since it was last set to nothing."""

    def __init__(self) -> None:
        self._lines = PrimitiveArray(QLineF, 4)
        self._boxes = Boxes()
        self.most_points = 0

    def draw_fills(self, painter: QPainter, study: Study, viewport: Viewport, theme: Theme) -> None:
        """Draw what lies under everything else."""
        for plot in study.plots:
            if isinstance(plot, Band):
                self._fill(painter, study, plot, viewport, theme)

    def draw(self, painter: QPainter, study: Study, viewport: Viewport, theme: Theme) -> None:
        """Draw lines, bars and dots."""
        for plot in study.plots:
            if isinstance(plot, Histogram):
                self._histogram(painter, study, plot, viewport, theme)
        for plot in study.plots:
            if isinstance(plot, Dots):
                self._dots(painter, study, plot, viewport, theme)
        for line in study.lines:
            self._line(painter, study, line, viewport, theme)

    def _line(self, painter: QPainter, study: Study, line: Line, viewport: Viewport, theme: Theme) -> None:
        strip = self._strip(study, line.name, viewport, line.shift)
        if not line.sign:
            self.trace(painter, strip, viewport, colour(theme.colours, line.colour), line.shift)
            return
        rising = self._strip(study, line.sign, viewport, line.shift).high > 0
        self.trace(painter, strip, viewport, theme.colours.up, line.shift, rising)
        self.trace(painter, strip, viewport, theme.colours.down, line.shift, ~rising)

    def trace(
        self,
        painter: QPainter,
        strip: Strip,
        viewport: Viewport,
        ink: QColor,
        shift: int = 0,
        wanted: Mask | None = None,
    ) -> None:
        """Draw one line along its values, or where they are wanted."""
        if wanted is None:
            wanted = np.ones(len(strip.low), dtype=np.bool_)
        draw = self._stroke if strip.span <= _SMOOTH_SPAN else self._columns
        draw(painter, strip, shift, viewport, wanted, ink)

    @staticmethod
    def fill_down(
        painter: QPainter, strip: Strip, viewport: Viewport, bottom: float, brush: QBrush | QColor
    ) -> None:
        """Fill what lies between a line and a height."""
        x = (strip.centers - viewport.first) * viewport.bar_width
        y = _pixels((strip.low + strip.high) / 2, viewport)
        # Under a line that is all ups and downs nobody sees more corners than one in two pixels.
        every = max(math.ceil(_FILL_PIXELS / (viewport.bar_width * strip.span)), 1)
        x, y = x[::every], y[::every]
        for begin, end in _runs(np.isfinite(y)):
            Plotter._polygon(painter, x[begin:end], y[begin:end], np.full(end - begin, bottom), brush)

    def _stroke(
        self, painter: QPainter, strip: Strip, shift: int, viewport: Viewport, wanted: Mask, ink: QColor
    ) -> None:
        """Draw from value to value; places of many bars from middle to middle, and how far each reaches."""
        x = (strip.centers + shift - viewport.first) * viewport.bar_width
        low, high = _pixels(strip.low, viewport), _pixels(strip.high, viewport)
        y = low if strip.span == 1 else (low + high) / 2
        self.most_points = max(self.most_points, len(x) * (1 if strip.span == 1 else 2))
        there = np.isfinite(y) & wanted
        known = there[:-1] & there[1:]
        self._lines.resize(int(np.count_nonzero(known)))
        if len(self._lines):
            memory = self._lines.ndarray()
            memory[:, 0] = x[:-1][known]
            memory[:, 1] = y[:-1][known]
            memory[:, 2] = x[1:][known]
            memory[:, 3] = y[1:][known]
            pen = QPen(ink, LINE_PIXELS)
            # Round ends would show as beads where two pieces meet.
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.drawLines(*self._lines.drawargs())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if strip.span > 1:
            # How far each place reaches, where that is more than the line is wide.
            far = there & (low - high > 2 * LINE_PIXELS)
            ratio = device_ratio(painter)
            width = max(np.floor(LINE_PIXELS * ratio), 1.0) / ratio
            left = np.floor((x[far] - width / 2) * ratio) / ratio
            self._boxes.draw(painter, left, high[far], width, (low - high)[far], ink)

    def _columns(
        self, painter: QPainter, strip: Strip, shift: int, viewport: Viewport, wanted: Mask, ink: QColor
    ) -> None:
        """Draw each place from its highest to its lowest value and on to the place before it."""
        ratio = device_ratio(painter)
        low, high = strip.low.copy(), strip.high.copy()
        np.fmin(low[1:], strip.high[:-1], out=low[1:])
        np.fmax(high[1:], strip.low[:-1], out=high[1:])
        self.most_points = max(self.most_points, 2 * len(low))
        there = np.isfinite(strip.low) & wanted
        slot = viewport.bar_width * strip.span
        left = (strip.centers + shift - viewport.first)[there] * viewport.bar_width - slot / 2
        top, bottom = _pixels(high[there], viewport), _pixels(low[there], viewport)
        height = np.maximum(bottom - top, LINE_PIXELS)
        width = np.ceil(slot * ratio) / ratio
        left = np.round(left * ratio) / ratio
        self._boxes.draw(painter, left, (top + bottom - height) / 2, width, height, ink)

    def _fill(self, painter: QPainter, study: Study, band: Band, viewport: Viewport, theme: Theme) -> None:
        shift = band.upper.shift
        upper = self._strip(study, band.upper.name, viewport, shift)
        lower = self._strip(study, band.lower.name, viewport, shift)
        count = min(len(upper.low), len(lower.low))
        one, other = upper.high[:count], lower.low[:count]
        known = np.isfinite(one) & np.isfinite(other)
        if not known.any():
            return
        # Opaque, and so to be drawn under everything else: blending narrow boxes takes longer than a frame.
        ink = mix(theme.colours.panel, colour(theme.colours, band.upper.colour), _FILL)
        centers = (upper.centers[:count] + shift - viewport.first) * viewport.bar_width
        top, bottom = _pixels(one, viewport), _pixels(other, viewport)
        if upper.span == 1 and viewport.bar_width >= _SMOOTH_SLOT:
            for begin, end in _runs(known):
                self._polygon(painter, centers[begin:end], top[begin:end], bottom[begin:end], ink)
            return
        slot = viewport.bar_width * upper.span
        left = np.round((centers - slot / 2)[known])
        steps = np.sort(np.diff(left))
        width = max(float(steps[len(steps) // 2]) if len(steps) else slot, 1.0)
        above = np.minimum(top, bottom)[known]
        self._boxes.draw(painter, left, above, width, np.abs(bottom - top)[known], ink)

    @staticmethod
    def _polygon(painter: QPainter, x: Floats, top: Floats, bottom: Floats, ink: QBrush | QColor) -> None:
        shape = functions.create_qpolygonf(2 * len(x))
        memory = functions.ndarray_from_qpolygonf(shape)
        memory[: len(x), 0], memory[len(x) :, 0] = x, x[::-1]
        memory[: len(x), 1], memory[len(x) :, 1] = top, bottom[::-1]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawPolygon(shape, Qt.FillRule.WindingFill)

    def _histogram(
        self, painter: QPainter, study: Study, plot: Histogram, viewport: Viewport, theme: Theme
    ) -> None:
        strip = self._strip(study, plot.name, viewport, 0)
        self.most_points = max(self.most_points, 2 * len(strip.low) if strip.span > 1 else len(strip.low))
        ratio = device_ratio(painter)
        wick = max(round(ratio), 1)
        body = max(body_pixels(viewport.bar_width * strip.span * ratio, wick, ratio), wick)
        centers = (strip.centers - viewport.first) * viewport.bar_width
        left = np.floor(centers * ratio) - (wick - 1) // 2 - (body - wick) // 2
        zero = np.round(viewport.y(0.0) * ratio)
        for value, ink in ((strip.high, theme.colours.up), (strip.low, theme.colours.down)):
            seen = value > 0 if ink is theme.colours.up else value < 0
            end = np.round(_pixels(value[seen], viewport) * ratio)
            self._boxes.draw(
                painter,
                left[seen] / ratio,
                np.minimum(zero, end) / ratio,
                body / ratio,
                np.maximum(np.abs(end - zero), 1) / ratio,
                mix(theme.colours.panel, ink, _BAR_TONE),
            )

    def _dots(self, painter: QPainter, study: Study, plot: Dots, viewport: Viewport, theme: Theme) -> None:
        strip = self._strip(study, plot.name, viewport, 0)
        x, y = _vertices(strip, viewport, 0)
        self.most_points = max(self.most_points, len(x))
        known = np.isfinite(y)
        ink = colour(theme.colours, plot.colour)
        slot = viewport.bar_width * strip.span
        size = min(max(slot * 0.5, 1.0), _DOT_PIXELS)
        if size < 2.5:
            square = np.full(int(known.sum()), size)
            self._boxes.draw(painter, x[known] - size / 2, y[known] - size / 2, size, square, ink)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        pen = QPen(ink, size)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        self._lines.resize(int(known.sum()))
        memory = self._lines.ndarray()
        memory[:, 0], memory[:, 1] = x[known], y[known]
        memory[:, 2], memory[:, 3] = x[known] + 0.01, y[known]
        painter.drawLines(*self._lines.drawargs())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    @staticmethod
    def _strip(study: Study, name: str, viewport: Viewport, shift: int) -> Strip:
        return study.series[name].strip(viewport.first - shift, viewport.last - shift, viewport.width)


def _vertices(strip: Strip, viewport: Viewport, shift: int) -> tuple[Floats, Floats]:
    """Give the corners of a line in pixels: down and up in turns where a place holds many bars."""
    x = (strip.centers + shift - viewport.first) * viewport.bar_width
    if strip.span == 1:
        return x, _pixels(strip.low, viewport)
    ends = np.empty((len(x), 2))
    ends[0::2, 0], ends[0::2, 1] = strip.low[0::2], strip.high[0::2]
    ends[1::2, 0], ends[1::2, 1] = strip.high[1::2], strip.low[1::2]
    return np.repeat(x, 2), _pixels(ends.ravel(), viewport)


def _pixels(values: Floats, viewport: Viewport) -> Floats:
    return np.clip(viewport.ys(values), -_FARTHEST, _FARTHEST)


def _runs(known: Mask) -> list[tuple[int, int]]:
    """Give where stretches without a gap begin and end."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], known, [False])).astype(np.int8)))
    return list(zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True))
