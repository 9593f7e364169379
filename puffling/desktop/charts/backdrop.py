"""Behind the prices: stretches of time in another shade, and lines where something begins."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem

from puffling.desktop.charts.axes import hairline
from puffling.desktop.charts.items import Layer, Scene, device_ratio
from puffling.desktop.charts.pyramid import Pyramid
from puffling.desktop.charts.viewport import Viewport
from puffling.desktop.theme import mix, translucent

LEAST_LINE_GAP = 28
_LEAST_SHADE = 3
_TONE = 0.07
_LINE = 0.35

Instants = NDArray[np.int64]


class Backdrop(Layer):
    """Shades spans of time and draws lines at their borders; `shaded` and `lines` count them."""

    def __init__(self, scene: Scene, depth: float, parent: QGraphicsItem | None) -> None:
        super().__init__(scene, depth, parent)
        self._begin_us: Instants = np.empty(0, dtype=np.int64)
        self._end_us: Instants = np.empty(0, dtype=np.int64)
        self._lines_us: Instants = np.empty(0, dtype=np.int64)
        self.shaded = 0
        self.lines = 0

    def show_spans(self, begin_us: ArrayLike, end_us: ArrayLike, lines_us: ArrayLike) -> None:
        """Shade these spans, in order and apart from each other, and draw lines at these instants."""
        self._begin_us = np.asarray(begin_us, dtype=np.int64)
        self._end_us = np.asarray(end_us, dtype=np.int64)
        self._lines_us = np.asarray(lines_us, dtype=np.int64)

    def draw(self, painter: QPainter, bars: Pyramid, viewport: Viewport) -> None:
        self.shaded = self.lines = 0
        times = bars.times_us
        first, last = max(int(viewport.first), 0), min(int(viewport.last) + 1, len(times) - 1)
        if last <= first or not (len(self._begin_us) or len(self._lines_us)):
            return
        self._shade(painter, times, (int(times[first]), int(times[last])), viewport)
        self._rule(painter, times, (int(times[first]), int(times[last])), viewport)

    def _shade(
        self, painter: QPainter, times: Instants, seen_us: tuple[int, int], viewport: Viewport
    ) -> None:
        begin = int(np.searchsorted(self._end_us, seen_us[0], side="right"))
        end = int(np.searchsorted(self._begin_us, seen_us[1], side="right"))
        # So many that they would be one grey field: then none says more.
        if end - begin > viewport.width / _LEAST_SHADE:
            return
        begins = np.searchsorted(times, self._begin_us[begin:end])
        ends = np.searchsorted(times, self._end_us[begin:end])
        colours = self.shared.theme.colours
        shade = translucent(colours.muted, _TONE)
        ratio = device_ratio(painter)
        for one, other in zip(begins.tolist(), ends.tolist(), strict=True):
            left = math.floor(viewport.x(one - 0.5) * ratio) / ratio
            right = math.floor(viewport.x(other - 0.5) * ratio) / ratio
            if other > one and right > left:
                painter.fillRect(QRectF(left, 0, right - left, viewport.height), shade)
                self.shaded += 1

    def _rule(self, painter: QPainter, times: Instants, seen_us: tuple[int, int], viewport: Viewport) -> None:
        begin, end = np.searchsorted(self._lines_us, seen_us).tolist()
        if (end - begin) * LEAST_LINE_GAP > viewport.width:
            return
        colours = self.shared.theme.colours
        pen = hairline(mix(colours.panel, colours.muted, _LINE))
        pen.setDashPattern([2, 4])
        painter.setPen(pen)
        half = 0.5 / device_ratio(painter)
        places = np.searchsorted(times, self._lines_us[begin : end + 1])
        for place in sorted(set(places[(places > 0) & (places < len(times))].tolist())):
            x = math.floor(viewport.x(place - 0.5)) + half
            if 0 < x < viewport.width:
                painter.drawLine(QLineF(x, 0, x, viewport.height))
                self.lines += 1
