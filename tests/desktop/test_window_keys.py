"""Keys that belong to the window as a whole, and what it does out of sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from puffling.desktop.dispatch import PERSON
from puffling.desktop.notices import Level, Toast
from puffling.desktop.panels.watchlist import WatchlistPanel
from puffling.desktop.preferences import Preferences
from puffling.desktop.window import FRAME_HEIGHT
from puffling.market.events import PricesMoved
from puffling.puffin.data.interval import Interval
from puffling.runtime.actor import calling_as
from tests.desktop.conftest import OpenWindow, until

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window


def table_of(window: Window) -> WatchlistPanel:
    """The watchlist panel, with the keyboard on its table."""
    panel = window.docks["watchlist"].panel
    assert isinstance(panel, WatchlistPanel)
    panel.table.setFocus()
    return panel


async def test_alt_by_itself_opens_the_menu(open_window: OpenWindow) -> None:
    window = await open_window()
    QTest.keyPress(window, Qt.Key.Key_Alt, Qt.KeyboardModifier.AltModifier)
    QTest.keyRelease(window, Qt.Key.Key_Alt)
    assert window.top.menu.isVisible()
    window.top.menu.close()


async def test_alt_with_a_key_that_a_panel_takes_opens_nothing(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    panel = table_of(window)
    panel.table.select(["SPY"], current="SPY")
    QTest.keyPress(window, Qt.Key.Key_Alt, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(panel.table, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    QTest.keyRelease(window, Qt.Key.Key_Alt)
    assert not window.top.menu.isVisible()
    await until(lambda: panel.watchlist is not None and panel.watchlist.symbols[0] == "QQQ")


async def test_escape_closes_a_sheet_from_anywhere(open_window: OpenWindow) -> None:
    window = await open_window()
    window.show_shortcuts()
    window.top.menu_button.setFocus()
    QTest.keyClick(window.top.menu_button, Qt.Key.Key_Escape)
    await until(lambda: not window.sheet.isVisible())


async def test_a_sheet_closes_though_what_had_the_keyboard_is_gone(open_window: OpenWindow) -> None:
    window = await open_window()
    window.notices.tell("Removed.", action="Undo", act=lambda: None)
    toast = window.findChildren(Toast)[-1]
    toast.findChildren(QPushButton)[0].setFocus()
    window.show_shortcuts()
    toast.dismiss()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    window.sheet.close_sheet()
    assert not window.sheet.isVisible()


async def test_a_sheet_has_the_keyboard_where_one_starts(core: Core, open_window: OpenWindow) -> None:
    with calling_as(PERSON):
        await core.backups.create()
    window = await open_window(core)
    window.actions_.run("backups.restore")
    await until(window.sheet.isVisible)
    assert window.sheet.body is not None
    assert window.focusWidget() is window.sheet.body.findChildren(QPushButton)[0]
    window.actions_.run("window.preferences")
    body = window.sheet.body
    assert isinstance(body, Preferences)
    assert window.focusWidget() is body.search


async def test_every_interval_of_the_chart_has_a_key(open_window: OpenWindow) -> None:
    window = await open_window()
    for interval in Interval:
        window.actions_.run(f"window.interval-{interval.name.lower()}")
        assert window.session.selection.interval is interval
        assert window.actions_.get(f"window.interval-{interval.name.lower()}").shortcut


async def test_a_minimised_window_listens_to_nothing_until_it_is_back(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    listening = core.bus.listeners(PricesMoved)
    window.showMinimized()
    await until(lambda: not any(dock.panel.awake for dock in window.docks.values()))
    assert core.bus.listeners(PricesMoved) < listening
    window.showNormal()
    await until(lambda: core.bus.listeners(PricesMoved) == listening)


async def test_a_window_opened_for_the_first_time_fits_the_screen(open_window: OpenWindow) -> None:
    window = await open_window()
    window.take_first_size()
    room = window.screen().availableSize()
    assert window.width() <= max(room.width(), window.minimumWidth())
    assert window.height() <= max(room.height() - FRAME_HEIGHT, window.minimumHeight())


async def test_a_panel_that_comes_to_the_front_covers_no_notice(open_window: OpenWindow) -> None:
    window = await open_window()
    window.notices.tell("Something to read.", level=Level.ERROR)
    toast = window.findChildren(Toast)[-1]
    window.show_panel("guide")
    await until(lambda: window.docks["guide"].isVisible() and over(window, toast))


async def test_a_job_that_begins_lifts_nothing(open_window: OpenWindow) -> None:
    window = await open_window()
    height = window.bottom.sizeHint().height()
    window.bottom.show_job("Check history 49%", 0.49)
    assert window.bottom.sizeHint().height() == height


def over(window: Window, toast: Toast) -> bool:
    """Tell whether a notice is what one sees where it stands."""
    there = window.childAt(toast.geometry().center())
    return there is not None and (there is toast or toast.isAncestorOf(there))
