"""Notices at the bottom right: they tell, offer at most one act, and never take the keyboard."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from PySide6.QtCore import QEvent, QObject, QPoint, QPropertyAnimation, QRectF, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from puffling.desktop import icons
from puffling.desktop.card import button, label, tool_button
from puffling.desktop.later import later
from puffling.desktop.shadows import SHADOW, paint_floating
from puffling.desktop.theme import GAP, MOTION_MILLISECONDS, Theme, Tone, look
from puffling.frozen import frozen
from puffling.runtime.text import tr

KEPT = 200
MOST_SHOWN = 4
_WIDTH = 360
_BOTTOM = 40


class Level(StrEnum):
    """How much a notice matters; errors stay until they are dismissed."""

    INFO = "info"
    DONE = "done"
    WARN = "warn"
    ERROR = "error"

    @property
    def icon(self) -> str:
        """Give the icon of the level."""
        return "check" if self is Level.DONE else self.value

    @property
    def tone(self) -> Tone:
        """Give the tone of the level's icon."""
        return {"info": Tone.ACCENT, "done": Tone.ACCENT, "warn": Tone.WARN, "error": Tone.DANGER}[self.value]

    @property
    def milliseconds(self) -> int:
        """Give how long a notice stays by itself; 0 is until somebody dismisses it."""
        return {"info": 5000, "done": 4000, "warn": 10_000, "error": 0}[self.value]


@frozen
class Notice:
    """What was told, and when."""

    level: Level
    text: str
    hint: str = ""
    action: str = ""
    time: datetime | None = None


class Toast(QWidget):
    """One notice on the screen."""

    gone = Signal(object)

    def __init__(self, window: QWidget, notice: Notice, act: Callable[[], object] | None) -> None:
        super().__init__(window)
        self.setObjectName("notice")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(notice.text)
        self.setAccessibleDescription(notice.hint)
        self.notice = notice
        self._act = act
        self._icon = QLabel()
        self._icon.setContentsMargins(0, 4, 0, 0)
        text = label(notice.text)
        text.setWordWrap(True)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.setContentsMargins(0, 5, 0, 5)
        words.addWidget(text)
        if notice.hint:
            hint = label(notice.hint, tone=Tone.MUTED)
            hint.setWordWrap(True)
            words.addWidget(hint)
        self._offer: QPushButton | None = None
        if notice.action and act is not None:
            self._offer = button(notice.action)
            self._offer.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._offer.clicked.connect(self._acted)
            words.addSpacing(4)
            words.addWidget(self._offer, 0, Qt.AlignmentFlag.AlignLeft)
        close = tool_button("close", tr("Dismiss"))
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.clicked.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(SHADOW + 12, SHADOW + 5, SHADOW + 6, SHADOW + 5)
        row.setSpacing(10)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.setAlignment(words, Qt.AlignmentFlag.AlignTop)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.setFixedWidth(_WIDTH + 2 * SHADOW)
        self._motion = QPropertyAnimation(self, b"pos", self)
        self._motion.setDuration(MOTION_MILLISECONDS)
        self._timer = later(self, self.dismiss)
        look().changed.connect(self._dye)
        self._dye(look().theme)

    def appear(self, *, locked: bool) -> None:
        """Be on the screen; behind a lock only errors are, and what they offer cannot be had."""
        if self._offer is not None:
            self._offer.setVisible(not locked)
        if locked and self.notice.level is not Level.ERROR:
            self._timer.stop()
            self.hide()
            return
        self.show()
        self.raise_()
        self._wait()

    def place(self, at: QPoint, *, arriving: bool) -> None:
        """Stand here; who is new, or pushed by who is new, slides there."""
        self._motion.stop()
        if look().theme.reduced_motion or (not arriving and self.pos() == at):
            self.move(at)
            return
        self._motion.setStartValue(at + QPoint(0, 12) if arriving else self.pos())
        self._motion.setEndValue(at)
        self._motion.start()

    def dismiss(self) -> None:
        """Go."""
        self._timer.stop()
        self._motion.stop()
        self.hide()
        self.gone.emit(self)
        self.deleteLater()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._wait()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_floating(painter, QRectF(self.rect()).adjusted(SHADOW, SHADOW, -SHADOW, -SHADOW), look().theme)

    def _wait(self) -> None:
        if self.notice.level.milliseconds and not self.isHidden():
            self._timer.start(self.notice.level.milliseconds)

    def _acted(self) -> None:
        if self._act is not None:
            self._act()
        self.dismiss()

    def _dye(self, theme: Theme) -> None:
        level = self.notice.level
        colour = theme.colours.tone(level.tone)
        self._icon.setPixmap(icons.pixmap(level.icon, colour, icons.SMALL, self.devicePixelRatioF()))
        self.update()


class Notices(QObject):
    """Shows notices in one window and remembers them."""

    told = Signal(object)

    def __init__(self, window: QWidget, *, now: Callable[[], datetime] | None = None) -> None:
        super().__init__(window)
        self._window = window
        self._now = now
        self._toasts: list[Toast] = []
        self._history: deque[Notice] = deque(maxlen=KEPT)
        self._locked = False
        window.installEventFilter(self)

    @property
    def history(self) -> tuple[Notice, ...]:
        """Give what was told, the newest last."""
        return tuple(self._history)

    @property
    def shown(self) -> tuple[Notice, ...]:
        """Give what is on the screen, the newest last."""
        return tuple(toast.notice for toast in self._toasts if not toast.isHidden())

    def tell(
        self,
        text: str,
        *,
        level: Level = Level.INFO,
        hint: str = "",
        action: str = "",
        act: Callable[[], object] | None = None,
    ) -> None:
        """Tell something; what is on the screen already is not told twice."""
        notice = Notice(level, text, hint, action, self._now() if self._now else None)
        self._history.append(notice)
        self.told.emit(notice)
        for toast in list(self._toasts):
            if (toast.notice.level, toast.notice.text) == (level, text):
                toast.dismiss()
        while len(self._toasts) >= MOST_SHOWN:
            passing = [toast for toast in self._toasts if toast.notice.level.milliseconds]
            (passing or self._toasts)[0].dismiss()
        toast = Toast(self._window, notice, act)
        toast.gone.connect(self._forget)
        self._toasts.append(toast)
        toast.appear(locked=self._locked)
        self._stack(newest=toast)
        if not toast.isHidden():
            QAccessible.updateAccessibility(QAccessibleEvent(toast, QAccessible.Event.Alert))

    def be_locked(self, locked: bool) -> None:
        """Show nothing but errors, and offer nothing, until the window is unlocked; the rest waits."""
        self._locked = locked
        for toast in self._toasts:
            toast.appear(locked=locked)
        self._stack()

    def dismiss_all(self) -> None:
        """Clear the screen; the history stays."""
        for toast in list(self._toasts):
            toast.dismiss()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._stack()
        elif event.type() == QEvent.Type.Close:
            self.dismiss_all()
        return super().eventFilter(watched, event)

    def _forget(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
            self._stack()

    def _stack(self, newest: Toast | None = None) -> None:
        bottom = self._window.height() - _BOTTOM + SHADOW
        for toast in reversed([each for each in self._toasts if not each.isHidden()]):
            toast.setFixedHeight(max(toast.heightForWidth(toast.width()), toast.minimumSizeHint().height()))
            left = self._window.width() - toast.width() + SHADOW - GAP
            bottom -= toast.height()
            toast.place(QPoint(left, bottom), arriving=toast is newest)
            bottom += 2 * SHADOW - GAP
