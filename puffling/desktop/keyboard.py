"""Who has the keyboard when something comes over the window, and where it goes back to."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

# The name of what covers a locked window.
LOCK = "lock"


def come_up(widget: QWidget, focus: QWidget, *, over_lock: bool = False) -> None:
    """Bring it over everything in its window, with the keyboard there; under a lock it waits below."""
    cover = widget.window().findChild(QWidget, LOCK, Qt.FindChildOption.FindDirectChildrenOnly)
    if isinstance(cover, QWidget) and not cover.isHidden() and not over_lock:
        widget.stackUnder(cover)
        return
    widget.raise_()
    focus.setFocus(Qt.FocusReason.PopupFocusReason)


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
