"""Panes beside and below each other, with borders to drag; columns stay in line."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

# How many panes stand in each row.
LAYOUTS: dict[int, tuple[int, ...]] = {1: (1,), 2: (2,), 3: (1, 2), 4: (2, 2), 6: (3, 3), 9: (3, 3, 3)}
_BORDER = 5
# More than there ever is: splitters share what there is in these parts.
_EVEN = 10_000


class Grid(QWidget):
    """Holds the panes; who they are is the panel's matter."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._whole: QSplitter | None = None
        self._rows: list[QSplitter] = []

    def place(self, panes: Sequence[QWidget]) -> None:
        """Arrange these panes, as many as one of the layouts has."""
        old = self._whole
        self._whole = self._splitter(Qt.Orientation.Vertical)
        self._rows = []
        left = iter(panes)
        for width in LAYOUTS[len(panes)]:
            row = self._splitter(Qt.Orientation.Horizontal)
            for _ in range(width):
                row.addWidget(next(left))
            row.splitterMoved.connect(lambda *_, moved=row: self._align(moved))
            row.setSizes([_EVEN] * width)
            self._whole.addWidget(row)
            self._rows.append(row)
        self._whole.setSizes([_EVEN] * len(self._rows))
        self._column.addWidget(self._whole)
        if old is not None:
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        for pane in panes:
            pane.show()

    def keep(self) -> list[list[int]]:
        """Give the shares of the rows, and of the panes in each row."""
        if self._whole is None:
            return []
        return [self._whole.sizes(), *(row.sizes() for row in self._rows)]

    def restore(self, kept: object) -> None:
        """Take over kept shares where they fit."""
        if not isinstance(kept, list) or self._whole is None or len(kept) != len(self._rows) + 1:
            return
        for splitter, sizes in zip((self._whole, *self._rows), kept, strict=True):
            sound = isinstance(sizes, list) and len(sizes) == splitter.count()
            if sound and all(isinstance(size, int) and size > 0 for size in sizes):
                splitter.setSizes(sizes)

    def _align(self, moved: QSplitter) -> None:
        for row in self._rows:
            if row is not moved and row.count() == moved.count():
                row.setSizes(moved.sizes())

    @staticmethod
    def _splitter(orientation: Qt.Orientation) -> QSplitter:
        made = QSplitter(orientation)
        made.setHandleWidth(_BORDER)
        made.setChildrenCollapsible(False)
        return made
