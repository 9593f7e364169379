"""The slim bar of a replay: which moment the charts show, and the buttons that move it."""

from __future__ import annotations

from datetime import UTC, date, tzinfo

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QWidget

from puffling.desktop.card import button, label, tool_button
from puffling.desktop.charting.replay import SPEEDS, Replay
from puffling.desktop.icons import set_icon
from puffling.desktop.session import Session
from puffling.desktop.theme import Tone, set_role
from puffling.puffin.data.instants import from_us
from puffling.puffin.data.interval import Interval
from puffling.runtime.errors import InvalidInput, PufflingError
from puffling.runtime.text import tr

_DAY_WIDTH = 104
_SPEED_WIDTH = 92
_PRACTISE_WIDTH = 560
_GAP = 4


class Transport(QWidget):
    """Is there while a replay is on, or waits for the bar to begin at."""

    went = Signal()

    def __init__(self, session: Session, replay: Replay) -> None:
        super().__init__()
        self._session = session
        self._replay = replay
        self._practisable = False
        self.setAccessibleName(tr("Replay"))
        self.badge = QLabel()
        set_role(self.badge, tone="warn")
        self.badge.setStyleSheet("QLabel { font-weight: 600; }")
        self.hint = label(tr("Click the bar to begin at, or name a day."), tone=Tone.MUTED)
        self.back = tool_button("step-back", tr("One bar back (Left)"))
        self.play = tool_button("play", tr("Play (Space)"))
        self.forward = tool_button("step-forward", tr("One bar on (Right)"))
        self.speed = QComboBox()
        self.speed.setAccessibleName(tr("Speed"))
        self.speed.setToolTip(tr("Bars a second"))
        for speed in SPEEDS:
            self.speed.addItem(tr("{speed}x", speed=f"{speed:g}") if speed else tr("Fastest"), speed)
        self.speed.setFixedWidth(_SPEED_WIDTH)
        # A click on it leaves the keyboard with the chart, whose keys are those of the replay.
        self.speed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.practise = button(tr("Practise"), kind="quiet")
        self.practise.setObjectName("chart.practise")
        self.practise.setToolTip(tr("Trade play money on the bars to come"))
        self.practise.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.day = QLineEdit()
        self.day.setPlaceholderText(tr("YYYY-MM-DD"))
        self.day.setAccessibleName(tr("Day to go to"))
        self.day.setToolTip(tr("Day to go to"))
        self.day.setFixedWidth(_DAY_WIDTH)
        self.leave = tool_button("close", tr("End replay (Esc)"))
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 4, 0)
        row.setSpacing(_GAP)
        for widget in (self.badge, self.hint, self.back, self.play, self.forward, self.speed):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.practise)
        row.addWidget(self.day)
        row.addWidget(self.leave)
        self.back.clicked.connect(lambda: replay.step(-1))
        self.forward.clicked.connect(lambda: replay.step(1))
        self.play.clicked.connect(replay.toggle)
        self.speed.activated.connect(lambda row: replay.set_speed(SPEEDS[row]))
        self.day.returnPressed.connect(self._go)
        self.leave.clicked.connect(replay.end)
        self.hide()

    def show_state(self, interval: Interval, zone: tzinfo, *, practising: bool = False) -> None:
        """Show how the replay stands."""
        replay = self._replay
        self.setVisible(replay.on or replay.choosing)
        for widget in (self.badge, self.back, self.play, self.forward, self.speed):
            widget.setVisible(replay.on)
        self._practisable = replay.on and not practising
        self._fit()
        self.hint.setVisible(replay.choosing)
        if replay.present_us is not None:
            self.badge.setText(tr("REPLAY {moment}", moment=moment_words(replay.present_us, interval, zone)))
        set_icon(self.play, "pause" if replay.playing else "play")
        words = tr("Pause (Space)") if replay.playing else tr("Play (Space)")
        self.play.setToolTip(words)
        self.play.setAccessibleName(words)
        self.speed.setCurrentIndex(SPEEDS.index(replay.speed))

    def minimumSizeHint(self) -> QSize:
        # A practice can be begun from the palette too: its button makes no room for itself.
        whole = super().minimumSizeHint()
        spared = self.practise.sizeHint().width() + _GAP if self.practise.isVisibleTo(self) else 0
        return QSize(whole.width() - spared, whole.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def take_key(self, event: QKeyEvent) -> bool:
        """Act on a key of the replay; tell whether it was one."""
        replay = self._replay
        key = Qt.Key(event.key())
        if event.modifiers() not in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier):
            return False
        if key == Qt.Key.Key_Escape and (replay.on or replay.choosing):
            replay.end()
        elif not replay.on:
            return False
        elif key == Qt.Key.Key_Space:
            replay.toggle()
        elif key == Qt.Key.Key_Right:
            replay.step(1)
        elif key == Qt.Key.Key_Left:
            replay.step(-1)
        else:
            return False
        event.accept()
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.take_key(event):
            super().keyPressEvent(event)

    def _fit(self) -> None:
        self.practise.setVisible(self._practisable and self.width() >= _PRACTISE_WIDTH)

    def _go(self) -> None:
        text = self.day.text().strip()
        try:
            day = date.fromisoformat(text)
        except ValueError:
            self._session.tell_error(
                InvalidInput(
                    tr("{text} is no day.", text=text or tr("Nothing")),
                    field="day",
                    hint=tr("Write it like 2026-03-11."),
                )
            )
            return
        try:
            self._replay.go_to(day)
        except PufflingError as error:
            self._session.tell_error(error)
            return
        self.day.clear()
        self.went.emit()


def moment_words(moment_us: int, interval: Interval, zone: tzinfo) -> str:
    """Give the moment of a replay: the day that is over, or the minute where a day has many bars."""
    if interval.is_intraday:
        return from_us(moment_us).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    return from_us(moment_us - 1).astimezone(UTC).date().isoformat()
