"""The Data panel shows every bar with what is wrong with it, and says where all of it comes from."""

from __future__ import annotations

import cProfile
import gc
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QPushButton

# As after the first look: the modules of the panel are loaded when it is opened.
import puffling.desktop.data.reading
import puffling.desktop.data.taking
import puffling.desktop.data.view  # noqa: F401
from puffling.core.core import Core
from puffling.desktop.ask import Question as Asked
from puffling.desktop.data.bar_rows import BarRows
from puffling.desktop.data.bar_table import BarTable
from puffling.desktop.data.question import Question, read_question
from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.panels.data import DataPanel
from puffling.desktop.panels.fundamentals import FundamentalsPanel
from puffling.desktop.states import Phase
from puffling.desktop.window import Window
from puffling.market.demo.market import DemoMarket
from puffling.market.values import Basis, History, Quality
from puffling.puffin.data.bars import COLUMNS, Bars, SeriesKey, Span
from puffling.puffin.data.instants import US_PER_DAY, day_to_us, to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.quality import inspect_bars
from puffling.runtime.clock import FixedClock
from puffling.runtime.paths import Paths
from puffling.store.bar_file import BarFile
from tests.desktop.conftest import OpenWindow, close_window, until
from tests.fixtures.cores import NOON

BAD, LOST = date(2025, 9, 10), (date(2025, 11, 3), date(2025, 11, 5))


@pytest.fixture
async def faulty(paths: Paths, clock: FixedClock) -> AsyncIterator[Core]:
    """A core whose SPY has a price of nothing and two days missing, as a bad source would have told."""
    paths.prepare()
    whole = Span(day_to_us(date(1990, 1, 2)), day_to_us(NOON.date()))
    bars = DemoMarket().bars("SPY", Interval.D1, whole.start_us, whole.end_us)
    bars = bars.where((bars.time < day_to_us(LOST[0])) | (bars.time >= day_to_us(LOST[1])))
    columns = {name: getattr(bars, name).copy() for name in COLUMNS}
    columns["low"][np.searchsorted(bars.time, day_to_us(BAD))] = -1.0
    file = BarFile(paths.data / "market.db")
    file.open()
    file.save(SeriesKey("demo", "SPY", Interval.D1), Bars(bars.time, **columns), whole, to_us(NOON))
    file.close()
    core = await Core.open(paths, clock=clock, environment={})
    yield core
    await core.close()


async def open_panel(open_window: OpenWindow, core: Core, symbol: str = "SPY") -> DataPanel:
    window = await open_window(core)
    # As the application does once its window lives: what was loaded is not searched for waste again.
    gc.freeze()
    window.session.selection.choose(symbol)
    return await shown(window)


async def shown(window: Window) -> DataPanel:
    window.show_panel("data")
    panel = window.docks["data"].panel
    assert isinstance(panel, DataPanel)
    await until(lambda: panel.live and panel.view.states.phase in (Phase.CONTENT, Phase.EMPTY, Phase.ERROR))
    return panel


def chart_of(panel: DataPanel) -> ChartPanel:
    window = panel.window()
    assert isinstance(window, Window)
    chart = window.docks["chart"].panel
    assert isinstance(chart, ChartPanel)
    return chart


def row_of(panel: DataPanel, day: date) -> int:
    row = panel.view.bars.rows.row_at(day_to_us(day))
    assert row is not None
    return row


def cell(panel: DataPanel, row: int, column: int, role: Qt.ItemDataRole = Qt.ItemDataRole.DisplayRole) -> str:
    rows = panel.view.bars.rows
    return str(rows.data(rows.index(row, column), role))


async def test_every_bar_of_the_selected_symbol_is_there_the_newest_first(
    core: Core, open_window: OpenWindow
) -> None:
    panel = await open_panel(open_window, core)
    assert panel.view.bars.rows.rowCount() > 240
    assert cell(panel, 0, 0) == NOON.date().isoformat()
    assert cell(panel, 1, 0) < cell(panel, 0, 0)
    assert "Demo data" in panel.view.summary.text()
    panel.session.actions.run("window.data-turn")
    assert cell(panel, 0, 0) < cell(panel, 1, 0)
    panel.session.selection.choose("QQQ", Interval.H1)
    await until(lambda: panel.view.history is not None and panel.view.history.key.symbol == "QQQ")
    assert panel.symbol.text() == "QQQ"
    assert panel.view.controls.interval.currentData() == "1h"


