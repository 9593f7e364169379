"""The tools on the real chart: what the mouse draws, holds and moves is where it was put."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from puffling.core.core import Core
from puffling.desktop.charts.canvas import Canvas
from puffling.desktop.drawings.kinds import MEASURE, TOOLS
from puffling.puffin.data.interval import Interval
from puffling.store.values import DrawingKind
from tests.desktop.conftest import OpenWindow, until
from tests.desktop.drawing_hand import CONTROL, SHIFT, Hand, board_of, draw, hand_on
from tests.desktop.test_chart_panel import panel_of


@pytest.fixture
async def hand(core: Core, open_window: OpenWindow) -> Hand:
    return await hand_on(await open_window(core))


@pytest.mark.parametrize("kind", list(DrawingKind))
async def test_every_tool_draws_what_it_is_called_and_it_is_kept(hand: Hand, kind: DrawingKind) -> None:
    hand.window.actions_.run(f"window.draw-{kind}")
    assert hand.board.strip.buttons[kind].isChecked()
    drawn = draw(hand, kind)
    assert drawn.kind == kind
    assert await hand.saved() == (drawn,)
    assert hand.in_hand == ""
    assert hand.board.selected == drawn
    spot = hand.spot(drawn)
    assert abs(spot.x() - hand.at(0.2, 0.3).x()) <= 5
    assert abs(spot.y() - hand.at(0.2, 0.3).y()) <= 1


async def test_a_line_is_drawn_with_one_drag_as_well(hand: Hand) -> None:
    hand.board.choose("line")
    seen = hand.chart.visible_range
    hand.drag(hand.at(0.2, 0.3), hand.at(0.5, 0.5))
    (drawn,) = await hand.saved()
    assert abs((hand.spot(drawn, 1) - hand.at(0.5, 0.5)).manhattanLength()) <= 6
    assert hand.chart.visible_range == seen


async def test_between_two_clicks_the_line_follows_the_pointer(hand: Hand) -> None:
    hand.board.choose("line")
    hand.click(hand.at(0.2, 0.3))
    for down in (0.5, 0.6):
        hand.move(hand.at(0.4, down))
        draft = hand.board.layer.draft
        assert draft is not None
        assert abs(hand.spot(draft, 1).y() - hand.at(0.4, down).y()) <= 1
    assert hand.shown == ()


async def test_shift_draws_level_and_the_magnet_takes_prices_of_bars(hand: Hand) -> None:
    hand.board.choose("line")
    hand.click(hand.at(0.2, 0.3))
    hand.click(hand.at(0.5, 0.31), SHIFT)
    drawn = hand.shown[0]
    assert drawn.points[0][1] == drawn.points[1][1]
    hand.window.actions_.run("window.magnet")
    ground = hand.board.ground()
    assert ground is not None
    place = hand.chart.bar_count - 20
    bar = ground.bars.bar(place)
    near = QPoint(round(ground.viewport.x(place)), round(ground.viewport.y(bar.high)) - 6)
    hand.board.choose("horizontal")
    hand.click(near)
    assert hand.shown[-1].points[0][1] == bar.high
    hand.board.choose("horizontal")
    hand.click(near, CONTROL)
    assert hand.shown[-1].points[0][1] != bar.high
    await hand.saved()


async def test_escape_takes_back_the_first_point_then_the_tool_then_the_selection(hand: Hand) -> None:
    draw(hand)
    hand.board.choose("line", stays=True)
    hand.click(hand.at(0.2, 0.3))
    hand.key(Qt.Key.Key_Escape)
    assert hand.board.layer.draft is None
    assert hand.in_hand == "line"
    hand.key(Qt.Key.Key_Escape)
    assert hand.in_hand == ""
    hand.board.select(hand.shown[0].id)
    hand.key(Qt.Key.Key_Escape)
    assert hand.board.selected is None
    assert len(await hand.saved()) == 1


async def test_a_double_click_keeps_the_tool_in_the_hand(hand: Hand) -> None:
    button = hand.board.strip.buttons["horizontal"]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(button, Qt.MouseButton.LeftButton)
    for down in (0.2, 0.4, 0.6):
        hand.click(hand.at(0.5, down))
    assert len(await hand.saved()) == 3
    assert hand.board.tools.stays
    QTest.mouseClick(hand.board.strip.buttons[""], Qt.MouseButton.LeftButton)
    assert hand.board.tools.tool is None


async def test_a_drawing_is_moved_whole_and_by_its_handle(hand: Hand) -> None:
    drawn = draw(hand)
    start, end = hand.spot(drawn), hand.spot(drawn, 1)
    middle = (start + end) / 2
    hand.drag(middle, middle + QPoint(0, 40))
    (moved,) = hand.shown
    assert abs(hand.spot(moved).y() - start.y() - 40) <= 1
    assert abs(hand.spot(moved, 1).y() - end.y() - 40) <= 1
    hand.drag(hand.spot(moved, 1), hand.at(0.8, 0.2))
    (stretched,) = await hand.saved()
    assert stretched.points[0] == moved.points[0]
    assert abs(hand.spot(stretched, 1).x() - hand.at(0.8, 0.2).x()) <= 5


async def test_a_locked_drawing_stays_and_the_chart_beside_drawings_is_dragged(hand: Hand) -> None:
    drawn = draw(hand, "horizontal")
    hand.board.lock()
    spot = hand.at(0.5, 0.3)
    hand.drag(QPoint(spot.x(), hand.spot(drawn).y()), hand.at(0.5, 0.6))
    hand.key(Qt.Key.Key_Up)
    assert hand.shown[0].points == drawn.points
    seen = hand.chart.visible_range
    hand.drag(hand.at(0.5, 0.7), hand.at(0.6, 0.7))
    assert hand.chart.visible_range != seen
    await hand.saved()


async def test_hidden_drawings_are_neither_seen_nor_touched_and_a_tool_shows_them(hand: Hand) -> None:
    drawn = draw(hand, "horizontal")
    hand.window.actions_.run("window.hide-drawings")
    hand.click(QPoint(hand.at(0.5, 0).x(), hand.spot(drawn).y()))
    assert hand.board.selected is None
    hand.board.choose("line")
    assert not hand.board.layer.hidden
    await hand.saved()


async def test_a_measure_says_what_lies_between_and_keeps_nothing(hand: Hand) -> None:
    hand.board.choose(MEASURE)
    hand.drag(hand.at(0.2, 0.6), hand.at(0.5, 0.3))
    assert hand.measures()
    hand.chart.grab()
    hand.click(hand.at(0.9, 0.9))
    assert not hand.measures()
    assert await hand.saved() == ()


@pytest.mark.parametrize("interval", [Interval.H1, Interval.W1, Interval.MO1])
async def test_a_drawing_stands_at_its_day_on_every_width(hand: Hand, interval: Interval) -> None:
    hand.board.choose("vertical")
    hand.click(hand.at(0.5, 0.5))
    drawn = hand.shown[0]
    hand.window.session.selection.choose(interval=interval)

    def distance_us() -> int:
        ground = hand.board.ground()
        place = round(ground.timeline.place(drawn.points[0][0])) if ground is not None else -1
        return ground.bars.bar(place).time_us - drawn.points[0][0] if ground and place >= 0 else 1 << 62

    await until(lambda: panel_of(hand.window).content().get("interval") == interval.value)
    longest = {Interval.H1: 1, Interval.W1: 7, Interval.MO1: 31}[interval] * 86_400_000_000
    await until(lambda: abs(distance_us()) < longest)
    # The hour after midnight, but the week and month it lies in.
    assert distance_us() >= 0 if interval is Interval.H1 else distance_us() <= 0
    await hand.saved()


async def test_the_future_can_be_drawn_on(hand: Hand) -> None:
    hand.chart.pan(0.3)
    viewport = hand.chart.scene.viewport
    assert viewport is not None
    hand.board.choose("line")
    hand.click(hand.at(0.3, 0.3))
    hand.click(hand.at(0.95, 0.5))
    (drawn,) = await hand.saved()
    assert drawn.points[1][0] > hand.pane.bars.time[-1]
    assert abs(hand.spot(drawn, 1).x() - hand.at(0.95, 0.5).x()) <= 8


async def test_tools_that_find_no_room_are_in_a_menu(hand: Hand) -> None:
    strip = hand.board.strip
    assert strip.more.isHidden() == all(not each.isHidden() for each in strip.buttons.values())
    strip.resize(strip.width(), 200)
    assert not strip.more.isHidden()
    hidden = [tool.title for tool in TOOLS if strip.buttons[tool.id].isHidden()]
    assert hidden
    for button in (*strip.buttons.values(), strip.more, strip.fold):
        assert button.isHidden() or strip.rect().contains(button.geometry())


async def test_a_small_chart_keeps_its_room_until_somebody_wants_the_tools(hand: Hand) -> None:
    chart, strip = hand.chart, hand.board.strip
    (canvas,) = chart.findChildren(Canvas)
    seen = []
    for act in (
        partial(chart.resize, 380, 400),
        hand.board.toggle_strip,
        partial(chart.resize, 300, 400),
        hand.board.toggle_strip,
        partial(chart.resize, 900, 500),
        hand.board.toggle_strip,
    ):
        act()
        room = 0 if strip.isHidden() else strip.width()
        assert canvas.x() == room
        seen.append("hidden" if strip.isHidden() else "folded" if strip.folded else "open")
    assert seen == ["hidden", "open", "open", "hidden", "folded", "open"]


async def test_of_many_charts_none_gives_room_to_tools(hand: Hand) -> None:
    panel = panel_of(hand.window)
    panel.show_charts(9)
    await until(lambda: all(board_of(hand.window, pane) is not None for pane in range(9)))
    await asyncio.sleep(0.05)
    boards = [board_of(hand.window, pane) for pane in range(9)]
    assert [board is not None and board.strip.isVisible() for board in boards] == [False] * 9
