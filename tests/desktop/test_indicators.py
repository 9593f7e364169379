"""Indicators on the chart: the numbers of the library, kept up with the market, kept for the next start."""

from __future__ import annotations

import asyncio
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from puffling.desktop.charting.part import candle_at
from puffling.desktop.dispatch import PERSON
from puffling.desktop.editors import LineEditor
from puffling.desktop.indicators.board import MOST_AT_ONCE, Board
from puffling.desktop.indicators.chosen import Chosen, ChosenIndicators
from puffling.desktop.indicators.editor import IndicatorEditor
from puffling.desktop.indicators.follower import Follower
from puffling.desktop.indicators.picker import IndicatorPicker
from puffling.desktop.panels.chart import ChartPanel
from puffling.market.events import PricesMoved
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.interval import Interval
from puffling.puffin.factors.indicator import find_indicators
from puffling.runtime.actor import calling_as
from tests.benchmarks.bars import a_million_bars
from tests.desktop.conftest import OpenWindow, close_window, until
from tests.desktop.test_chart_panel import panel_of

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window


async def settled(
    core: Core, open_window: OpenWindow, symbol: str = "SPY"
) -> tuple[Window, ChartPanel, Board]:
    """A window whose chart shows all there is of a symbol."""
    window = await open_window(core)
    window.session.selection.choose(symbol)
    panel = panel_of(window)
    await until(lambda: panel.content().get("symbol") == symbol and panel.chart.bar_count > 4000)
    assert panel.indicators.board is not None
    return window, panel, panel.indicators.board


def values_of(board: Board, key: str, name: str) -> np.ndarray:
    """What the chart draws of one output."""
    series = board.study(key).series[name]
    return series.values(0, len(series))


def closes_at(panel: ChartPanel, price: float) -> bool:
    """Whether the newest bar closes at this price."""
    return bool(panel.content()["rows"][-1][4] == pytest.approx(price))


def shown(board: Board) -> list[str]:
    """What is on the chart."""
    return list(board.labels)


async def test_the_chart_shows_what_the_library_computes(core: Core, open_window: OpenWindow) -> None:
    _, panel, board = await settled(core, open_window)
    choices: list[tuple[str, dict[str, int | float | str]]] = [
        ("rsi", {"period": 9}),
        ("macd", {}),
        ("bollinger", {"deviations": 1.5}),
    ]
    for indicator, parameters in choices:
        key = board.add(indicator, parameters)
        with calling_as(PERSON):
            table = await core.factors.compute(
                indicator, "SPY", start=date(2020, 1, 2), parameters=parameters, limit=500
            )
        assert board.study(key).label == table.label
        for name, column in table.outputs.items():
            expected = np.array(column, dtype=np.float64)[-500:]
            np.testing.assert_allclose(values_of(board, key, name)[-500:-1], expected[:-1], rtol=1e-9)
        assert len(board.study(key).series[next(iter(table.outputs))]) == panel.chart.bar_count


async def test_a_tick_moves_the_last_point_and_nothing_before_it(core: Core, open_window: OpenWindow) -> None:
    window, panel, board = await settled(core, open_window, "BTC/USD")
    keys = [board.add("sma", {"period": 5}), board.add("rsi", {})]
    before = {key: values_of(board, key, key.split("-")[0]) for key in keys}
    counts = board.computations
    newest = core.data.newest("BTC/USD")
    assert newest is not None
    for step in range(1, 6):
        price = newest.price * (1 + step / 50)
        core.bus.publish(PricesMoved({"BTC/USD": newest._replace(price=price)}))
        await until(partial(closes_at, panel, price))
    closes = [row[4] for row in panel.content()["rows"]]
    for key in keys:
        name = key.split("-")[0]
        after = values_of(board, key, name)
        np.testing.assert_array_equal(after[:-1], before[key][:-1])
        assert after[-1] > before[key][-1]
        assert board.study(key).series[name].builds == 1
    assert values_of(board, keys[0], "sma")[-1] == pytest.approx(np.mean(closes[-5:]), rel=1e-9)
    assert board.computations == counts
    assert window.session.connected