async def test_a_faulty_bar_wears_a_sign_and_says_that_signals_do_not_see_it(
    faulty: Core, open_window: OpenWindow
) -> None:
    panel = await open_panel(open_window, faulty)
    row = row_of(panel, BAD)
    rows = panel.view.bars.rows
    assert cell(panel, row, 0) == BAD.isoformat()
    assert rows.shown(rows.place_of(row)).icon == "warn"
    assert rows.shown(rows.place_of(row + 1)).icon == ""
    tip = cell(panel, row, 3, Qt.ItemDataRole.ToolTipRole)
    assert "zero or less" in tip
    assert "signals do not see it" in tip
    said = cell(panel, row, 0, Qt.ItemDataRole.AccessibleDescriptionRole)
    assert tip.endswith(said)
    panel.view.bars.go_to(day_to_us(BAD))
    assert panel.view.fault.text() == said
    # Measured from a price nobody paid, a change would mean nothing.
    assert cell(panel, row - 1, 5) == "\N{EN DASH}"
    assert not panel.view.fault.isHidden()
    assert "1 kept away" in panel.view.summary.text()


async def test_a_gap_is_listed_in_words_and_a_click_leads_table_and_chart_to_it(
    faulty: Core, open_window: OpenWindow
) -> None:
    panel = await open_panel(open_window, faulty)
    chart = chart_of(panel)
    await until(lambda: chart.active.drawn and not chart.active.source.waits)
    assert panel.view.pages.title("flags").endswith(" 2")
    panel.view.open_page("flags")
    flags = panel.view.flags
    listed = flags.keys()
    told = [flags.rows.row_of(key) for key in listed]
    assert [(each.fault, each.count, each.since) for each in told if each is not None] == [
        ("Bars are missing", 2, LOST[0].isoformat()),
        ("A price is zero or less", 1, BAD.isoformat()),
    ]
    flags.select(["1"], current="1")
    flags.setFocus()
    QTest.keyClick(flags, Qt.Key.Key_Return)
    assert panel.view.fault.text() == "A price is zero or less: 2025-09-10"
    assert panel.view.bars.currentIndex().row() == row_of(panel, BAD)
    place = int(np.searchsorted(chart.active.bars.time, day_to_us(BAD)))
    assert chart.chart.scene.pointed == place
    first, last = chart.chart.visible_range
    assert first < place < last


async def test_a_clean_history_says_that_nothing_is_wrong(core: Core, open_window: OpenWindow) -> None:
    panel = await open_panel(open_window, core)
    panel.view.open_page("flags")
    assert panel.view.flags.states.phase is Phase.EMPTY
    assert "nothing is wrong" in panel.view.flags.states.accessibleName()


async def test_splits_and_dividends_are_listed_the_newest_first(core: Core, open_window: OpenWindow) -> None:
    panel = await open_panel(open_window, core, "KO")
    panel.session.actions.run("window.data-show-actions")
    await until(lambda: panel.view.splits.rows.rowCount() > 4)
    listed = panel.view.splits.keys()
    days = [key.split()[0] for key in listed]
    assert days == sorted(days, reverse=True)
    first = panel.view.splits.rows.row_of(listed[0])
    assert first is not None
    assert (first.what, first.amount[-4:]) == ("Dividend", " USD")


async def test_the_origin_says_all_there_is_to_say(core: Core, open_window: OpenWindow) -> None:
    panel = await open_panel(open_window, core)
    panel.view.open_page("origin")
    origin = panel.view.origin
    await until(lambda: "Kept here" in origin.kept.text())
    said = {name: label.text() for name, label in origin.lines.items()}
    assert said["source"] == "Demo data (demo)"
    assert said["quality"] == "Demo: made up"
    assert said["basis"] == "Adjusted for splits and dividends"
    assert said["currency"] == "USD"
    assert said["calendar"].endswith(", XNYS")
    assert "2026" in said["fetched"]
    assert origin.timeline.toolTip().endswith(" to 2026-03-04")


async def test_prices_as_traded_and_a_range_of_ones_own_are_a_choice_away(
    core: Core, open_window: OpenWindow
) -> None:
    panel = await open_panel(open_window, core, "KO")
    controls = panel.view.controls
    choose(controls.reach, "dates")
    QTest.keyClicks(controls.since, "2024-01-02")
    QTest.keyClick(controls.since, Qt.Key.Key_Return)
    QTest.keyClicks(controls.until, "2024-01-31")
    QTest.keyClick(controls.until, Qt.Key.Key_Return)
    await until(lambda: panel.view.bars.rows.rowCount() == 21)
    adjusted = cell(panel, 20, 4)
    choose(controls.basis, False)
    await until(lambda: panel.view.history is not None and panel.view.history.basis is Basis.TRADED)
    assert float(cell(panel, 20, 4)) > float(adjusted)
    QTest.keyClicks(controls.until, "x")
    QTest.keyClick(controls.until, Qt.Key.Key_Return)
    assert controls.until.property("wrong") is True


