"""Many lines, boxes or corners at once: NumPy fills the very memory that Qt's painter reads."""

from __future__ import annotations

import ctypes
from typing import cast

import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QPainter, QPolygonF

from puffling.desktop.charts.pyramid import Floats

_NUMBERS = 4


class _Rows:
    """Rows of four numbers, which is what a line or a box of Qt consists of; grown room is kept."""

    def __init__(self) -> None:
        self._room = np.empty((1, _NUMBERS))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def resize(self, count: int) -> None:
        """Have this many from now on, to be filled anew."""
        if count > len(self._room):
            self._room = np.empty((count, _NUMBERS))
        self._count = count

    def rows(self) -> NDArray[np.float64]:
        """Give the numbers, a row for each, to be written into."""
        return self._room[: self._count]

    @property
    def _address(self) -> int:
        return self._room.ctypes.data


class Lines(_Rows):
    """Many straight lines, each a row of x and y of one end and of the other."""

    def draw(self, painter: QPainter) -> None:
        """Draw them in one call."""
        painter.drawLines(cast("QLineF", shiboken6.wrapInstance(self._address, QLineF)), self._count)


class Rectangles(_Rows):
    """Many boxes, each a row of left, top, width and height."""

    def draw(self, painter: QPainter) -> None:
        """Draw them in one call."""
        painter.drawRects(cast("QRectF", shiboken6.wrapInstance(self._address, QRectF)), self._count)


def polygon(x: Floats, y: Floats) -> QPolygonF:
    """Give a polygon of these corners."""
    shape = QPolygonF()
    shape.resize(len(x))
    if len(x):
        corners = np.column_stack((x, y)).astype(np.float64, copy=False)
        ctypes.memmove(shiboken6.getCppPointer(shape.data())[0], corners.ctypes.data, corners.nbytes)
    return shape
