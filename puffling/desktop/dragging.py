"""Moving rows of a table with the pointer, without the nested event loop of Qt's own drag and drop."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QApplication, QTableView

from puffling.desktop.theme import look


class RowDrag:
    """One drag of rows in a table: where it began, and between which rows it would end now."""

    def __init__(self, table: QTableView) -> None:
        self._table = table
        self._pressed: QPoint | None = None
        self._target: int | None = None

    @property
    def active(self) -> bool:
        """Say whether rows are on their way."""
        return self._target is not None

    def press(self, at: QPoint) -> None:
        """Remember where a drag may begin."""
        self._pressed = at if self._table.indexAt(at).isValid() else None

    def move(self, at: QPoint) -> bool:
        """Follow the pointer; say whether this is a drag."""
        if self._pressed is None:
            return False
        if self.active or (at - self._pressed).manhattanLength() >= QApplication.startDragDistance():
            self._target = self._gap_at(at.y())
            self._table.viewport().update()
        return True

    def finish(self) -> int | None:
        """End the drag; give the place before which the rows were dropped."""
        target, self._target, self._pressed = self._target, None, None
        if target is not None:
            self._table.viewport().update()
        return target

    def paint(self, painter: QPainter) -> None:
        """Mark the gap the rows would drop into."""
        if self._target is None:
            return
        height = self._table.verticalHeader().defaultSectionSize()
        line = max(self._target * height - self._table.verticalScrollBar().value(), 1)
        painter.setPen(QPen(look().theme.colours.accent, 2))
        painter.drawLine(4, line, self._table.viewport().width() - 4, line)

    def _gap_at(self, y: int) -> int:
        height = self._table.verticalHeader().defaultSectionSize()
        gap = (y + self._table.verticalScrollBar().value() + height // 2) // height
        return max(0, min(gap, self._table.model().rowCount()))
