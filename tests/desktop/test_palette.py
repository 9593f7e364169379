"""Everything is reached with a few letters and without the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from puffling.desktop.forms import Form
from puffling.desktop.palette import Palette
from puffling.desktop.panels.jobs import JobsPanel
from puffling.desktop.snapshot import Snapshot
from puffling.desktop.theme import look
from tests.desktop.conftest import OpenWindow, close_window, until

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window


def type_into(palette: Palette, text: str) -> None:
    """Open the palette and type."""
    palette.open_palette()
    QTest.keyClicks(palette.field, text)


def press(palette: Palette, key: Qt.Key) -> None:
    """Press a key in the palette."""
    QTest.keyClick(palette.field, key)


def form_in_the_sheet(window: Window) -> Form:
    """The form that is open."""
    body = window.sheet.body
    assert body is not None
    form = body.findChild(Form)
    assert isinstance(form, Form)
    return form


async def test_every_action_is_offered_with_its_shortcut(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    window.palette_.open_palette()
    offered = {entry.id: entry.keys for entry in window.palette_.entries}
    for action in window.actions_:
        if action.id != "window.palette":
            assert action.id in offered
            assert bool(offered[action.id]) == bool(action.shortcut)
    window.palette_.close_palette()


async def test_letters_and_return_run_an_ability(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    type_into(window.palette_, "halt tr")
    press(window.palette_, Qt.Key.Key_Return)
    await until(lambda: window.top.state.text() == "HALTED")
    assert not window.palette_.isVisible()


async def test_a_symbol_opens_in_the_chart(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    type_into(window.palette_, "nvda")
    await until(lambda: bool(window.palette_.entries) and window.palette_.entries[0].id == "symbol:NVDA")
    press(window.palette_, Qt.Key.Key_Return)
    assert window.session.selection.symbol == "NVDA"


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("msft", "symbol:MSFT"),
        ("MS", "symbol:MSFT"),
        ("apple", "symbol:AAPL"),
        ("spy", "symbol:SPY"),
        ("btc", "symbol:BTC/USD"),
        ("halt", "safety.halt"),
        ("buy", "window.ticket-buy"),
        ("sell", "window.ticket-sell"),
        ("cancel all", "window.orders-cancel-all"),
        ("add ind", "window.add-indicator"),
        ("pref", "window.preferences"),
        ("new alert", "window.new-alert"),
        ("back up", "backups.create"),
        ("flatten", "window.safety-flatten"),
    ],
)
async def test_what_is_meant_comes_first(core: Core, open_window: OpenWindow, typed: str, first: str) -> None:
    window = await open_window(core)
    type_into(window.palette_, typed)
    await until(lambda: bool(window.palette_.entries) and window.palette_.entries[0].id == first)


async def test_a_symbol_brings_nothing_that_only_has_its_letters(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    type_into(window.palette_, "msft")
    await until(lambda: bool(window.palette_.entries))
    assert [entry.id for entry in window.palette_.entries] == ["symbol:MSFT"]


async def test_what_people_call_export_is_found_by_that_word(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    type_into(window.palette_, "export")
    found = [entry.id for entry in window.palette_.entries]
    assert {"window.chart-png", "window.chart-svg", "window.chart-csv-all"} <= set(found[:12])


async def test_the_theme_is_changed_by_a_command_and_kept(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    assert look().theme.dark
    type_into(window.palette_, "light theme")
    assert window.palette_.entries[0].id == "window.theme-light"
    press(window.palette_, Qt.Key.Key_Return)
    await until(lambda: not look().theme.dark)
    assert core.settings_now.appearance.theme == "light"
    checked = window.actions_.get("window.theme-light").checked
    assert checked is not None
    assert checked()
    window.actions_.run("window.theme-dark")
    await until(lambda: look().theme.dark)


async def test_arrows_choose_and_escape_gives_the_keyboard_back(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    window.docks["watchlist"].panel.take_focus()
    before = QApplication.focusWidget()
    window.palette_.open_palette()
    press(window.palette_, Qt.Key.Key_Down)
    assert window.palette_.list.currentIndex().row() == 1
    press(window.palette_, Qt.Key.Key_Up)
    press(window.palette_, Qt.Key.Key_Up)
    assert window.palette_.list.currentIndex().row() == len(window.palette_.entries) - 1
    press(window.palette_, Qt.Key.Key_Escape)
    assert not window.palette_.isVisible()
    assert QApplication.focusWidget() is before


async def test_what_was_used_last_comes_first_also_after_a_restart(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    type_into(window.palette_, "about")
    press(window.palette_, Qt.Key.Key_Return)
    snapshot: Snapshot = await close_window(window)
    again = await open_window(snapshot=snapshot)
    again.palette_.open_palette()
    assert again.palette_.entries[0].id == "window.about"
    again.palette_.close_palette()


async def test_what_needs_arguments_opens_a_form_that_says_what_is_wrong(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.actions_.run("watchlists.create")
    form = form_in_the_sheet(window)
    form.submit()
    assert "name" in form.errors
    form.editor("name").write("Metals")
    form.editor("symbols").write(["GLD", "NOSUCH"])
    form.submit()
    await until(lambda: bool(window.notices.shown))
    assert "NOSUCH" in window.notices.shown[-1].text + window.notices.shown[-1].hint


async def test_a_form_that_is_filled_in_does_its_work_and_closes(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    window.actions_.run("watchlists.create")
    form = form_in_the_sheet(window)
    form.editor("name").write("Metals")
    form.submit()
    await until(lambda: not window.sheet.isVisible())
    await until(lambda: bool(window.notices.shown))
    assert "New watchlist" in window.notices.shown[-1].text


async def test_a_job_is_started_shown_and_its_result_can_be_read(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    window.open_workspace("automate")
    window.actions_.run("data.check")
    panel = window.docks["jobs"].panel
    assert isinstance(panel, JobsPanel)
    await until(lambda: panel.table.rows.rowCount() == 1)
    await until(lambda: panel.table.rows.row(0).final)
    panel.table.select([panel.table.rows.key(0)])
    await until(lambda: "histories" in panel.detail.toPlainText())
    assert window.bottom.running.text() == ""


async def test_a_running_job_can_be_cancelled_from_its_panel(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    window.open_workspace("automate")
    panel = window.docks["jobs"].panel
    assert isinstance(panel, JobsPanel)
    window.actions_.run("data.check")
    await until(lambda: panel.table.rows.rowCount() == 1)
    panel.table.select([panel.table.rows.key(0)])
    panel.stop.click()
    await until(lambda: panel.table.rows.row(0).final)
    assert panel.table.rows.row(0).state.value == "cancelled"


async def test_keys_of_all_actions_are_told_apart_and_shown_in_the_overview(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    keys = [action.shortcut for action in window.actions_ if action.shortcut]
    assert len(keys) == len(set(keys))
    window.show_shortcuts()
    assert window.sheet.isVisible()
    QTest.keyClick(window.sheet, Qt.Key.Key_Escape)
    assert not window.sheet.isVisible()
