"""Open orders as lines on the chart that one can move, fills as marks, a ticket filled in from the chart."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from puffling.core.core import Core
from puffling.desktop.ask import Question
from puffling.desktop.looks.menu import chart_menu
from puffling.desktop.looks.part import Looks
from puffling.desktop.orders.part import OrdersOnChart
from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.panels.ticket import TicketPanel
from puffling.puffin.orders import Kind, Lasting, Side
from puffling.runtime.actor import calling_as
from puffling.runtime.clock import FixedClock
from puffling.runtime.paths import Paths
from tests.desktop.conftest import OpenWindow, until
from tests.desktop.test_orders_panel import connected, placed
from tests.fakes.own_broker import OwnBroker
from tests.fixtures.cores import PERSON

if TYPE_CHECKING:
    from puffling.desktop.window import Window


@pytest.fixture
def broker(clock: FixedClock) -> OwnBroker:
    return OwnBroker(now=clock.now)


@pytest.fixture
async def core(core: Core, broker: OwnBroker) -> Core:
    return await connected(core, broker)


async def charted(core: Core, open_window: OpenWindow) -> tuple[Window, ChartPanel, OrdersOnChart]:
    window = await open_window(core)
    panel = window.docks["chart"].panel
    assert isinstance(panel, ChartPanel)
    part = panel.active.part("orders")
    assert isinstance(part, OrdersOnChart)
    await until(lambda: panel.chart.bar_count > 100)
    return window, panel, part


async def answer(window: Window, text: str) -> None:
    def asked() -> list[QPushButton]:
        questions = [each for each in window.findChildren(Question) if each.isVisible()]
        return [b for each in questions for b in each.findChildren(QPushButton) if b.text() == text]

    await until(lambda: bool(asked()))
    QTest.mouseClick(asked()[0], Qt.MouseButton.LeftButton)


async def test_an_open_order_is_a_line_that_is_moved_shown_and_sent(
    core: Core, broker: OwnBroker, open_window: OpenWindow
) -> None:
    window, _, part = await charted(core, open_window)
    await placed(core, kind=Kind.LIMIT, limit=Decimal("690.00"))
    await until(lambda: [line.price for line in part.lines] == [690.0])
    assert part.lines[0].label == "Buy 1 limit"
    part.lines[0].take()
    part.lines[0].move_to(691.504)
    part.lines[0].let_go()
    await answer(window, "Change order")
    await until(lambda: [line.price for line in part.lines] == [691.5])
    await until(lambda: broker.accepted()[-1]["limit"] == "691.5")


async def test_a_line_that_is_not_sent_after_all_goes_back_to_its_order(
    core: Core, broker: OwnBroker, open_window: OpenWindow
) -> None:
    window, _, part = await charted(core, open_window)
    await placed(core, kind=Kind.LIMIT, limit=Decimal("690.00"))
    await until(lambda: len(part.lines) == 1)
    part.lines[0].take()
    part.lines[0].move_to(700.0)
    part.lines[0].let_go()
    await answer(window, "Cancel")
    await until(lambda: [line.price for line in part.lines] == [690.0])
    assert len(broker.accepted()) == 1


async def test_a_fill_is_a_mark_and_an_ended_order_no_line(
    core: Core, broker: OwnBroker, open_window: OpenWindow
) -> None:
    _, _, part = await charted(core, open_window)
    await placed(core, kind=Kind.LIMIT, limit=Decimal("690.00"))
    await until(lambda: len(part.lines) == 1)
    broker.fill(broker.accepted()[0]["id"])
    await until(lambda: part.marked == 1 and not part.lines)


async def test_what_was_ordered_before_is_there_once_its_account_is_open(
    paths: Paths, clock: FixedClock, open_window: OpenWindow
) -> None:
    first = await Core.open(paths, clock=clock, environment={})
    await first.open_accounts()
    await first.desk.compared(first.desk.chosen)
    with calling_as(PERSON):
        shown = await first.broker.order(
            "SPY", Side.BUY, Decimal(1), kind=Kind.LIMIT, limit=Decimal("690.00"), lasting=Lasting.GTC
        )
        await first.broker.confirm(shown.token)
    await first.close()
    second = await Core.open(paths, clock=clock, environment={})
    try:
        _, _, part = await charted(second, open_window)
        assert part.lines == []
        await second.open_accounts()
        await until(lambda: [line.price for line in part.lines] == [690.0])
    finally:
        await second.close()


async def test_orders_of_other_symbols_are_not_shown(core: Core, open_window: OpenWindow) -> None:
    window, _, part = await charted(core, open_window)
    await placed(core, kind=Kind.LIMIT, limit=Decimal("690.00"))
    await until(lambda: len(part.lines) == 1)
    window.session.selection.choose("QQQ")
    await until(lambda: not part.lines)


async def test_a_replay_shows_no_orders(core: Core, open_window: OpenWindow) -> None:
    _, panel, part = await charted(core, open_window)
    await placed(core, kind=Kind.LIMIT, limit=Decimal("690.00"))
    await until(lambda: len(part.lines) == 1)
    panel.replay.begin(int(panel.active.bars.time[-50]))
    await until(lambda: not part.lines)


async def test_the_menu_of_the_chart_fills_in_the_ticket(core: Core, open_window: OpenWindow) -> None:
    window, panel, _ = await charted(core, open_window)
    looks = panel.active.part("looks")
    assert isinstance(looks, Looks)
    menu = chart_menu(looks, panel.chart, 690.0)
    titles = [each.text() for each in menu.actions()]
    assert "Sell at 690.00 (stop)…" in titles
    [buy] = [each for each in menu.actions() if each.text() == "Buy at 690.00 (limit)…"]
    buy.trigger()
    ticket = window.docks["ticket"].panel
    assert isinstance(ticket, TicketPanel)
    await until(lambda: ticket.form.side is Side.BUY and ticket.form.editor("limit").isVisible())
    assert ticket.form.editor("limit").read() == Decimal(690)
    assert Kind(ticket.form.kind.currentData()) is Kind.LIMIT
    menu.deleteLater()
