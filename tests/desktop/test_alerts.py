"""Alerts in the window: lines on the chart, a panel, notices, the newest on the Dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from puffling.automation.alerts.values import AlertLine, AlertState, Way
from puffling.desktop.alerts.part import AlertsOnChart
from puffling.desktop.ask import Question
from puffling.desktop.dispatch import PERSON
from puffling.desktop.forms import Form
from puffling.desktop.looks.menu import chart_menu
from puffling.desktop.looks.part import Looks
from puffling.desktop.notices import Toast
from puffling.desktop.panels.alerts import AlertsPanel
from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.panels.dashboard import DashboardPanel
from puffling.market.events import PricesMoved
from puffling.puffin.data.instants import to_us
from puffling.runtime.actor import calling_as
from tests.desktop.charting.test_replay import DAY
from tests.desktop.conftest import OpenWindow, until

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window


async def charted(core: Core, open_window: OpenWindow) -> tuple[Window, ChartPanel, AlertsOnChart]:
    """A window whose chart has its bars, and what it shows of alerts."""
    window = await open_window(core)
    panel = window.docks["chart"].panel
    assert isinstance(panel, ChartPanel)
    part = panel.active.part("alerts")
    assert isinstance(part, AlertsOnChart)
    await until(lambda: panel.chart.bar_count > 100)
    return window, panel, part


async def alerts(core: Core) -> tuple[AlertLine, ...]:
    """What is waited for."""
    with calling_as(PERSON):
        return await core.alerts.all()


async def made(core: Core, share: float = 1.01, symbol: str = "SPY") -> AlertLine:
    """An alert a little above the price that stands."""
    with calling_as(PERSON):
        return await core.alerts.price(symbol, round(core.market.price(symbol).price * share, 2), Way.ABOVE)


def panel_in(window: Window) -> AlertsPanel:
    """The panel, in sight."""
    window.show_panel("alerts")
    found = window.docks["alerts"].panel
    assert isinstance(found, AlertsPanel)
    return found


def reach(core: Core, line: AlertLine) -> None:
    """Let the market tell a price beyond the level."""
    price = core.market.price(line.symbol)
    assert line.level is not None
    told = price._replace(price=line.level + 1, time_us=to_us(core.clock.now()))
    core.bus.publish(PricesMoved({line.symbol: told}))


async def test_the_menu_of_the_chart_makes_one_where_one_points(core: Core, open_window: OpenWindow) -> None:
    window, panel, part = await charted(core, open_window)
    looks = panel.active.part("looks")
    assert isinstance(looks, Looks)
    menu = chart_menu(looks, panel.chart, 712.304)
    next(action for action in menu.actions() if action.text() == "Alert at 712.30").trigger()
    menu.deleteLater()
    await until(lambda: [line.price for line in part.lines] == [712.3])
    (line,) = await alerts(core)
    assert (line.symbol, line.level, line.way, line.once) == ("SPY", 712.3, Way.EITHER, True)
    assert "SPY crosses 712.30" in window.notices.history[-1].text


async def test_its_line_is_moved_by_mouse_and_keyboard_and_removed(
    core: Core, open_window: OpenWindow
) -> None:
    _, panel, part = await charted(core, open_window)
    line = await made(core)
    level = line.level
    assert level is not None
    await until(lambda: len(part.lines) == 1)
    part.lines[0].take()
    part.lines[0].move_to(level + 3)
    part.lines[0].let_go()
    await until(lambda: [each.price for each in part.lines] == [round(level + 3, 2)])
    tag = panel.chart.lines.tag(part.lines[0])
    tag.setFocus()
    QTest.keyClick(tag, Qt.Key.Key_Down)
    QTest.keyClick(tag, Qt.Key.Key_Return)
    await until(lambda: [each.level for each in part.shown] == [round(level + 2.99, 2)])
    assert await alerts(core) == part.shown
    QTest.keyClick(panel.chart.lines.tag(part.lines[0]), Qt.Key.Key_Delete)
    await until(lambda: part.lines == [])
    assert await alerts(core) == ()


async def test_a_replay_shows_none_and_another_symbol_its_own(core: Core, open_window: OpenWindow) -> None:
    window, panel, part = await charted(core, open_window)
    await made(core)
    await until(lambda: len(part.lines) == 1)
    panel.replay.go_to(DAY)
    await until(lambda: part.lines == [])
    panel.replay.end()
    await until(lambda: len(part.lines) == 1)
    window.session.selection.choose("QQQ")
    await until(lambda: part.lines == [])


async def test_when_it_is_raised_the_window_says_so_and_the_line_goes(
    core: Core, open_window: OpenWindow
) -> None:
    window, _, part = await charted(core, open_window)
    line = await made(core, symbol="AAPL")
    window.session.selection.choose("AAPL")
    await until(lambda: len(part.lines) == 1)
    window.session.selection.choose("SPY")
    reach(core, line)
    await until(lambda: any("AAPL rose to" in notice.text for notice in window.notices.shown))
    (after,) = await alerts(core)
    assert after.state is AlertState.DONE
    toast = next(each for each in window.findChildren(Toast) if "AAPL" in each.notice.text)
    show = next(b for b in toast.findChildren(QPushButton) if b.text() == "Show AAPL")
    QTest.mouseClick(show, Qt.MouseButton.LeftButton)
    assert window.session.selection.symbol == "AAPL"


async def test_the_panel_shows_them_with_their_distance_and_what_was_said(
    core: Core, open_window: OpenWindow
) -> None:
    line = await made(core)
    window = await open_window(core)
    panel = panel_in(window)
    await until(lambda: panel.table.keys() == (line.id,))
    reach(core, line)
    await until(lambda: len(panel.said.keys()) == 1)
    assert panel._pages.title("said") == "History 1"
    panel._pages.open("said")
    assert panel.said.isVisible()
    await until(lambda: panel._pages.title("said") == "History")
    with calling_as(PERSON):
        [note] = await core.alerts.history()
    assert note.read_at is not None


async def test_in_the_panel_they_are_switched_and_removed_and_brought_back(
    core: Core, open_window: OpenWindow
) -> None:
    line = await made(core)
    window = await open_window(core)
    panel = panel_in(window)
    await until(lambda: panel.table.keys() == (line.id,))
    panel._acts.switch(panel._chosen([line.id]), on=False)
    await until(lambda: panel._lines[line.id].state is AlertState.OFF)
    panel._acts.switch(panel._chosen([line.id]), on=True)
    await until(lambda: panel._lines[line.id].state is AlertState.WATCHING)
    panel.table.keys_removed.emit([line.id])
    await until(lambda: panel.table.keys() == ())
    await until(lambda: bool(window.notices.history) and window.notices.history[-1].action == "Undo")
    undo = next(
        b for each in window.findChildren(Toast) for b in each.findChildren(QPushButton) if b.text() == "Undo"
    )
    QTest.mouseClick(undo, Qt.MouseButton.LeftButton)
    await until(lambda: panel.table.keys() == (line.id,))


async def test_a_new_one_is_asked_for_in_words(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    window.actions_.run("window.new-alert")

    def form() -> Form | None:
        asked = [each for each in window.findChildren(Question) if each.isVisible()]
        return asked[0].findChild(Form) if asked else None

    await until(lambda: form() is not None)
    found = form()
    assert found is not None
    found.submit()
    await until(lambda: bool(window.notices.history) and "Alert: SPY" in window.notices.history[-1].text)
    (line,) = await alerts(core)
    assert (line.symbol, line.once, line.way) == ("SPY", True, Way.EITHER)


async def test_the_newest_stand_on_the_dashboard(core: Core, open_window: OpenWindow) -> None:
    line = await made(core)
    window = await open_window(core)
    window.show_panel("dashboard")
    found = window.docks["dashboard"].panel
    assert isinstance(found, DashboardPanel)
    await until(lambda: found._view is not None and found.view.portfolio is not None)
    assert not found.view.alerts.isVisible()
    reach(core, line)
    await until(found.view.alerts.isVisible)
    assert len(found.view.alerts.keys()) == 1


async def test_one_is_changed_in_the_form_it_was_made_with(core: Core, open_window: OpenWindow) -> None:
    line = await made(core)
    window = await open_window(core)
    panel = panel_in(window)
    await until(lambda: panel.table.keys() == (line.id,))
    panel._acts.ask_change(panel, line)
    found: list[Form] = []

    def asked() -> bool:
        found[:] = [
            form
            for each in window.findChildren(Question)
            if each.isVisible()
            for form in each.findChildren(Form)
        ]
        return bool(found)

    await until(asked)
    found[0].editor("kind").write("move")
    found[0].editor("at").write(2.5)
    found[0].submit()
    await until(lambda: panel._lines[line.id].kind == "move")
    assert panel._lines[line.id].title == "SPY gains 2.5% in a day"
