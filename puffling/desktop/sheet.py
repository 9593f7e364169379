"""A sheet at the right side of the window: forms, preferences and help open here, and Escape closes it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from puffling.desktop.icons import set_icon
from puffling.desktop.keyboard import KeyboardPlace, come_up
from puffling.desktop.shadows import SHADOW, paint_floating
from puffling.desktop.theme import GAP, look, set_role
from puffling.runtime.text import tr

USUAL_WIDTH = 460


class Sheet(QWidget):
    """Lies over the panels without blocking them; there is one at a time."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self.setObjectName("sheet")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._window = window
        self._width = USUAL_WIDTH
        self._before = KeyboardPlace()
        self._body: QWidget | None = None
        self._title = QLabel()
        set_role(self._title, kind="heading")
        close = QToolButton()
        set_icon(close, "close")
        close.setToolTip(tr("Close (Esc)"))
        close.setAccessibleName(tr("Close"))
        close.clicked.connect(self.close_sheet)
        row = QHBoxLayout()
        row.addWidget(self._title, 1)
        row.addWidget(close)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(SHADOW + 20, 14, 20, 16)
        self._column.setSpacing(10)
        self._column.addLayout(row)
        window.installEventFilter(self)
        look().changed.connect(self.update)
        self.hide()

    @property
    def body(self) -> QWidget | None:
        """Give what the sheet holds now."""
        return self._body

    def open_with(self, title: str, body: QWidget, *, width: int = USUAL_WIDTH) -> None:
        """Show this in the sheet, in the place of what was there."""
        if not self.isVisible():
            self._before.note()
        self._drop_body()
        self._width = width
        self._title.setText(title)
        self.setAccessibleName(title)
        self._body = body
        self._column.addWidget(body, 1)
        self._fit()
        self.show()
        # A layout shows what it is given a turn later: too late to take the keyboard.
        body.show()
        come_up(self, _first_place(body, self))

    def close_sheet(self) -> None:
        """Take the sheet away and put the keyboard back where it was."""
        if not self.isVisible():
            return
        self.hide()
        self._drop_body()
        self._before.go_back()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._fit()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_sheet()
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint_floating(QPainter(self), QRectF(self.rect()).adjusted(SHADOW, 0, 0, 0), look().theme)

    def _fit(self) -> None:
        line = self._window.menuWidget()
        top = 0 if line is None else line.geometry().bottom() + 1
        bottom = self._window.statusBar().geometry().top() - 1
        width = min(self._width, self._window.width() - 4 * GAP) + SHADOW
        self.setGeometry(self._window.width() - GAP - width, top, width, bottom - top)

    def _drop_body(self) -> None:
        if self._body is not None:
            self._column.removeWidget(self._body)
            self._body.hide()
            self._body.deleteLater()
            self._body = None


def _first_place(body: QWidget, otherwise: QWidget) -> QWidget:
    """Give what takes the keyboard first in a body: itself, the first in it that does, or else another."""
    places = (body, *body.findChildren(QWidget))
    takes = (each for each in places if each.focusPolicy() & Qt.FocusPolicy.TabFocus or each.focusProxy())
    return next((each for each in takes if each.isVisible() and each.isEnabled()), otherwise)
