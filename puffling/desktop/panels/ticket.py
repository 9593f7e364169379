"""Order ticket: what to order, what it would do, what every gate says; then one button that names the act."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from puffling.desktop import numbers
from puffling.desktop.actions import Action
from puffling.desktop.amounts import Amounts, quantity_words
from puffling.desktop.ask import ask
from puffling.desktop.card import button, label
from puffling.desktop.orders.acts import OrderActs
from puffling.desktop.orders.wish import Wishes
from puffling.desktop.orders.words import stage_words
from puffling.desktop.panel import Area, Panel, panel
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.states import States
from puffling.desktop.theme import Tone, set_role
from puffling.desktop.ticket.form import TicketForm, Values
from puffling.desktop.ticket.preview import Figures, Gates, account_figures, order_figures
from puffling.puffin.orders import Kind, Side
from puffling.runtime.errors import InvalidInput, PufflingError
from puffling.runtime.text import tr
from puffling.trading.events import (
    ApprovalsChanged,
    ChosenAccountChanged,
    HoldingChanged,
    LineChanged,
    OrderChanged,
    TradingStateChanged,
)
from puffling.trading.values import ApprovalView, Confirmation, Done, Mode, TicketFacts

if TYPE_CHECKING:
    from puffling.core.core import Core

# While one types, only the last of the letters is worth a question.
_SETTLE_SECONDS = 0.15
# What was shown is shown anew before its confirmation grows old, and while prices move.
_RENEW_SECONDS = 5.0
_WIDTH = 300


@panel(id="ticket", title="Order ticket", icon="ticket", area=Area.RIGHT, order=1)
class TicketPanel(Panel):
    """Follows the shared selection; nothing leaves before it was shown."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._facts: TicketFacts | None = None
        self._shown: Confirmation | None = None
        # What was sent last: in which words, what became of it, and what was filled in for it.
        self._title = ""
        self._done: Done | None = None
        self._sent: Values | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._amounts = session.shared(Amounts)
        self._wishes = session.shared(Wishes)
        self._acts = OrderActs(session)
        self.symbol = label(kind="title")
        self.price = label(tone=Tone.MUTED)
        self.account = label(tone=Tone.MUTED, kind="caption")
        self.form = TicketForm()
        self.form.changed.connect(self._ask)
        self.has = Figures(
            {
                "held": tr("Held"),
                "power": tr("Buying power"),
                "settled": tr("Settled cash"),
                "short": tr("Can be sold short"),
                "margin": tr("On margin"),
            }
        )
        self.makes = Figures(
            {
                "quantity": tr("Pieces"),
                "cost": _cost_words(Side.BUY),
                "fees": tr("Fees"),
                "before": tr("Held and on order"),
                "after": tr("With this order"),
            }
        )
        meaning = tr("At the last price: what is held, and what all waiting buys less all waiting sells add.")
        self.makes.explain("before", meaning)
        self.makes.explain("after", tr("The same, once this order fills too, and its share of the account."))
        self.gates = Gates()
        self.send = button(tr("Buy"), kind="buy")
        self.send.setObjectName("ticket.send")
        self.send.setEnabled(False)
        # Words that are longer than the panel is wide must not widen it.
        self.send.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.act = label()
        self.act.setWordWrap(True)
        self.real = label(tr("LIVE: real money"), tone=Tone.LIVE)
        self.real.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.real.hide()
        self.send.clicked.connect(self._send)
        self.outcome = label(tone=Tone.MUTED)
        self.outcome.setWordWrap(True)
        self.outcome.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(8, 4, 8, 12)
        inside.setSpacing(12)
        for widget in (
            self.form,
            self.makes,
            self.gates,
            self.act,
            self.real,
            self.send,
            self.outcome,
            self.has,
        ):
            inside.addWidget(widget)
        inside.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidget(body)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        top = QVBoxLayout()
        top.setContentsMargins(8, 0, 8, 4)
        top.setSpacing(0)
        top.addWidget(self.price)
        top.addWidget(self.account)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self._scroll, 1)
        self.states = States(self._scroll)
        self.setMinimumSize(_WIDTH, 240)
        self.setFocusProxy(self.form.editor("amount"))

    def header(self) -> list[QWidget]:
        return [self.symbol]

    def acts(self) -> Iterable[Action]:
        group, menu = tr("Orders"), "Trade"
        for side, keys in ((Side.BUY, "Ctrl+Shift+B"), (Side.SELL, "Ctrl+Shift+S")):
            words = tr("Buy") if side is Side.BUY else tr("Sell")
            yield Action(
                f"window.ticket-{side.value}",
                tr("{side} the symbol in view", side=words),
                partial(self.begin, side),
                group,
                tr("Fills in the ticket; nothing leaves before you have seen it."),
                menu,
                keys,
            )
        yield Action(
            "window.ticket-close",
            tr("Close the position in view"),
            lambda: self._acts.close(self, self.session.selection.symbol),
            group,
            tr("Cancels what works for it and sells or covers all of it, after a question."),
            menu,
        )
        yield Action(
            "window.ticket-reverse",
            tr("Reverse the position in view"),
            lambda: self._acts.reverse(self, self.session.selection.symbol),
            group,
            tr("Closes it and opens as much on the other side, after a question."),
            menu,
        )

    def choices(self) -> Kept:
        return dict(self.form.keep())

    def restore(self, choices: Kept, content: Kept) -> None:
        self.form.restore(dict(choices))

    def begin(self, side: Side, kind: Kind = Kind.MARKET, price: Decimal | None = None) -> None:
        """Fill in an order for the symbol in view, and put the keyboard on its size."""
        self.form.choose_kind(kind, price)
        self.form.choose_side(side)
        amount = self.form.editor("amount")
        amount.setFocus()
        amount.selectAll()

    def wake(self, core: Core) -> None:
        self.hear_selection(self._follow)
        for event in (HoldingChanged, LineChanged, TradingStateChanged, ChosenAccountChanged):
            self.hear(event, lambda _: self._ask())
        self.hear(OrderChanged, self._order_changed)
        self.hear(ApprovalsChanged, lambda _: self._look_at_question())
        self._ears.append(self._amounts.on_change(self._show_facts))
        self._ears.append(self._wishes.on_change(self._take_wish))
        self._renewing = self.session.dispatch.scope.spawn(self._renew(core), name="ticket.renew")
        self._follow()
        self._take_wish()

    def sleep(self) -> None:
        if self._renewing is not None:
            self._renewing.cancel()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # From any field the order goes with Ctrl and Enter, never with Enter alone.
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.send.click()
        else:
            super().keyPressEvent(event)

    def _follow(self) -> None:
        if self.session.selection.symbol != self.symbol.text():
            self.symbol.setText(self.session.selection.symbol)
            self._say_outcome("", None)
            self._facts = None
        self._ask()

    def _take_wish(self) -> None:
        wish = self._wishes.take()
        if wish is not None:
            self.session.selection.choose(wish.symbol)
            self.begin(wish.side, wish.kind, wish.price)

    async def _renew(self, core: Core) -> None:
        while True:
            await core.clock.sleep(_RENEW_SECONDS)
            self._ask()

    def _ask(self) -> None:
        """Ask anew what the order would do; until the answer is there nothing can be sent."""
        if not self.awake:
            return
        self._allow(None)
        self.session.dispatch.run(
            self._look, name="look at order", newest="ticket.look", failed=self._say_failed, owner=self
        )

    async def _look(self) -> None:
        core, symbol = self.session.core, self.session.selection.symbol
        if self._facts is not None:
            await asyncio.sleep(_SETTLE_SECONDS)
        facts = await core.broker.facts(symbol)
        self._facts = facts
        self._show_facts()
        self.states.content()
        self.mark_live()
        values = self.form.read()
        if values is None:
            self._show_order(None)
            return
        shown = await core.broker.order(symbol, account=facts.account, **values)
        self._show_order(shown)

    def _show_facts(self) -> None:
        facts = self._facts
        if facts is None:
            return
        self.form.offer(facts)
        self.has.show_values(account_figures(facts, self._amounts))
        quote = [numbers.price(facts.last)]
        if facts.bid is not None and facts.ask is not None:
            quote.append(f"{numbers.price(facts.bid)} \N{MULTIPLICATION SIGN} {numbers.price(facts.ask)}")
        self.price.setText("   ".join(quote))
        self.account.setText(tr("{account} · {mode}", account=facts.account_label, mode=facts.mode.value))
        set_role(self.account, tone="live" if facts.mode is Mode.LIVE else "muted")
        self.real.setVisible(facts.mode is Mode.LIVE)
        if self._shown is not None:
            self._show_order(self._shown)

    def _show_order(self, shown: Confirmation | None) -> None:
        equity = None if self._facts is None else self._facts.equity
        self.makes.name("cost", _cost_words(self.form.side))
        self.makes.show_values({} if shown is None else order_figures(shown, equity, self._amounts))
        sent = self._sent is not None and self._sent == self.form.filled
        self.gates.show_checks(() if shown is None else shown.checks, faint=sent)
        self._allow(shown)
        if shown is None:
            words = tr("Buy") if self.form.side is Side.BUY else tr("Sell")
            self.act.setText(self.form.lacks)
            self.send.setText(words)

    def _allow(self, shown: Confirmation | None) -> None:
        self._shown = shown
        self.send.setEnabled(shown is not None and bool(shown.token))
        set_role(self.send, kind="buy" if self.form.side is Side.BUY else "sell")
        if shown is None:
            return
        self.act.setText("\n".join(part for part in (shown.title, shown.notice) if part))
        words = tr("Buy") if self.form.side is Side.BUY else tr("Sell")
        text = f"{words} {quantity_words(shown.quantity)} {self.symbol.text()}"
        self.send.setText(f"{text}…" if shown.needs_approval else text)
        self.send.setAccessibleDescription(shown.title)
        self.send.setToolTip(
            tr("You are asked once more: it is a large order.") if shown.needs_approval else ""
        )

    def _say_failed(self, error: PufflingError) -> None:
        self.mark_live()
        if isinstance(error, InvalidInput):
            self.form.say({"size": "amount"}.get(error.field, error.field), error.message)
            self._show_order(None)
            return
        self._facts = None
        self.states.error(error.message, error.hint, act=self._ask)

    def _send(self) -> None:
        shown = self._shown
        if shown is None or not shown.token:
            return
        self._title, self._sent = shown.title, self.form.filled
        self._allow(None)
        self.session.dispatch.run(
            lambda: self._confirm(shown),
            name="send order",
            then=self._say_done,
            failed=self._say_refused,
            owner=self,
        )

    async def _confirm(self, shown: Confirmation) -> Done | None:
        if shown.mode is Mode.LIVE:
            text = tr("Real money: {account}.", account=shown.account)
            if not await ask(self, f"{shown.title}?", text, act=shown.title, danger=True):
                return None
        done = await self.session.core.broker.confirm(shown.token)
        return done if done.approval is None else await self._acts.approve(self, done)

    def _say_done(self, done: Done | None) -> None:
        if done is not None:
            self._say_outcome(done.summary, done, tone=Tone.MUTED if done.approval is None else Tone.WARN)
            self._look_at_question()
        self._ask()

    def _say_refused(self, error: PufflingError) -> None:
        said = " ".join(part for part in (error.message, error.hint) if part)
        self._say_outcome(said, None, tone=Tone.DANGER)
        self._ask()

    def _say_outcome(self, words: str, done: Done | None, *, tone: Tone = Tone.MUTED) -> None:
        self._done = done
        self._sent = None if done is None else self._sent
        self.outcome.setText(words)
        set_role(self.outcome, tone=tone.value)

    def _order_changed(self, event: OrderChanged) -> None:
        """Say how far the order is that was sent last."""
        intent = event.intent
        orders = () if self._done is None else self._done.orders
        if intent is not None and [each.id for each in orders] == [intent.id]:
            words = stage_words(intent.state).casefold()
            self.outcome.setText(tr("{order}: {state}", order=self._title, state=words))
        self._ask()

    def _look_at_question(self) -> None:
        """Say no longer that an order waits once it was approved, declined or ran out."""
        done = self._done
        if done is None or done.approval is None:
            return
        asked = done.approval.id

        def look(waiting: tuple[ApprovalView, ...]) -> None:
            if self._done is done and asked not in {each.id for each in waiting}:
                self._say_outcome("", None)

        self.session.dispatch.run(
            self.session.core.approvals.all, name="look at question", then=look, owner=self
        )


def _cost_words(side: Side) -> str:
    return tr("Cost") if side is Side.BUY else tr("Proceeds")
