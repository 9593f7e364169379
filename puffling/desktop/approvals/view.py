"""The queue of questions, and the one that is looked at: the exact order, every gate, yes or no."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from puffling.desktop.amounts import Amounts
from puffling.desktop.approvals.words import (
    FIGURES,
    approval_columns,
    left_tone,
    left_words,
    seconds_left,
    terms_figures,
)
from puffling.desktop.card import button, label
from puffling.desktop.states import States
from puffling.desktop.tables import Table
from puffling.desktop.theme import PADDING, Tone, set_role
from puffling.desktop.ticket.preview import Figures, Gates
from puffling.puffin.orders import Side
from puffling.runtime.text import tr
from puffling.store.orders import Account
from puffling.trading.values import ApprovalView, Mode, ShownApproval

# Below this the order stands under the queue and not beside it.
SIDE_BY_SIDE = 600
QUEUE_WIDTH, QUEUE_HEIGHT = 400, 120


class ApprovalsView(QWidget):
    """Shows the queue on one side and on the other what is looked at."""

    wanted = Signal(str)
    approved = Signal(str, str)
    declined = Signal(str)

    def __init__(
        self, amounts: Amounts, time: Callable[[datetime], str], now: Callable[[], datetime]
    ) -> None:
        super().__init__()
        self._now = now
        self.table: Table[ApprovalView] = Table(
            approval_columns(time, now), title=tr("Orders that wait for your yes"), removable=True
        )
        self.table.keys_selected.connect(self._chosen)
        self.table.key_activated.connect(self.wanted)
        self.table.keys_removed.connect(lambda keys: self.declined.emit(keys[0]))
        self.table.when_empty(
            tr("Nothing waits for your yes"),
            tr("Large orders, and whatever an assistant proposes, wait here until you have looked at them."),
            icon="approvals",
        )
        self.detail = ApprovalDetail(amounts)
        self.detail.yes.clicked.connect(self._yes)
        self.detail.no.clicked.connect(self._no)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(8)
        self._box.addWidget(self.table)
        self._box.addWidget(self.detail, 1)
        self.setFocusProxy(self.table)

    def show_queue(self, waiting: tuple[ApprovalView, ...]) -> None:
        """Show the orders that wait, the oldest first."""
        self.table.set_rows({each.id: each for each in waiting})
        self.detail.setVisible(bool(waiting))
        if self.detail.id not in {each.id for each in waiting}:
            self.detail.clear()

    def count_down(self) -> None:
        """Tell the time that is left anew."""
        self.table.viewport().update()
        self.detail.count_down(self._now())

    def show_order(self, shown: ShownApproval, account: Account | None) -> None:
        """Show the exact order as it is now."""
        self.detail.show_order(shown, account, self._now())

    def rewrite(self) -> None:
        """Write every amount anew."""
        self.detail.rewrite(self._now())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Never with Enter alone: that opens the order.
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.detail.yes.click()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = event.size().width() >= SIDE_BY_SIDE
        self._box.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        )
        self.table.setMaximumWidth(QUEUE_WIDTH if beside else 16_777_215)
        self.table.setMinimumWidth(min(QUEUE_WIDTH, event.size().width() * 2 // 5) if beside else 0)
        self.table.setMaximumHeight(
            16_777_215 if beside or self.detail.isHidden() else max(QUEUE_HEIGHT, event.size().height() // 4)
        )

    def _chosen(self, keys: list[str]) -> None:
        if len(keys) == 1:
            self.wanted.emit(keys[0])

    def _yes(self) -> None:
        detail = self.detail
        if detail.shown is None:
            return
        if seconds_left(detail.shown.approval, self._now()) is None:
            self.wanted.emit(detail.id)
        else:
            self.approved.emit(detail.id, detail.shown.seal)

    def _no(self) -> None:
        if self.detail.id:
            self.declined.emit(self.detail.id)


class ApprovalDetail(QWidget):
    """One order that waits: what exactly, why, what the gates say now, and how long a yes would be good."""

    def __init__(self, amounts: Amounts) -> None:
        super().__init__()
        self._amounts = amounts
        self._account: Account | None = None
        self.shown: ShownApproval | None = None
        self.title = label(kind="heading")
        self.why = label(kind="prose", tone=Tone.MUTED)
        for words in (self.title, self.why):
            words.setWordWrap(True)
            words.setTextFormat(Qt.TextFormat.PlainText)
        self.live = label(tr("LIVE: this moves real money"), tone=Tone.LIVE)
        self.figures = Figures({name: tr(title) for name, title in FIGURES.items()})
        self.gates = Gates()
        self.answer = label()
        self.answer.setWordWrap(True)
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(PADDING, 4, PADDING, 8)
        inside.setSpacing(10)
        for widget in (self.title, self.why, self.figures, self.gates):
            inside.addWidget(widget)
        inside.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidget(body)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.left = QLabel()
        self.left.setAccessibleName(tr("Time left"))
        self.yes = button(tr("Approve and send"), kind="primary")
        self.yes.setObjectName("approvals.approve")
        self.no = button(tr("Decline"))
        self.no.setObjectName("approvals.decline")
        for act in (self.yes, self.no):
            act.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        acts = QHBoxLayout()
        acts.setContentsMargins(PADDING, 0, PADDING, 0)
        acts.setSpacing(8)
        acts.addWidget(self.left)
        acts.addStretch(1)
        acts.addWidget(self.no)
        acts.addWidget(self.yes)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(6)
        column.addWidget(self._scroll, 1)
        for piece in (self.live, self.answer):
            piece.setContentsMargins(PADDING, 0, PADDING, 0)
            column.addWidget(piece)
        column.addLayout(acts)
        self._states = States(self)
        self.clear()

    @property
    def id(self) -> str:
        """Give which order is looked at; empty when none is."""
        return "" if self.shown is None else self.shown.approval.id

    def clear(self) -> None:
        """Look at nothing."""
        self.shown = None
        self.answer.hide()
        self.live.hide()
        self._states.empty(
            tr("Choose an order"),
            tr("It is priced and checked at that moment, and from then on you have five minutes."),
            icon="approvals",
        )

    def show_order(self, shown: ShownApproval, account: Account | None, now: datetime) -> None:
        """Show the order as it is now."""
        if self.id != shown.approval.id:
            self.answer.hide()
        self.shown, self._account = shown, account
        self.rewrite(now)
        self._states.content()

    def rewrite(self, now: datetime) -> None:
        """Write everything anew."""
        shown, account = self.shown, self._account
        if shown is None:
            return
        terms = shown.approval.terms
        name = (
            terms.account
            if account is None
            else tr("{account} ({mode})", account=account.label, mode=account.mode)
        )
        self.title.setText(shown.approval.title)
        self.why.setText(shown.approval.why)
        self.why.setVisible(bool(shown.approval.why))
        self.figures.show_values(terms_figures(shown, name, self._amounts))
        self.gates.show_checks(shown.preview.verdict.checks)
        self.live.setVisible(account is not None and account.mode == Mode.LIVE.value)
        set_role(self.yes, kind="buy" if terms.side is Side.BUY else "sell")
        self.yes.setAccessibleDescription(shown.approval.title)
        self.count_down(now)

    def count_down(self, now: datetime) -> None:
        """Tell the time that is left, and what the button does then."""
        shown = self.shown
        if shown is None:
            return
        runs = seconds_left(shown.approval, now) is not None
        refused = bool(shown.preview.verdict.refusals)
        words = left_words(shown.approval, now)
        self.left.setText(tr("{time} left", time=words) if runs else tr("Time is up"))
        set_role(self.left, tone=left_tone(shown.approval, now).value)
        self.yes.setText(tr("Approve and send") if runs else tr("Look again"))
        self.yes.setEnabled(not runs or not refused)
        self.yes.setToolTip(tr("The gates refuse it as it is now.") if runs and refused else "")

    def say(self, text: str, tone: Tone) -> None:
        """Say what came of the answer."""
        self.answer.setText(text)
        set_role(self.answer, tone=tone.value)
        self.answer.setVisible(bool(text))
