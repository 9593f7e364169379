"""The canvas of a chart: it turns what the mouse does into moves, and nothing else."""

from __future__ import annotations

from typing import Protocol

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPen, QWheelEvent
from PySide6.QtWidgets import QGraphicsView, QWidget

from puffling.desktop.theme import look

_STEP_DEGREES = 120
_PIXELS_PER_STEP = 40
_PRICES_PER_PIXEL = 0.006
_NEAR_PIXELS = 4


class Hand(Protocol):
    """What takes the mouse before the chart does; every answer tells whether it was taken."""

    def press(self, event: QMouseEvent) -> bool:
        """Take a button that goes down."""
        ...

    def move(self, event: QMouseEvent) -> bool:
        """Take the pointer where it is now."""
        ...

    def release(self, event: QMouseEvent) -> bool:
        """Take a button that comes up."""
        ...

    def double_click(self, event: QMouseEvent) -> bool:
        """Take a double click."""
        ...


class Canvas(pg.GraphicsView):
    """Paints the layers of a chart and reports drags, wheel turns and where the pointer is."""

    panned = Signal(float)
    zoomed = Signal(float, float)
    prices_zoomed = Signal(float)
    prices_let_go = Signal()
    pointed = Signal(float, float)
    left = Signal()
    border_dragged = Signal(int, float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, background=None)
        # A move changes every pixel: finding out which ones would be the most expensive part of it.
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setCacheMode(QGraphicsView.CacheModeFlag(0))
        self.setFocusProxy(parent)
        # What is dropped is meant for the window.
        self.setAcceptDrops(False)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.plot = QRectF()
        self.ring = False
        self.borders: list[float] = []
        self.hands: list[Hand] = []
        self._border: int | None = None
        self._dragged_from: QPointF | None = None
        self._drags_prices = False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        taken = any(hand.press(event) for hand in self.hands)
        if not taken and event.button() == Qt.MouseButton.LeftButton:
            self._dragged_from = event.position()
            self._border = self._border_at(event.position().y())
            self._drags_prices = event.position().x() > self.plot.right()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if not any(hand.move(event) for hand in self.hands):
            self._follow(at)
        if self.plot.contains(at):
            self.pointed.emit(at.x(), at.y())
        else:
            self.left.emit()
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not any(hand.release(event) for hand in self.hands):
            self._dragged_from = None
            self._border = None
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        taken = any(hand.double_click(event) for hand in self.hands)
        if not taken and event.position().x() > self.plot.right():
            self.prices_let_go.emit()
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta()
        sideways = turned.x() or (turned.y() if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0)
        if sideways:
            self.panned.emit(sideways / _STEP_DEGREES * _PIXELS_PER_STEP)
        elif turned.y():
            self.zoomed.emit(turned.y() / _STEP_DEGREES, event.position().x())
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()

    def drawForeground(self, painter: QPainter, _rect: QRectF | object) -> None:  # noqa: N802
        if self.ring:
            painter.setPen(QPen(look().theme.colours.accent, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.viewport().rect()).adjusted(1, 1, -1, -1))

    def _follow(self, at: QPointF) -> None:
        """Drag what was taken hold of, or show what could be."""
        if self._dragged_from is not None:
            moved = at - self._dragged_from
            self._dragged_from = at
            if self._border is not None:
                self.border_dragged.emit(self._border, moved.y())
            elif self._drags_prices:
                self.prices_zoomed.emit(1 - moved.y() * _PRICES_PER_PIXEL)
            else:
                self.panned.emit(moved.x())
        elif self.borders:
            split = self._border_at(at.y()) is not None
            self.setCursor(Qt.CursorShape.SplitVCursor if split else Qt.CursorShape.CrossCursor)

    def _border_at(self, y: float) -> int | None:
        return next((place for place, at in enumerate(self.borders) if abs(y - at) <= _NEAR_PIXELS), None)
