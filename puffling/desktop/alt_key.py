"""The Alt key by itself opens the menu, as on any desktop; with another key it means that one."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent

_OTHER_USES = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.ShortcutOverride,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.Wheel,
        QEvent.Type.ApplicationStateChange,
    }
)


class AltKey(QObject):
    """Says when Alt was pressed and let go with nothing in between."""

    tapped = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._alone = False

    def press(self, event: QKeyEvent) -> None:
        """Take a key that goes down."""
        if event.key() == Qt.Key.Key_Alt and not self._alone:
            self._alone = True
            # Only while it is held: a panel may take the other key and never let the window see it.
            _application().installEventFilter(self)

    def release(self, event: QKeyEvent) -> None:
        """Take a key that comes up."""
        if event.key() == Qt.Key.Key_Alt and self._alone:
            self._forget()
            self.tapped.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _OTHER_USES and not (
            isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Alt
        ):
            self._forget()
        return super().eventFilter(watched, event)

    def _forget(self) -> None:
        self._alone = False
        _application().removeEventFilter(self)


def _application() -> QCoreApplication:
    found = QCoreApplication.instance()
    if found is None:
        raise RuntimeError("there is no application")
    return found
