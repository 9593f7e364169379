"""A line under the top line for what concerns the whole window: what happened and what to do."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from puffling.desktop.theme import RADIUS, look, mix, set_role


class Banner(QWidget):
    """Stays until its cause is gone; it never covers anything."""

    def __init__(self) -> None:
        super().__init__()
        self.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 16)
        row.setSpacing(12)
        self.message, self.hint = QLabel(), QLabel()
        set_role(self.message, kind="title", tone="warn")
        self.hint.setWordWrap(True)
        row.addWidget(self.message)
        row.addWidget(self.hint, 1)
        self.buttons = [QPushButton(), QPushButton()]
        self._acts: list[Callable[[], None]] = []
        for place, button in enumerate(self.buttons):
            button.clicked.connect(lambda _checked=False, place=place: self._acts[place]())
            row.addWidget(button)

    def show_trouble(
        self,
        message: str,
        hint: str,
        act: str = "",
        on_act: Callable[[], None] | None = None,
        other_act: str = "",
        on_other: Callable[[], None] | None = None,
    ) -> None:
        """Say what is wrong and offer what can be done about it."""
        self.message.setText(message)
        self.hint.setText(hint)
        self._acts = [act or _nothing for act in (on_act, on_other)]
        for button, text in zip(self.buttons, (act, other_act), strict=True):
            button.setText(text)
            button.setVisible(bool(text))
        self.setAccessibleName(message)
        self.setAccessibleDescription(hint)
        self.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        shades = look().theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(shades.warn)
        painter.setBrush(mix(shades.panel, shades.warn, 0.08))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -8.5), RADIUS, RADIUS)


def _nothing() -> None:
    """Do nothing."""
