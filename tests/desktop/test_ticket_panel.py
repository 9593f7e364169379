"""Ordering in the real window, on the demo account: seen first, sent with one button that names the act."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from puffling.desktop.amounts import HIDDEN, Amounts
from puffling.desktop.ask import Question
from puffling.desktop.orders.words import order_words
from puffling.desktop.panels.ticket import TicketPanel
from puffling.desktop.theme import look
from puffling.desktop.ticket.form import WAYS_OUT
from puffling.puffin.orders import Kind, Side
from puffling.runtime.actor import calling_as
from puffling.store.orders import OrderState
from puffling.trading.values import Measure
from tests.desktop.conftest import OpenWindow, close_window, until
from tests.fixtures.cores import PERSON

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window
    from puffling.trading.values import OrderLine


async def ready(core: Core, open_window: OpenWindow, **more: Any) -> tuple[Window, TicketPanel]:
    """A window whose ticket shows an order that may be sent."""
    window = await open_window(core, **more)
    window.show_panel("ticket")
    panel = window.docks["ticket"].panel
    assert isinstance(panel, TicketPanel)
    await core.open_accounts()
    await core.desk.compared(core.desk.chosen)
    await until(panel.send.isEnabled)
    return window, panel


async def orders(core: Core) -> tuple[OrderLine, ...]:
    with calling_as(PERSON):
        return await core.broker.orders()


async def test_an_order_is_seen_with_cost_and_gates_and_sent_by_its_button(
    core: Core, open_window: OpenWindow
) -> None:
    _, panel = await ready(core, open_window)
    assert panel.send.text() == "Buy 1 SPY"
    assert panel.act.text() == "Buy 1 SPY at the market"
    assert panel.makes.value("cost").startswith("$70")
    assert "gates pass" in panel.gates.all.text()
    assert await orders(core) == ()
    QTest.mouseClick(panel.send, Qt.MouseButton.LeftButton)
    await until(lambda: "Buy 1 SPY" in panel.outcome.text())
    [line] = await orders(core)
    assert (line.symbol, line.side, line.quantity) == ("SPY", Side.BUY, Decimal(1))


async def test_what_does_not_fit_is_said_at_its_field_and_nothing_can_be_sent(
    core: Core, open_window: OpenWindow
) -> None:
    _, panel = await ready(core, open_window)
    amount = panel.form.editor("amount")
    amount.clear()
    QTest.keyClicks(amount, "many")
    assert not panel.send.isEnabled()
    await until(lambda: bool(amount.accessibleDescription()))
    amount.clear()
    QTest.keyClicks(amount, "100000")
    await until(panel.gates.lines.isVisible)
    assert not panel.send.isEnabled()


async def test_kinds_bring_their_prices_and_the_size_is_told_in_money(
    core: Core, open_window: OpenWindow
) -> None:
    _, panel = await ready(core, open_window)
    assert not panel.form.editor("limit").isVisible()
    panel.begin(Side.BUY, Kind.LIMIT, Decimal("690.00"))
    panel.form.measure.setCurrentIndex(panel.form.measure.findData(Measure.MONEY))
    panel.form.measure.activated.emit(1)
    amount = panel.form.editor("amount")
    assert amount.hasFocus() or panel.form.editor("limit").isVisible()
    amount.setText("700")
    panel.form.changed.emit()
    await until(lambda: panel.send.isEnabled() and "690" in panel.act.text())
    assert panel.send.text().startswith("Buy 1")


async def test_a_large_order_is_asked_about_once_more_and_then_sent(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await ready(core, open_window)
    panel.form.editor("amount").setText("2")
    panel.form.changed.emit()
    await until(lambda: panel.send.text() == "Buy 2 SPY…" and panel.send.isEnabled())
    QTest.keyClick(panel.form.editor("amount"), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    await until(lambda: bool(window.findChildren(Question)))
    [question] = window.findChildren(Question)
    assert question.accessibleName() == "Buy 2 SPY at the market?"
    assert "Worst price" in question.accessibleDescription()
    [yes] = [each for each in question.findChildren(QPushButton) if each.text() == "Approve and send"]
    QTest.mouseClick(yes, Qt.MouseButton.LeftButton)
    await until(lambda: panel.outcome.text() == "Approved and sent.")
    [line] = await orders(core)
    assert line.state is not OrderState.INTENT


async def test_a_halt_leaves_nothing_to_send_and_says_so(core: Core, open_window: OpenWindow) -> None:
    _, panel = await ready(core, open_window)
    with calling_as(PERSON):
        await core.safety.halt("Enough")
    await until(lambda: "halted" in panel.gates.lines.text())
    assert not panel.send.isEnabled()


async def test_it_follows_the_symbol_in_view_and_keeps_how_sizes_are_told(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await ready(core, open_window)
    window.session.selection.choose("AAPL")
    await until(lambda: panel.send.isEnabled() and panel.send.text() == "Buy 1 AAPL")
    panel.form.measure.setCurrentIndex(panel.form.measure.findData(Measure.PERCENT))
    _, panel = await ready(core, open_window, snapshot=await close_window(window))
    assert Measure(panel.form.measure.currentData()) is Measure.PERCENT


async def test_a_key_fills_the_ticket_and_the_keyboard_is_on_the_size(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await ready(core, open_window)
    window.session.actions.run("window.ticket-sell")
    assert panel.form.side is Side.SELL
    assert panel.form.editor("amount").selectedText() == "1"


async def test_amounts_can_be_hidden(core: Core, open_window: OpenWindow) -> None:
    window, panel = await ready(core, open_window)
    window.session.shared(Amounts).hide(True)
    await until(lambda: panel.has.value("power") == HIDDEN)
    assert panel.makes.value("cost") == HIDDEN


async def test_two_ways_out_are_for_what_is_held_and_ask_for_a_profit_and_a_loss(
    core: Core, open_window: OpenWindow
) -> None:
    _, panel = await ready(core, open_window)
    form = panel.form
    place = form.kind.findData(WAYS_OUT)
    assert "no way out" in str(form.kind.itemData(place, Qt.ItemDataRole.ToolTipRole))
    QTest.mouseClick(panel.send, Qt.MouseButton.LeftButton)
    await until(lambda: panel.has.value("held") == "1")
    assert form.kind.itemData(place, Qt.ItemDataRole.ToolTipRole) == ""
    form.kind.setCurrentIndex(place)
    form.kind.activated.emit(place)
    assert form.side is Side.SELL
    shown = [name for name in ("limit", "stop", "take_profit", "stop_loss", "stop_loss_limit")
             if form.editor(name).isVisible()]  # fmt: skip
    assert shown == ["take_profit", "stop_loss", "stop_loss_limit"]
    assert not form.bracket.isVisible()
    assert not form.extended.isVisible()
    form.editor("take_profit").write(Decimal(800))
    form.changed.emit()
    await until(lambda: panel.act.text() == "Stop loss is missing.")
    # Nobody came to it yet, so it is not marked as wrong; once it was emptied it is.
    assert form.editor("stop_loss").accessibleDescription() == ""
    QTest.keyClicks(form.editor("stop_loss"), "6")
    QTest.keyClick(form.editor("stop_loss"), Qt.Key.Key_Backspace)
    await until(lambda: form.editor("stop_loss").accessibleDescription() == "Stop loss is missing.")
    form.editor("stop_loss").write(Decimal(600))
    form.changed.emit()
    await until(panel.send.isEnabled)
    assert panel.act.text() == "Sell 1 SPY at 800 or better, or once it trades at 600: one cancels the other"
    QTest.mouseClick(panel.send, Qt.MouseButton.LeftButton)
    await until(lambda: "one cancels the other" in panel.outcome.text())
    await core.desk.look_after(core.desk.chosen)
    head, leg = [line for line in await orders(core) if line.is_open]
    assert (head.one_cancels_other, leg.parent_id) == (True, head.id)
    assert order_words(head) == "OCO exit"
    assert order_words(leg).endswith("Stop")


async def test_what_became_of_the_order_is_said_as_it_comes_further(
    core: Core, open_window: OpenWindow
) -> None:
    _, panel = await ready(core, open_window)
    QTest.mouseClick(panel.send, Qt.MouseButton.LeftButton)
    await until(lambda: panel.outcome.text() == "Buy 1 SPY at the market: filled")
    # The same again is refused for half a minute: that is told, but not as if something had failed.
    await until(lambda: "same order" in panel.gates.lines.text())
    colours = look().theme.colours
    assert colours.danger.name() not in panel.gates.lines.text()
    panel.form.editor("amount").setText("100000")
    panel.form.changed.emit()
    await until(lambda: colours.danger.name() in panel.gates.lines.text())


async def test_a_question_that_was_answered_elsewhere_waits_in_the_ticket_no_longer(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await ready(core, open_window)
    panel.form.editor("amount").setText("2")
    panel.form.changed.emit()
    await until(lambda: panel.send.text() == "Buy 2 SPY…" and panel.send.isEnabled())
    QTest.mouseClick(panel.send, Qt.MouseButton.LeftButton)
    await until(lambda: bool(window.findChildren(Question)))
    window.findChildren(Question)[0].answered.emit(None)
    await until(lambda: panel.outcome.text() == "It waits for your approval.")
    with calling_as(PERSON):
        [waiting] = await core.approvals.all()
        await core.approvals.decline(waiting.id)
    await until(lambda: panel.outcome.text() == "")


async def test_a_sale_tells_its_proceeds(core: Core, open_window: OpenWindow) -> None:
    _, panel = await ready(core, open_window)
    panel.begin(Side.SELL, Kind.LIMIT, Decimal("800.00"))
    await until(lambda: panel.makes.value("cost") == "$800.00")
    assert panel.makes.title("cost") == "Proceeds"
    panel.begin(Side.BUY, Kind.LIMIT)
    await until(lambda: panel.makes.title("cost") == "Cost")


async def test_a_size_in_pieces_does_not_go_over_to_another_kind_of_instrument(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await ready(core, open_window)
    amount = panel.form.editor("amount")
    window.session.selection.choose("BTC/USD")
    await until(lambda: amount.text() == "")
    assert not panel.send.isEnabled()
    QTest.keyClicks(amount, "0.005")
    await until(panel.send.isEnabled)
    assert panel.send.text() == "Buy 0.005 BTC/USD"
    window.session.selection.choose("ETH/USD")
    await until(lambda: panel.send.isEnabled() and "ETH" in panel.send.text())
    assert amount.text() == "0.005"
    window.session.selection.choose("MSFT")
    await until(lambda: panel.send.isEnabled() and "MSFT" in panel.send.text())
    assert panel.send.text().removesuffix("…") == "Buy 1 MSFT"
    amount.clear()
    QTest.keyClicks(amount, "2")
    window.session.selection.choose("SPY")
    await until(lambda: panel.send.isEnabled() and "SPY" in panel.send.text())
    assert panel.send.text().removesuffix("…") == "Buy 2 SPY"
