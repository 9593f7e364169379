"""Where room is scarce, buttons become one with a menu, and nothing is cut."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from puffling.desktop.menus import Menu
from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.squeezing import Squeezed
from puffling.desktop.workspaces import WORKSPACES
from puffling.puffin.data.interval import Interval
from tests.desktop.conftest import OpenWindow, until

if TYPE_CHECKING:
    from puffling.core.core import Core


class Widening(QObject):
    """Makes room as soon as there is none, as a layout around it may."""

    def __init__(self, row: Squeezed) -> None:
        super().__init__(row)
        self._row = row
        row.one.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            self._row.resize(600, 28)
        return super().eventFilter(watched, event)


def test_room_that_comes_while_it_is_squeezed_is_used(qtbot: QtBot) -> None:
    around = QWidget()
    qtbot.addWidget(around)
    around.resize(800, 100)
    row = Squeezed("More")
    row.setParent(around)
    for name in ("One", "Two", "Three"):
        row.hold(QPushButton(name))
    row.resize(600, 28)
    around.show()
    Widening(row)
    row.resize(20, 28)
    assert row.width() == 600
    assert all(button.isVisible() for button in row.shown)
    assert not row.one.isVisible()


def is_priced(chart: ChartPanel) -> bool:
    return chart.symbol.text() == "BTC/USD" and bool(chart.last.text())


async def test_no_panel_covers_another_in_the_smallest_window_with_the_widest_price(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.resize(window.minimumSize())
    for workspace in WORKSPACES:
        window.open_workspace(workspace.id)
        window.session.selection.choose("BTC/USD", Interval.M15)
        chart = window.docks["chart"].panel
        assert isinstance(chart, ChartPanel)
        if chart.isVisible():
            await until(partial(is_priced, chart))
        await until(lambda: window.width() == window.minimumWidth())
        shown = [dock for dock in window.docks.values() if dock.isVisible() and dock.x() >= 0]
        for one in shown:
            for other in shown:
                crossed = one.geometry().intersected(other.geometry())
                assert one is other or crossed.isEmpty(), (workspace.id, one, other)


async def test_the_width_of_bars_is_chosen_from_a_menu_where_its_buttons_have_no_room(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.resize(window.minimumSize())
    chart = window.docks["chart"].panel
    assert isinstance(chart, ChartPanel)
    switch = chart._line.switch
    await until(switch.one.isVisible)
    assert not switch.buttons[Interval.H1].isVisible()
    switch.one.setFocus()
    QTest.keyClick(switch.one, Qt.Key.Key_Space)
    menu = switch.findChild(Menu)
    assert menu is not None
    [hour] = [action for action in menu.actions() if action.text() == "1h"]
    hour.trigger()
    menu.close()
    assert window.session.selection.interval is Interval.H1
    await until(lambda: switch.one.text() == "1h")
    window.resize(1600, 900)
    await until(lambda: switch.buttons[Interval.H1].isVisible() and not switch.one.isVisible())