async def test_a_bar_more_is_added_to_what_is_known(core: Core, open_window: OpenWindow) -> None:
    _, panel, board = await settled(core, open_window)
    panel.set_seen(False)
    with calling_as(PERSON):
        bars = (await core.data.history("GLD", Interval.D1, date(2010, 1, 4))).bars
    board.show("GLD", bars[:3000])
    key = board.add("rsi", {})
    counts = board.computations
    for count in (3000, 3001, 3002, 3040):
        board.show("GLD", bars[:count])
        expected = find_indicators()["rsi"].compute(bars[:count])["rsi"]
        np.testing.assert_allclose(values_of(board, key, "rsi"), expected, rtol=1e-9)
    assert board.computations == counts
    board.show("GLD", bars[1:3040])
    board.show("QQQ", bars[1:3040])
    assert board.computations == counts + 2


async def test_a_chart_that_comes_back_into_sight_computes_nothing_again(
    core: Core, open_window: OpenWindow
) -> None:
    _, panel, board = await settled(core, open_window)
    key = board.add("macd", {})
    counts, before = board.computations, values_of(board, key, "macd")
    drawn: list[int] = []
    panel.chart.range_changed.connect(lambda *_: drawn.append(panel.chart.bar_count))
    panel.chart.point_at(4000)
    seen = panel.chart.visible_range
    panel.set_seen(False)
    panel.set_seen(True)
    await asyncio.sleep(0.3)
    assert drawn == []
    assert panel.chart.visible_range == seen
    assert panel.chart.bar_count == len(before)
    assert board.computations == counts
    np.testing.assert_array_equal(values_of(board, key, "macd")[:-1], before[:-1])


@pytest.mark.parametrize("indicator", sorted(find_indicators()))
async def test_no_value_ever_looks_ahead(core: Core, indicator: str) -> None:
    with calling_as(PERSON):
        bars = (await core.data.history("AAPL", Interval.D1, date(2023, 1, 3))).bars
    follower = Follower(core.factors.follow(indicator, "AAPL", bars[:200], {}))
    for count in range(201, 230):
        follower.advance(bars[:count], candle_at(bars, count - 1))
        known = find_indicators()[indicator].compute(bars[:count])
        for name, series in follower.series.items():
            assert len(series) == count
            np.testing.assert_allclose(series.newest, known[name][-1], rtol=1e-9)
    whole = find_indicators()[indicator].compute(bars)
    for name, series in follower.series.items():
        np.testing.assert_allclose(series.values(0, 229), whole[name][:229], rtol=1e-9)


async def test_closing_and_opening_finds_the_indicators_as_they_were(
    core: Core, open_window: OpenWindow
) -> None:
    window, _, board = await settled(core, open_window)
    board.add("sma", {"period": 33})
    board.toggle(board.add("rsi", {"period": 7}))
    board.study("rsi-1").share = 0.3
    kept = board.keep()
    snapshot = await close_window(window)
    again = panel_of(await open_window(core, snapshot))
    await until(lambda: again.indicators.board is not None and len(again.indicators.board.labels) == 2)
    assert again.indicators.board is not None
    assert again.indicators.board.labels == ("SMA 33", "RSI 7")
    assert again.indicators.keep() == kept
    assert not again.indicators.board.study("rsi-1").visible


async def test_an_indicator_is_found_added_removed_and_brought_back_by_keyboard(
    core: Core, open_window: OpenWindow
) -> None:
    window, _, board = await settled(core, open_window)
    window.actions_.run("window.add-indicator")
    (picker,) = window.findChildren(IndicatorPicker)
    assert len(picker.offered) == len(find_indicators()) - 1
    QTest.keyClicks(picker.field, "relative")
    assert picker.offered[0] == "rsi"
    QTest.keyClick(picker.field, Qt.Key.Key_Return)
    assert shown(board) == ["RSI 14"]
    readout = board.readout("rsi-1")
    await until(readout.hasFocus)
    QTest.keyClick(readout, Qt.Key.Key_Space)
    assert not board.study("rsi-1").visible
    QTest.keyClick(readout, Qt.Key.Key_Delete)
    assert shown(board) == []
    assert window.notices.shown[-1].action == "Undo"
    undo = next(each for each in window.findChildren(QPushButton) if each.text() == "Undo")
    undo.click()
    assert shown(board) == ["RSI 14"]
    board.add("sma", {})
    window.actions_.run("window.remove-indicators")
    assert shown(board) == []
    assert window.notices.shown[-1].text == "2 indicators were removed."


