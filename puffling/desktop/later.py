"""What happens a little later, and what is made when it is first looked at."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget


def later(owner: QObject, act: Callable[[], object], milliseconds: int = 0) -> QTimer:
    """Give a timer that acts once, this long after it is started."""
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(act)
    return timer


class Place(QVBoxLayout):
    """All of a widget's room, kept free for content that is made when it is first looked at."""

    def __init__(self, owner: QWidget) -> None:
        super().__init__(owner)
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(0)
        self._free = QWidget()
        self.addWidget(self._free)

    def fill(self, content: QWidget) -> None:
        """Put the content there."""
        self.replaceWidget(self._free, content)
        self._free.deleteLater()
        content.show()
