"""An exit that waits here is moved: by its line on the chart, and in the form of its row."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QPushButton

from puffling.desktop.ask import Question
from puffling.desktop.forms import Form
from puffling.desktop.panels.orders import OrdersPanel
from puffling.runtime.actor import calling_as
from puffling.runtime.clock import FixedClock
from tests.desktop.conftest import OpenWindow, until
from tests.desktop.test_orders_on_chart import answer, charted
from tests.desktop.test_orders_panel import MINE, connected, lines, placed, seen
from tests.fakes.own_broker import EVERYTHING, OwnBroker
from tests.fixtures.cores import PERSON

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.charts.price_lines import PriceLine
    from puffling.desktop.window import Window

PROFIT, LOSS = Decimal(760), Decimal(620)


@pytest.fixture
def broker(clock: FixedClock) -> OwnBroker:
    """One that holds no brackets."""
    return OwnBroker(now=clock.now, abilities=replace(EVERYTHING, brackets=False))


@pytest.fixture
async def core(core: Core, broker: OwnBroker) -> Core:
    """A core with one SPY held, and both ways out of it waiting here."""
    core = await connected(core, broker)
    await placed(core, take_profit=PROFIT, stop_loss=LOSS)
    broker.fill(broker.accepted()[0]["id"])
    await core.desk.look_after(MINE.id)
    return core


async def prices(core: Core) -> list[Decimal | None]:
    """Where profit and stop wait."""
    with calling_as(PERSON):
        found = [line for line in await core.broker.orders(MINE.id) if line.held]
    return [line.stop if line.limit is None else line.limit for line in found]


async def test_both_exits_are_lines_and_each_is_moved_by_its_own(
    core: Core, broker: OwnBroker, open_window: OpenWindow
) -> None:
    window, _, part = await charted(core, open_window)
    await until(lambda: sorted(line.price for line in part.lines) == [620.0, 760.0])
    assert {line.label for line in part.lines} == {"Sell 1 held here"}
    moves = ((620.0, 641.004, [PROFIT, Decimal(641)]), (760.0, 750.0, [Decimal(750), Decimal(641)]))
    for was, to, wanted in moves:
        before = tuple(part.lines)
        [line] = [each for each in before if each.price == was]
        assert line.movable
        line.take()
        line.move_to(to)
        line.let_go()
        await answer(window, "Change order")

        def drawn_anew(before: tuple[PriceLine, ...] = before, wanted: list[Decimal] = wanted) -> bool:
            fresh = [each for each in part.lines if each not in before]
            return sorted((each.price for each in fresh), reverse=True) == [float(each) for each in wanted]

        await until(drawn_anew)
        assert await prices(core) == wanted
    assert len(broker.accepted()) == 1


async def test_a_move_that_is_refused_goes_back_to_where_the_exit_waits(
    core: Core, open_window: OpenWindow
) -> None:
    window, _, part = await charted(core, open_window)
    await until(lambda: len(part.lines) == 2)
    [line] = [each for each in part.lines if each.price == float(LOSS)]
    line.take()
    # The stop would lie beyond the profit.
    line.move_to(770.0)
    line.let_go()
    await until(lambda: any(each.price == float(LOSS) for each in part.lines if not each.held))
    assert not [each for each in window.findChildren(Question) if each.isVisible()]
    assert await prices(core) == [PROFIT, LOSS]


def form_of(window: Window, panel: OrdersPanel, leg: int) -> None:
    """Ask for the form of a row, by its menu."""
    menu = QMenu()
    panel.table.menu_opening.emit(menu, [panel.table.keys()[leg]])
    [change] = [each for each in menu.actions() if each.text() == "Change order…"]
    assert change.isEnabled()
    change.trigger()
    menu.deleteLater()


async def test_the_stop_is_changed_in_the_form_of_its_row(
    core: Core, broker: OwnBroker, open_window: OpenWindow
) -> None:
    window, panel = await seen(core, open_window)
    await until(lambda: [line.held for line in lines(panel)] == [True, True])
    [place] = [place for place, line in enumerate(lines(panel)) if line.stop is not None]
    form_of(window, panel, place)
    await until(lambda: bool(window.findChildren(Question)))
    [asked] = window.findChildren(Question)
    [fields] = asked.findChildren(Form)
    # What it leads out of says how much.
    assert [each.name for each in fields.fields] == ["stop"]
    fields.editor("stop").write(Decimal("641.5"))
    fields.submit()

    def shown() -> list[QPushButton]:
        questions = [each for each in window.findChildren(Question) if each.isVisible() and each is not asked]
        buttons = [button for each in questions for button in each.findChildren(QPushButton)]
        return [button for button in buttons if button.text() == "Change order"]

    await until(lambda: bool(shown()))
    QTest.mouseClick(shown()[0], Qt.MouseButton.LeftButton)
    await until(lambda: [line.stop for line in lines(panel)].count(Decimal("641.5")) == 1)
    assert await prices(core) == [PROFIT, Decimal("641.5")]
    assert len(broker.accepted()) == 1
