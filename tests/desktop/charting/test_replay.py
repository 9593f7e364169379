"""Bar replay: at every step the charts know what was known then, and nothing of what came after."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from puffling.desktop.charting.past import end_of
from puffling.desktop.dispatch import PERSON
from puffling.desktop.live_mark import LiveMark
from puffling.desktop.panels.chart import ChartPanel
from puffling.market.events import PricesMoved
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import day_to_us, from_us, to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.resample import resample
from puffling.puffin.factors.indicator import find_indicators
from puffling.runtime.actor import calling_as
from puffling.runtime.clock import FixedClock
from tests.desktop.charting.test_room import all_drawn, canvas_of
from tests.desktop.conftest import OpenWindow, close_window, until
from tests.desktop.test_chart_panel import panel_of

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window

DAY = date(2025, 3, 11)
NO_BUTTON = Qt.MouseButton.NoButton
MOMENT = day_to_us(DAY) + 86_400_000_000


async def settled(core: Core, open_window: OpenWindow, symbol: str = "SPY") -> tuple[Window, ChartPanel]:
    """A window whose chart shows all there is of a symbol."""
    window = await open_window(core)
    window.session.selection.choose(symbol)
    panel = panel_of(window)
    await all_drawn(panel)
    return window, panel


async def whole(core: Core, symbol: str, interval: Interval = Interval.D1) -> Bars:
    """All days there are."""
    with calling_as(PERSON):
        return (await core.data.history(symbol, interval, date(2000, 1, 3))).bars


def until_day(bars: Bars, moment_us: int = MOMENT) -> Bars:
    """The days that were over at a moment."""
    return bars[: int(np.searchsorted(bars.time, moment_us))]


def shows_bars(panel: ChartPanel, count: int) -> bool:
    """Whether the chart has this many bars."""
    return panel.chart.bar_count == count


def same_tail(shown: Bars, known: Bars) -> bool:
    """Whether the newest five hundred are the same."""
    return shown[-500:] == known[-500:]


def move_mouse(widget: QWidget, place: QPoint) -> None:
    """Move the pointer; QTest's own move runs the events of the loop within a turn of it."""
    at = QPointF(place)
    moved = QMouseEvent(
        QEvent.Type.MouseMove,
        at,
        widget.mapToGlobal(at),
        NO_BUTTON,
        NO_BUTTON,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(widget, moved)


async def test_a_click_on_a_bar_begins_a_replay_that_ends_with_that_bar(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await settled(core, open_window)
    window.actions_.run("window.replay")
    assert panel.transport.isVisible()
    assert panel.transport.hint.isVisible()
    viewport = canvas_of(panel.active).viewport()
    place = QPoint(viewport.width() // 3, viewport.height() // 3)
    pointed: list[int] = []
    panel.active.picked.connect(pointed.append)
    begun = panel.active.bars
    move_mouse(viewport, place)
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    (index,) = pointed
    assert panel.replay.on
    assert int(panel.active.bars.time[-1]) == int(begun.time[index])
    assert panel.chart.bar_count == len(panel.active.bars)
    await all_drawn(panel)
    assert int(panel.active.bars.time[-1]) == int(begun.time[index])


async def test_a_drag_while_choosing_moves_the_chart_and_begins_nothing(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await settled(core, open_window)
    window.actions_.run("window.replay")
    viewport = canvas_of(panel.active).viewport()
    move_mouse(viewport, QPoint(100, 60))
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=QPoint(100, 60))
    move_mouse(viewport, QPoint(180, 60))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=QPoint(180, 60))
    assert not panel.replay.on
    assert panel.transport.hint.isVisible()
    QTest.keyClick(panel.chart, Qt.Key.Key_Escape)
    assert panel.transport.isHidden()


async def test_at_every_step_prices_and_indicators_are_those_of_the_shorter_history(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await settled(core, open_window)
    bars = await whole(core, "SPY")
    board = panel.indicators.board
    assert board is not None
    keys = {name: board.add(name, {}) for name in ("sma", "rsi", "ichimoku", "supertrend")}
    panel.replay.go_to(DAY)
    await all_drawn(panel)
    for step in range(12):
        known = bars[: len(until_day(bars)) + step]
        assert same_tail(panel.active.bars, known)
        assert panel.chart.bar_count == len(panel.active.bars)
        for name, key in keys.items():
            values = find_indicators()[name].compute(panel.active.bars)
            for output, expected in values.items():
                series = board.study(key).series[output]
                assert len(series) == len(panel.active.bars)
                np.testing.assert_allclose(
                    series.values(0, len(series))[-300:], expected[-300:], rtol=1e-7, atol=1e-9
                )
        assert panel.last.text() == f"{known.close[-1]:,.2f}"
        QTest.keyClick(panel.chart, Qt.Key.Key_Right)
    for _ in range(12):
        QTest.keyClick(panel.chart, Qt.Key.Key_Left)
    assert same_tail(panel.active.bars, until_day(bars))
    np.testing.assert_allclose(
        board.study(keys["sma"]).series["sma"].newest,
        find_indicators()["sma"].compute(panel.active.bars)["sma"][-1],
    )
    assert window.session.connected


def write_file(path: Path, bars: Bars) -> None:
    """Write days into a file as a person has them."""
    rows = zip(bars.time, *bars.columns(), strict=True)
    lines = [f"{from_us(int(time)).date()},{','.join(map(str, values))}" for time, *values in rows]
    path.write_text("\n".join(["Date,Open,High,Low,Close,Volume", *lines, ""]), encoding="utf-8")


def picture(panel: ChartPanel) -> QImage:
    """What the chart looks like."""
    panel.chart.refresh_now()
    return panel.chart.grab().toImage()


async def test_bars_to_come_change_no_pixel_however_wild_they_are(
    core: Core, open_window: OpenWindow, tmp_path: Path
) -> None:
    known = (await whole(core, "SPY"))[-600:]
    wild = Bars(known.time, *(each * 1000 for each in known.columns()))
    file = tmp_path / "mine.csv"
    written: list[Bars] = []

    async def bring(bars: Bars) -> None:
        written.append(bars)
        write_file(file, bars)
        with calling_as(PERSON):
            await core.files.add(file, "MINE")

    await bring(known)
    window, panel = await settled(core, open_window, "MINE")
    board = panel.indicators.board
    assert board is not None
    for indicator in ("ichimoku", "rsi"):
        board.add(indicator, {})

    async def look(days: int) -> QImage:
        """What one sees that many days into the replay."""
        window.session.selection.choose("SPY")
        await all_drawn(panel)
        window.session.selection.choose("MINE")
        await until(lambda: (shown := panel.active.source.history) is not None and shown.bars == written[-1])
        panel.replay.go_to(DAY)
        await all_drawn(panel)
        for _ in range(days):
            panel.replay.step(1)
        seen = picture(panel)
        panel.replay.end()
        return seen

    before = {days: await look(days) for days in (0, 1, 3)}
    for days, seen in before.items():
        present = int(np.searchsorted(known.time, MOMENT)) + days
        await bring(Bars.join([known[:present], wild[present:]]))
        assert await look(days) == seen
    assert before[0] != before[1]


async def test_a_week_under_way_beside_the_days_is_made_of_the_days_so_far(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await settled(core, open_window)
    window.actions_.run("window.charts-2")
    panel.panes[1].look_at("SPY", Interval.W1)
    await all_drawn(panel)
    bars = await whole(core, "SPY")
    panel.replay.go_to(DAY)
    await all_drawn(panel)
    for step in range(7):
        known = bars[: len(until_day(bars)) + step]
        weeks = resample(known, Interval.D1, Interval.W1)
        shown = panel.panes[1].bars
        assert shown[-200:].time.tolist() == weeks[-200:].time.tolist()
        for ours, expected in zip(shown[-200:].columns(), weeks[-200:].columns(), strict=True):
            np.testing.assert_allclose(ours, expected, rtol=1e-12)
        panel.replay.step(1)


async def test_another_interval_keeps_the_present(core: Core, open_window: OpenWindow) -> None:
    window, panel = await settled(core, open_window)
    panel.replay.go_to(DAY)
    await all_drawn(panel)
    for interval in (Interval.H1, Interval.W1, Interval.MO1, Interval.D1):
        window.session.selection.choose(interval=interval)
        await all_drawn(panel)
        assert panel.replay.present_us == MOMENT
        last = int(panel.active.bars.time[-1])
        assert last < MOMENT
        assert end_of(last, interval) >= MOMENT - (0 if not interval.is_intraday else 86_400_000_000)
    days = await whole(core, "SPY")
    assert same_tail(panel.active.bars, until_day(days))


async def test_a_replay_goes_on_with_another_symbol_at_the_same_moment(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await settled(core, open_window)
    panel.replay.go_to(DAY)
    window.session.selection.choose("QQQ")
    await all_drawn(panel)
    assert same_tail(panel.active.bars, until_day(await whole(core, "QQQ")))
    assert panel.symbol.text() == "QQQ"


async def test_what_parts_read_themselves_ends_at_the_present_too(
    core: Core, open_window: OpenWindow
) -> None:
    _, panel = await settled(core, open_window)
    panel.replay.go_to(DAY)
    read = panel.indicators.seat.history
    with calling_as(PERSON):
        other = await read("GLD", Interval.D1)
    assert int(other.bars.time[-1]) < MOMENT
    assert panel.indicators.seat.present_us() == MOMENT
    panel.replay.step(1)
    with calling_as(PERSON):
        later = await read("GLD", Interval.D1)
    assert len(later.bars) == len(other.bars) + 1
    panel.replay.end()
    with calling_as(PERSON):
        assert int((await read("GLD", Interval.D1)).bars.time[-1]) > MOMENT


async def test_live_prices_wait_until_the_replay_is_over(core: Core, open_window: OpenWindow) -> None:
    _, panel = await settled(core, open_window, "BTC/USD")
    panel.replay.go_to(DAY)
    await all_drawn(panel)
    said, bars = panel.last.text(), panel.active.bars
    newest = core.data.newest("BTC/USD")
    assert newest is not None
    core.bus.publish(PricesMoved({"BTC/USD": newest._replace(price=newest.price * 2)}))
    await asyncio.sleep(0.1)
    assert panel.last.text() == said
    assert panel.active.bars is bars
    QTest.keyClick(panel.chart, Qt.Key.Key_Escape)
    await until(lambda: int(panel.active.bars.time[-1]) > MOMENT)
    core.bus.publish(PricesMoved({"BTC/USD": newest._replace(price=newest.price * 2)}))
    await until(lambda: panel.last.text() == f"{newest.price * 2:,.2f}")


async def test_panels_with_prices_of_now_say_so_while_the_charts_show_the_past(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.show_panel("quote")
    panel = panel_of(window)
    await until(lambda: panel.active.drawn)
    marks = window.findChildren(LiveMark)
    assert {mark.parentWidget() is not None and mark.isHidden() for mark in marks} == {True}
    panel.replay.begin(int(panel.active.bars.time[-40]))
    assert len(marks) == 2
    assert not any(mark.isHidden() for mark in marks)
    panel.replay.end()
    assert all(mark.isHidden() for mark in marks)


async def test_bars_come_by_themselves_at_the_chosen_speed_and_stop_at_the_end(
    core: Core, open_window: OpenWindow, clock: FixedClock
) -> None:
    _, panel = await settled(core, open_window)
    now = to_us(clock.now())
    end = int(panel.active.bars[:-1].time[-1])
    panel.replay.go_to(datetime.fromtimestamp(end / 1e6 - 10 * 86_400, UTC).date())
    await all_drawn(panel)
    count = panel.chart.bar_count
    QTest.keyClick(panel.chart, Qt.Key.Key_Space)
    for bars in (1, 2):
        await asyncio.sleep(0.02)
        clock.advance(1)
        await until(partial(shows_bars, panel, count + bars))
    panel.replay.set_speed(2)
    await asyncio.sleep(0.02)
    clock.advance(1)
    await until(lambda: panel.chart.bar_count == count + 3)
    QTest.keyClick(panel.chart, Qt.Key.Key_Space)
    panel.replay.set_speed(0)
    panel.replay.toggle()
    while panel.replay.playing:
        clock.advance(0.02)
        await asyncio.sleep(0.01)
    assert panel.replay.on
    assert panel.replay.present_us is not None
    assert panel.replay.present_us <= now + 60_000_000
    assert not panel.replay.step(1)


async def test_the_bar_names_the_day_and_its_field_goes_to_another(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await settled(core, open_window)
    window.actions_.run("window.replay")
    transport = panel.transport
    assert transport.day.hasFocus()
    QTest.keyClicks(transport.day, "2025-03-11")
    QTest.keyClick(transport.day, Qt.Key.Key_Return)
    assert transport.badge.text() == "REPLAY 2025-03-11"
    assert panel.chart.hasFocus()
    QTest.mouseClick(transport.forward, Qt.MouseButton.LeftButton)
    assert transport.badge.text() == "REPLAY 2025-03-12"
    QTest.keyClicks(transport.day, "2024-07-01")
    QTest.keyClick(transport.day, Qt.Key.Key_Return)
    assert transport.badge.text() == "REPLAY 2024-07-01"
    QTest.keyClicks(transport.day, "soon")
    QTest.keyClick(transport.day, Qt.Key.Key_Return)
    assert window.notices.shown[-1].text == "soon is no day."
    transport.day.clear()
    QTest.keyClicks(transport.day, "2199-01-01")
    QTest.keyClick(transport.day, Qt.Key.Key_Return)
    assert window.notices.shown[-1].text == "A replay stays in the past."
    assert transport.badge.text() == "REPLAY 2024-07-01"


async def test_the_next_start_goes_on_with_the_replay(core: Core, open_window: OpenWindow) -> None:
    window, panel = await settled(core, open_window)
    panel.replay.go_to(DAY)
    panel.replay.set_speed(5)
    await all_drawn(panel)
    rows = panel.content()["rows"]
    snapshot = await close_window(window)
    window = await open_window(core, snapshot)
    again = panel_of(window)
    assert again.replay.present_us == MOMENT
    assert again.replay.speed == 5
    assert again.transport.isVisible()
    await all_drawn(again)
    assert again.content()["rows"] == rows
    again.replay.end()
    await until(lambda: int(again.active.bars.time[-1]) > MOMENT)


async def test_a_replay_of_minutes_reaches_further_than_what_is_fetched_at_once(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await settled(core, open_window)
    window.session.selection.choose(interval=Interval.M15)
    await all_drawn(panel)
    panel.replay.go_to(date(2023, 3, 13))
    await all_drawn(panel)
    assert panel.active.bars.time[-1] < day_to_us(date(2023, 3, 13))
    panel.replay.go_to(date(2024, 6, 3))
    await all_drawn(panel)
    assert day_to_us(date(2024, 5, 30)) < panel.active.bars.time[-1] < day_to_us(date(2024, 6, 3))
    assert panel.replay.step(1)


@pytest.mark.parametrize("key", [Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Space])
async def test_without_a_replay_the_keys_are_the_charts(
    core: Core, open_window: OpenWindow, key: Qt.Key
) -> None:
    _, panel = await settled(core, open_window)
    QTest.keyClick(panel.chart, key)
    assert not panel.replay.on
    assert not panel.replay.playing
