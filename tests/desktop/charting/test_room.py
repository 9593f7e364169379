"""Many charts in one panel: each with its own series, tied together as wished, and found again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QGraphicsView, QPushButton

from puffling.desktop.charting.grid import LAYOUTS
from puffling.desktop.charting.links import Link
from puffling.desktop.charting.pane import ChartPane
from puffling.desktop.charts.crosshair import fitting
from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.snapshot import Snapshot
from puffling.market.events import PricesMoved
from puffling.puffin.data.interval import Interval
from tests.desktop.conftest import OpenWindow, close_window, until
from tests.desktop.test_chart_panel import panel_of

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window


def shows(pane: ChartPane, symbol: str, interval: Interval = Interval.D1) -> bool:
    """Whether this series stands on the chart of a pane, all of it."""
    content = pane.content()
    found = (content.get("symbol"), content.get("interval")) == (symbol, interval.value)
    return found and pane.live and not pane.source.waits and pane.drawn


async def all_drawn(panel: ChartPanel) -> None:
    """Come back when every pane shows its series."""
    await until(lambda: all(shows(pane, pane.symbol, pane.interval) for pane in panel.panes))


def canvas_of(pane: ChartPane) -> QGraphicsView:
    """The canvas of a pane's chart."""
    return pane.chart.findChildren(QGraphicsView)[0]


async def two_charts(core: Core, open_window: OpenWindow) -> tuple[Window, ChartPanel]:
    """A panel with SPY daily and GLD weekly, the second active."""
    window = await open_window(core)
    panel = panel_of(window)
    window.actions_.run("window.charts-2")
    panel.step_chart(1)
    window.session.selection.choose("GLD", Interval.W1)
    await all_drawn(panel)
    return window, panel


@pytest.mark.parametrize("count", sorted(LAYOUTS))
async def test_every_layout_shows_as_many_charts_all_live(
    core: Core, open_window: OpenWindow, count: int
) -> None:
    window = await open_window(core)
    panel = panel_of(window)
    window.actions_.run(f"window.charts-{count}")
    await all_drawn(panel)
    assert len(panel.panes) == count
    assert all(pane.isVisible() and pane.width() > 60 and pane.height() > 40 for pane in panel.panes)
    assert [pane.caption.isVisible() for pane in panel.panes] == [count > 1] * count


