"""The Optimization panel searches the demo market, judges what it finds, and hands it on."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

# A first search loads the engine on the way; here that would count against whichever runs first.
import puffling.automation.research.search.drafting  # noqa: F401
from puffling.automation.research.search.values import SearchLine
from puffling.desktop.ask import Question as Card
from puffling.desktop.backtests.asked import QuestionToSearch
from puffling.desktop.backtests.question import Question
from puffling.desktop.forms import Form
from puffling.desktop.optimization.asked import Asked, read_asked
from puffling.desktop.optimization.axes import AxesEditor
from puffling.desktop.optimization.room import SearchRoom
from puffling.desktop.panels.backtest import BacktestPanel
from puffling.desktop.panels.optimization import OptimizationPanel
from puffling.desktop.states import Phase
from puffling.desktop.window import Window
from puffling.puffin.factors.declaration import Choice, Real, Whole
from tests.desktop.conftest import OpenWindow, close_window, until

if TYPE_CHECKING:
    from puffling.core.core import Core

QUESTION = Question(
    strategy="momentum",
    parameters={"short_window": 20, "long_window": 50, "ma_type": "sma", "signal_threshold": 0.0},
    symbols=("SPY",),
    reach="2y",
)
VARY = {"short_window": "5..15:5", "long_window": "30..50:20"}
DECLARED = (
    Whole("window", "Window", 20, 2, 500),
    Real("entry", "Entry", -2.0, -5.0, -0.5, 0.1),
    Choice("kind", "Kind", "sma", (("sma", "Simple"), ("ema", "Exponential"))),
)


async def shown(window: Window) -> SearchRoom:
    gc.freeze()
    window.show_panel("optimization")
    panel = window.docks["optimization"].panel
    assert isinstance(panel, OptimizationPanel)
    await until(lambda: panel.room is not None and bool(panel.room.view.form.kinds))
    assert panel.room is not None
    return panel.room


async def searched(room: SearchRoom) -> None:
    """Search what is quickly searched, as a person does."""
    room.view.form.show_asked(Asked(question=QUESTION, vary=VARY))
    QTest.mouseClick(room.view.form.run, Qt.MouseButton.LeftButton)
    await until(lambda: room.view.result.detail is not None)


async def test_rows_say_what_varies_and_take_it_over_again() -> None:
    editor = AxesEditor()
    editor.show_parameters(DECLARED, {"window": 100}, {})
    assert editor.vary() == ("window=50..200:10", "entry=-4..-1:0.2")
    assert not editor.rows["kind"].fields[0].isEnabled()
    editor.rows["kind"].on.click()
    assert editor.vary()[2] == "kind=sma,ema"
    editor.show_parameters(DECLARED, {}, {"window": "5..9:2", "kind": "ema"})
    assert editor.vary() == ("window=5..9:2", "kind=ema")
    assert editor.say_wrong("window", "Too much")
    assert editor.error.text() == "Too much"
    assert not editor.say_wrong("symbols", "Nobody knows it")
    editor.rows["window"].on.click()
    assert editor.error.isHidden()
    editor.deleteLater()


def test_what_was_asked_is_kept_and_what_does_not_fit_is_passed_over() -> None:
    asked = Asked(
        question=QUESTION, vary=VARY, objective="calmar_ratio", method="random", most=50, holdout=0.5
    )
    assert read_asked(asked.keep()) == asked
    odd = {**asked.keep(), "objective": "luck", "method": 3, "most": 10**9, "holdout": 0.99, "vary": [1]}
    assert read_asked(odd) == replace(Asked(), question=QUESTION)


async def test_optimize_opens_the_panel_with_what_the_backtest_form_asks(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    gc.freeze()
    window.show_panel("backtest")
    backtests = window.docks["backtest"].panel
    assert isinstance(backtests, BacktestPanel)
    await until(lambda: backtests.room is not None and backtests.room.view.setup.offered)
    assert backtests.room is not None
    setup = backtests.room.view.setup
    setup.show_question(QUESTION)
    QTest.mouseClick(setup.optimize, Qt.MouseButton.LeftButton)
    room = await shown(window)
    form = room.view.form
    await until(lambda: form.what.text() == "Momentum, SPY")
    assert window.docks["optimization"].isVisible()
    assert [name for name, row in form.axes.rows.items() if row.on.isChecked()] == [
        "short_window", "long_window",
    ]  # fmt: skip
    await until(lambda: "256 sets" in form.plan.text())
    assert room.view.states.phase is Phase.EMPTY


async def test_the_best_stands_beside_what_is_to_be_thought_of_it(
    core: Core, open_window: OpenWindow
) -> None:
    room = await shown(await open_window(core))
    await searched(room)
    result = room.view.result
    assert result.detail is not None
    assert result.detail.best is not None
    assert room.view.states.phase is Phase.CONTENT
    assert result.verdict.badge.grade == result.detail.summary.grade != ""
    assert result.which.text() == "Best of 6 sets"
    assert "Deflated Sharpe" in result.doubts.text()
    assert "overfitting" in result.doubts.text()
    assert result.sets.rows.rowCount() == 6
    assert result.walk.rows.rowCount() == 5
    assert [line.id for line in await listed(core, room)] == [room.shown]


async def listed(core: Core, room: SearchRoom) -> list[SearchLine]:
    """The lines of the list, once it holds the search that is shown."""
    await until(lambda: room.shown in room.view.searches.keys())  # noqa: SIM118  not a mapping
    rows = room.view.searches.rows
    return [row for key in rows.keys if (row := rows.row_of(key)) is not None]


async def test_a_cell_of_the_map_is_looked_at_and_used(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    room = await shown(window)
    await searched(room)
    result = room.view.result
    best = result.chosen
    field = result.map.field
    QTest.mouseClick(field, Qt.MouseButton.LeftButton, pos=field.centre_of((0, 0)).toPoint())
    assert result.chosen is not None
    assert (result.chosen.parameters["short_window"], result.chosen.parameters["long_window"]) == (5, 30)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Right)
    assert result.chosen.parameters["short_window"] == 10
    QTest.keyClick(field, Qt.Key.Key_Up)
    assert result.chosen.parameters["long_window"] == 50
    assert result.sets.selected_keys() == [str(result.chosen.number)]
    if result.chosen != best:
        assert result.doubts.text() == "Only the best is judged."
    chosen = result.chosen
    QTest.mouseClick(result.use, Qt.MouseButton.LeftButton)
    backtests = window.docks["backtest"].panel
    assert isinstance(backtests, BacktestPanel)
    await until(lambda: backtests.room is not None and backtests.room.view.setup.offered)
    assert backtests.room is not None
    setup = backtests.room.view.setup
    await until(lambda: setup.parameters.values() == chosen.parameters)
    assert setup.symbols.symbols == ("SPY",)


async def test_a_set_becomes_a_strategy(core: Core, open_window: OpenWindow, as_person: None) -> None:
    window = await open_window(core)
    room = await shown(window)
    await searched(room)
    best = room.view.result.chosen
    assert best is not None
    QTest.mouseClick(room.view.result.keep, Qt.MouseButton.LeftButton)
    await until(lambda: bool(window.findChildren(Card)))
    (form,) = window.findChildren(Card)[0].findChildren(Form)
    form.submit()
    await until(lambda: "saved" in " ".join(each.text for each in window.session.notices.history))
    [saved] = await core.strategies.all()
    assert saved.parameters == best.parameters


async def test_bounds_that_cannot_be_are_said_at_their_row_and_nothing_is_kept(
    core: Core, open_window: OpenWindow, as_person: None
) -> None:
    room = await shown(await open_window(core))
    form = room.view.form
    form.show_asked(Asked(question=QUESTION, vary={"short_window": "15..5:5"}))
    QTest.mouseClick(form.run, Qt.MouseButton.LeftButton)
    await until(lambda: "the first is the larger" in form.axes.error.text())
    form.show_asked(Asked(question=QUESTION, vary={"short_window": "2..900:1", "long_window": "2..900:1"}))
    form.changed.emit()
    await until(lambda: "combinations" in form.axes.error.text())
    assert form.plan.text() == ""
    form.show_asked(Asked(question=replace(QUESTION, symbols=()), vary=VARY))
    QTest.mouseClick(form.run, Qt.MouseButton.LeftButton)
    assert "symbols" in form.error.text()
    form.axes.rows["short_window"].on.click()
    form.axes.rows["long_window"].on.click()
    form.show_asked(Asked(question=QUESTION))
    for row in form.axes.rows.values():
        row.on.setChecked(False)
    room.run()
    assert "Nothing varies" in form.axes.error.text()
    assert await core.optimization.all() == ()


async def test_a_search_on_its_way_shows_how_far_it_is_and_can_be_stopped(
    core: Core, open_window: OpenWindow, as_person: None
) -> None:
    room = await shown(await open_window(core))
    form = room.view.form
    # Some 2.5 million bars to walk through: nobody waits for the end of that.
    long = replace(QUESTION, strategy="bracket_breakout", parameters={}, reach="20y")
    form.show_asked(Asked(question=long, vary={"window": "5..500:1"}))
    QTest.mouseClick(form.run, Qt.MouseButton.LeftButton)
    await until(lambda: any(row.note.text() != "" for row in form.running.rows.values()))
    (row,) = form.running.rows.values()
    assert row.name.text() == "Bracket breakout, SPY"
    QTest.mouseClick(row.stop, Qt.MouseButton.LeftButton)
    await until(lambda: not form.running.rows)
    assert {line.state for line in await core.optimization.all()} <= {"cancelled"}


async def test_a_deleted_search_comes_back(core: Core, open_window: OpenWindow, as_person: None) -> None:
    window = await open_window(core)
    room = await shown(window)
    await searched(room)
    id = room.shown
    await listed(core, room)
    room.delete([id])
    await until(lambda: not room.view.searches.keys())
    assert room.view.states.phase is Phase.EMPTY
    undo = next(each for each in window.findChildren(QPushButton) if each.text() == "Undo")
    QTest.mouseClick(undo, Qt.MouseButton.LeftButton)
    await until(lambda: room.view.searches.keys() == (id,))
    room.open(id)
    await until(lambda: room.view.states.phase is Phase.CONTENT)


async def test_the_panel_comes_back_as_it_was_left(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    room = await shown(window)
    await searched(room)
    room.view.result.open_page("walk")
    search = room.shown
    kept = await close_window(window)
    again = await shown(await open_window(core, kept))
    await until(lambda: again.view.result.detail is not None)
    assert again.shown == search
    assert again.view.result.page == "walk"
    assert again.view.form.asked.vary == VARY


async def test_a_question_waits_for_a_panel_that_is_not_made_yet(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    window.show_panel("optimization")
    window.session.shared(QuestionToSearch).ask(replace(QUESTION, symbols=("QQQ",)))
    room = await shown(window)
    await until(lambda: room.view.form.what.text() == "Momentum, QQQ")
