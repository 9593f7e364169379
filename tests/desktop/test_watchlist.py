"""The watchlist shows live prices and never shows an edit that is not stored."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from puffling.desktop.columns import tip
from puffling.desktop.dispatch import PERSON
from puffling.desktop.notices import Level, Toast
from puffling.desktop.panels.watchlist import WatchlistPanel
from puffling.desktop.snapshot import Snapshot
from puffling.desktop.states import Phase
from puffling.desktop.watch_rows import watch_columns
from puffling.market.events import FeedStateChanged, PricesMoved
from puffling.market.values import Condition
from puffling.runtime.actor import calling_as
from puffling.runtime.paths import Paths
from puffling.store.values import Watchlist
from tests.desktop.conftest import OpenWindow, close_window, until

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window
    from puffling.runtime.clock import FixedClock

TICKS = 20_000


def panel_of(window: Window) -> WatchlistPanel:
    """The watchlist panel of a window."""
    panel = window.docks["watchlist"].panel
    assert isinstance(panel, WatchlistPanel)
    return panel


def press_undo(window: Window) -> None:
    """Click what the newest notice offers."""
    toast = window.findChildren(Toast)[-1]
    next(button for button in toast.findChildren(QPushButton) if button.text() == "Undo").click()


async def stored(core: Core) -> list[Watchlist]:
    """The lists as the database has them."""
    with calling_as(PERSON):
        return list(await core.watchlists.all())


async def test_prices_are_shown_for_every_symbol(core: Core, open_window: OpenWindow) -> None:
    panel = panel_of(await open_window(core))
    await until(
        lambda: all(panel.table.rows.row(place).price for place in range(panel.table.rows.rowCount()))
    )
    assert panel.table.keys()[:3] == ("SPY", "QQQ", "AGG")
    last = next(column for column in watch_columns() if column.id == "last")
    assert tip(last, panel.table.rows.row(0)) == "Demo data"


async def test_a_second_of_20000_ticks_tells_the_table_once_for_each_drain(
    core: Core, open_window: OpenWindow
) -> None:
    panel = panel_of(await open_window(core))
    first = core.data.newest("SPY")
    assert first is not None
    await until(lambda: all(len(panel.table.rows.row(place).trend) > 1 for place in range(10)))
    told: list[int] = []
    panel.table.rows.dataChanged.connect(lambda *_: told.append(1))
    for number in range(TICKS):
        core.bus.publish(PricesMoved({"SPY": first._replace(price=500 + number)}))
    assert told == []
    await until(lambda: bool(told))
    row = panel.table.rows.row_of("SPY")
    assert row is not None
    assert row.price is not None
    assert row.price.price == 500 + TICKS - 1
    assert len(told) == 1


async def test_an_edit_that_is_shown_is_on_the_disk_already(
    core: Core, open_window: OpenWindow, paths: Paths, clock: FixedClock, tmp_path: Path
) -> None:
    panel = panel_of(await open_window(core))
    panel.add("IWM")
    await until(lambda: "IWM" in panel.table.rows.keys)
    # What a kill at this very moment would leave behind.
    shutil.copytree(paths.data, tmp_path / "left", ignore=shutil.ignore_patterns("*.sock"))
    left = await type(core).open(Paths.under(tmp_path / "left"), clock=clock, environment={})
    assert "IWM" in (await stored(left))[0].symbols
    await left.close()


async def test_what_cannot_be_added_is_said_and_not_shown(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    panel = panel_of(window)
    before = panel.table.keys()
    panel.add("NOSUCH")
    await until(lambda: bool(window.notices.shown))
    assert window.notices.shown[-1].level is Level.ERROR
    assert panel.table.keys() == before


async def test_removing_offers_undo_that_puts_the_symbol_back_in_its_place(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    panel = panel_of(window)
    panel.table.select(["QQQ"], current="QQQ")
    QTest.keyClick(panel.table, Qt.Key.Key_Delete)
    await until(lambda: "QQQ" not in panel.table.rows.keys)
    assert "QQQ" not in (await stored(core))[0].symbols
    assert window.notices.shown[-1].action == "Undo"
    press_undo(window)
    await until(lambda: "QQQ" in panel.table.rows.keys)
    assert (await stored(core))[0].symbols[1] == "QQQ"


async def test_rows_move_by_keyboard_and_stay_moved(core: Core, open_window: OpenWindow) -> None:
    panel = panel_of(await open_window(core))
    panel.table.select(["SPY"], current="SPY")
    QTest.keyClick(panel.table, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)

    await until(lambda: panel.watchlist is not None and panel.watchlist.symbols[:2] == ("QQQ", "SPY"))
    assert (await stored(core))[0].symbols[:2] == ("QQQ", "SPY")
    assert panel.table.keys()[:2] == ("QQQ", "SPY")


async def test_a_change_made_elsewhere_is_shown(core: Core, open_window: OpenWindow) -> None:
    panel = panel_of(await open_window(core))
    with calling_as(PERSON):
        await core.watchlists.add((await core.watchlists.all())[0].id, "IWM")
    await until(lambda: "IWM" in panel.table.rows.keys)


async def test_a_deleted_list_comes_back_whole(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    panel = panel_of(window)
    before = (await stored(core))[0]
    panel.delete_list()
    await until(lambda: panel.watchlist is None)
    assert await stored(core) == []
    press_undo(window)
    await until(lambda: panel.watchlist is not None)
    assert await stored(core) == [before]


async def test_columns_and_sorting_are_remembered(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    panel = panel_of(window)
    panel.table.show_column("volume", True)
    panel.table.rows.sort_by(("percent", True))
    snapshot = await close_window(window)
    again = panel_of(await open_window(snapshot=snapshot))
    state = again.table.save_state()
    assert "volume" not in state["hidden"]
    assert state["sort"] == ["percent", True]
    assert len(again.table.keys()) == 10


async def test_rows_of_a_damaged_snapshot_are_passed_over(open_window: OpenWindow) -> None:
    damaged = Snapshot(
        panels={"watchlist": {"choices": {"table": {"sort": [1]}}, "content": {"rows": [[1], "x"]}}}
    )
    panel = panel_of(await open_window(snapshot=damaged))
    assert panel.table.keys() == ()


@pytest.mark.parametrize("kept", [{"table": [1]}, {"table": None}, {"which": ["all"]}])
async def test_choices_that_are_none_are_passed_over(open_window: OpenWindow, kept: object) -> None:
    snapshot = Snapshot(panels={name: {"choices": kept} for name in ("watchlist", "activity", "jobs")})
    assert panel_of(await open_window(snapshot=snapshot)).isVisible()


async def test_prices_that_stand_still_are_dimmed_until_they_move_again(
    core: Core, open_window: OpenWindow
) -> None:
    panel = panel_of(await open_window(core))
    with calling_as(PERSON):
        feed = (await core.monitor.health()).feeds[0]
    core.bus.publish(FeedStateChanged(replace(feed, stale=True, condition=Condition.STALE)))
    dimmed = panel.table.states.phase
    assert dimmed is Phase.STALE
    core.bus.publish(FeedStateChanged(replace(feed, stale=False)))
    assert panel.table.states.phase is Phase.CONTENT


async def test_lists_are_made_and_renamed_in_place(core: Core, open_window: OpenWindow) -> None:
    panel = panel_of(await open_window(core))
    panel.ask_new_list()
    QTest.keyClicks(panel.name_field, "Metals")
    QTest.keyClick(panel.name_field, Qt.Key.Key_Return)
    await until(lambda: panel.watchlist is not None and panel.watchlist.name == "Metals")
    await until(lambda: panel.table.states.phase is Phase.EMPTY)
    panel.ask_rename()
    QTest.keyClicks(panel.name_field, "Gold and silver")
    QTest.keyClick(panel.name_field, Qt.Key.Key_Return)
    await until(lambda: panel.watchlist is not None and panel.watchlist.name == "Gold and silver")
    assert [each.name for each in await stored(core)] == ["Core", "Gold and silver"]


async def test_a_name_that_is_taken_is_refused_and_said(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    panel = panel_of(window)
    panel.ask_new_list()
    QTest.keyClicks(panel.name_field, "Core")
    QTest.keyClick(panel.name_field, Qt.Key.Key_Return)
    await until(lambda: bool(window.notices.shown))
    assert window.notices.shown[-1].level is Level.ERROR
    assert [each.name for each in await stored(core)] == ["Core"]


async def test_part_of_a_name_is_enough_to_add_a_symbol(core: Core, open_window: OpenWindow) -> None:
    panel = panel_of(await open_window(core))
    panel.ask_symbol()
    QTest.keyClicks(panel.symbol_field, "russell")
    await until(lambda: panel.symbol_field.suggestions() != [])
    assert panel.symbol_field.suggestions()[0] == "IWM"
    QTest.keyClick(panel.symbol_field, Qt.Key.Key_Return)
    await until(lambda: "IWM" in panel.table.rows.keys)


async def test_a_suggestion_is_chosen_with_the_arrow_keys(core: Core, open_window: OpenWindow) -> None:
    panel = panel_of(await open_window(core))
    panel.ask_symbol()
    QTest.keyClicks(panel.symbol_field, "russell")
    await until(lambda: panel.symbol_field.suggestions() != [])
    popup = panel.symbol_field.completer().popup()
    assert popup is not None
    QTest.keyClick(popup, Qt.Key.Key_Down)
    QTest.keyClick(popup, Qt.Key.Key_Return)
    await until(lambda: "IWM" in panel.table.rows.keys)


async def test_what_is_a_symbol_already_is_taken_as_it_was_typed(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    panel = panel_of(window)
    panel.ask_symbol()
    QTest.keyClicks(panel.symbol_field, "nosuch")
    QTest.keyClick(panel.symbol_field, Qt.Key.Key_Return)
    await until(lambda: bool(window.notices.shown))
    assert "NOSUCH" in window.notices.shown[-1].text
    QTest.keyClicks(panel.symbol_field, "iwm")
    QTest.keyClick(panel.symbol_field, Qt.Key.Key_Return)
    await until(lambda: panel.table.keys()[-1] == "IWM")


async def test_a_symbol_that_no_feed_knows_any_more_leaves_the_others_alive(
    core: Core, open_window: OpenWindow
) -> None:
    await core.store.run(core.user, lambda unit: unit.watchlists.add(unit.watchlists.all()[0].id, "GONE", 0))
    panel = panel_of(await open_window(core))
    await until(lambda: len(panel.table.rows.row(9).trend) > 1)
    assert panel.table.rows.row(9).price is not None
    gone = panel.table.rows.row(0)
    assert (gone.symbol, gone.price, gone.trend) == ("GONE", None, ())


async def test_a_long_name_of_a_list_pushes_nothing_aside(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    panel = panel_of(window)
    width = window.docks["watchlist"].width()
    name = "A name that nobody would ever give to a list but that somebody will give all the same"[:80]
    with calling_as(PERSON):
        made = await core.watchlists.create(name)
    panel.choose_list(made.id)
    await until(lambda: panel.table.states.phase is Phase.EMPTY)
    await asyncio.sleep(0.05)
    assert window.docks["watchlist"].width() == width
    assert panel.lists_button.toolTip() == name
    assert panel.content()["name"] == name
