"""What is around the chart of a pane: its caption among others, its outline, and what a hand does in it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QGraphicsView, QVBoxLayout, QWidget

from puffling.desktop.charting.caption import Caption
from puffling.desktop.theme import look, translucent

_EDGE = 1
_CLICK = 5


class PaneFrame(QWidget):
    """Tells which bar is pointed at or picked and that a hand came here; outlines the active one."""

    activated = Signal()
    pointed = Signal(object)
    picked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.caption = Caption()
        self.caption.hide()
        self.column.addWidget(self.caption)
        self._outlined = False
        self._pressed_at = QPointF()
        self._pointed_at = -1
        self.keys: Callable[[QKeyEvent], bool] = _passes
        look().changed.connect(self.update)

    def stand(self, *, among_others: bool, outlined: bool) -> None:
        """Stand alone or among other panes, the active one of them with an outline."""
        self.caption.setVisible(among_others)
        edge = _EDGE if among_others else 0
        self.column.setContentsMargins(edge, edge, edge, edge)
        self._outlined = among_others and outlined
        self.update()

    def follow_hand(self, chart: QWidget) -> None:
        """Hear of what a hand does on a chart and its canvases."""
        chart.installEventFilter(self)
        for canvas in chart.findChildren(QGraphicsView):
            canvas.viewport().installEventFilter(self)

    def point(self, index: int | None) -> None:
        """Note which bar lies under the pointer, and tell it."""
        self._pointed_at = -1 if index is None else index
        self.pointed.emit(index)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self.keys(event):
            return True
        if isinstance(event, QMouseEvent) and self._picks(event):
            self.picked.emit(self._pointed_at)
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.FocusIn):
            self.activated.emit()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        shades = look().theme.colours
        painter = QPainter(self)
        painter.fillRect(self.rect(), shades.panel)
        if self._outlined:
            painter.setPen(translucent(shades.accent, 0.75))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _picks(self, event: QMouseEvent) -> bool:
        """Tell whether this ends a click on a bar; what moves on the way is a drag."""
        if event.type() is QEvent.Type.MouseButtonPress:
            self._pressed_at = event.position()
        moved = (event.position() - self._pressed_at).manhattanLength()
        return event.type() is QEvent.Type.MouseButtonRelease and moved < _CLICK and self._pointed_at >= 0


def _passes(_event: QKeyEvent) -> bool:
    """Want no key."""
    return False
