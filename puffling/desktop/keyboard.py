"""Where the keyboard was before something came over the window, so that it can go back there."""

from __future__ import annotations

import shiboken6
from PySide6.QtWidgets import QApplication, QWidget


class KeyboardPlace:
    """Remembers the widget that had the keyboard; it may be gone by the time it should have it again."""

    def __init__(self) -> None:
        self._widget: QWidget | None = None

    def note(self) -> None:
        """Take note of where the keyboard is now."""
        self._widget = QApplication.focusWidget()

    def go_back(self) -> None:
        """Put the keyboard where it was, if that can still be seen."""
        widget, self._widget = self._widget, None
        if widget is not None and shiboken6.isValid(widget) and widget.isVisible():
            widget.setFocus()
