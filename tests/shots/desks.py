"""Scenes of an account that trades: the dashboard, orders, a question, the safety console, real money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

from puffling.core.core import Core
from puffling.desktop.amounts import Amounts
from puffling.desktop.panels.approvals import ApprovalsPanel
from puffling.desktop.panels.safety import SafetyPanel
from puffling.desktop.panels.ticket import TicketPanel
from puffling.desktop.ticket.form import WAYS_OUT
from puffling.desktop.window import Window
from puffling.puffin.orders import Kind, Side
from puffling.store.orders import Account, OrderTerms
from puffling.trading.proposals import Proposal
from puffling.trading.values import Difference
from tests.fakes.own_broker import EVERYTHING, OwnBroker

_OWN = "own"
_WHY = (
    "Momentum of twelve months is the best of the list, the price stands above its average of 200 days, and "
    "the portfolio holds less of it than the goal wants; the agent proposes to close half of that gap today."
)


async def prepare(core: Core) -> None:
    """Let the demo account trade a little, and let some orders wait."""
    # Its own account opens first.
    await core.broker.account()
    account = core.desk.chosen
    await core.desk.compared(account)
    await core.settings.put("trading.duplicate_seconds", 0)
    for symbol, side, amount in (
        ("SPY", Side.BUY, "1"),
        ("AAPL", Side.BUY, "3"),
        ("GLD", Side.BUY, "2"),
        ("AAPL", Side.SELL, "1"),
    ):
        shown = await core.broker.order(symbol, side, Decimal(amount))
        await core.broker.confirm(shown.token)
    low = (Decimal(repr(core.market.price("QQQ").price)) * Decimal("0.96")).quantize(Decimal("0.01"))
    shown = await core.broker.order("QQQ", Side.BUY, Decimal(1), kind=Kind.LIMIT, limit=low)
    await core.broker.confirm(shown.token)
    gold = Decimal(repr(core.market.price("GLD").price)).quantize(Decimal(1))
    shown = await core.broker.order(
        "GLD",
        Side.SELL,
        Decimal(2),
        kind=Kind.LIMIT,
        limit=gold + 30,
        stop_loss=gold - 20,
        one_cancels_other=True,
    )
    await core.broker.confirm(shown.token)
    for slot, symbol, quantity, why in (
        ("one", "MSFT", "4", _WHY),
        ("two", "NVDA", "12", "The signal crossed."),
    ):
        terms = OrderTerms(account, symbol, Side.BUY, Decimal(quantity))
        until = core.clock.now() + timedelta(hours=4)
        await core.desk.place(Proposal(terms, "strategy:trend", slot, until, why=why))
    await _keep_exits(core)


async def _keep_exits(core: Core) -> None:
    """Let a broker that holds no brackets have two, one of them filled in part."""
    broker = OwnBroker(now=core.clock.now, abilities=replace(EVERYTHING, brackets=False))
    broker.price = Decimal(705)
    await core.desk.connect(Account(_OWN, "own", "DEMO", "My own broker", core.clock.now()), broker)
    await core.desk.compared(_OWN)
    until = core.clock.now() + timedelta(hours=4)
    for slot, quantity, limit in (("one", 6, 704), ("two", 3, 690)):
        terms = OrderTerms(
            _OWN,
            "SPY",
            Side.BUY,
            Decimal(quantity),
            Kind.LIMIT,
            Decimal(limit),
            take_profit=Decimal(800),
            stop_loss=Decimal(600),
        )
        await core.desk.place(Proposal(terms, "person", slot, until), confirmed="by you")
    broker.fill("o1", 4)
    await core.desk.look_after(_OWN)


def _shown(name: str, window: Window) -> None:
    window.show_panel(name)


def ticket(window: Window) -> None:
    """An order before it is sent."""
    window.show_panel("ticket")
    panel = window.docks["ticket"].panel
    assert isinstance(panel, TicketPanel)
    panel.begin(Side.BUY)


def ways_out(window: Window) -> None:
    """Two ways out of what is held, before they are sent."""
    window.session.selection.choose("SPY")
    ticket(window)
    panel = window.docks["ticket"].panel
    assert isinstance(panel, TicketPanel)

    async def choose() -> None:
        while panel.has.value("held") != "1":
            await window.session.core.clock.sleep(0)
        form = panel.form
        place = form.kind.findData(WAYS_OUT)
        form.kind.setCurrentIndex(place)
        form.kind.activated.emit(place)
        form.editor("take_profit").write(Decimal(800))
        form.editor("stop_loss").write(Decimal(600))
        form.changed.emit()

    window.session.dispatch.run(choose, name="pose")


def kept(window: Window) -> None:
    """A bracket whose exits this computer keeps: the next one in the ticket, the orders beside it."""
    window.session.core.desk.chosen = _OWN
    window.session.selection.choose("SPY")
    window.show_panel("orders")
    ticket(window)
    panel = window.docks["ticket"].panel
    assert isinstance(panel, TicketPanel)

    async def choose() -> None:
        while panel.has.value("held") != "4":
            panel.form.changed.emit()
            await window.session.core.clock.sleep(0)
        panel.form.bracket.setChecked(True)
        panel.form.editor("take_profit").write(Decimal(800))
        panel.form.editor("stop_loss").write(Decimal(600))
        panel.form.changed.emit()

    window.session.dispatch.run(choose, name="pose")


def question(window: Window) -> None:
    """A question that is looked at, with a long why."""
    window.show_panel("approvals")
    panel = window.docks["approvals"].panel
    assert isinstance(panel, ApprovalsPanel)
    _soon(window, panel)


def _soon(window: Window, panel: ApprovalsPanel) -> None:
    async def choose() -> None:
        while not panel.live:
            await window.session.core.clock.sleep(0)
        panel.view.table.select(panel.view.table.keys()[:1])

    window.session.dispatch.run(choose, name="pose")


def hidden(window: Window) -> None:
    """The dashboard with dots."""
    window.show_panel("dashboard")
    window.session.shared(Amounts).hide(True)


def live(window: Window) -> None:
    """What real money looks like."""
    window.show_panel("safety")

    async def show() -> None:
        # After whatever is told of the demo account.
        await window.session.core.safety.limits()
        window.top.show_trading("live", "active")

    window.session.dispatch.run(show, name="pose")


def differs(window: Window) -> None:
    """A broker that holds something else than the fills make."""
    window.show_panel("safety")
    panel = window.docks["safety"].panel
    assert isinstance(panel, SafetyPanel)
    split = Difference("AAPL", Decimal(2), Decimal(8), Decimal("64.37"))
    moved = Difference("GLD", Decimal(2), Decimal(0))
    core = window.session.core

    async def show() -> None:
        while not panel.live:
            await core.clock.sleep(0)
        found = await core.accounts.differences(core.desk.chosen)
        panel.view.differences.show_differences(replace(found, positions=(split, moved)))

    window.session.dispatch.run(show, name="pose")


def wizard(window: Window) -> None:
    """A broker to connect."""
    window.connect_broker()


def automate(window: Window) -> None:
    """The workspace of what acts by itself."""
    window.open_workspace("automate")


def closed(window: Window) -> None:
    """Everything as it was."""
    window.session.shared(Amounts).hide(False)
    desk = window.session.core.desk
    desk.chosen = "" if desk.chosen == _OWN else desk.chosen
    window.sheet.close_sheet()
    window.notices.dismiss_all()
    if window.live is not None:
        window.live.show_safety()


SCENES: dict[str, Callable[[Window], None]] = {
    "desk-dashboard": partial(_shown, "dashboard"),
    "desk-hidden": hidden,
    "desk-orders": partial(_shown, "orders"),
    "desk-ticket": ticket,
    "desk-two-ways": ways_out,
    "desk-kept": kept,
    "desk-approvals": question,
    "desk-safety": partial(_shown, "safety"),
    "desk-live": live,
    "desk-differs": differs,
    "desk-wizard": wizard,
    "desk-automate": automate,
}
