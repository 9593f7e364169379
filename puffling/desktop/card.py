"""What panels are made of: a rounded surface, words, buttons, room between them."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QWidget

from puffling.desktop import icons
from puffling.desktop.theme import RADIUS, Tone, look, set_role


class Surface(QWidget):
    """A piece of panel with rounded corners at its top, its bottom, or both."""

    def __init__(self, parent: QWidget | None = None, *, top: bool = True, bottom: bool = True) -> None:
        super().__init__(parent)
        self._top = top
        self._bottom = bottom
        look().changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look().theme.colours.panel)
        box = QRectF(self.rect())
        # The square side reaches past the edge, so that only the wanted corners show round.
        box.adjust(0, 0 if self._top else -2 * RADIUS, 0, 0 if self._bottom else 2 * RADIUS)
        painter.setClipRect(self.rect())
        path = QPainterPath()
        path.addRoundedRect(box, RADIUS, RADIUS)
        painter.drawPath(path)


def label(text: str = "", *, tone: Tone = Tone.TEXT, kind: str = "") -> QLabel:
    """Make words in a tone and one of the sizes: `title`, `caption`, `prose`, `heading`, `figure`."""
    made = QLabel(text)
    set_role(made, tone=tone.value, kind=kind)
    return made


def button(text: str, *, kind: str = "", icon: str = "") -> QPushButton:
    """Make a button: plain, or `primary`, `buy`, `sell`, `danger`, `quiet`."""
    made = QPushButton(text)
    set_role(made, kind=kind)
    if icon:
        icons.set_icon(made, icon)
    return made


def tool_button(icon: str, name: str, *, checkable: bool = False) -> QToolButton:
    """Make a small button that is only an icon; its name is what the pointer and a screen reader are told."""
    made = QToolButton()
    icons.set_icon(made, icon)
    made.setToolTip(name)
    made.setAccessibleName(name)
    made.setCheckable(checkable)
    made.setAutoRaise(True)
    made.setFixedSize(QSize(26, 26))
    return made


def spacer() -> QWidget:
    """Make what takes the room that is left in the header of a panel."""
    made = QWidget()
    made.setProperty("grows", True)
    return made
