"""A file of prices on its way into the window: dropped or chosen, looked at, imported, shown."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog

from puffling.core.core import Core
from puffling.desktop.dispatch import PERSON
from puffling.desktop.import_sheet import ImportSheet
from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.states import Phase
from puffling.desktop.window import Window
from puffling.puffin.data.interval import Interval
from puffling.runtime.actor import calling_as
from tests.desktop.conftest import OpenWindow, until


def daily_file(folder: Path, name: str = "mine.csv", *, rows: int = 250, header: str = "") -> Path:
    """Write a file of days on which an exchange in New York was open, most of them."""
    day = np.datetime64("2025-01-02")
    lines = [header or "Date,Open,High,Low,Close,Volume"]
    for number in range(rows):
        while not np.is_busday(day):
            day += 1
        close = 100.0 + 10.0 * np.sin(number / 20.0)
        lines.append(f"{day},{close - 0.5:.2f},{close + 1:.2f},{close - 1:.2f},{close:.2f},{1000 + number}")
        day += 1
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def packed(path: Path, name: str) -> Path:
    """Write the same prices under another name, as Parquet if it says so."""
    if not name.endswith(".parquet"):
        return path
    made = path.with_name(name)
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{path}')) TO '{made}' (FORMAT parquet)")
    return made


def dragged(*paths: Path) -> QMimeData:
    """Pack files the way a file manager does."""
    carried = QMimeData()
    carried.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return carried


def enter(window: Window, carried: QMimeData, at: QPoint) -> QDragEnterEvent:
    """Bring the pointer with files in over a place of the window, through the door Qt itself uses."""
    event = QDragEnterEvent(
        at,
        Qt.DropAction.CopyAction,
        carried,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(window.windowHandle(), event)
    return event


def move(window: Window, carried: QMimeData, at: QPoint) -> None:
    """Move the pointer on."""
    event = QDragMoveEvent(
        at, Qt.DropAction.CopyAction, carried, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window.windowHandle(), event)


def drop(window: Window, carried: QMimeData, at: QPoint) -> None:
    """Let go."""
    event = QDropEvent(
        QPointF(at),
        Qt.DropAction.CopyAction,
        carried,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(window.windowHandle(), event)


def sheet_of(window: Window) -> ImportSheet:
    """Give the open import sheet."""
    body = window.sheet.body
    assert isinstance(body, ImportSheet)
    return body


async def looked_into(window: Window) -> ImportSheet:
    """Give the import sheet when it has seen the file."""
    await until(lambda: isinstance(window.sheet.body, ImportSheet))
    sheet = sheet_of(window)
    await until(lambda: sheet.preview is not None and sheet.note.text() == "")
    return sheet


@pytest.mark.parametrize("name", ["mine.csv", "mine.parquet"])
async def test_a_file_dropped_on_the_chart_is_looked_into_imported_and_shown(
    core: Core, open_window: OpenWindow, tmp_path: Path, name: str
) -> None:
    window = await open_window(core)
    chart = window.docks["chart"].panel
    assert isinstance(chart, ChartPanel)
    middle = chart.mapTo(window, chart.rect().center())
    carried = dragged(packed(daily_file(tmp_path), name))

    assert enter(window, carried, middle).isAccepted()
    assert window.drop.isVisible()
    assert window.drop.name == name
    move(window, carried, middle + QPoint(3, 3))
    drop(window, carried, middle + QPoint(3, 3))
    assert not window.drop.isVisible()

    sheet = await looked_into(window)
    assert sheet.symbol.text() == "MINE"
    assert sheet.said.text() == "250 bars of 1 day, 2025-01-02 to 2025-12-17."
    assert sheet.table.rowCount() == 6
    assert sheet.columns["close"].currentText() == "Close"
    sheet.start()
    await until(lambda: window.sheet.body is None)
    assert window.session.selection.symbol == "MINE"
    assert window.session.selection.interval is Interval.D1
    await until(lambda: len(chart.chart.bars) > 0 and chart.live)
    with calling_as(PERSON):
        [kept] = await core.files.all()
    assert (kept.symbol, kept.bars, kept.file) == ("MINE", 250, name)


async def test_a_file_without_known_columns_is_mended_in_the_sheet(
    core: Core, open_window: OpenWindow, tmp_path: Path
) -> None:
    window = await open_window(core)
    path = daily_file(tmp_path, "odd.csv", rows=30, header="Day,W,X,Y,Z,Amount")
    window.importing.take([path])
    sheet = await looked_into(window)
    assert "no column for open, high, low, close" in sheet.trouble.text()
    assert not sheet.act.isEnabled()
    for role, name in {"open": "W", "high": "X", "low": "Y", "close": "Z"}.items():
        choice = sheet.columns[role]
        choice.setCurrentIndex(choice.findData(name))
    sheet.look_into()
    await until(sheet.act.isEnabled)
    assert sheet.said.text().startswith("30 bars of 1 day")
    assert sheet.trouble.text() == ""
    window.sheet.close_sheet()


async def test_a_bad_file_is_refused_beside_the_charts_with_what_to_do(
    core: Core, open_window: OpenWindow, tmp_path: Path
) -> None:
    window = await open_window(core)
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"PK\x03\x04 not a table")
    window.importing.take([path])
    await until(lambda: isinstance(window.sheet.body, ImportSheet))
    sheet = sheet_of(window)
    await until(lambda: bool(sheet.trouble.text()))
    assert "save it as CSV" in sheet.trouble.text()
    assert not sheet.act.isEnabled()
    window.sheet.close_sheet()


async def test_faults_are_listed_with_their_places_before_anything_is_kept(
    core: Core, open_window: OpenWindow, tmp_path: Path
) -> None:
    window = await open_window(core)
    path = daily_file(tmp_path, rows=40)
    path.write_text(path.read_text().replace("2025-01-06", "someday"))
    window.importing.take([path])
    sheet = await looked_into(window)
    assert sheet.faults.text() == "Left out: time cannot be read (1 row, first row 4, column Date: 'someday')"
    sheet.stop.click()
    await until(lambda: window.sheet.body is None)
    with calling_as(PERSON):
        assert await core.files.all() == ()


async def test_the_sheet_says_what_an_import_would_replace(
    core: Core, open_window: OpenWindow, tmp_path: Path
) -> None:
    window = await open_window(core)
    path = daily_file(tmp_path, rows=40)
    window.importing.take([path])
    sheet = await looked_into(window)
    assert sheet.note.text() == ""
    sheet.start()
    await until(lambda: window.sheet.body is None)
    window.importing.take([path])
    await until(lambda: isinstance(window.sheet.body, ImportSheet) and sheet_of(window).act.isEnabled())
    sheet = sheet_of(window)
    assert sheet.note.text() == "MINE is imported already and will be replaced."
    sheet.symbol.setText("OTHER")
    sheet.symbol.textEdited.emit("OTHER")
    assert sheet.note.text() == ""
    window.sheet.close_sheet()


async def test_an_import_shows_how_far_it_is_and_can_be_stopped(
    core: Core, open_window: OpenWindow, tmp_path: Path
) -> None:
    window = await open_window(core)
    path = tmp_path / "large.csv"
    rows = "\n".join(f"{1_600_000_000 + 60 * n},1,2,0.5,1,5" for n in range(600_000))
    path.write_text(f"time,open,high,low,close,volume\n{rows}\n")
    window.importing.take([path])
    sheet = await looked_into(window)
    assert "Only the beginning was looked at." in sheet.said.text()
    sheet.start()
    await until(lambda: sheet.bar.isVisible() and bool(sheet.note.text()))
    sheet.stop.click()
    await until(sheet.act.isEnabled)
    assert not sheet.bar.isVisible()
    window.sheet.close_sheet()
    with calling_as(PERSON):
        assert await core.files.all() == ()


async def test_what_is_dragged_away_leaves_nothing_and_what_is_no_file_is_not_taken(
    core: Core, open_window: OpenWindow, tmp_path: Path
) -> None:
    window = await open_window(core)
    place = QPoint(100, 300)
    text = QMimeData()
    text.setText("SPY")
    enter(window, text, place)
    assert not window.drop.isVisible()
    carried = dragged(daily_file(tmp_path))
    enter(window, carried, place)
    move(window, carried, place + QPoint(5, 5))
    assert window.drop.isVisible()
    QApplication.sendEvent(window.windowHandle(), QDragLeaveEvent())
    assert not window.drop.isVisible()


async def test_several_files_come_one_after_the_other(
    core: Core, open_window: OpenWindow, tmp_path: Path
) -> None:
    window = await open_window(core)
    window.importing.take(
        [daily_file(tmp_path, "one.csv", rows=30), daily_file(tmp_path, "two.csv", rows=30)]
    )
    first = await looked_into(window)
    assert first.symbol.text() == "ONE"
    first.start()
    await until(lambda: isinstance(window.sheet.body, ImportSheet) and window.sheet.body is not first)
    second = await looked_into(window)
    assert second.symbol.text() == "TWO"
    window.sheet.close_sheet()


async def test_the_menu_asks_for_files_without_holding_the_window_up(
    core: Core, open_window: OpenWindow, tmp_path: Path
) -> None:
    window = await open_window(core)
    window.actions_.run("window.import-prices")
    chooser = window.findChild(QFileDialog)
    assert chooser is not None
    assert not chooser.testAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    chooser.filesSelected.emit([str(daily_file(tmp_path, rows=30))])
    chooser.close()
    sheet = await looked_into(window)
    assert sheet.symbol.text() == "MINE"
    window.sheet.close_sheet()


async def test_a_file_dropped_before_the_records_are_open_is_asked_for_again(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    window = await open_window()
    window.importing.take([daily_file(tmp_path)])
    assert window.sheet.body is None
    assert "not open yet" in window.notices.history[-1].text


async def test_a_chart_shows_what_was_imported_anew(
    core: Core, open_window: OpenWindow, tmp_path: Path
) -> None:
    with calling_as(PERSON):
        await core.files.add(daily_file(tmp_path), "MINE")
    window = await open_window(core)
    chart = window.docks["chart"].panel
    assert isinstance(chart, ChartPanel)
    window.session.selection.choose("MINE")
    await until(lambda: chart.active.symbol == "MINE" and len(chart.chart.bars) == 250)
    with calling_as(PERSON):
        await core.files.add(daily_file(tmp_path, rows=100), "MINE")
    await until(lambda: len(chart.chart.bars) == 100)
    with calling_as(PERSON):
        await core.files.remove("MINE")
    await until(lambda: chart.chart.states.phase is Phase.ERROR)