def choose(box: object, value: object) -> None:
    from PySide6.QtWidgets import QComboBox

    assert isinstance(box, QComboBox)
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


async def test_a_source_that_does_not_know_the_symbol_is_said_and_another_one_heals_it(
    core: Core, open_window: OpenWindow
) -> None:
    panel = await open_panel(open_window, core)
    choose(panel.view.controls.source, "samples")
    await until(lambda: panel.view.states.phase is Phase.ERROR)
    assert "does not know SPY" in panel.view.states.accessibleName()
    assert panel.view.controls.isVisible()
    choose(panel.view.controls.source, "")
    await until(lambda: panel.view.states.phase is Phase.CONTENT)


async def test_a_kept_symbol_stays_whatever_the_chart_shows(core: Core, open_window: OpenWindow) -> None:
    panel = await open_panel(open_window, core)
    panel.pin.click()
    panel.session.selection.choose("AAPL")
    assert panel.question.symbol == "SPY"
    panel.field.chosen.emit("GLD")
    await until(lambda: panel.view.history is not None and panel.view.history.key.symbol == "GLD")
    assert panel.session.selection.symbol == "AAPL"
    panel.view.open_page("origin")
    window = panel.window()
    assert isinstance(window, Window)
    again = await shown(await open_window(core, await close_window(window)))
    assert (again.question.symbol, again.view.page, again.pin.isChecked()) == ("GLD", "origin", True)
    again.pin.click()
    await until(lambda: again.view.history is not None and again.view.history.key.symbol == "AAPL")


async def test_a_day_is_gone_to_by_typing_it(core: Core, open_window: OpenWindow) -> None:
    panel = await open_panel(open_window, core)
    panel.session.actions.run("window.data-go-to")
    QTest.keyClicks(panel.view.jump, "2025-07-05")
    QTest.keyClick(panel.view.jump, Qt.Key.Key_Return)
    # A Saturday: the next session is where one lands.
    assert cell(panel, panel.view.bars.currentIndex().row(), 0) == "2025-07-07"
    assert panel.view.bars.hasFocus()


async def test_chosen_bars_are_copied_with_every_digit(core: Core, open_window: OpenWindow) -> None:
    panel = await open_panel(open_window, core)
    panel.view.bars.go_to(day_to_us(date(2025, 7, 7)))
    panel.view.bars.setFocus()
    QGuiApplication.clipboard().clear()
    QTest.keySequence(panel.view.bars, "Ctrl+C")
    await until(lambda: "2025-07-07" in QGuiApplication.clipboard().text())
    head, line = QGuiApplication.clipboard().text().splitlines()
    assert head.split("\t")[:5] == ["Time", "Open", "High", "Low", "Close"]
    history = panel.view.history
    assert history is not None
    place = int(np.searchsorted(history.bars.time, day_to_us(date(2025, 7, 7))))
    assert float(line.split("\t")[4]) == history.bars.close[place]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
async def test_bars_are_saved_where_one_says(
    core: Core, open_window: OpenWindow, tmp_path: Path, suffix: str
) -> None:
    panel = await open_panel(open_window, core)
    panel.session.actions.run(f"window.data-{suffix}")
    [dialog] = panel.window().findChildren(QFileDialog)
    file = tmp_path / f"bars.{suffix}"
    dialog.fileSelected.emit(str(file))
    dialog.close()
    await until(file.exists)
    start = file.read_bytes()[:80]
    assert start.startswith(b"PAR1") if suffix == "parquet" else b"SPY" in start


async def test_the_source_is_asked_again_only_when_that_is_meant(core: Core, open_window: OpenWindow) -> None:
    panel = await open_panel(open_window, core)
    panel.view.open_page("origin")
    panel.view.origin.reload.click()
    await until(lambda: bool(panel.window().findChildren(Asked)))
    [asked] = panel.window().findChildren(Asked)
    yes = next(each for each in asked.findChildren(QPushButton) if each.text() == "Ask again")
    yes.click()
    await until(lambda: any("gave" in toast for toast in told(panel)))
    assert panel.view.origin.reload.isEnabled()


