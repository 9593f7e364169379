"""The first thing a new person sees: one click, and the window works."""

from __future__ import annotations

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
from puffling.desktop.theme import RADIUS, Appearance, Scheme, look, set_role
from puffling.runtime.text import tr

WIDTH = 460
_LOOKS = ((Scheme.SYSTEM, "Like the system"), (Scheme.DARK, "Dark"), (Scheme.LIGHT, "Light"))


class Welcome(QWidget):
    """Lies over the painted window; the look can be tried at once, and the one filled button starts."""

    started = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("welcome")
        self.setAccessibleName(tr("Welcome to Puffling"))
        self._window = window
        window.installEventFilter(self)
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
            button.clicked.connect(lambda _checked=False, scheme=scheme: self._try(scheme=scheme))
            group.addButton(button)
            looks.addWidget(button)
        looks.addStretch(1)
        self.pair = QCheckBox(tr("Blue and orange instead of green and red"))
        self.pair.setChecked(look().appearance.colour_blind)
        self.pair.toggled.connect(lambda on: self._try(colour_blind=on))
        self.start = QPushButton(tr("Start with demo data"))
        self.start.setObjectName("welcome.start")
        self.start.setDefault(True)
        self.start.setMinimumHeight(34)
        set_role(self.start, kind="primary")
        self.start.clicked.connect(self._start)
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
        self._place()
        self.start.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._start()
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        shades = look().theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(shades.panel)
        painter.setPen(shades.line)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)

    def _place(self) -> None:
        room = self._window.rect()
        self.move((room.width() - self.width()) // 2, (room.height() - self.height()) // 2)

    def _try(self, scheme: Scheme | None = None, colour_blind: bool | None = None) -> None:
        worn = look().appearance
        look().wear(
            Appearance(
                scheme=scheme or worn.scheme,
                density=worn.density,
                colour_blind=worn.colour_blind if colour_blind is None else colour_blind,
                reduced_motion=worn.reduced_motion,
            )
        )

    def _start(self) -> None:
        self.hide()
        self.started.emit()
        self.deleteLater()
