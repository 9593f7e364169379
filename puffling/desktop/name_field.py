"""A field that asks for a name in place."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from puffling.runtime.text import tr


class NameField(QLineEdit):
    """Asks for the name of a list in place; Escape leaves it."""

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText(tr("Name of the list"))
        self.setAccessibleName(tr("Name of the list"))
        self.setMaxLength(80)
        self._then: Callable[[str], None] | None = None
        self.returnPressed.connect(self._done)

    left = Signal()

    def ask(self, name: str, then: Callable[[str], None]) -> None:
        """Start with this name and hand over the one that is entered."""
        self._then = then
        self.setText(name)
        self.selectAll()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)

    def _done(self) -> None:
        name = self.text().strip()
        if name and self._then is not None:
            self.left.emit()
            self._then(name)