def told(panel: DataPanel) -> list[str]:
    return [notice.text for notice in panel.session.notices.history]


async def test_in_a_replay_no_panel_shows_what_came_later(core: Core, open_window: OpenWindow) -> None:
    panel = await open_panel(open_window, core, "KO")
    chart = chart_of(panel)
    await until(lambda: chart.active.drawn and not chart.active.source.waits)
    chart.replay.go_to(date(2025, 3, 11))
    await until(lambda: cell(panel, 0, 0) == "2025-03-11")
    panel.view.open_page("actions")
    await until(lambda: panel.view.splits.rows.rowCount() > 4)
    assert panel.view.splits.keys()[0] <= "2025-03-11 z"
    chart.replay.step(1)
    await until(lambda: cell(panel, 0, 0) == "2025-03-12")
    window = panel.window()
    assert isinstance(window, Window)
    window.show_panel("fundamentals")
    company = window.docks["fundamentals"].panel
    assert isinstance(company, FundamentalsPanel)
    await until(lambda: company.states.phase is Phase.CONTENT)
    assert company.view.sheet.rows.columns[2].title.endswith("2024")
    chart.replay.end()
    await until(lambda: company.view.sheet.rows.columns[2].title.endswith("2025"))
    window.show_panel("data")
    await until(lambda: cell(panel, 0, 0) == NOON.date().isoformat())


async def test_within_a_day_a_replay_shows_the_bars_that_were_over(
    core: Core, open_window: OpenWindow
) -> None:
    panel = await open_panel(open_window, core, "BTC/USD")
    present_us = day_to_us(date(2026, 2, 11)) + 13 * 3_600_000_000
    panel.session.selection.choose(interval=Interval.H1)
    panel.session.selection.stand_at(present_us)
    await until(lambda: cell(panel, 0, 0).endswith("02-11 12:00"))
    panel.session.selection.stand_at(None)


async def test_out_of_sight_it_neither_listens_nor_asks(core: Core, open_window: OpenWindow) -> None:
    panel = await open_panel(open_window, core)
    window = panel.window()
    assert isinstance(window, Window)
    window.docks["data"].close()
    assert not panel.awake
    shown_before = panel.view.history
    panel.session.selection.choose("AAPL")
    panel.session.selection.stand_at(day_to_us(date(2025, 3, 11)))
    panel.session.selection.stand_at(None)
    chart = chart_of(panel).active
    await until(lambda: chart.content().get("symbol") == "AAPL" and not chart.source.waits)
    assert panel.view.history is shown_before


async def test_a_million_bars_are_written_only_where_one_looks(open_window: OpenWindow) -> None:
    await open_window()
    count = 1_000_000
    close = 100.0 + np.sin(np.arange(count) / 1000.0)
    time = day_to_us(date(2000, 1, 3)) + np.arange(count, dtype=np.int64) * 60_000_000
    bars = Bars(time, close, close * 1.01, close * 0.99, close, np.full(count, 1e5))
    found = inspect_bars(bars)
    key = SeriesKey("demo", "SPY", Interval.M1)
    history = History(key, bars, "Demo data", Quality.DEMO, NOON, NOON, found.kept_away)
    table = BarTable()
    table.resize(420, 700)
    with cProfile.Profile() as profile:
        table.rows.show(history, decimals=2, zone=UTC)
        table.show()
        table.go_to(int(time[500_000]))
        table.grab()
    # How often a cell was written, as the interpreter counted it.
    code = BarRows.text.__code__
    [written] = [entry.callcount for entry in profile.getstats() if entry.code is code]
    assert 0 < written < 3_000
    table.selectAll()
    assert len(table.chosen_rows()) == 100_000
    table.close()
    table.deleteLater()


def test_what_was_kept_of_a_question_may_be_stale() -> None:
    asked = Question("SPY", Interval.W1, "dates", date(2025, 1, 2), None, "yahoo", False)
    assert read_question(asked.keep()) == asked
    assert read_question({"reach": "forever", "since": "x", "interval": 7}) == Question("", Interval.D1)
    assert replace(asked, reach="ytd").span(date(2026, 3, 4)) == (date(2026, 1, 1), None)
    present = day_to_us(date(2025, 3, 11)) + US_PER_DAY
    assert replace(asked, reach="1m").known_at(present).until == date(2025, 3, 11)
