"""The fundamentals panel follows the selection and never shows a number without where it comes from."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from puffling.desktop.cells import bars
from puffling.desktop.company.figures import as_csv, compact, write_figure
from puffling.desktop.panels.fundamentals import FundamentalsPanel
from puffling.desktop.states import Phase
from puffling.desktop.window import Window
from tests.desktop.conftest import OpenWindow, close_window, until

if TYPE_CHECKING:
    from puffling.core.core import Core


async def open_panel(open_window: OpenWindow, core: Core, symbol: str = "AAPL") -> FundamentalsPanel:
    window = await open_window(core)
    # As the application does once its window lives: what was loaded is not searched for waste again.
    gc.freeze()
    window.session.selection.choose(symbol)
    return await shown(window)


async def shown(window: Window) -> FundamentalsPanel:
    window.show_panel("fundamentals")
    panel = window.docks["fundamentals"].panel
    assert isinstance(panel, FundamentalsPanel)
    await until(lambda: panel.states.phase in (Phase.CONTENT, Phase.EMPTY, Phase.ERROR))
    return panel


def titles(panel: FundamentalsPanel) -> list[str]:
    return [column.title for column in panel.view.sheet.rows.columns]


def words(panel: FundamentalsPanel) -> str:
    return panel.view._words[0] + " " + panel.view._words[1]


async def test_it_shows_the_selected_company_with_its_origin(core: Core, open_window: OpenWindow) -> None:
    panel = await open_panel(open_window, core)
    assert panel.states.phase is Phase.CONTENT
    assert "Apple Inc. · AAPL" in words(panel)
    assert "Demo data" in words(panel)
    assert "filed " in words(panel)
    assert titles(panel)[2:4] == ["2025", "2024"]
    keys = panel.view.sheet.keys()
    assert keys[:2] == ("group Sales", "revenue")
    assert panel.view.ratios.rows.rowCount() > 10
    assert panel.view.filings.rows.rowCount() > 10


async def test_it_follows_the_selection_and_says_what_is_no_company(
    core: Core, open_window: OpenWindow
) -> None:
    panel = await open_panel(open_window, core)
    panel.session.selection.choose("SPY")
    await until(lambda: panel.states.phase is Phase.EMPTY)
    panel.session.selection.choose("KO")
    await until(lambda: panel.states.phase is Phase.CONTENT)
    assert "KO" in words(panel)


async def test_a_source_that_wants_a_contact_is_one_click_from_the_preferences(
    core: Core, open_window: OpenWindow, as_person: None
) -> None:
    await core.settings.put("fundamentals.sources", ["edgar"])
    panel = await open_panel(open_window, core, "IBM")
    assert panel.states.phase is Phase.ERROR
    assert panel.states._button.text() == "Open preferences"
    assert "e-mail" in panel.states._text.text()


async def test_years_and_quarters_are_a_key_apart(core: Core, open_window: OpenWindow) -> None:
    panel = await open_panel(open_window, core)
    quarters = panel.header()[1].findChild(QPushButton, "fundamentals.quarterly")
    assert quarters is not None
    quarters.setFocus()
    QTest.keyClick(quarters, Qt.Key.Key_Space)
    await until(lambda: titles(panel)[2] == "Dec 2025")
    panel.session.actions.run("window.fundamentals-period")
    await until(lambda: titles(panel)[2] == "2025")


async def test_pages_are_turned_and_remembered(core: Core, open_window: OpenWindow) -> None:
    panel = await open_panel(open_window, core)
    panel.view.open_page("balance")
    await until(lambda: panel.view.sheet.keys()[:1] == ("group Assets",))
    panel.session.actions.run("window.fundamentals-period")
    window = panel.window()
    assert isinstance(window, Window)
    snapshot = await close_window(window)
    again = await shown(await open_window(core, snapshot))
    assert (again.view.page, again.period) == ("balance", "quarterly")


async def test_a_cell_is_short_and_its_tooltip_has_every_digit(core: Core, open_window: OpenWindow) -> None:
    panel = await open_panel(open_window, core)
    rows = panel.view.sheet.rows
    place = rows.place("revenue")
    assert place is not None
    cell = rows.index(place, 2)
    assert rows.data(cell).endswith(" B")
    tip = str(rows.data(cell, Qt.ItemDataRole.ToolTipRole))
    assert tip.startswith("USD ")
    assert ",000,000" in tip
    assert "Filed " in tip


async def test_a_statement_is_copied_whole_and_exact(core: Core, open_window: OpenWindow) -> None:
    panel = await open_panel(open_window, core)
    panel.session.actions.run("window.fundamentals-copy")
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].startswith("line,unit,2025-12-31,2024-12-31")
    revenue = lines[1].split(",")
    assert revenue[:2] == ["revenue", "USD"]
    assert revenue[2].isdigit()
    assert len(revenue) == len(lines[0].split(","))
    panel.view.sheet.setFocus()
    QTest.keySequence(panel.view.sheet, "Ctrl+C")
    assert "Revenue" in QGuiApplication.clipboard().text()


async def test_nothing_that_is_copied_is_a_formula(core: Core, open_window: OpenWindow) -> None:
    panel = await open_panel(open_window, core)
    table = panel.view._shown
    assert table is not None
    strange = replace(table, origin=replace(table.origin, currency="=1+1"))
    losses = replace(table.rows[0], values=(-5.0, 0.25, *table.rows[0].values[2:]))
    lines = as_csv(replace(strange, rows=(losses,))).splitlines()
    assert lines[1].startswith('revenue,"\'=1+1",-5,0.25')


async def test_as_many_periods_are_shown_as_have_room(core: Core, open_window: OpenWindow) -> None:
    panel = await open_panel(open_window, core)

    def periods() -> int:
        header = panel.view.sheet.horizontalHeader()
        return sum(not header.isSectionHidden(number) for number in range(2, header.count()))

    panel.view.resize(360, 500)
    narrow = periods()
    panel.view.resize(900, 500)
    assert 2 <= narrow < periods()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1_234_567_890.0, "1.23 B"), (999_999_999.0, "1.00 B"), (-5_500_000.0, "−5.50 M"), (12.0, "12.00"),
        (0.0, "0.00"), (None, "–"), (2.5e12, "2.50 T"),
    ],
)  # fmt: skip
def test_large_numbers_are_short_with_two_decimals(value: float | None, text: str) -> None:
    assert compact(value) == text


def test_a_number_per_share_is_never_shortened() -> None:
    assert write_figure(1234.5, "money_per_share") == "1,234.50"


def test_bars_stand_on_zero_and_losses_hang_from_it() -> None:
    boxes = bars([2.0, None, -1.0, 1.0], 40, 30)
    assert [rises for _, rises in boxes] == [True, False, True]
    up, down, _ = (box for box, _ in boxes)
    assert up.bottom() == pytest.approx(down.top()) == pytest.approx(20)
    assert (up.top(), down.bottom()) == (0.0, 30.0)
    assert bars([], 40, 30) == bars([None, 0.0], 40, 30) == []
