"""Small cards that stand by a widget of the window and go with Escape or a click elsewhere."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from puffling.desktop.forms import Form
from puffling.desktop.keyboard import come_up
from puffling.desktop.later import later
from puffling.desktop.shadows import SHADOW, paint_floating
from puffling.desktop.theme import look

SETTLING_MILLISECONDS = 150


class Popover(QWidget):
    """Lies in the window itself, so that it blocks nothing; there is one at a time."""

    def __init__(self, anchor: QWidget, width: int, at: QPoint | None = None) -> None:
        super().__init__(anchor.window())
        self.setObjectName("popover")
        self._anchor = anchor
        self._at = at
        self._window = anchor.window()
        self._before = QApplication.focusWidget()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(SHADOW + 10, SHADOW + 10, SHADOW + 10, SHADOW + 10)
        self.column.setSpacing(8)
        self.setFixedWidth(width + 2 * SHADOW)

    def open_at(self, focus: QWidget) -> None:
        """Come up with the keyboard on this widget."""
        for other in self._window.findChildren(Popover, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if other is not self:
                other.leave()
        self.adjustSize()
        self._place()
        self.show()
        come_up(self, focus)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_moved)
        self._window.installEventFilter(self)

    def leave(self, *, give_back: bool = False) -> None:
        """Go; with `give_back` the keyboard returns to where it was."""
        if self.isHidden():
            return
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.disconnect(self._focus_moved)
        self.hide()
        if give_back and self._before is not None and _alive(self._before) and self._before.isVisible():
            self._before.setFocus()
        self.deleteLater()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave(give_back=True)
            event.accept()
            return
        super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() in (QEvent.Type.Resize, QEvent.Type.Close):
            self.leave()
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        box = QRectF(self.rect()).adjusted(SHADOW, SHADOW, -SHADOW, -SHADOW)
        paint_floating(QPainter(self), box, look().theme)

    def _focus_moved(self, _old: QWidget | None, now: QWidget | None) -> None:
        # A window that loses the keyboard to another application moves it nowhere: that is no leaving.
        if now is not None and now is not self and not self.isAncestorOf(now) and not _is_popup(now):
            self.leave()

    def _place(self) -> None:
        window = self._window
        under = QPoint(0, self._anchor.height() + 4)
        at = self._anchor.mapTo(window, under if self._at is None else self._at) - QPoint(SHADOW, SHADOW)
        left = min(max(at.x(), 4 - SHADOW), window.width() - self.width() + SHADOW - 4)
        top = min(max(at.y(), 4 - SHADOW), window.height() - self.height() + SHADOW - 4)
        self.move(left, top)


class FormPopover(Popover):
    """A form that applies what fits while one types; Enter keeps it, Escape takes it back."""

    def __init__(self, anchor: QWidget, width: int, form: Form, at: QPoint | None = None) -> None:
        super().__init__(anchor, width, at)
        self.form = form
        self._settling = later(self, self.apply, SETTLING_MILLISECONDS)
        form.changed.connect(self._settling.start)
        form.submitted.connect(self._finish)
        form.cancelled.connect(self._undo)

    def apply(self) -> bool:
        """Apply what the form says, and tell whether all of it fits."""
        self._settling.stop()
        fits = self.take(self.form.values())
        # What does not fit is said in a line more.
        self.column.activate()
        self.resize(self.width(), self.sizeHint().height())
        return fits

    @abstractmethod
    def take(self, values: Mapping[str, Any] | None) -> bool:
        """Apply these values, None where one of them is wrong, and tell whether they fit."""

    @abstractmethod
    def take_back(self) -> None:
        """Apply what was there at first."""

    def leave(self, *, give_back: bool = False) -> None:
        """Go; what was typed last counts if it fits."""
        if self._settling.isActive():
            self.apply()
        super().leave(give_back=give_back)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._undo()
            event.accept()
            return
        super().keyPressEvent(event)

    def _finish(self) -> None:
        if self.apply():
            self.leave(give_back=True)

    def _undo(self) -> None:
        self._settling.stop()
        self.take_back()
        self.leave(give_back=True)


def _is_popup(widget: QWidget) -> bool:
    return widget.window().windowType() == Qt.WindowType.Popup


def _alive(widget: QObject) -> bool:
    import shiboken6

    return shiboken6.isValid(widget)
