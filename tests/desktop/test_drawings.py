"""Drawings on the real chart: kept as shown, undone step by step, the same everywhere, found again."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from puffling.core.core import Core
from puffling.desktop.charts.canvas import Canvas
from puffling.desktop.dispatch import PERSON
from puffling.desktop.drawings.editor import DrawingEditor
from puffling.desktop.editors import LineEditor
from puffling.puffin.data.instants import US_PER_DAY
from puffling.runtime.actor import calling_as
from puffling.runtime.clock import FixedClock
from puffling.runtime.paths import Paths
from puffling.store.values import Drawing, DrawingColour
from tests.desktop.conftest import OpenWindow, close_window, until
from tests.desktop.drawing_hand import CONTROL, SHIFT, Hand, board_of, draw, hand_on
from tests.desktop.test_chart_panel import panel_of


@pytest.fixture
async def hand(core: Core, open_window: OpenWindow) -> Hand:
    return await hand_on(await open_window(core))


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


async def test_a_form_is_one_act_however_long_it_is_open_and_escape_leaves_none(
    hand: Hand, clock: FixedClock
) -> None:
    drawn = draw(hand)
    book = hand.board.book
    assert book is not None
    for ending in (Qt.Key.Key_Return, Qt.Key.Key_Escape):
        hand.board.edit()
        (editor,) = [each for each in hand.window.findChildren(DrawingEditor) if each.isVisible()]
        for colour in (DrawingColour.PINK, DrawingColour.TEAL):
            clock.advance(60)
            editor.swatches.choose(colour)
        QTest.keyClick(editor.form.editor("text"), ending)
        if ending is Qt.Key.Key_Return:
            assert hand.shown[0].style == {"colour": "teal"}
            book.undo()
        assert hand.shown == (drawn,)
        await hand.saved()
    book.undo()
    assert hand.shown == ()
    await hand.saved()


async def test_steps_of_the_arrow_keys_are_one_act_only_in_quick_succession(
    hand: Hand, clock: FixedClock
) -> None:
    states: list[tuple[Drawing, ...]] = [(draw(hand),)]
    for pause in (10, 10):
        clock.advance(pause)
        hand.key(Qt.Key.Key_Up)
        hand.key(Qt.Key.Key_Right)
        states.append(hand.shown)
    for state in reversed(states[:-1]):
        hand.window.actions_.run("window.undo-drawing")
        assert hand.shown == state
    await hand.saved()


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


async def test_two_charts_of_a_symbol_show_the_same_drawings(hand: Hand) -> None:
    panel = panel_of(hand.window)
    panel.show_charts(2)
    await until(lambda: all(pane.drawn and pane.chart.bar_count > 4000 for pane in panel.panes))
    await until(lambda: board_of(hand.window, 1) is not None)
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


async def test_a_replay_shows_no_drawing_that_lies_in_its_future(hand: Hand) -> None:
    panel = panel_of(hand.window)
    early, across, late = draw(hand), draw(hand, "rectangle"), draw(hand, "vertical")
    assert early.points[0][0] == late.points[0][0]
    book = hand.board.book
    assert book is not None
    ground = hand.board.ground()
    assert ground is not None
    moved = ground.moved(late, 60, 0.0)
    book.change(moved)
    await hand.saved()
    # The far end of one that reaches beyond the present would tell where prices went.
    panel.replay.begin((across.points[0][0] + across.points[1][0]) // 2)
    await until(lambda: not panel.active.source.waits and early.id not in in_sight(hand))
    assert across.id not in in_sight(hand)
    panel.replay.begin(max(across.points[1][0], early.points[1][0]) + US_PER_DAY - 1)
    await until(lambda: not panel.active.source.waits)
    assert not {early.id, across.id} & in_sight(hand)
    panel.replay.step(1)
    assert {early.id, across.id} <= in_sight(hand)
    panel.replay.end()
    await until(lambda: len(in_sight(hand)) == 3)


async def test_what_was_drawn_in_a_replay_may_reach_beyond_its_present(hand: Hand) -> None:
    panel = panel_of(hand.window)
    known = draw(hand)
    middle_us = (known.points[0][0] + known.points[1][0]) // 2
    panel.replay.begin(middle_us)
    await until(lambda: hand.board.layer.outline is not None and not in_sight(hand))
    hand.board.choose("line")
    hand.click(hand.at(0.5, 0.4))
    hand.click(hand.at(0.98, 0.4))
    (made,) = (each for each in hand.shown if each.id != known.id)
    assert made.points[1][0] > middle_us
    assert in_sight(hand) == {made.id}
    await hand.saved()
    for _ in range(3):
        panel.replay.step(-1)
    assert in_sight(hand) == set()
    panel.replay.end()
    await until(lambda: in_sight(hand) == {known.id, made.id})
    hand.board.select(made.id)
    hand.key(Qt.Key.Key_Right)
    panel.replay.begin(middle_us)
    await until(lambda: not in_sight(hand))


async def test_the_arrow_keys_of_a_replay_move_no_drawing(hand: Hand) -> None:
    panel = panel_of(hand.window)
    made = draw(hand)
    assert hand.board.selected == made
    panel.replay.begin(made.points[1][0] + 30 * US_PER_DAY)
    await until(lambda: not panel.active.source.waits and in_sight(hand) == {made.id})
    assert hand.board.layer.selected == ""
    hand.board.select(made.id)
    standing = [panel.replay.present_us]
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Left):
        hand.key(key)
        standing.append(panel.replay.present_us)
    assert standing[0] == standing[2] != standing[1]
    assert hand.shown == (made,)
    hand.key(Qt.Key.Key_Right, SHIFT)
    assert hand.shown != (made,)


def in_sight(hand: Hand) -> set[str]:
    """Name the drawings the chart shows."""
    outline = hand.board.layer.outline
    assert outline is not None
    return {each.id for each in outline.sheet.drawings}