async def test_the_active_chart_follows_the_selection_and_the_others_stay(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await two_charts(core, open_window)
    first, second = panel.panes
    assert (first.symbol, first.interval) == ("SPY", Interval.D1)
    assert (second.symbol, second.interval) == ("GLD", Interval.W1)
    assert panel.symbol.text() == "GLD"
    QTest.mouseClick(canvas_of(first).viewport(), Qt.MouseButton.LeftButton, pos=QPoint(40, 40))
    assert panel.active is first
    assert (window.session.selection.symbol, window.session.selection.interval) == ("SPY", Interval.D1)
    assert panel.symbol.text() == "SPY"
    window.session.selection.choose("QQQ")
    await all_drawn(panel)
    assert (first.symbol, second.symbol) == ("QQQ", "GLD")


async def test_the_symbol_has_the_room_it_needs_and_no_more(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    panel = panel_of(window)
    for symbol in ("SPY", "BTC/USD", "SPY"):
        window.session.selection.choose(symbol)
        await all_drawn(panel)
        assert panel.symbol.width() == panel.symbol.sizeHint().width()


async def test_no_button_of_the_line_grows_with_the_keyboard_on_it(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    panel = panel_of(window)
    buttons = [each for widget in panel.header() for each in (widget, *widget.findChildren(QPushButton))]
    for button in buttons:
        if isinstance(button, QPushButton) and button.isVisible():
            before = button.sizeHint()
            button.setFocus()
            await until(button.hasFocus)
            assert button.sizeHint() == before, button.text()


async def test_the_keyboard_goes_from_chart_to_chart(core: Core, open_window: OpenWindow) -> None:
    window, panel = await two_charts(core, open_window)
    window.actions_.run("window.next-chart")
    assert panel.active is panel.panes[0]
    window.actions_.run("window.previous-chart")
    assert panel.active is panel.panes[1]


async def test_another_number_of_charts_leaves_the_keyboard_with_them(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    panel = panel_of(window)
    await until(lambda: panel.active.drawn)
    panel.active.setFocus()
    for count in (4, 1, 9, 2):
        window.actions_.run(f"window.charts-{count}")
        await all_drawn(panel)
        assert panel.active.chart.hasFocus()


async def test_charts_that_go_come_back_as_they_were_to_their_places(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await two_charts(core, open_window)
    assert panel.indicators.board is not None
    panel.indicators.board.add("rsi", {})
    panel.activate(panel.panes[0])
    window.actions_.run("window.enlarge-chart")
    assert [pane.symbol for pane in panel.panes] == ["SPY"]
    window.actions_.run("window.enlarge-chart")
    await all_drawn(panel)
    assert [(pane.symbol, pane.interval) for pane in panel.panes] == [
        ("SPY", Interval.D1),
        ("GLD", Interval.W1),
    ]
    panel.activate(panel.panes[1])
    assert panel.indicators.board is not None
    assert panel.indicators.board.labels == ("RSI 14",)


async def test_linked_symbols_and_intervals_go_along_with_the_active_chart(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await two_charts(core, open_window)
    window.actions_.run("window.link-symbol")
    assert [pane.symbol for pane in panel.panes] == ["GLD", "GLD"]
    window.session.selection.choose("AAPL", Interval.MO1)
    assert [pane.symbol for pane in panel.panes] == ["AAPL", "AAPL"]
    assert [pane.interval for pane in panel.panes] == [Interval.D1, Interval.MO1]
    window.actions_.run("window.link-interval")
    assert [pane.interval for pane in panel.panes] == [Interval.MO1, Interval.MO1]
    await all_drawn(panel)


async def test_the_crosshair_stands_at_the_same_moment_in_every_chart(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await two_charts(core, open_window)
    daily, weekly = panel.panes
    pointed: list[int | None] = []
    weekly.chart.bar_pointed.connect(pointed.append)
    daily.chart.point_at(4000)
    week = pointed[-1]
    assert week is not None
    assert 0 <= int(daily.bars.time[4000]) - int(weekly.bars.time[week]) < 7 * 86_400_000_000
    daily.chart.point_at(None)
    assert pointed[-1] is None
    window.actions_.run("window.link-crosshair")
    daily.chart.point_at(4001)
    assert pointed[-1] is None


async def test_linked_charts_show_the_same_stretch_of_time_across_intervals(
    core: Core, open_window: OpenWindow
) -> None:
    _, panel = await two_charts(core, open_window)
    daily, weekly = panel.panes
    panel.toggle_link(Link.RANGE)
    weekly.chart.restore_state({"bars": 52, "behind": 20})
    first, last = (weekly.bars.time[round(place)] for place in (weekly.bars.time.size - 72, -20))
    begin, end = daily.chart.visible_range
    seen = daily.bars.time[[round(begin), round(end)]]
    assert abs(int(seen[0]) - int(first)) < 8 * 86_400_000_000
    assert abs(int(seen[1]) - int(last)) < 8 * 86_400_000_000


def test_a_legend_ends_with_a_whole_number() -> None:
    tones, widths = [0.0, 1.0, 0.0, 1.0, 0.0, 0.0], [10.0, 40.0, 10.0, 40.0, 20.0, 30.0]
    assert [fitting(tones, widths, room) for room in (5, 12, 60, 75, 118, 150, 200)] == [0, 0, 2, 2, 4, 4, 6]


async def test_hidden_charts_neither_listen_nor_watch(core: Core, open_window: OpenWindow) -> None:
    window, panel = await two_charts(core, open_window)
    window.session.selection.choose("BTC/USD")
    await all_drawn(panel)
    panel.set_seen(False)
    assert not any(pane.awake for pane in panel.panes)
    said = panel.last.text()
    newest = core.data.newest("BTC/USD")
    assert newest is not None
    core.bus.publish(PricesMoved({"BTC/USD": newest._replace(price=newest.price * 2)}))
    await asyncio.sleep(0.1)
    assert panel.last.text() == said
    panel.set_seen(True)
    panel.show_charts(1)
    assert [pane.awake for pane in panel.panes] == [True]


async def test_a_tick_touches_the_newest_bar_and_nothing_before_it(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    window.session.selection.choose("BTC/USD")
    panel = panel_of(window)
    await all_drawn(panel)
    before = panel.active.bars
    newest = core.data.newest("BTC/USD")
    assert newest is not None
    core.bus.publish(PricesMoved({"BTC/USD": newest._replace(price=newest.price * 2)}))
    await until(lambda: panel.content()["rows"][-1][4] == pytest.approx(newest.price * 2))
    # The very same columns: their length cannot matter to a tick.
    assert panel.active.bars is before
    assert np.isclose(before.close[-1], newest.price, rtol=0.5)


async def test_the_next_start_finds_the_charts_as_they_were(core: Core, open_window: OpenWindow) -> None:
    window, panel = await two_charts(core, open_window)
    panel.toggle_link(Link.RANGE)
    panel.panes[0].chart.show_last(60)
    snapshot = await close_window(window)
    again = panel_of(await open_window(snapshot=snapshot))
    assert [(pane.symbol, pane.interval) for pane in again.panes] == [
        ("SPY", Interval.D1),
        ("GLD", Interval.W1),
    ]
    assert again.active is again.panes[1]
    assert all(pane.content()["rows"] for pane in again.panes)
    assert again.links.on == {Link.CROSSHAIR, Link.RANGE}


async def test_each_workspace_has_charts_of_its_own(core: Core, open_window: OpenWindow) -> None:
    window, panel = await two_charts(core, open_window)
    window.open_workspace("research")
    assert len(panel.panes) == 1
    window.open_workspace("trade")
    await all_drawn(panel)
    assert [(pane.symbol, pane.interval) for pane in panel.panes] == [
        ("SPY", Interval.D1),
        ("GLD", Interval.W1),
    ]
    window.reset_workspace()
    assert len(panel.panes) == 1


@pytest.mark.parametrize(
    "kept",
    [
        {"panes": 3},
        {"panes": [{}] * 5},
        {
            "panes": [{"symbol": 4, "interval": "7y", "view": 1, "indicators": 5}, {}],
            "active": 9,
            "sizes": [1],
        },
        {"panes": [{}, {}], "links": ["love", 4], "replay": {"present_us": "x", "speed": -3, "finest": 1}},
    ],
)
async def test_a_damaged_arrangement_is_passed_over(open_window: OpenWindow, kept: dict[str, object]) -> None:
    snapshot = Snapshot(workspaces={"trade": {"panels": {"chart": kept}}})
    panel = panel_of(await open_window(snapshot=snapshot))
    assert len(panel.panes) in LAYOUTS
    assert panel.active in panel.panes
