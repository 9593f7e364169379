from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from puffling.desktop.columns import Column, Kind
from puffling.desktop.menus import Menu
from puffling.desktop.states import Phase
from puffling.desktop.tables import Table
from puffling.desktop.theme import Appearance, Scheme, colours, look


@dataclass(frozen=True, slots=True)
class Quote:
    symbol: str
    last: float | None
    change: float = 0.0
    decimals: int = 2


COLUMNS = (
    Column[Quote]("symbol", "Symbol", lambda row: row.symbol, Kind.STRONG),
    Column[Quote]("last", "Last", lambda row: row.last, Kind.PRICE, lambda row: row.decimals, flash=True),
    Column[Quote]("change", "Change", lambda row: row.change, Kind.PERCENT),
    Column[Quote]("size", "Size", lambda row: 1_234_567, Kind.SIZE, optional=True),
)


@pytest.fixture
def table(qtbot: QtBot) -> Table[Quote]:
    look().wear(Appearance(Scheme.DARK))
    made: Table[Quote] = Table(COLUMNS, title="Quotes", reorderable=True, removable=True)
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.set_rows(
        {
            "SPY": Quote("SPY", 512.34, 0.0042),
            "BTC": Quote("BTC", 67204.125, -0.0054, 3),
            "AGG": Quote("AGG", None),
            "QQQ": Quote("QQQ", 441.87, 0.0081),
        }
    )
    return made


def shown(table: Table[Quote], number: int) -> list[str]:
    return [table.rows.index(place, number).data() for place in range(table.rows.rowCount())]


def test_a_batch_of_changes_is_told_to_the_view_once(table: Table[Quote]) -> None:
    told: list[tuple[int, int]] = []
    table.rows.dataChanged.connect(lambda first, last, _roles: told.append((first.row(), last.row())))
    changed = table.update_rows(
        {"QQQ": Quote("QQQ", 442.0), "BTC": Quote("BTC", 1.0), "gone": Quote("gone", 2.0)}
    )
    assert changed == 2
    assert told == [(1, 3)]
    assert shown(table, 1)[3] == "442.00"


def test_prices_of_different_decimals_stand_under_each_other(table: Table[Quote]) -> None:
    texts = [table.rows.cell(place, 1).text for place in range(4)]
    assert texts[1] == "67,204.125"
    assert {len(text.partition(".")[2]) for text in texts if "." in text} == {3}
    assert texts[2] == "–"


def test_a_change_is_coloured_and_signed(table: Table[Quote]) -> None:
    assert shown(table, 2) == ["+0.42%", "−0.54%", "0.00%", "+0.81%"]
    assert [table.rows.cell(place, 2).tone for place in range(4)] == ["up", "down", "text", "up"]


def test_sorting_puts_missing_values_last_both_ways_and_ends_at_the_own_order(table: Table[Quote]) -> None:
    header = table.horizontalHeader()
    orders = []
    for _ in range(3):
        header.sectionClicked.emit(1)
        orders.append(table.rows.shown_keys)
    assert orders == [
        ("QQQ", "SPY", "BTC", "AGG"),
        ("BTC", "SPY", "QQQ", "AGG"),
        ("SPY", "BTC", "AGG", "QQQ"),
    ]


def test_the_selection_stays_on_its_rows_when_they_are_sorted_or_replaced(table: Table[Quote]) -> None:
    table.select(["BTC"])
    table.sort("last")
    assert table.selected_keys() == ["BTC"]
    table.set_rows({"BTC": Quote("BTC", 2.0), "SPY": Quote("SPY", 1.0)})
    assert table.selected_keys() == ["BTC"]


def test_a_selection_is_told_once_and_again_only_when_it_changes(table: Table[Quote]) -> None:
    told: list[list[str]] = []
    table.keys_selected.connect(told.append)
    table.select(["SPY", "BTC", "QQQ"])
    table.set_rows({"QQQ": Quote("QQQ", 1.0), "SPY": Quote("SPY", 2.0), "BTC": Quote("BTC", 3.0)})
    table.sort("symbol")
    table.sort(None)
    assert [sorted(keys) for keys in told[:1]] == [["BTC", "QQQ", "SPY"]]
    assert all(sorted(keys) == ["BTC", "QQQ", "SPY"] for keys in told)
    table.set_rows({"QQQ": Quote("QQQ", 1.0)})
    assert told[-1] == ["QQQ"]
    table.remove_rows(["QQQ"])
    assert told[-1] == []


def test_rows_sorted_by_a_live_value_take_their_new_places_a_moment_later(
    table: Table[Quote], qtbot: QtBot
) -> None:
    table.sort("last")
    table.update_rows({"SPY": Quote("SPY", 1.0)})
    assert table.rows.shown_keys[0] == "QQQ"
    qtbot.waitUntil(lambda: table.rows.shown_keys[0] == "SPY", timeout=3000)


