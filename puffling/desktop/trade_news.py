"""What happens to orders while one looks elsewhere: notices, messages on the desktop, questions that wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from puffling.desktop import numbers
from puffling.desktop.amounts import Amounts
from puffling.desktop.brokers.switch import AccountSwitch
from puffling.desktop.notices import Level
from puffling.desktop.orders.words import source_words
from puffling.puffin.orders import Side
from puffling.runtime.text import tr
from puffling.store.events import DatabaseRestored
from puffling.store.orders import FillKind, OrderState
from puffling.trading.accounts.values import AccountState
from puffling.trading.events import (
    AccountChanged,
    ApprovalsChanged,
    ChosenAccountChanged,
    OrderChanged,
    OrderFilled,
)
from puffling.trading.values import ApprovalView

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window

# What the person does in this window needs no notice of its own.
_PERSON = "person"
_REMEMBERED = 200

Say = Callable[[str, str], None]


class TradeNews:
    """Tells in the window, and through `say` on the desktop, what became of orders."""

    def __init__(self, window: Window, core: Core, say: Say) -> None:
        self._window = window
        self._core = core
        self._say = say
        self._amounts = window.session.shared(Amounts)
        self._asked: frozenset[str] | None = None
        self._rejected: list[str] = []
        self.switch = AccountSwitch(window.session, window.top.account)
        bus = core.bus
        self._ears = [
            bus.on(OrderFilled, self._filled),
            bus.on(OrderChanged, self._changed),
            bus.on(ApprovalsChanged, lambda _: self._look_at_questions()),
            bus.on(ChosenAccountChanged, lambda _: self._look_at_account()),
            bus.on(AccountChanged, lambda _: self._look_at_account()),
            bus.on(DatabaseRestored, lambda _: self._look_at_questions()),
        ]
        self._look_at_account()
        self._look_at_questions()

    def stop(self) -> None:
        """Let go of the core before it closes."""
        for unsubscribe in self._ears:
            unsubscribe()
        self._ears.clear()
        self.switch.stop()

    def _filled(self, event: OrderFilled) -> None:
        fill = event.fill
        if fill.kind is not FillKind.FILL:
            return
        words = tr("Bought") if fill.side is Side.BUY else tr("Sold")
        quantity = self._amounts.quantity(fill.quantity)
        text = tr(
            "{words} {quantity} {symbol} at {price}",
            words=words,
            quantity=quantity,
            symbol=fill.symbol,
            price=numbers.price(fill.price),
        )
        self._tell(text, Level.DONE, action=tr("Show trades"), panel="trades")

    def _changed(self, event: OrderChanged) -> None:
        # Whatever we ordered has an intent; what was ordered elsewhere is told elsewhere.
        intent = event.intent
        if intent is None or intent.state is not OrderState.REJECTED or intent.id in self._rejected:
            return
        self._rejected = [*self._rejected[-_REMEMBERED:], intent.id]
        text = tr("{symbol}: the order was rejected", symbol=intent.terms.symbol)
        self._tell(text, Level.ERROR, hint=intent.reason, action=tr("Show orders"), panel="orders")

    def _look_at_questions(self) -> None:
        core = self._core
        self._window.session.dispatch.run(
            core.approvals.all, name="look at questions", newest="questions", then=self._ask
        )

    def _ask(self, waiting: tuple[ApprovalView, ...]) -> None:
        self._window.top.show_waiting(len(waiting))
        before, self._asked = self._asked, frozenset(each.id for each in waiting)
        for each in waiting:
            if before is not None and each.id not in before and each.source != _PERSON:
                self._tell(
                    tr("{order}?", order=each.title),
                    Level.WARN,
                    hint=tr("{who} asks for your yes.", who=source_words(each.source).capitalize()),
                    action=tr("Look at it"),
                    panel="approvals",
                )

    def _look_at_account(self) -> None:
        core = self._core
        self._window.session.dispatch.run(
            core.accounts.all, name="look at accounts", newest="accounts", then=self._show_account
        )

    def _show_account(self, states: tuple[AccountState, ...]) -> None:
        for state in states:
            if state.chosen:
                self.switch.show_account(state.account.label, state.account.mode)

    def _tell(self, text: str, level: Level, *, hint: str = "", action: str, panel: str) -> None:
        window = self._window
        window.notices.tell(text, level=level, hint=hint, action=action, act=lambda: window.show_panel(panel))
        if self._core.settings_now.window.desktop_messages and not window.isActiveWindow():
            self._say(text, hint)
