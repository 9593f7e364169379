"""A strategy that runs by itself: how, since when, and what it decided on each bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from puffling.automation.runner.values import (
    ActiveStrategy,
    Aim,
    Decision,
    DecisionState,
    Fate,
    StrategyMode,
)
from puffling.desktop import numbers
from puffling.desktop.card import label
from puffling.desktop.columns import Column, Kind
from puffling.desktop.tables import Table
from puffling.desktop.theme import Tone, set_role
from puffling.puffin.orders import Kind as OrderKind
from puffling.puffin.orders import Side
from puffling.runtime.text import tr

# What a quiet button has around its words.
_AROUND = 12
MODES = {
    StrategyMode.MONITOR: "Monitors",
    StrategyMode.ALERT: "Alerts",
    StrategyMode.AUTO_TRADE: "Trades",
}
_STATES = {
    DecisionState.WITHHELD: ("No decision", Tone.WARN),
    DecisionState.DUE: ("Waits for the open", Tone.ACCENT),
    DecisionState.PLACING: ("Being placed", Tone.ACCENT),
    DecisionState.DONE: ("Recorded", Tone.MUTED),
    DecisionState.MISSED: ("Missed", Tone.WARN),
    DecisionState.SKIPPED: ("Skipped", Tone.WARN),
    DecisionState.FAILED: ("Failed", Tone.DANGER),
}
_FATES = {
    Fate.PLANNED: "planned",
    Fate.ENTERED: "ordered",
    Fate.ASKED: "waits for your yes",
    Fate.REFUSED: "refused",
    Fate.DROPPED: "dropped",
}


_SIDES = {Side.BUY: "buy", Side.SELL: "sell"}
_KINDS = {
    OrderKind.MARKET: "at the market",
    OrderKind.LIMIT: "limit",
    OrderKind.STOP: "stop",
    OrderKind.STOP_LIMIT: "stop limit",
    OrderKind.TRAILING_STOP: "trailing stop",
}


def mode_words(mode: str) -> str:
    """Say in a word how a strategy runs."""
    return tr(MODES[StrategyMode(mode)]) if mode in MODES else ""


def said_words(decision: Decision) -> str:
    """Say what a strategy wants to hold after a bar."""
    if decision.heard is not None:
        return _acted_words(decision)
    held = [f"{aim.symbol} {stance(aim)}" for aim in decision.aims if aim.target]
    return ", ".join(held) if held or not decision.aims else tr("out")


def _acted_words(decision: Decision) -> str:
    """Say what a strategy with orders of its own sends and takes back, or else how it stands."""
    said = [
        tr(
            "{side} {symbol} {kind}",
            side=tr(_SIDES[each.side]),
            symbol=each.symbol,
            kind=tr(_KINDS[each.kind]),
        )
        for each in decision.orders
        if each.number
    ]
    said += [f"{aim.symbol} {stance(aim)}" for aim in decision.aims if aim.changed]
    if decision.cancels:
        said.append(tr("takes {count} back", count=len(decision.cancels)))
    stands = [f"{aim.symbol} {stance(aim)}" for aim in decision.aims if aim.target]
    return ", ".join(said or stands) or tr("out")


def stance(aim: Aim) -> str:
    """Say which way a target stands."""
    if not aim.target:
        return tr("out")
    side = tr("long") if aim.target > 0 else tr("short")
    return tr("{side} {share}", side=side, share=f"{abs(aim.target):.0%}")


def outcome_words(decision: Decision) -> str:
    """Say what became of a decision."""
    if decision.state is DecisionState.DONE and decision.orders:
        return ", ".join(
            tr("{symbol} {quantity}: {fate}",
               symbol=order.symbol,
               quantity=f"{order.side.sign * float(order.quantity):+g}",
               fate=tr(_FATES[order.fate]))
            for order in decision.orders
        )  # fmt: skip
    if decision.state is DecisionState.DONE and decision.reason:
        return decision.reason
    return tr(_STATES[decision.state][0])


def reason_words(decision: Decision) -> str:
    """Say why, in full."""
    texts = [decision.reason, *(order.text for order in decision.orders)]
    return "\n".join(dict.fromkeys(text for text in texts if text))


def decision_tone(decision: Decision) -> Tone:
    """Give how what became of it is to be read."""
    if any(order.fate is Fate.REFUSED for order in decision.orders):
        return Tone.WARN
    if any(order.fate is Fate.ENTERED for order in decision.orders):
        return Tone.UP
    return _STATES[decision.state][1]


def decision_columns(time: Callable[[datetime], str]) -> list[Column[Decision]]:
    """Give the columns of what was decided."""
    return [
        Column(
            "slot",
            tr("Bar closed"),
            lambda row: row.slot_at,
            Kind.TIME,
            width=96,
            text=lambda row: time(row.slot_at),
        ),
        Column("said", tr("Wants"), said_words, width=128, tooltip=said_words),
        Column(
            "outcome",
            tr("What became of it"),
            outcome_words,
            width=150,
            stretch=True,
            tone=decision_tone,
            tooltip=reason_words,
        ),
    ]


def last_words(row: ActiveStrategy) -> str:
    """Say what came of the last bar."""
    if row.decision is None:
        return tr("Nothing yet")
    done = row.decision.state is DecisionState.DONE and not row.decision.orders
    return said_words(row.decision) if done and row.decision.aims else outcome_words(row.decision)


class StrategiesLine(QPushButton):
    """The strategies that run by themselves in one line, with what each did last; hidden without any."""

    def __init__(self, time: Callable[[datetime], str]) -> None:
        super().__init__()
        self._time = time
        self._words = ""
        self.setObjectName("dashboard.strategies")
        set_role(self, kind="quiet", narrow=True)
        # Where the table below it begins.
        self.setStyleSheet("text-align: left;")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.hide()

    @property
    def words(self) -> str:
        """Give all that is said, whatever there is room for."""
        return self._words

    def show_active(self, active: Sequence[ActiveStrategy]) -> None:
        """Show what runs."""
        self._words = " · ".join(
            tr("{name}: {last}", name=each.name, last=last_words(each)) for each in active
        )
        self.setToolTip("\n".join(self._told(each) for each in active))
        self.setAccessibleName(tr("Strategies that run: {words}", words=self._words))
        self.setVisible(bool(active))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width() - 2 * _AROUND
        self.setText(self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room))

    def _told(self, active: ActiveStrategy) -> str:
        text = tr("{name} {mode}: {last}", name=active.name, last=last_words(active),
                  mode=mode_words(active.activation.mode).lower())  # fmt: skip
        if active.next_at is None:
            return text
        return tr("{text}, decides next {time}", text=text, time=self._time(active.next_at))


class LiveBoard(QWidget):
    """In the place of the form of a strategy that runs: while it does, it is not changed."""

    def __init__(self, time: Callable[[datetime], str], edge: int) -> None:
        super().__init__()
        self._time = time
        self.title = label(kind="title")
        self.said = label(tone=Tone.MUTED, kind="caption")
        for each in (self.title, self.said):
            each.setWordWrap(True)
            each.setContentsMargins(edge, 0, edge, 0)
        self.decisions: Table[Decision] = Table(decision_columns(time), title=tr("Decisions"))
        self.decisions.when_empty(
            tr("Nothing decided yet"), tr("It decides when its next bar has closed."), icon="strategies"
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.title)
        column.addWidget(self.said)
        column.addWidget(self.decisions, 1)
        self._strategy_id = ""
        self.hide()

    def turn_to(self, strategy_id: str) -> None:
        """Say nothing until it is known how this one runs: neither of the one before nor that it is idle."""
        if strategy_id != self._strategy_id:
            self._strategy_id = strategy_id
            self.title.clear()
            self.said.clear()
            self.decisions.hide()

    def show_active(self, active: ActiveStrategy, decisions: Sequence[Decision]) -> None:
        """Show how it runs and what it decided."""
        self.decisions.show()
        self.title.setText(_title(active))
        self.said.setText(_terms(active, self._time))
        self.decisions.set_rows({each.id: each for each in decisions})


def _title(active: ActiveStrategy) -> str:
    mode = active.activation.mode
    if mode is StrategyMode.AUTO_TRADE:
        return tr("It trades by itself on {account}", account=active.account_label)
    if mode is StrategyMode.ALERT:
        return tr("It tells you when it changes its mind")
    return tr("It decides by itself, and nothing follows")


def _terms(active: ActiveStrategy, time: Callable[[datetime], str]) -> str:
    made = active.activation
    parts = [tr("Since {since}", since=time(made.since))]
    if made.mode is StrategyMode.AUTO_TRADE:
        parts.append(tr("{share} of {money}", share=f"{made.size:.0%}", money=numbers.money(made.capital)))
    if active.next_at is not None:
        parts.append(tr("decides next {time}", time=time(active.next_at)))
    if active.failures:
        parts.append(tr("failed {count} times in a row", count=active.failures))
    return " · ".join(parts)
