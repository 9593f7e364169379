"""Orders in the real window: they come further before one's eyes, are cancelled, changed and explained."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QPushButton

from puffling.desktop.ask import Question
from puffling.desktop.panels.orders import OPEN, OrdersPanel
from puffling.puffin.orders import Kind, Side
from puffling.runtime.actor import calling_as
from puffling.runtime.clock import FixedClock
from puffling.store.orders import Account, OrderState
from puffling.trading.values import OrderLine
from tests.desktop.conftest import OpenWindow, close_window, until
from tests.fakes.own_broker import OwnBroker
from tests.fixtures.cores import NOON, PERSON

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window

MINE = Account("mine", "paper", "DEMO", "My own broker", NOON - timedelta(days=1))


@pytest.fixture
def broker(clock: FixedClock) -> OwnBroker:
    return OwnBroker(now=clock.now)


@pytest.fixture
async def core(core: Core, broker: OwnBroker) -> Core:
    return await connected(core, broker)


async def connected(core: Core, broker: OwnBroker) -> Core:
    """A core whose orders go to this broker."""
    with calling_as(PERSON):
        await core.settings.put("trading.duplicate_seconds", 0)
    # The account that is always there comes first; what is chosen after it stays chosen.
    await core.open_accounts()
    await core.desk.connect(MINE, broker)
    await core.desk.compared(MINE.id)
    core.desk.chosen = MINE.id
    return core


async def placed(core: Core, symbol: str = "SPY", **more: Any) -> str:
    """An order that was shown and confirmed, by our id of it."""
    with calling_as(PERSON):
        shown = await core.broker.order(symbol, Side.BUY, Decimal(1), account=MINE.id, **more)
        return (await core.broker.confirm(shown.token)).orders[0].id


async def seen(core: Core, open_window: OpenWindow, **more: Any) -> tuple[Window, OrdersPanel]:
    window = await open_window(core, **more)
    window.show_panel("orders")
    panel = window.docks["orders"].panel
    assert isinstance(panel, OrdersPanel)
    await until(lambda: panel.live)
    return window, panel


def lines(panel: OrdersPanel) -> list[OrderLine]:
    return [panel.table.rows.row(place) for place in range(panel.table.rows.rowCount())]


def said(panel: OrdersPanel, column: str, role: Qt.ItemDataRole = Qt.ItemDataRole.DisplayRole) -> str:
    """What the first row says in a column."""
    titles = [each.title for each in panel.table.rows.columns]
    return str(panel.table.rows.index(0, titles.index(column)).data(role))


def turn(window: Window, page: str) -> None:
    """Turn to a page of the panel."""
    button = window.findChild(QPushButton, f"orders.{page}")
    assert isinstance(button, QPushButton)
    button.click()


async def answer(window: Window, text: str) -> Question:
    """Wait for the question and press the button that names the act."""
    await until(lambda: bool(window.findChildren(Question)))
    [question] = window.findChildren(Question)
    [wanted] = [each for each in question.findChildren(QPushButton) if each.text() == text]
    QTest.mouseClick(wanted, Qt.MouseButton.LeftButton)
    return question


async def test_an_order_comes_further_before_ones_eyes(
    core: Core, broker: OwnBroker, open_window: OpenWindow
) -> None:
    window, panel = await seen(core, open_window)
    assert lines(panel) == []
    await placed(core)
    await until(lambda: [line.state for line in lines(panel)] == [OrderState.ACKED])
    assert said(panel, "State") == "Working"
    broker.fill(broker.accepted()[0]["id"])
    # What is over leaves the page of open orders and stays on that of all.
    await until(lambda: lines(panel) == [])
    turn(window, "all")
    assert said(panel, "Filled") == "1 of 1"


async def test_an_order_is_cancelled_with_the_delete_key_after_a_question(
    core: Core, broker: OwnBroker, open_window: OpenWindow
) -> None:
    await placed(core)
    window, panel = await seen(core, open_window)
    panel.table.select([panel.table.keys()[0]])
    assert panel.stop.isVisibleTo(window)
    QTest.keyClick(panel.table, Qt.Key.Key_Delete)
    await answer(window, "Cancel order")
    await until(lambda: lines(panel) == [])
    assert broker.accepted()[0]["status"] == "canceled"


async def test_all_orders_are_cancelled_with_one_command(
    core: Core, broker: OwnBroker, open_window: OpenWindow
) -> None:
    await placed(core)
    await placed(core, "QQQ")
    window, panel = await seen(core, open_window)
    window.session.actions.run("window.orders-cancel-all")
    await answer(window, "Cancel all")
    await until(lambda: lines(panel) == [])
    assert {row["status"] for row in broker.accepted()} == {"canceled"}


async def test_an_order_is_changed_in_its_own_words(
    core: Core, broker: OwnBroker, open_window: OpenWindow
) -> None:
    await placed(core, kind=Kind.LIMIT, limit=Decimal("680.00"))
    window, panel = await seen(core, open_window)
    menu = QMenu()
    panel.table.menu_opening.emit(menu, list(panel.table.keys()))
    [change] = [each for each in menu.actions() if each.text() == "Change order…"]
    change.trigger()
    await until(lambda: bool(window.findChildren(Question)))
    [form] = window.findChildren(Question)
    from puffling.desktop.forms import Form

    [fields] = form.findChildren(Form)
    fields.editor("limit").write(Decimal("681.5"))
    fields.submit()
    await until(lambda: all(each is not form for each in window.findChildren(Question) if each.isVisible()))
    await until(lambda: any(each.isVisible() for each in window.findChildren(Question)))
    shown = [each for each in window.findChildren(Question) if each.isVisible()]
    assert "681.5 or better" in shown[0].accessibleName()
    [send] = [each for each in shown[0].findChildren(QPushButton) if each.text() == "Change order"]
    QTest.mouseClick(send, Qt.MouseButton.LeftButton)
    await until(lambda: [line.limit for line in lines(panel)] == [Decimal("681.5")])
    menu.deleteLater()


async def test_an_order_tells_why_it_happened(core: Core, open_window: OpenWindow) -> None:
    await placed(core, why="It fell for five days")
    window, panel = await seen(core, open_window)
    panel.table.select([panel.table.keys()[0]])
    window.session.actions.run("window.orders-why")
    await until(panel.detail.isVisible)
    assert "It fell for five days" in panel.detail.toPlainText()


async def test_what_nobody_knows_is_said_to_be_unknown_and_what_is_done_about_it(
    core: Core, broker: OwnBroker, open_window: OpenWindow
) -> None:
    broker.hidden_for = 1_000_000
    broker.fault("submit_order", "late")
    await placed(core)
    _, panel = await seen(core, open_window)
    await until(lambda: said(panel, "State") == "Unknown")
    assert "looked up" in said(panel, "State", Qt.ItemDataRole.ToolTipRole)


async def test_page_and_filter_narrow_the_list_and_the_page_is_kept(
    core: Core, broker: OwnBroker, open_window: OpenWindow
) -> None:
    broker.fills = "all"
    await placed(core)
    broker.fills = "nothing"
    await placed(core, "QQQ")
    window, panel = await seen(core, open_window)
    assert [line.symbol for line in lines(panel)] == ["QQQ"]
    assert panel.choices()["page"] == OPEN
    turn(window, "all")
    assert len(lines(panel)) == 2
    panel.filter.setText("spy")
    assert [line.symbol for line in lines(panel)] == ["SPY"]
    _, panel = await seen(core, open_window, snapshot=await close_window(window))
    await until(lambda: len(lines(panel)) == 2)
