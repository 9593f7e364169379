"""Connect a broker: choose it, keep its keys, test them, and send orders there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QButtonGroup, QLineEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from puffling.desktop.brokers.findings import Findings
from puffling.desktop.card import button, label
from puffling.desktop.keys import KeyLine
from puffling.desktop.notices import Level
from puffling.desktop.session import Session
from puffling.desktop.theme import Tone, set_role
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr
from puffling.trading.accounts.values import AccountState, BrokerCheck, BrokerOffer
from puffling.trading.values import Mode

if TYPE_CHECKING:
    from puffling.settings.secrets import KeyState

R = TypeVar("R")


class BrokerWizard(QWidget):
    """One step under the other; a step appears once the one before it is done."""

    def __init__(self, session: Session, close: Callable[[], None]) -> None:
        super().__init__()
        self._session = session
        self._close = close
        self._offers: dict[str, BrokerOffer] = {}
        self.offer: BrokerOffer | None = None
        self.choices: dict[str, QPushButton] = {}
        self.lines: dict[str, KeyLine] = {}
        self._group = QButtonGroup(self)
        said = label(
            tr("Orders go to an account of play money in this program until you connect a broker."),
            tone=Tone.MUTED,
            kind="prose",
        )
        said.setWordWrap(True)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 8, 8)
        self._column.setSpacing(10)
        self._column.addWidget(said)
        self._column.addWidget(label(tr("1  Choose an account"), kind="title"))
        self._choice_column = _stack()
        self._column.addWidget(self._choice_column)
        self.keys_title = label(tr("2  Keep its keys"), kind="title")
        self.keys_said = label(tone=Tone.MUTED)
        self.keys_said.setWordWrap(True)
        self.keys_said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._key_column = _stack()
        self.test_title = label(tr("3  Test it; nothing is ordered"), kind="title")
        self.test = button(tr("Test keys, permissions and news"))
        self.test.setObjectName("brokers.test")
        self.test.clicked.connect(self._test)
        self._finding_column = _stack()
        self.last_title = label(tr("4  Send orders there"), kind="title")
        self.name = QLineEdit()
        self.name.setMaxLength(60)
        self.name.setPlaceholderText(tr("What you call it (may stay empty)"))
        self.name.setAccessibleName(tr("What you call the account"))
        self.live = label(tr("LIVE: real money"), tone=Tone.LIVE)
        self.connect_ = button(tr("Connect and send orders there"), kind="primary")
        self.connect_.setObjectName("brokers.connect")
        self.connect_.clicked.connect(self._connect)
        self.answer = label()
        self.answer.setWordWrap(True)
        self._later: tuple[tuple[QWidget, ...], ...] = (
            (self.keys_title, self.keys_said, self._key_column, self.test_title, self.test),
            (self._finding_column,),
            (self.last_title, self.name, self.connect_),
        )
        for pieces in self._later:
            for piece in pieces:
                self._column.addWidget(piece)
                piece.hide()
        for piece in (self.live, self.answer):
            self._column.addWidget(piece)
            piece.hide()
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        core = session.core
        self._run(core.accounts.brokers, self._show_offers)

    def choose(self, broker: str) -> None:
        """Go on with one of the accounts that are offered."""
        offer = self.offer = self._offers[broker]
        self.choices[broker].setChecked(True)
        self._forget_test()
        self.keys_said.setText(
            tr(
                "Make a pair of keys at {link} and paste them here. They are kept in the safest place of "
                "this computer, leave it only for the broker, and are never shown again.",
                link=offer.link,
            )
        )
        self.live.setVisible(offer.mode is Mode.LIVE)
        for piece in self._later[0]:
            piece.show()
        self._look_at_keys()

    def _show_offers(self, offers: tuple[BrokerOffer, ...]) -> None:
        for offer in offers:
            self._offers[offer.id] = offer
            made = self.choices[offer.id] = button(offer.title)
            made.setObjectName(f"brokers.{offer.id}")
            made.setCheckable(True)
            made.setAccessibleDescription(offer.text)
            made.clicked.connect(partial(self._chosen, offer.id))
            self._group.addButton(made)
            said = label(offer.text, tone=Tone.MUTED)
            said.setWordWrap(True)
            _column_of(self._choice_column).addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)
            _column_of(self._choice_column).addWidget(said)

    def _chosen(self, broker: str, _checked: bool = False) -> None:
        self.choose(broker)

    def _look_at_keys(self) -> None:
        self._run(self._session.core.settings.keys, self._show_keys)

    def _show_keys(self, states: tuple[KeyState, ...]) -> None:
        wanted = self.offer.keys if self.offer is not None else ()
        for state in states:
            line = self.lines.get(state.name)
            if line is None and state.name in wanted:
                line = self.lines[state.name] = KeyLine(state)
                line.test.hide()
                line.entered.connect(self._keep)
                line.forget_wanted.connect(self._forget)
                _column_of(self._key_column).addWidget(line)
            if line is not None:
                line.show_state(state)
                line.test.hide()
                line.setVisible(state.name in wanted)

    def _keep(self, name: str, secret: str) -> None:
        self.lines[name].keep(self._session, secret, None, self._look_anew)

    def _forget(self, name: str) -> None:
        self.lines[name].forget_key(self._session, self._look_anew)

    def _look_anew(self) -> None:
        self._forget_test()
        self._look_at_keys()

    def _forget_test(self) -> None:
        """What was tested with other keys says nothing any more."""
        _empty(self._finding_column)
        for piece in (*self._later[1], *self._later[2], self.answer):
            piece.hide()

    def _test(self) -> None:
        offer, core = self.offer, self._session.core
        if offer is None:
            return
        self._forget_test()
        self.test.setEnabled(False)
        self._say(tr("Asking the broker. The news of orders may take some seconds."), Tone.MUTED)
        self._run(lambda: core.accounts.check(offer.id), self._tested)

    def _tested(self, check: BrokerCheck) -> None:
        self.test.setEnabled(True)
        if self.offer is None or check.broker != self.offer.id:
            return
        _empty(self._finding_column)
        _column_of(self._finding_column).addWidget(Findings(check))
        self._finding_column.show()
        for piece in self._later[2]:
            piece.setVisible(check.ready)
        if check.ready:
            self.answer.hide()
        else:
            self._say(tr("{count} missing. Mend it and test again.", count=len(check.missing)), Tone.WARN)

    def _connect(self) -> None:
        offer, accounts, name = self.offer, self._session.core.accounts, self.name.text().strip()
        if offer is None:
            return

        async def work() -> AccountState:
            if offer.mode is Mode.LIVE:
                made = await accounts.connect_live(offer.id, name)
                return await accounts.choose_live(made.account.id)
            made = await accounts.connect(offer.id, name)
            return await accounts.choose(made.account.id)

        self._run(work, self._connected)

    def _connected(self, state: AccountState) -> None:
        self._session.notices.tell(
            tr("Orders go to {account} from now on.", account=state.account.label), level=Level.DONE
        )
        # A turn later: what closes now still handles the click.
        QTimer.singleShot(0, self, self._close)

    def _say(self, text: str, tone: Tone) -> None:
        self.answer.setText(text)
        set_role(self.answer, tone=tone.value)
        self.answer.show()

    def _failed(self, error: PufflingError) -> None:
        self.test.setEnabled(True)
        self._say(f"{error.message} {error.hint}".strip(), Tone.DANGER)

    def _run(
        self, work: Callable[[], Coroutine[Any, Any, R]], then: Callable[[R], None]
    ) -> asyncio.Task[None]:
        return self._session.dispatch.run(
            work, name="connect broker", then=then, failed=self._failed, owner=self
        )


def _stack() -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(6)
    return made


def _column_of(place: QWidget) -> QVBoxLayout:
    found = place.layout()
    assert isinstance(found, QVBoxLayout)
    return found


def _empty(place: QWidget) -> None:
    column = _column_of(place)
    while (item := column.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