async def test_a_parameter_is_applied_while_one_types_and_taken_back_with_escape(
    core: Core, open_window: OpenWindow
) -> None:
    window, _, board = await settled(core, open_window)
    key = board.add("sma", {"period": 20})
    board.edit(key)
    (editor,) = window.findChildren(IndicatorEditor)
    period = editor.form.editor("period")
    assert isinstance(period, LineEditor)
    period.selectAll()
    QTest.keyClicks(period, "50")
    await until(lambda: board.labels == ("SMA 50",))
    period.selectAll()
    QTest.keyClicks(period, "0")
    await until(lambda: "period" in editor.form.errors)
    assert editor.form.errors["period"] == "Period must be at least 2."
    assert shown(board) == ["SMA 50"]
    QTest.keyClick(period, Qt.Key.Key_Escape)
    assert shown(board) == ["SMA 20"]
    assert not editor.isVisible()


async def test_the_form_has_the_keyboard_and_gives_it_back(core: Core, open_window: OpenWindow) -> None:
    window, _, board = await settled(core, open_window)
    readout = board.readout(board.add("rsi", {}))
    readout.setFocus()
    QTest.keyClick(readout, Qt.Key.Key_Return)
    await asyncio.sleep(0.05)
    focused = QApplication.focusWidget()
    assert window.isActiveWindow()
    assert isinstance(focused, LineEditor)
    QTest.keyClick(focused, Qt.Key.Key_Return)
    await until(readout.hasFocus)
    QTest.keyClick(readout, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is readout.edit


async def test_too_few_bars_are_said_with_their_number(core: Core, open_window: OpenWindow) -> None:
    _, panel, board = await settled(core, open_window)
    with calling_as(PERSON):
        history = (await core.data.history("SPY", Interval.D1, date(2024, 1, 2))).bars
    panel.set_seen(False)
    bars = history[-189:-1]
    panel.chart.set_bars(bars.time, *bars.columns())
    board.show("SPY", bars)
    key = board.add("sma", {"period": 200})
    assert board.readout(key).words.endswith("needs 12 more bars")
    board.show("SPY", Bars.join([bars, history[-1:]]))
    panel.chart.refresh_now()
    assert board.readout(key).words.endswith("needs 11 more bars")
    board.set(key, {"period": 20})
    assert "needs" not in board.readout(key).words


async def test_a_long_history_is_computed_beside_the_loop_and_says_so(
    core: Core, open_window: OpenWindow
) -> None:
    _, panel, board = await settled(core, open_window)
    key = board.add("rsi", {})
    panel.set_seen(False)
    bars = a_million_bars()[: 5 * MOST_AT_ONCE]
    panel.chart.set_bars(bars.time, *bars.columns())
    board.show("SPY", bars)
    assert board.readout(key).words.endswith("computing…")
    await until(lambda: len(values_of(board, key, "rsi") if board.study(key).series else ()) == len(bars))
    assert "computing" not in board.readout(key).words
    np.testing.assert_allclose(
        values_of(board, key, "rsi"), find_indicators()["rsi"].compute(bars)["rsi"], rtol=1e-9
    )


@pytest.mark.parametrize(
    "kept", [None, "x", [1], [{"key": "a"}], [{"key": "a", "indicator": "sma", "parameters": {"period": []}}]]
)
def test_what_is_damaged_is_passed_over(kept: object) -> None:
    assert list(ChosenIndicators.of(kept)) == []


def test_the_choice_goes_into_a_file_and_comes_back() -> None:
    chosen = ChosenIndicators((Chosen("sma-1", "sma", {"period": 20, "source": "close"}, False, 3, 0.25),))
    chosen.new("sma", {}, 1)
    assert [each.key for each in chosen] == ["sma-1", "sma-2"]
    assert list(ChosenIndicators.of(chosen.keep())) == list(chosen)


async def test_an_indicator_that_is_gone_does_not_take_the_others_along(
    core: Core, open_window: OpenWindow
) -> None:
    window, _, board = await settled(core, open_window)
    board.add("sma", {})
    snapshot = await close_window(window)
    (pane,) = snapshot.workspaces["trade"]["panels"]["chart"]["panes"]
    kept = pane["indicators"]
    pane["indicators"] = [
        {"key": "magic-1", "indicator": "magic", "parameters": {}},
        {"key": "sma-9", "indicator": "sma", "parameters": {"period": -4}},
        *kept,
    ]
    again = panel_of(await open_window(core, snapshot))
    await until(lambda: again.indicators.board is not None)
    assert again.indicators.board is not None
    assert again.indicators.board.labels == ("SMA 20",)
