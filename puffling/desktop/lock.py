"""The lock of the window: panels are covered and no command works, but everybody can still halt trading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from puffling.desktop.card import button, label
from puffling.desktop.dock import PanelDock
from puffling.desktop.keyboard import LOCK, KeyboardPlace
from puffling.desktop.theme import Tone, look
from puffling.runtime.errors import InvalidInput, PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window

# What works while the window is locked: whatever only stops something.
STILL_THERE = frozenset({"safety.halt", "window.quit"})
_WIDTH = 360
_TOUCHES = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
    }
)


class LockScreen(QWidget):
    """Covers everything between the top line and the bottom of the window."""

    unlock_wanted = Signal(str)

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.setObjectName(LOCK)
        self.setAccessibleName(tr("The window is locked"))
        self._window = window
        self.said = label(tone=Tone.MUTED, kind="prose")
        self.said.setWordWrap(True)
        self.field = QLineEdit()
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.setPlaceholderText(tr("Passphrase of the key file"))
        self.field.setAccessibleName(tr("Passphrase of the key file"))
        self.field.returnPressed.connect(self._wanted)
        self.button = button(tr("Unlock"), kind="primary")
        self.button.setObjectName("lock.unlock")
        self.button.clicked.connect(self._wanted)
        self.wrong = label(tone=Tone.DANGER)
        self.wrong.setWordWrap(True)
        self.wrong.hide()
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.field, 1)
        row.addWidget(self.button)
        row.addStretch(0)
        self._card = QWidget()
        self._card.setFixedWidth(_WIDTH)
        inside = QVBoxLayout(self._card)
        inside.setSpacing(12)
        inside.addWidget(label(tr("Locked"), kind="figure"))
        inside.addWidget(self.said)
        inside.addLayout(row)
        inside.addWidget(self.wrong)
        column = QVBoxLayout(self)
        column.addStretch(1)
        column.addWidget(self._card, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)
        window.installEventFilter(self)
        look().changed.connect(self.update)
        self.hide()

    def cover(self, *, passphrase: bool) -> None:
        """Cover the panels; without a passphrase say plainly that anybody can take it away."""
        self.field.setVisible(passphrase)
        self.field.clear()
        self.wrong.hide()
        self.said.setText(
            tr("Jobs and strategies go on, and Halt trading still works. Your passphrase unlocks the window.")
            if passphrase
            else tr(
                "Jobs and strategies go on, and Halt trading still works. No passphrase is set: anybody who "
                "clicks unlocks the window. Keep keys in the file behind a passphrase to have one."
            )
        )
        self._fit()
        self.show()
        self.raise_()
        (self.field if passphrase else self.button).setFocus()

    def say(self, text: str, *, give_up: bool) -> None:
        """Say why it stays locked; where no passphrase can be checked any more, a click has to do."""
        self.wrong.setText(text)
        self.wrong.show()
        self.field.clear()
        self.field.setVisible(not give_up)
        (self.button if give_up else self.field).setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest) and self.isVisible():
            self._fit()
        return super().eventFilter(watched, event)

    def focusNextPrevChild(self, _forward: bool) -> bool:  # noqa: N802  Qt names it so
        # The keyboard stays here: what is covered must not be reached by Tab.
        other = self.button if self.field.hasFocus() or self.field.isHidden() else self.field
        other.setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Enter presses the button as a click does.
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.button.hasFocus():
            self.button.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), look().theme.colours.window)

    def _wanted(self) -> None:
        self.unlock_wanted.emit(self.field.text())

    def _fit(self) -> None:
        top = self._window.top.geometry().bottom() + 1
        self.setGeometry(0, top, self._window.width(), self._window.height() - top)
        # Words of several lines are taller at this width than what they would like to have.
        self._card.setMinimumHeight(self._card.heightForWidth(_WIDTH))


class WindowLock(QObject):
    """Locks one window by hand or after nobody has touched it for a while."""

    def __init__(self, window: Window, core: Core) -> None:
        super().__init__(window)
        self._window = window
        self._core = core
        self._before = KeyboardPlace()
        self._floating: list[PanelDock] = []
        self.touched = core.clock.monotonic()
        self._watching: QObject | None = None
        self.screen: LockScreen | None = None

    @property
    def locked(self) -> bool:
        """Tell whether the window is locked."""
        return self.screen is not None and not self.screen.isHidden()

    def lock(self) -> None:
        """Cover the panels, take the commands away, and wait for the person."""
        if self.locked:
            return
        window = self._window
        self._before.note()
        if self.screen is None:
            self.screen = LockScreen(window)
            self.screen.unlock_wanted.connect(self._try)
        self.screen.cover(passphrase=self._core.settings.has_passphrase())
        self._floating = [dock for dock in window.docks.values() if dock.isFloating() and not dock.isHidden()]
        for dock in self._floating:
            dock.hide()
        window.actions_.allow_only(STILL_THERE)
        window.top.be_locked(True)
        window.notices.be_locked(True)

    def look(self) -> None:
        """Lock when nobody has touched the window for as long as the settings say."""
        minutes = self._core.settings_now.window.lock_minutes
        self._watch(self._window.windowHandle() if minutes else None)
        if minutes and self._core.clock.monotonic() - self.touched >= 60 * minutes:
            self.lock()

    def stop(self) -> None:
        """Watch nobody any more; a window without a core shows nothing that is worth a lock."""
        self._watch(None)
        if self.locked:
            self._unlock()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _TOUCHES:
            self.touched = self._core.clock.monotonic()
        return super().eventFilter(watched, event)

    def _watch(self, wanted: QObject | None) -> None:
        if wanted is self._watching:
            return
        if self._watching is not None:
            self._watching.removeEventFilter(self)
        self._watching = wanted
        if wanted is not None:
            self.touched = self._core.clock.monotonic()
            # All that is done with hands comes through here, and little else does.
            wanted.installEventFilter(self)

    def _try(self, passphrase: str) -> None:
        screen = self.screen
        if screen is None:
            return
        if screen.field.isHidden():
            self._unlock()
            return
        core = self._core
        self._window.session.dispatch.run(
            lambda: core.registry.invoke("settings.open-vault", {"passphrase": passphrase}),
            name="unlock",
            newest="unlock",
            then=lambda _: self._unlock(),
            failed=self._stay,
        )

    def _stay(self, error: PufflingError) -> None:
        if self.screen is not None:
            text = f"{error.message} {error.hint}".strip()
            self.screen.say(text, give_up=not isinstance(error, InvalidInput))

    def _unlock(self) -> None:
        window = self._window
        if self.screen is not None:
            window.setFocus()
            self.screen.hide()
        window.actions_.allow_only(None)
        window.top.be_locked(False)
        window.notices.be_locked(False)
        for dock in self._floating:
            dock.show()
        self._floating = []
        self.touched = self._core.clock.monotonic()
        self._before.go_back()