def test_alt_and_arrows_move_the_selected_rows(table: Table[Quote], qtbot: QtBot) -> None:
    orders: list[list[str]] = []
    table.rows_reordered.connect(orders.append)
    table.select(["AGG", "QQQ"])
    QTest.keyClick(table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert orders == [["SPY", "AGG", "QQQ", "BTC"]]
    assert table.selected_keys() == ["AGG", "QQQ"]
    QTest.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert orders[1:] == [["SPY", "BTC", "AGG", "QQQ"]]


def test_dragging_a_row_moves_it_between_others(table: Table[Quote], qtbot: QtBot) -> None:
    height = table.rowHeight(0)
    view = table.viewport()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(20, height // 2))
    for y in (height, 2 * height, 3 * height):
        QTest.mouseMove(view, QPoint(20, y))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(20, 3 * height))
    assert table.keys() == ("BTC", "AGG", "SPY", "QQQ")


def test_a_sorted_table_is_not_reordered_by_hand(table: Table[Quote], qtbot: QtBot) -> None:
    table.sort("symbol")
    table.select(["BTC"])
    QTest.keyClick(table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert table.keys() == ("SPY", "BTC", "AGG", "QQQ")


def test_copied_rows_are_what_a_spreadsheet_reads(table: Table[Quote], qtbot: QtBot) -> None:
    table.select(["SPY", "BTC"])
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == (
        "Symbol\tLast\tChange\nSPY\t512.34\t0.0042\nBTC\t67204.125\t-0.0054"
    )


def test_nothing_that_is_copied_is_a_formula_and_numbers_stay_numbers(qtbot: QtBot) -> None:
    columns = (
        Column[Quote]("symbol", "=Symbol", lambda quote: quote.symbol, Kind.CODE),
        Column[Quote]("last", "Last", lambda quote: quote.last, Kind.PRICE),
        Column[Quote]("size", "Size", lambda quote: quote.change, Kind.SIZE),
    )
    table: Table[Quote] = Table(columns, title="Quotes")
    qtbot.addWidget(table)
    names = ("=1+1", "@SUM(A1)", "+x", "-2+3", '"=1+1"', "-12.5", "\u2212x")
    table.set_rows({name: Quote(name, -1.5, -1e-07) for name in names})
    table.copy()
    head, *lines = QGuiApplication.clipboard().text().splitlines()
    assert head == "'=Symbol\tLast\tSize"
    assert [line.split("\t") for line in lines] == [
        [read, "-1.50", "-1e-07"]
        for read in ("'=1+1", "'@SUM(A1)", "'+x", "'-2+3", '"""=1+1"""', "-12.5", "\u2212x")
    ]


def test_the_delete_key_asks_for_the_selected_rows_to_go(table: Table[Quote], qtbot: QtBot) -> None:
    asked: list[list[str]] = []
    table.keys_removed.connect(asked.append)
    table.select(["AGG"])
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert asked == [["AGG"]]
    assert table.rows.row_of("AGG") is not None


def test_the_arrangement_of_columns_comes_back(table: Table[Quote], qtbot: QtBot) -> None:
    header = table.horizontalHeader()
    header.moveSection(0, 2)
    table.show_column("size", True)
    table.show_column("change", False)
    header.resizeSection(1, 133)
    table.sort("last", falling=True)
    state = table.save_state()

    other: Table[Quote] = Table(COLUMNS)
    qtbot.addWidget(other)
    other.restore_state(state)
    assert other.save_state() == state
    other.restore_state(
        {"order": ["nothing", 3], "widths": "wide", "hidden": ["symbol", "last", "change", "size"]}
    )
    assert other.save_state()["hidden"] == ["change"]


def test_the_last_column_cannot_be_hidden(table: Table[Quote]) -> None:
    for name in ("symbol", "change", "last"):
        table.show_column(name, False)
    assert table.save_state()["hidden"] == ["symbol", "change", "size"]


def test_the_menu_of_the_header_chooses_columns_without_blocking(table: Table[Quote]) -> None:
    table.show()
    table.horizontalHeader().customContextMenuRequested.emit(QPoint(5, 5))
    menu = next(menu for menu in table.findChildren(Menu) if menu.isVisible())
    choices = {action.text(): action for action in menu.actions()}
    assert {text: action.isChecked() for text, action in choices.items() if action.isCheckable()} == {
        "Symbol": True,
        "Last": True,
        "Change": True,
        "Size": False,
    }
    choices["Size"].trigger()
    choices["Change"].trigger()
    assert table.save_state()["hidden"] == ["change"]
    choices["Reset columns"].trigger()
    assert table.save_state()["hidden"] == ["size"]
    menu.close()
    table.hide()


def test_the_menu_of_a_row_takes_what_a_panel_adds(table: Table[Quote]) -> None:
    table.show()
    table.menu_opening.connect(lambda menu, keys: menu.addAction(f"Buy {keys[0]}"))
    table.select(["SPY"])
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(5, 5), QPoint(5, 5))
    QApplication.sendEvent(table.viewport(), event)
    menu = next(menu for menu in table.findChildren(Menu) if menu.isVisible())
    assert [action.text() for action in menu.actions() if action.text()] == ["Buy SPY", "Copy", "Columns"]
    menu.close()
    table.hide()


def test_columns_keep_their_width_while_numbers_tick(table: Table[Quote]) -> None:
    table.show()
    before = [table.columnWidth(number) for number in range(3)]
    table.update_rows({"SPY": Quote("SPY", 123456789.0)})
    assert [table.columnWidth(number) for number in range(3)] == before
    table.hide()


def test_a_table_without_rows_offers_nothing_to_scroll_through(table: Table[Quote]) -> None:
    table.resize(60, 200)
    table.show()
    assert table.horizontalScrollBar().isVisible()
    table.set_rows({})
    assert not table.horizontalScrollBar().isVisible()
    table.hide()


def test_a_column_of_times_gives_way_less_than_one_of_names(qtbot: QtBot) -> None:
    def narrowed(kind: Kind) -> int:
        made: Table[Quote] = Table(
            [Column("first", "First", lambda row: row.symbol, kind, width=100)], title="Narrow"
        )
        qtbot.addWidget(made)
        made.resize(40, 200)
        made.show()
        return made.columnWidth(0)

    assert (narrowed(Kind.TEXT), narrowed(Kind.TIME)) == (60, 80)


def test_a_column_that_may_go_comes_back_as_wide_as_it_was(qtbot: QtBot) -> None:
    columns = [replace(column, drops=column.id == "change") for column in COLUMNS]
    made: Table[Quote] = Table(columns, title="Quotes")
    qtbot.addWidget(made)
    made.resize(900, 300)
    made.show()
    header = made.horizontalHeader()
    before = [header.sectionSize(number) for number in range(3)]
    state = made.save_state()
    made.resize(sum(column.start_width for column in COLUMNS[:2]) + 20, 300)
    assert header.isSectionHidden(2)
    assert made.save_state() == state
    made.resize(900, 300)
    assert [header.sectionSize(number) for number in range(3)] == before


def test_a_changed_value_flashes_in_the_direction_it_moved_and_not_with_reduced_motion(
    table: Table[Quote], qtbot: QtBot
) -> None:
    table.show()
    table.update_rows({"SPY": Quote("SPY", 500.0), "QQQ": Quote("QQQ", 441.87)})
    flash = table.rows.flash(0, 1)
    assert flash is not None
    assert flash[1] is False
    assert table.rows.flash(3, 1) is None
    qtbot.waitUntil(lambda: not table.rows.flashing, timeout=3000)
    look().wear(replace(look().appearance, reduced_motion=True))
    table.update_rows({"SPY": Quote("SPY", 501.0)})
    assert not table.rows.flashing
    table.hide()


def test_the_keyboard_can_be_seen_on_its_row(table: Table[Quote], qtbot: QtBot) -> None:
    table.show()
    table.activateWindow()
    accent = colours(dark=True).accent.rgb()

    def marked_rows() -> set[int]:
        image = table.viewport().grab().toImage()
        return {y // table.rowHeight(0) for y in range(image.height()) if image.pixel(0, y) == accent}

    before = marked_rows()
    table.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(table.hasFocus, timeout=2000)
    first = marked_rows()
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert (before, first, marked_rows()) == (set(), {0}, {1})
    assert table.selected_keys() == ["BTC"]
    table.hide()


def test_an_empty_table_says_what_belongs_in_it(table: Table[Quote]) -> None:
    phases = [table.states.phase]
    table.when_empty("No symbols", "Add one.", action="Add symbol", act=lambda: None)
    phases.append(table.states.phase)
    table.remove_rows(table.keys())
    phases.append(table.states.phase)
    table.add_rows({"SPY": Quote("SPY", 1.0)})
    phases.append(table.states.phase)
    assert phases == [Phase.CONTENT, Phase.CONTENT, Phase.EMPTY, Phase.CONTENT]


def test_row_height_follows_the_chosen_density(table: Table[Quote]) -> None:
    heights = []
    for density in ("compact", "regular", "roomy"):
        look().wear(Appearance(Scheme.DARK, density=type(look().theme.density)(density)))
        heights.append(table.rowHeight(0))
    assert heights == [24, 28, 32]


def test_a_number_too_wide_for_its_column_never_reads_as_another(table: Table[Quote]) -> None:
    table.show()
    table.horizontalHeader().resizeSection(1, 50)
    pictures = []
    for symbol, last in (("A", 1_234_567.89), ("B", 9_234_567.89)):
        table.set_rows({symbol: Quote(symbol, last)})
        pictures.append(table.viewport().grab(table.visualRect(table.rows.index(0, 1))).toImage())
    assert not pictures[0].isNull()
    assert pictures[0] != pictures[1]
