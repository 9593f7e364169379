"""Drawing on the real chart with real mouse and keys: what is drawn is kept, undone, found again."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from puffling.core.core import Core
from puffling.desktop.charts.canvas import Canvas
from puffling.desktop.dispatch import PERSON
from puffling.desktop.drawings.board import DrawingBoard
from puffling.desktop.drawings.editor import DrawingEditor
from puffling.desktop.drawings.kinds import MEASURE, TOOLS
from puffling.desktop.drawings.part import Drawings
from puffling.desktop.editors import LineEditor
from puffling.puffin.data.interval import Interval
from puffling.runtime.actor import calling_as
from puffling.runtime.clock import FixedClock
from puffling.runtime.paths import Paths
from puffling.store.values import Drawing, DrawingColour, DrawingKind
from tests.desktop.conftest import OpenWindow, close_window, until
from tests.desktop.test_chart_panel import panel_of

if TYPE_CHECKING:
    from puffling.desktop.window import Window

SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


class Hand:
    """The mouse and the keys of a person before one chart of the real window."""

    def __init__(self, window: Window, pane: int = 0) -> None:
        self.window = window
        panel = panel_of(window)
        self.pane = panel.panes[pane]
        part = self.pane.part("drawings")
        assert isinstance(part, Drawings)
        assert part.board is not None
        self.board: DrawingBoard = part.board
        self.chart = self.pane.chart
        (canvas,) = self.chart.findChildren(Canvas)
        self._viewport: QWidget = canvas.viewport()

    def at(self, across: float, down: float) -> QPoint:
        """A place on the plot, as shares of it."""
        viewport = self.chart.scene.viewport
        assert viewport is not None
        return QPoint(round(viewport.width * across), round(viewport.height * down))

    def spot(self, drawing: Drawing, point: int = 0) -> QPoint:
        """Where a point of a drawing is seen."""
        ground = self.board.ground()
        assert ground is not None
        time_us, price = drawing.points[point]
        x, y = ground.viewport.x(ground.timeline.place(time_us)), ground.viewport.y(price)
        return QPoint(round(x), round(y))

    def click(self, at: QPoint, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self._mouse(QEvent.Type.MouseMove, at, keys, down=False)
        self._mouse(QEvent.Type.MouseButtonPress, at, keys)
        self._mouse(QEvent.Type.MouseButtonRelease, at, keys, down=False)

    def drag(
        self, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        self._mouse(QEvent.Type.MouseButtonPress, start, keys)
        for step in range(1, 5):
            self._mouse(QEvent.Type.MouseMove, start + (end - start) * step / 4, keys)
        self._mouse(QEvent.Type.MouseButtonRelease, end, keys, down=False)

    def move(self, at: QPoint, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self._mouse(QEvent.Type.MouseMove, at, keys, down=False)

    def key(self, key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.chart, key, keys)

    def _mouse(self, kind: QEvent.Type, at: QPoint, keys: Qt.KeyboardModifier, *, down: bool = True) -> None:
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        button = none if kind is QEvent.Type.MouseMove else left
        held = left if down else none
        to_window = QPointF(self._viewport.mapToGlobal(at))
        event = QMouseEvent(kind, QPointF(at), to_window, button, held, keys)
        QApplication.sendEvent(self._viewport, event)

    @property
    def in_hand(self) -> str:
        """The tool that is chosen."""
        return self.board.tools.tool.id if self.board.tools.tool is not None else ""

    def measures(self) -> bool:
        """Whether a measure is shown."""
        return self.board.layer.measured is not None

    @property
    def shown(self) -> tuple[Drawing, ...]:
        """What the book of this chart says."""
        assert self.board.book is not None
        return self.board.book.drawings

    async def saved(self) -> tuple[Drawing, ...]:
        """What is drawn, once all of it is kept."""
        book = self.board.book
        assert book is not None
        await until(lambda: not book.unsaved)
        with calling_as(PERSON):
            kept = await self.window.session.core.drawings.all(book.symbol)
        assert kept == book.drawings
        return kept


async def hand_on(window: Window, symbol: str = "SPY", pane: int = 0) -> Hand:
    """A hand before a chart that shows all there is."""
    window.session.selection.choose(symbol)
    panel = panel_of(window)
    await until(lambda: panel.content().get("symbol") == symbol and panel.chart.bar_count > 4000)
    return Hand(window, pane)


@pytest.fixture
async def hand(core: Core, open_window: OpenWindow) -> Hand:
    return await hand_on(await open_window(core))


def draw(hand: Hand, kind: str = "line") -> Drawing:
    """One drawing of a kind, by clicks."""
    hand.board.choose(kind)
    for across, down in ((0.2, 0.3), (0.6, 0.6), (0.3, 0.7))[: DrawingKind(kind).points]:
        hand.click(hand.at(across, down))
    return hand.shown[-1]


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


async def test_undo_and_redo_walk_through_everything_and_what_is_kept_follows(hand: Hand) -> None:
    run = hand.window.actions_.run
    states: list[tuple[Drawing, ...]] = [()]
    draw(hand)
    states.append(hand.shown)
    middle = (hand.spot(hand.shown[0]) + hand.spot(hand.shown[0], 1)) / 2
    hand.drag(middle, middle + QPoint(0, 30))
    states.append(hand.shown)
    hand.board.duplicate()
    states.append(hand.shown)
    hand.board.order(front=False)
    states.append(hand.shown)
    hand.key(Qt.Key.Key_Delete)
    states.append(hand.shown)
    hand.board.clear()
    states.append(hand.shown)
    assert [len(each) for each in states] == [0, 1, 1, 2, 2, 1, 0]
    for state in reversed(states[:-1]):
        run("window.undo-drawing")
        assert await hand.saved() == state
    run("window.undo-drawing")
    for state in states[1:]:
        run("window.redo-drawing")
        assert await hand.saved() == state
    run("window.redo-drawing")
    assert await hand.saved() == ()


async def test_a_drawing_is_selected_nudged_edited_and_removed_by_keyboard(hand: Hand) -> None:
    left = draw(hand)
    hand.board.select("")
    hand.board.choose("note")
    hand.click(hand.at(0.8, 0.5))
    (editor,) = hand.window.findChildren(DrawingEditor)
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    note = hand.shown[1]
    hand.chart.setFocus()
    hand.board.select("")
    hand.window.actions_.run("window.next-drawing")
    assert hand.board.selected == left
    hand.key(Qt.Key.Key_Tab)
    assert hand.board.selected == note
    hand.key(Qt.Key.Key_Backtab)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up):
        hand.key(key)
    hand.key(Qt.Key.Key_Right, SHIFT)
    ground = hand.board.ground()
    assert ground is not None
    place = ground.timeline.place
    moved = hand.shown[0]
    assert [place(new[0]) - place(old[0]) for new, old in zip(moved.points, left.points, strict=True)] == [
        12,
        12,
    ]
    assert moved.points[0][1] > left.points[0][1]
    hand.window.actions_.run("window.undo-drawing")
    assert hand.shown[0] == left
    hand.key(Qt.Key.Key_Return)
    (editor,) = [each for each in hand.window.findChildren(DrawingEditor) if each.isVisible()]
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    hand.chart.setFocus()
    hand.key(Qt.Key.Key_Delete)
    assert await hand.saved() == (note,)


async def test_what_is_typed_into_the_form_is_drawn_at_once_and_taken_back_with_escape(hand: Hand) -> None:
    drawn = draw(hand, "fibonacci")
    hand.key(Qt.Key.Key_Return)
    (editor,) = hand.window.findChildren(DrawingEditor)
    words, levels = editor.form.editor("text"), editor.form.editor("levels")
    assert isinstance(words, LineEditor)
    assert isinstance(levels, LineEditor)
    assert QApplication.focusWidget() is words
    QTest.keyClicks(words, "Swing")
    editor.swatches.choose(DrawingColour.PINK)
    await until(lambda: hand.shown[0].style.get("text") == "Swing")
    assert hand.shown[0].style["colour"] == "pink"
    levels.selectAll()
    QTest.keyClicks(levels, "0, half")
    await until(lambda: "levels" in editor.form.errors)
    levels.selectAll()
    QTest.keyClicks(levels, "0 50% 1")
    await until(lambda: hand.shown[0].style.get("levels") == [0.0, 0.5, 1.0])
    QTest.keyClick(words, Qt.Key.Key_Escape)
    assert not editor.isVisible()
    assert await hand.saved() == (drawn,)


async def test_the_next_drawing_of_a_kind_looks_as_the_last_was_made_to_look(hand: Hand) -> None:
    draw(hand)
    hand.board.edit()
    (editor,) = hand.window.findChildren(DrawingEditor)
    editor.swatches.choose(DrawingColour.TEAL)
    editor.form.submit()
    assert draw(hand).style["colour"] == "teal"
    assert "colour" not in draw(hand, "ray").style
    await hand.saved()


async def test_a_drawing_is_copied_to_the_chart_of_another_symbol_where_it_can_be_seen(hand: Hand) -> None:
    drawn = draw(hand)
    hand.key(Qt.Key.Key_C, CONTROL)
    await hand.saved()
    other = await hand_on(hand.window, "BTC/USD")
    assert other.shown == ()
    other.key(Qt.Key.Key_V, CONTROL)
    (pasted,) = await other.saved()
    assert pasted.id != drawn.id
    viewport = other.chart.scene.viewport
    assert viewport is not None
    assert all(0 <= other.spot(pasted, point).y() <= viewport.height for point in (0, 1))
    assert (await hand_on(hand.window, "SPY")).shown == (drawn,)


async def test_removing_all_is_taken_back_from_the_notice(hand: Hand) -> None:
    drawn = [draw(hand), draw(hand, "horizontal")]
    hand.window.actions_.run("window.remove-drawings")
    assert await hand.saved() == ()
    assert hand.window.notices.shown[-1].text == "2 drawings were removed."
    draw(hand, "vertical")
    next(each for each in hand.window.findChildren(QPushButton) if each.text() == "Undo").click()
    assert {each.id for each in await hand.saved()} >= {each.id for each in drawn}
    assert len(hand.shown) == 3


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


async def test_two_charts_of_a_symbol_show_the_same_drawings(hand: Hand) -> None:
    panel = panel_of(hand.window)
    panel.show_charts(2)
    await until(lambda: all(pane.drawn and pane.chart.bar_count > 4000 for pane in panel.panes))
    other = Hand(hand.window, 1)
    drawn = draw(hand)
    await hand.saved()
    assert other.shown == (drawn,)
    other.chart.grab()
    assert other.board.layer.painted == 1
    other.board.select(drawn.id)
    other.key(Qt.Key.Key_Delete)
    assert await hand.saved() == ()


async def test_what_another_door_draws_is_seen_on_the_chart(core: Core, hand: Hand) -> None:
    with calling_as(PERSON):
        drawn = await core.registry.invoke(
            "drawings.put", {"symbol": "SPY", "kind": "horizontal", "points": [("2026-03-02", 700.0)]}
        )
    await until(lambda: hand.shown == (drawn,))


async def test_drawings_and_what_was_switched_on_are_found_again(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    hand = await hand_on(window)
    drawn = (draw(hand), draw(hand, "rectangle"))
    assert await hand.saved() == drawn
    hand.board.toggle_magnet()
    hand.board.toggle_strip()
    again = await hand_on(await open_window(core, await close_window(window)))
    await until(lambda: again.shown == drawn)
    assert again.board.tools.magnet
    assert again.board.folded
    assert again.chart.findChildren(Canvas)[0].x() == again.board.strip.width()


async def test_a_process_that_is_killed_has_lost_nothing_that_looked_saved(
    paths: Paths, tmp_path: Path, hand: Hand, clock: FixedClock
) -> None:
    drawn = draw(hand)
    assert drawn.id in hand.board.layer.unsaved
    await until(lambda: drawn.id not in hand.board.layer.unsaved)
    # What is on the disk now is what a kill would leave.
    left = shutil.copytree(paths.data, tmp_path / "left", ignore=_sockets)
    core = await Core.open(Paths.under(left), clock=clock, environment={})
    with calling_as(PERSON):
        assert await core.drawings.all("SPY") == (drawn,)
    await core.close()


async def test_what_cannot_be_kept_is_said_and_no_longer_shown(hand: Hand) -> None:
    book = hand.board.book
    assert book is not None
    kept = draw(hand)
    await hand.saved()
    book.change(Drawing(kept.id, "SPY", kept.kind, ((0, float("nan")), (1, 2.0)), {}, 0))
    await until(lambda: not book.unsaved)
    assert hand.shown == (kept,)
    assert "points" in hand.window.notices.shown[-1].text
    assert not book.can_undo


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


async def test_undo_in_a_field_is_the_undo_of_the_field(hand: Hand) -> None:
    draw(hand)
    panel_of(hand.window).ask_symbol()
    await asyncio.sleep(0.05)
    focused = QApplication.focusWidget()
    assert focused is not None
    QTest.keyClicks(focused, "QQ")
    QTest.keyClick(focused, Qt.Key.Key_Z, CONTROL)
    assert len(await hand.saved()) == 1


def _sockets(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if (Path(folder) / name).is_socket()]
