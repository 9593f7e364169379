"""The card every panel is: a title row and a body on one rounded surface."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from puffling.desktop import icons
from puffling.desktop.theme import PADDING, RADIUS, Tone, look, set_role

HEADER_HEIGHT = 36


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


class CardHeader(Surface):
    """The title row of a panel; also fit to be the title bar of a dock, for it lets drags through."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, bottom=False)
        self.setFixedHeight(HEADER_HEIGHT)
        self.title = label(title, kind="title")
        self.title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._extras = QHBoxLayout()
        self._extras.setSpacing(4)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(PADDING, 4, 8, 2)
        layout.setSpacing(8)
        layout.addWidget(self.title)
        layout.addStretch()
        layout.addLayout(self._extras)

    def set_title(self, title: str) -> None:
        """Name the panel."""
        self.title.setText(title)

    def add(self, widget: QWidget) -> None:
        """Put a widget at the right of the title."""
        self._extras.addWidget(widget)

    def add_note(self, text: str) -> QLabel:
        """Put muted words at the right of the title."""
        note = label(text, tone=Tone.MUTED)
        self.add(note)
        return note

    def add_tool(self, icon: str, name: str, *, checkable: bool = False) -> QToolButton:
        """Put a small button with an icon at the right of the title."""
        button = tool_button(icon, name, checkable=checkable)
        self.add(button)
        return button


class Card(QWidget):
    """A panel: header above, body below, on one surface."""

    def __init__(self, title: str, parent: QWidget | None = None, *, padded: bool = True) -> None:
        super().__init__(parent)
        self.header = CardHeader(title, self)
        self.body = Surface(self, top=False)
        self.content = QVBoxLayout(self.body)
        if padded:
            self.content.setContentsMargins(PADDING, 4, PADDING, PADDING)
        else:
            self.content.setContentsMargins(4, 0, 4, 4)
        self.content.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.body, 1)

    def add(self, widget: QWidget, stretch: int = 0) -> None:
        """Put a widget into the body."""
        self.content.addWidget(widget, stretch)


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
