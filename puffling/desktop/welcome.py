"""The first thing a new person sees: one click, and the window works."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from puffling.desktop.icons import application_icon
from puffling.desktop.theme import RADIUS, Scheme, look, set_role, translucent
from puffling.runtime.text import tr

WIDTH = 460
_LOOKS = ((Scheme.SYSTEM, "Like the system"), (Scheme.DARK, "Dark"), (Scheme.LIGHT, "Light"))


class Welcome(QWidget):
    """Lies over the window that works already; the look can be tried at once, and one button starts."""

    started = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("welcome")
        self.setAccessibleName(tr("Welcome to Puffling"))
        self._window = window
        self._leaving = False
        window.installEventFilter(self)
        self.card = _Card(self)
        self._place()

    def take_focus(self) -> None:
        """Put the keyboard on the one filled button."""
        self.raise_()
        self.card.start.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.finish()
            return
        super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802  Qt names it so
        if self._leaving:
            return super().focusNextPrevChild(forward)
        stops = [
            each
            for each in self.findChildren(QWidget)
            if each.isVisible() and each.focusPolicy() & Qt.FocusPolicy.TabFocus
        ]
        if not stops:
            return super().focusNextPrevChild(forward)
        now = next((place for place, each in enumerate(stops) if each.hasFocus()), 0)
        stops[(now + (1 if forward else -1)) % len(stops)].setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), translucent(look().theme.colours.window, 0.72))

    def finish(self) -> None:
        """Go away and let the person work."""
        if self._leaving:
            return
        self._leaving = True
        # The focus goes first: hiding what has it makes Qt look for the next stop among what is going away.
        self._window.setFocus()
        self.hide()
        self.started.emit()
        self.deleteLater()

    def _place(self) -> None:
        self.setGeometry(self._window.rect())
        self.card.move((self.width() - self.card.width()) // 2, (self.height() - self.card.height()) // 2)


class _Card(QWidget):
    def __init__(self, welcome: Welcome) -> None:
        super().__init__(welcome)
        mark = QLabel()
        mark.setPixmap(application_icon().pixmap(64, 64))
        title = QLabel(tr("Welcome to Puffling"))
        set_role(title, kind="figure")
        said = QLabel(
            tr(
                "Look at markets, test ideas and trade, on your own computer. You start in a demo market: "
                "made-up prices that move like real ones, no account, no key, no risk."
            )
        )
        said.setWordWrap(True)
        set_role(said, kind="prose", tone="muted")
        looks = QHBoxLayout()
        looks.setSpacing(6)
        group = QButtonGroup(self)
        for scheme, name in _LOOKS:
            button = QPushButton(tr(name))
            button.setCheckable(True)
            button.setChecked(scheme is look().appearance.scheme)
            set_role(button, kind="quiet")
            button.clicked.connect(partial(_try_scheme, scheme))
            group.addButton(button)
            looks.addWidget(button)
        looks.addStretch(1)
        self.pair = QCheckBox(tr("Blue and orange instead of green and red"))
        self.pair.setChecked(look().appearance.colour_blind)
        self.pair.toggled.connect(_try_pair)
        self.start = QPushButton(tr("Start with demo data"))
        self.start.setObjectName("welcome.start")
        self.start.setMinimumHeight(34)
        set_role(self.start, kind="primary")
        self.start.clicked.connect(welcome.finish)
        hint = QLabel(tr("Everything here can be changed later in the preferences (Ctrl+,)."))
        set_role(hint, tone="muted", kind="caption")
        inside = QVBoxLayout(self)
        inside.setContentsMargins(32, 28, 32, 24)
        inside.setSpacing(12)
        for piece in (mark, title, said):
            inside.addWidget(piece)
        inside.addSpacing(4)
        inside.addLayout(looks)
        inside.addWidget(self.pair)
        inside.addSpacing(8)
        inside.addWidget(self.start)
        inside.addWidget(hint)
        self.setFixedWidth(WIDTH)
        self.adjustSize()

    def paintEvent(self, _event: QPaintEvent) -> None:
        shades = look().theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(shades.panel)
        painter.setPen(shades.line)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)


def _try_scheme(scheme: Scheme, _checked: bool = False) -> None:
    look().wear(replace(look().appearance, scheme=scheme))


def _try_pair(on: bool) -> None:
    look().wear(replace(look().appearance, colour_blind=on))
