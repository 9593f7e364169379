"""What every item of a chart has in common: it draws in pixels, on the pixels, for the bars that are seen."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget
from shiboken6 import wrapInstance

from puffling.desktop.charts.pyramid import Floats, Pyramid
from puffling.desktop.charts.scale import Scale, write_price
from puffling.desktop.charts.viewport import Viewport
from puffling.desktop.theme import Theme

Mask = NDArray[np.bool_]
# So many bars in a row may be no numbers before a view counts as having nowhere to begin.
_MOST_WITHOUT = 100
# Far outside of what is seen a box is as good as at its edge, and a painter knows no larger numbers.
_FARTHEST = 1e6


class Scene:
    """What the items of one chart share: its bars, what of them is seen, and the theme."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.bars: Pyramid | None = None
        self.viewport: Viewport | None = None
        self.price_decimals = 2
        self.pointed: int | None = None
        self.pointed_y: float | None = None
        self.scale = Scale.LINEAR
        self.base: float | None = None
        # Where labels stand on the price axis that round prices must not run under.
        self.labelled: list[float] = []
        # Labels in the colours of lines that end there: how far down, what, and the number of the colour.
        self.ends: list[tuple[float, str, int]] = []

    def write(self, price: float) -> str:
        """Give a price as the price axis says it."""
        return write_price(price, self.base, self.price_decimals)

    @staticmethod
    def first_seen(bars: Pyramid, first: float) -> float:
        """Give the close of the first bar that is seen and has one, else zero."""
        place = min(max(math.ceil(first), 0), len(bars) - 1)
        closes = (bars.bar(each).close for each in range(place, min(place + _MOST_WITHOUT, len(bars))))
        return next((close for close in closes if math.isfinite(close)), 0.0)

    def crosshair_y(self, bars: Pyramid, viewport: Viewport) -> float:
        """Give where the crosshair lies: under the pointer, or at the close of its bar."""
        if self.pointed_y is not None:
            return self.pointed_y
        y = viewport.y(bars.bar(min(self.pointed or 0, len(bars) - 1)).close)
        return y if math.isfinite(y) else viewport.height / 2


class Layer(QGraphicsItem):
    """One layer of a chart, painted in the pixels of its parent."""

    def __init__(self, scene: Scene, depth: float, parent: QGraphicsItem | None) -> None:
        super().__init__(parent)
        self.shared = scene
        self.setZValue(depth)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        return self.parentItem().boundingRect()

    def paint(
        self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None
    ) -> None:
        """Paint the layer, if there is anything to see."""
        if self.shared.bars is not None and self.shared.viewport is not None:
            self.draw(painter, self.shared.bars, self.shared.viewport)

    @abstractmethod
    def draw(self, painter: QPainter, bars: Pyramid, viewport: Viewport) -> None:
        """Draw the bars that are seen."""


class Boxes:
    """Many filled boxes, drawn in one call on whole pixels: that takes a third of the time of others."""

    def __init__(self) -> None:
        self._memory = np.empty((0, 4), dtype=np.int32)

    def draw(
        self, painter: QPainter, left: Floats, top: Floats, width: float, height: Floats, colour: QColor
    ) -> int:
        """Draw boxes of one width in one colour; give how many. Those in one place become one box."""
        left, top, height = _joined(*_known(left, top, height))
        count = len(left)
        if not count:
            return 0
        if count > len(self._memory):
            self._memory = np.empty((2 * count, 4), dtype=np.int32)
        ratio, memory = device_ratio(painter), self._memory[:count]
        begin = _on_pixels(left, ratio)
        # A rectangle of pixels ends with the last one that is in it.
        memory[:, 0], memory[:, 2] = begin, begin + (max(round(width * ratio), 1) - 1)
        memory[:, 1], memory[:, 3] = _on_pixels(top, ratio), _on_pixels(top + height, ratio) - 1
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        painter.drawRects(cast("QRect", wrapInstance(self._memory.ctypes.data, QRect)), count)
        painter.restore()
        return count


def _on_pixels(places: Floats, ratio: float) -> Floats:
    return np.rint(np.clip(places * ratio, -_FARTHEST, _FARTHEST))


def _known(left: Floats, top: Floats, height: Floats) -> tuple[Floats, Floats, Floats]:
    """Leave out boxes that are no numbers."""
    known = np.isfinite(top + height)
    return (left, top, height) if bool(known.all()) else (left[known], top[known], height[known])


def _joined(left: Floats, top: Floats, height: Floats) -> tuple[Floats, Floats, Floats]:
    """Join boxes that follow each other and begin at the same pixel: two to a pixel are drawn as one."""
    others = left[1:] != left[:-1]
    if bool(others.all()):
        return left, top, height
    begins = np.concatenate(([0], np.flatnonzero(others) + 1))
    joined = np.minimum.reduceat(top, begins)
    return left[begins], joined, np.maximum.reduceat(top + height, begins) - joined


def device_ratio(painter: QPainter) -> float:
    """Give how many pixels of the screen make one pixel of the chart."""
    return painter.device().devicePixelRatioF()
