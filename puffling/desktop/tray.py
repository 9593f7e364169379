"""Messages on the desktop, where the system shows some; silence where it does not."""

from __future__ import annotations

from PySide6.QtWidgets import QMainWindow, QSystemTrayIcon

from puffling.desktop.icons import application_icon
from puffling.runtime.text import tr

SHOWN_MILLISECONDS = 8000


class Tray:
    """Says something beside the clock of the system; a click on it brings the window to the front."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        self._icon: QSystemTrayIcon | None = None

    def say(self, text: str, hint: str = "") -> None:
        """Say it, where there is a place for it."""
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return
        if self._icon is None:
            self._icon = QSystemTrayIcon(application_icon(), self._window)
            self._icon.setToolTip(tr("Puffling"))
            self._icon.messageClicked.connect(self._come_forward)
            self._icon.activated.connect(lambda _reason: self._come_forward())
            self._icon.show()
        self._icon.showMessage(text, hint, QSystemTrayIcon.MessageIcon.NoIcon, msecs=SHOWN_MILLISECONDS)

    def stop(self) -> None:
        """Take the icon away."""
        if self._icon is not None:
            self._icon.hide()
            self._icon.deleteLater()
            self._icon = None

    def _come_forward(self) -> None:
        self._window.showNormal() if self._window.isMinimized() else self._window.show()
        self._window.raise_()
        self._window.activateWindow()
