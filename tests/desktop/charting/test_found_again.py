"""An evening with the charts: a year, an indicator, a line, a month bar by bar, and all of it found again."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from puffling.desktop.dispatch import PERSON
from puffling.desktop.indicators.picker import IndicatorPicker
from puffling.puffin.data.instants import day_to_us
from puffling.puffin.data.interval import Interval
from puffling.runtime.actor import calling_as
from tests.desktop.charting.test_room import all_drawn
from tests.desktop.conftest import OpenWindow, close_window, until
from tests.desktop.drawing_hand import board_of, draw, hand_on
from tests.desktop.test_chart_panel import panel_of

if TYPE_CHECKING:
    from puffling.core.core import Core


async def test_a_year_with_an_indicator_and_a_line_is_found_again_after_a_replay_of_last_march(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    panel = panel_of(window)
    panel.ask_symbol()
    QTest.keyClicks(panel.field, "AAPL")
    QTest.keyClick(panel.field, Qt.Key.Key_Return)
    hand = await hand_on(window, "AAPL")
    window.actions_.run("window.chart-span-365")
    window.actions_.run("window.add-indicator")
    (picker,) = window.findChildren(IndicatorPicker)
    field = picker.findChild(QLineEdit)
    assert field is not None
    QTest.keyClicks(field, "rsi")
    QTest.keyClick(field, Qt.Key.Key_Return)
    line = draw(hand)
    (kept,) = await hand.saved()
    seen = panel.chart.visible_range

    window.actions_.run("window.replay")
    QTest.keyClicks(panel.transport.day, "2025-02-28")
    QTest.keyClick(panel.transport.day, Qt.Key.Key_Return)
    await until(lambda: not panel.active.source.waits)
    with calling_as(PERSON):
        whole = (await core.data.history("AAPL", Interval.D1, date(2024, 1, 1))).bars
    march = whole.between(day_to_us(date(2025, 3, 1)), day_to_us(date(2025, 4, 1)))
    for time_us, close in zip(march.time.tolist(), march.close.tolist(), strict=True):
        QTest.keyClick(panel.chart, Qt.Key.Key_Right)
        bars = panel.active.bars
        assert (int(bars.time[-1]), float(bars.close[-1])) == (time_us, close)
    assert panel.transport.badge.text() == "REPLAY 2025-03-31"
    assert hand.shown == (line,)

    snapshot = await close_window(window)
    window = await open_window(core, snapshot)
    panel = panel_of(window)
    await all_drawn(panel)
    assert panel.transport.badge.text() == "REPLAY 2025-03-31"
    assert panel.symbol.text() == "AAPL"
    QTest.keyClick(panel.chart, Qt.Key.Key_Escape)
    assert not panel.replay.on
    await until(lambda: len(panel.active.bars) > 4000 and int(panel.active.bars.time[-1]) > march.time[-1])
    await until(lambda: panel.indicators.board is not None and panel.indicators.board.labels == ("RSI 14",))
    await until(lambda: board_of(window, 0) is not None)
    hand = await hand_on(window, "AAPL")
    await until(lambda: hand.shown == (kept,))
    first, last = panel.chart.visible_range
    assert abs((last - first) - (seen[1] - seen[0])) < 1
