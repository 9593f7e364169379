"""The switch: whether orders leave, since when and why not, and the acts that change it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from puffling.desktop.card import button, label
from puffling.desktop.theme import Tone, set_role
from puffling.runtime.text import tr
from puffling.trading.values import Mode, SafetyState, TradingState

BIG = 40
_WORDS = {
    TradingState.ACTIVE: ("Active", Tone.UP, "Orders within the limits leave."),
    TradingState.REDUCING: ("Reducing", Tone.WARN, "Only orders that make a position smaller leave."),
    TradingState.HALTED: ("Halted", Tone.DANGER, "No order leaves."),
}
_MODES = {
    Mode.DEMO: ("Demo: made-up prices", Tone.WARN),
    Mode.PAPER: ("Paper: play money", Tone.ACCENT),
    Mode.LIVE: ("LIVE: real money", Tone.LIVE),
}


class SwitchBoard(QWidget):
    """The state in one large word, and under it the one act that fits it best."""

    def __init__(self, time: Callable[[datetime], str]) -> None:
        super().__init__()
        self._time = time
        self.word = label(kind="figure")
        self.word.setAccessibleName(tr("Trading state"))
        self.mode = label()
        self.mode.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.said = label(tone=Tone.MUTED)
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.halt = button(tr("Halt trading"), kind="danger", icon="halt")
        self.halt.setObjectName("safety.halt")
        self.halt.setMinimumHeight(BIG)
        self.resume = button(tr("Resume trading…"))
        self.resume.setObjectName("safety.resume")
        self.resume.setMinimumHeight(BIG)
        self.cancel_open = QCheckBox(tr("Also cancel open orders"))
        self.cancel_open.setChecked(True)
        self.cancel_open.setToolTip(tr("Those held by this computer and those placed elsewhere too."))
        self.reduce = button(tr("Wind down"))
        self.reduce.setObjectName("safety.reduce")
        self.reduce.setToolTip(tr("From now on only orders that make a position smaller leave."))
        self.flatten = button(tr("Close everything…"))
        self.flatten.setObjectName("safety.flatten")
        self.flatten.setToolTip(tr("Cancels every order and closes every position, after a question."))
        self.drill = button(tr("Drill"))
        self.drill.setObjectName("safety.drill")
        self.drill.setToolTip(tr("Measures how fast the switch is; nothing stops."))
        self.outcome = label(tone=Tone.MUTED)
        self.outcome.setWordWrap(True)
        top = QHBoxLayout()
        top.addWidget(self.word)
        top.addStretch(1)
        top.addWidget(self.mode)
        others = QHBoxLayout()
        others.setSpacing(8)
        for each in (self.reduce, self.drill):
            each.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            others.addWidget(each, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(top)
        for piece in (self.said, self.halt, self.resume, self.cancel_open):
            column.addWidget(piece)
        column.addLayout(others)
        column.addWidget(self.flatten)
        column.addWidget(self.outcome)
        self.outcome.hide()

    def show_state(self, state: SafetyState) -> None:
        """Show whether orders leave, and offer what fits."""
        word, tone, meaning = _WORDS[state.trading]
        self.word.setText(tr(word))
        set_role(self.word, tone=tone.value)
        words, mode_tone = _MODES[state.mode]
        self.mode.setText(tr(words))
        set_role(self.mode, tone=mode_tone.value)
        parts = [tr(meaning)]
        if state.reason:
            parts.append(state.reason)
        if state.since is not None:
            since = self._time(state.since)
            parts.append(
                tr("By {who}, {since}.", who=state.by, since=since)
                if state.by
                else tr("Since {since}.", since=since)
            )
        self.said.setText(" ".join(parts))
        halted = state.trading is TradingState.HALTED
        self.halt.setVisible(not halted)
        self.cancel_open.setVisible(not halted)
        self.resume.setVisible(state.trading is not TradingState.ACTIVE)
        self.reduce.setEnabled(state.trading is TradingState.ACTIVE)

    def say(self, text: str, tone: Tone = Tone.MUTED) -> None:
        """Say what came of an act."""
        self.outcome.setText(text)
        set_role(self.outcome, tone=tone.value)
        self.outcome.setVisible(bool(text))
