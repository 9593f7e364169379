"""What a panel says when there is nothing to show: empty, loading, stale, failed."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from puffling.desktop import icons
from puffling.desktop.later import later
from puffling.desktop.theme import Size, Theme, Tone, look, set_role, translucent
from puffling.runtime.text import tr

LOADING_DELAY_MILLISECONDS = 150
_CHIP_HEIGHT = 20


class Phase(StrEnum):
    """What stands in a panel now."""

    CONTENT = "content"
    EMPTY = "empty"
    LOADING = "loading"
    STALE = "stale"
    ERROR = "error"


class States(QWidget):
    """Lies over a widget and says what there is to say instead of, or about, its content."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self._phase = Phase.CONTENT
        self._note = ""
        self._top = 0
        self._act: Callable[[], object] | None = None
        self._icon = QLabel()
        self._icon_name = "info"
        self._title = QLabel()
        self._title.setWordWrap(True)
        set_role(self._title, kind="title")
        self._text = QLabel()
        self._text.setWordWrap(True)
        set_role(self._text, tone="muted")
        self._button = QPushButton()
        self._button.clicked.connect(self._acted)
        for label in (self._icon, self._title, self._text):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self._button)
        row.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(6)
        layout.addStretch(2)
        layout.addWidget(self._icon)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        layout.addSpacing(6)
        layout.addLayout(row)
        layout.addStretch(3)
        self._delay = later(self, self._show_skeleton, LOADING_DELAY_MILLISECONDS)
        look().changed.connect(self._dye)
        over.installEventFilter(self)
        self.hide()

    @property
    def phase(self) -> Phase:
        """Give what stands in the panel now."""
        return self._phase

    def leave_top(self, pixels: int) -> None:
        """Keep this much at the top uncovered, for a header that stays."""
        self._top = pixels
        self._fit()

    def content(self) -> None:
        """Step aside: the content speaks for itself."""
        self._enter(Phase.CONTENT)
        self.hide()

    def empty(
        self,
        title: str,
        text: str,
        *,
        icon: str = "info",
        action: str = "",
        act: Callable[[], object] | None = None,
    ) -> None:
        """Say what belongs here and offer the one act that brings it."""
        self._say(Phase.EMPTY, title, text, icon, action, act)

    def loading(self) -> None:
        """Show the shape of what is coming, but only if it takes long enough to notice."""
        if self._phase is Phase.LOADING:
            return
        self._enter(Phase.LOADING)
        self.hide()
        self._delay.start()

    def error(
        self, title: str, text: str, *, action: str = "", act: Callable[[], object] | None = None
    ) -> None:
        """Say what failed, why and what to do, with one button to try again."""
        self._say(Phase.ERROR, title, text, "error", action or (tr("Try again") if act else ""), act)

    def stale(self, note: str) -> None:
        """Dim the content and say how old it is."""
        self._enter(Phase.STALE)
        self._note = note
        self._set_words_visible(False)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, True)
        self.setAccessibleName(note)
        self._appear()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.ChildPolished):
            self._fit()
            self.raise_()
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = look().theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._phase is Phase.STALE:
            painter.fillRect(self.rect(), translucent(theme.colours.panel, 0.45))
            self._paint_chip(painter, theme)
            return
        painter.fillRect(self.rect(), theme.colours.panel)
        if self._phase is Phase.LOADING:
            self._paint_skeleton(painter, theme)

    def _enter(self, phase: Phase) -> None:
        self._delay.stop()
        self._phase = phase

    def _say(
        self,
        phase: Phase,
        title: str,
        text: str,
        icon: str,
        action: str,
        act: Callable[[], object] | None,
    ) -> None:
        self._enter(phase)
        self._act = act
        self._icon_name = icon
        self._title.setText(title)
        self._text.setText(text)
        self._button.setText(action)
        self._set_words_visible(True)
        self._button.setVisible(bool(action) and act is not None)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, False)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        self._dye(look().theme)
        self._appear()

    def _show_skeleton(self) -> None:
        if self._phase is Phase.LOADING:
            self._set_words_visible(False)
            self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, False)
            self.setAccessibleName(tr("Loading"))
            self._appear()

    def _set_words_visible(self, visible: bool) -> None:
        for widget in (self._icon, self._title, self._text, self._button):
            widget.setVisible(visible)

    def _appear(self) -> None:
        self._fit()
        self.show()
        self.raise_()
        self.update()

    def _fit(self) -> None:
        self.setGeometry(self._over.rect().adjusted(0, self._top, 0, 0))

    def _acted(self) -> None:
        if self._act is not None:
            self._act()

    def _dye(self, theme: Theme) -> None:
        tone = Tone.DANGER if self._phase is Phase.ERROR else Tone.MUTED
        self._icon.setPixmap(
            icons.pixmap(self._icon_name, theme.colours.tone(tone), icons.LARGE, self.devicePixelRatioF())
        )
        self.update()

    def _paint_skeleton(self, painter: QPainter, theme: Theme) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        height = theme.row_height
        for row in range(min(self.height() // height, 12)):
            painter.setBrush(translucent(theme.colours.raised, max(1 - row * 0.09, 0.1)))
            top = row * height + height / 2 - 4
            first = (self.width() - 24) * (0.34, 0.26, 0.30)[row % 3]
            painter.drawRoundedRect(QRectF(12, top, first, 8), 4, 4)
            last = (self.width() - 24) * (0.16, 0.20, 0.13)[row % 3]
            painter.drawRoundedRect(QRectF(self.width() - 12 - last, top, last, 8), 4, 4)

    def _paint_chip(self, painter: QPainter, theme: Theme) -> None:
        painter.setFont(theme.font(Size.CAPTION))
        width = painter.fontMetrics().horizontalAdvance(self._note) + 34
        chip = QRectF(self.width() - width - 8, self.height() - _CHIP_HEIGHT - 8, width, _CHIP_HEIGHT)
        painter.setPen(theme.colours.line)
        painter.setBrush(theme.colours.raised)
        painter.drawRoundedRect(chip.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        mark = icons.pixmap("clock", theme.colours.warn, 12, self.devicePixelRatioF())
        painter.drawPixmap(int(chip.left()) + 8, int(chip.top()) + 4, mark)
        painter.setPen(theme.colours.warn)
        painter.drawText(chip.adjusted(26, 0, -8, 0), Qt.AlignmentFlag.AlignVCenter, self._note)
