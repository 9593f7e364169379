"""Choosing how a chart looks, through the real window: menu, comparison, hours, and files that come of it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import QByteArray, QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton
from PySide6.QtXml import QDomDocument

from puffling.desktop.charts.kinds import Kind
from puffling.desktop.charts.pyramid import Pyramid
from puffling.desktop.charts.scale import Scale
from puffling.desktop.charts.series import Series
from puffling.desktop.charts.study import Line, Study
from puffling.desktop.dispatch import PERSON
from puffling.desktop.looks.exports import Exports
from puffling.desktop.looks.facts import action_marks, fault_marks, outliers
from puffling.desktop.looks.menu import SymbolQuestion
from puffling.desktop.looks.part import Looks
from puffling.desktop.looks.table import lines_of, table_of
from puffling.desktop.menus import Menu
from puffling.desktop.panels.chart import ChartPanel
from puffling.market.events import PricesMoved
from puffling.market.values import History, Quality
from puffling.puffin.data.actions import CorporateAction
from puffling.puffin.data.bars import Bars, SeriesKey
from puffling.puffin.data.instants import US_PER_DAY, day_to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.quality import Fault, Flag
from puffling.runtime.actor import calling_as
from tests.desktop.conftest import OpenWindow, close_window, until

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window

DAY_US = 86_400_000_000
MOMENT = datetime(2026, 3, 6, tzinfo=UTC)


async def settled(core: Core, open_window: OpenWindow, **more: Any) -> tuple[Window, ChartPanel, Looks]:
    """A window whose chart shows bars, and the part that knows how they look."""
    window = await open_window(core, **more)
    panel = window.docks["chart"].panel
    assert isinstance(panel, ChartPanel)
    looks = panel.active.part("looks")
    assert isinstance(looks, Looks)
    await until(lambda: looks.history is not None and panel.chart.bar_count > 300)
    return window, panel, looks


def unfinished(file: Path) -> list[Path]:
    """What lies beside a file that was written."""
    return list(file.parent.glob("*.part"))


def menu_on(panel: ChartPanel) -> Menu:
    """The menu that is open over the chart."""
    return next(menu for menu in panel.chart.findChildren(Menu) if menu.isVisible())


def entry(menu: Menu, title: str) -> QAction:
    """The entry of a menu that says this."""
    return next(action for action in menu.actions() if action.text().startswith(title))


async def test_kind_and_scale_are_chosen_in_the_menu_and_kept(core: Core, open_window: OpenWindow) -> None:
    window, panel, looks = await settled(core, open_window)
    for title in ("Heikin-Ashi", "Logarithmic"):
        looks.open_menu()
        menu = menu_on(panel)
        entry(menu, title).trigger()
        menu.close()
    assert (panel.chart.kind, panel.chart.scale) == (Kind.HEIKIN_ASHI, Scale.LOGARITHMIC)
    snapshot = await close_window(window)
    _, panel, _ = await settled(core, open_window, snapshot=snapshot)
    assert (panel.chart.kind, panel.chart.scale) == (Kind.HEIKIN_ASHI, Scale.LOGARITHMIC)


async def test_every_look_is_an_action_with_a_place_in_the_menu(core: Core, open_window: OpenWindow) -> None:
    window, panel, _ = await settled(core, open_window)
    for kind in Kind:
        window.session.actions.run(f"window.chart-{kind.value}")
        assert panel.chart.kind is kind
    for scale in Scale:
        window.session.actions.run(f"window.chart-scale-{scale.value}")
        assert panel.chart.scale is scale
    window.session.actions.run("window.chart-reset")
    assert panel.chart.visible_range[1] > panel.chart.bar_count - 1


async def test_a_year_of_candles_is_seen_with_one_command(core: Core, open_window: OpenWindow) -> None:
    window, panel, looks = await settled(core, open_window)
    for days in (31, 92, 183, 365, 1826):
        window.session.actions.run(f"window.chart-span-{days}")
        first, last = panel.chart.visible_range
        begun, ended = (int(panel.active.bars.time[place]) for place in (round(first + 0.5), -1))
        assert 0 <= days * US_PER_DAY - (ended - begun) < 5 * US_PER_DAY
        assert last > panel.chart.bar_count - 1
    looks.open_menu()
    menu = menu_on(panel)
    (spans,) = (action.menu() for action in menu.actions() if action.text() == "Time range")
    assert isinstance(spans, Menu)
    entry(spans, "Everything").trigger()
    menu.close()
    assert panel.chart.visible_range[0] <= -0.5


async def test_the_other_button_asks_for_the_menu_and_copies_the_price_under_the_pointer(
    core: Core, open_window: OpenWindow
) -> None:
    _, panel, _ = await settled(core, open_window)
    canvas = panel.chart.childAt(300, 150)
    assert canvas is not None
    at = QPoint(200, 150)
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, canvas.mapToGlobal(at))
    QApplication.sendEvent(canvas, asked)
    menu = menu_on(panel)
    copy = entry(menu, "Copy price")
    copy.trigger()
    menu.close()
    low, high = panel.chart.price_range or (0.0, 0.0)
    assert low < float(QGuiApplication.clipboard().text().replace(",", "")) < high


async def test_the_menu_key_opens_the_menu_without_a_price(core: Core, open_window: OpenWindow) -> None:
    _, panel, _ = await settled(core, open_window)
    at = panel.chart.rect().center()
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, at, panel.chart.mapToGlobal(at))
    QApplication.sendEvent(panel.chart, asked)
    menu = menu_on(panel)
    assert not [action for action in menu.actions() if action.text().startswith("Copy price")]
    menu.close()


async def test_a_symbol_is_compared_moves_with_its_ticks_and_goes_again(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel, looks = await settled(core, open_window)
    window.session.actions.run("window.chart-compare")
    question = window.findChild(SymbolQuestion)
    assert question is not None
    QTest.keyClicks(question.field, "BTC/USD")
    QTest.keyClick(question.field, Qt.Key.Key_Return)
    await until(lambda: looks.compared == ("BTC/USD",))
    comparisons = looks.comparisons
    assert comparisons is not None
    study = comparisons.study("BTC/USD")
    await until(lambda: study.drawable)
    assert panel.chart.base is not None
    before = study.series["close"].newest
    newest = core.data.newest("BTC/USD")
    assert newest is not None
    core.bus.publish(PricesMoved({"BTC/USD": newest._replace(price=before * 2)}))
    await until(lambda: study.series["close"].newest == pytest.approx(before * 2))
    assert study.series["close"].builds == 1
    readout = panel.chart.panes.readouts["BTC/USD"]
    assert readout.words.startswith("BTC/USD  +")
    readout.setFocus()
    QTest.keyClick(readout, Qt.Key.Key_Delete)
    assert not looks.compared
    assert panel.chart.scene.base is None
    undo = next(each for each in window.findChildren(QPushButton) if each.text() == "Undo")
    undo.click()
    assert comparisons.symbols == ("BTC/USD",)
    window.session.actions.run("window.chart-alone")
    assert panel.chart.panes.compared == []


async def test_a_comparison_stays_through_symbols_and_starts(core: Core, open_window: OpenWindow) -> None:
    window, panel, looks = await settled(core, open_window)
    for symbol in ("QQQ", "GLD"):
        looks.compare_with(symbol)
    window.session.selection.choose("QQQ")
    await until(lambda: looks.history is not None and looks.history.key.symbol == "QQQ")
    assert looks.comparisons is not None
    assert looks.comparisons.symbols == ("GLD",)
    snapshot = await close_window(window)
    _, panel, looks = await settled(core, open_window, snapshot=snapshot)
    assert looks.compared == ("QQQ", "GLD")
    await until(lambda: all(study.drawable for study in panel.chart.panes.compared))


async def test_a_comparison_with_a_symbol_nobody_knows_any_more_says_so_at_its_line(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel, looks = await settled(core, open_window)
    looks.restore({"compared": ["NOSUCH", "GLD"], "kind": "towers", "scale": 7})
    assert (looks.kind, looks.scale) == ("candles", "linear")
    readouts = panel.chart.panes.readouts
    await until(lambda: "loading" not in readouts["NOSUCH"].words and "%" in readouts["GLD"].words)
    assert "NOSUCH" in readouts["NOSUCH"].words
    assert not window.session.notices.shown


@pytest.mark.parametrize("kept", [None, 3, {}, {"compared": "SPY"}, {"compared": [None, 1], "hours": 0}])
async def test_damaged_choices_are_passed_over(core: Core, open_window: OpenWindow, kept: object) -> None:
    _, panel, looks = await settled(core, open_window)
    looks.restore(kept)
    panel.chart.grab()
    assert panel.chart.kind is Kind.CANDLES


async def test_days_are_set_apart_within_the_day_only(core: Core, open_window: OpenWindow) -> None:
    window, panel, looks = await settled(core, open_window)
    panel.chart.grab()
    assert panel.chart.backdrop.lines == 0
    window.session.selection.choose(interval=Interval.M30)
    await until(lambda: looks.history is not None and looks.history.key.interval is Interval.M30)
    panel.chart.grab()
    assert panel.chart.backdrop.lines > 3
    looks.toggle_hours()
    panel.chart.grab()
    assert panel.chart.backdrop.lines == 0


@pytest.mark.parametrize("way", ["png", "svg", "csv-seen", "csv-all"])
async def test_a_chart_is_saved_where_one_says(
    core: Core, open_window: OpenWindow, tmp_path: Path, way: str
) -> None:
    window, panel, _ = await settled(core, open_window)
    window.session.actions.run(f"window.chart-{way}")
    dialog = window.findChild(QFileDialog)
    assert dialog is not None
    suffix = way.partition("-")[0]
    file = tmp_path / f"here.{suffix}"
    dialog.fileSelected.emit(str(file))
    dialog.close()
    await until(file.exists)
    await until(lambda: any("here" in notice.text for notice in window.session.notices.shown))
    assert not unfinished(file)
    if way == "png":
        image = QImage(str(file))
        assert image.width() == 2 * panel.chart.area.width()
    elif way == "svg":
        document = QDomDocument()
        assert document.setContent(QByteArray(file.read_bytes()))
        drawing = document.documentElement()
        places = drawing.elementsByTagName("text")
        words = [places.at(place).toElement().text().strip() for place in range(places.count())]
        assert any(word.startswith("SPY") for word in words)
        assert any("Demo data" in word for word in words)
        assert drawing.elementsByTagName("rect").count() > 100
        assert drawing.elementsByTagName("image").isEmpty()
    else:
        rows = list(csv.reader(io.StringIO(file.read_text())))
        assert rows[0] == ["time", "open", "high", "low", "close", "volume"]
        first, last = panel.chart.visible_range
        count = panel.chart.bar_count
        seen = min(int(last), count - 1) - int(np.ceil(first)) + 1
        assert len(rows) - 1 == (count if way == "csv-all" else seen)
        assert rows[-1][0] == core.clock.now().date().isoformat()
        assert float(rows[-1][4]) == panel.chart.bars.bar(count - 1).close


async def test_a_place_that_cannot_be_written_is_said(
    core: Core, open_window: OpenWindow, tmp_path: Path
) -> None:
    window, panel, looks = await settled(core, open_window)
    exports = Exports(window.session, panel.chart)
    assert looks.history is not None
    exports.write("png", looks.history, exports.caption(looks.history), tmp_path / "missing" / "here.png")
    await until(lambda: any("here.png" in notice.text for notice in window.session.notices.shown))


async def test_the_picture_goes_to_the_clipboard(core: Core, open_window: OpenWindow) -> None:
    window, panel, _ = await settled(core, open_window)
    window.session.actions.run("window.chart-copy")
    assert QGuiApplication.clipboard().image().width() == 2 * panel.chart.area.width()


def test_names_that_look_like_formulas_stay_names_and_values_stand_where_they_are_drawn() -> None:
    ones = np.ones(4)
    bars = Pyramid(np.arange(4) * 86_400_000_000, ones, ones, ones, ones, ones)
    study = Study("k", '=cmd("x")', (Line("v", "", 0, shift=1),), overlay=True)
    study.series = {"v": Series([1.5, np.nan, -2.5, 4.0])}
    text = "".join(lines_of(table_of(bars, [study], 0, 4, whole_days=True)))
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][-1] == '\'=cmd("x")'
    assert [row[-1] for row in rows[1:]] == ["", "1.5", "", "-2.5"]
    assert [row[0] for row in rows[1:3]] == ["1970-01-01", "1970-01-02"]


def history_of(bars: Bars, interval: Interval = Interval.D1, flags: tuple[Flag, ...] = ()) -> History:
    """Bars as a feed would have answered."""
    return History(
        key=SeriesKey("test", "AAA", interval, True),
        bars=bars,
        label="Test data",
        quality=Quality.DEMO,
        fetched_at=MOMENT,
        refreshed_at=MOMENT,
        kept_away=np.zeros(len(bars), dtype=np.bool_),
        flags=flags,
    )


def days(count: int, step_us: int = DAY_US) -> Bars:
    start = day_to_us(date(2026, 1, 5))
    close = np.linspace(100, 110, count)
    return Bars(start + np.arange(count) * step_us, close, close + 1, close - 1, close, np.ones(count))


def test_dividends_and_splits_are_marked_on_their_day_and_read_as_people_say_them() -> None:
    actions = [
        CorporateAction(date(2026, 1, 7), dividend=0.25),
        CorporateAction(date(2026, 1, 8), split_ratio=4.0),
        CorporateAction(date(2026, 1, 9), split_ratio=0.1),
        CorporateAction(date(2020, 1, 9), dividend=1.0),
        CorporateAction(date(2030, 1, 9), dividend=1.0),
    ]
    marks = action_marks(history_of(days(10)), actions)
    assert list(marks.texts) == [
        "Dividend of 0.25 USD, 2026-01-07",
        "Split 4 for 1, 2026-01-08",
        "Split 1 for 10, 2026-01-09",
    ]
    assert marks.times_us.tolist() == [day_to_us(action.day) for action in actions[:3]]
    hours = days(24 * 7, 3_600_000_000)
    late = history_of(hours[40:], Interval.H1)
    assert len(action_marks(late, actions[:1])) == 1


def test_faults_are_marked_and_prices_nobody_paid_do_not_flatten_the_chart() -> None:
    bars = days(10)
    at = int(bars.time[4])
    spike = Flag(Fault.SPIKE, at, at, 1, "A price 1000 times as high")
    page = Flag(Fault.GAP, int(bars.time[6]), int(bars.time[8]), 3, "Three bars are missing")
    history = history_of(bars, flags=(spike, page))
    assert list(fault_marks(history).texts) == [spike.message, page.message]
    assert outliers(history) == [4]


async def test_a_dividend_is_seen_at_the_foot_of_the_chart(core: Core, open_window: OpenWindow) -> None:
    with calling_as(PERSON):
        actions = await core.data.actions("SPY")
    _, panel, _ = await settled(core, open_window)
    panel.chart.show_last(150)

    def letters() -> set[str]:
        panel.chart.grab()
        return {glyph.style.letter for glyph in panel.chart.marks.glyphs}

    assert any(action.dividend for action in actions)
    await until(lambda: "D" in letters())


async def test_dividends_are_left_out_when_one_does_not_want_them_and_that_is_remembered(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel, looks = await settled(core, open_window)
    panel.chart.show_last(150)

    def letters() -> set[str]:
        panel.chart.grab()
        return {glyph.style.letter for glyph in panel.chart.marks.glyphs}

    await until(lambda: "D" in letters())
    window.session.actions.run("window.chart-mark-actions")
    assert letters() == set()
    kept = looks.keep()
    looks.restore({"unmarked": [None, ["x"], 7]})
    assert "D" in letters()
    looks.restore(kept)
    assert letters() == set()
    looks.mark("actions")
    assert "D" in letters()
