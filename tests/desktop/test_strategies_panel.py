"""The strategies panel: made, edited, copied, deleted by hand; signals on the chart; own files and trust."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

# Loaded when its panel is first looked at; here that would count against the first test that does.
import puffling.desktop.backtests.room
import puffling.desktop.backtests.view  # noqa: F401
from puffling.desktop.ask import Question
from puffling.desktop.charting.past import closed_before
from puffling.desktop.editors import LineEditor
from puffling.desktop.menus import Menu
from puffling.desktop.notices import Toast
from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.panels.strategies import StrategiesPanel
from puffling.desktop.states import Phase
from puffling.desktop.strategies.part import Signals
from puffling.desktop.strategies.shared import ShownSignals, StrategyToTest
from puffling.desktop.window import Window
from puffling.puffin.data.interval import Interval
from puffling.puffin.strategies.registry import list_strategies
from puffling.runtime.clock import FixedClock
from puffling.runtime.paths import Paths
from tests.desktop.conftest import OpenWindow, until

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.charts.marks import Marks

pytestmark = pytest.mark.usefixtures("as_person")


async def open_panel(open_window: OpenWindow, core: Core) -> StrategiesPanel:
    window = await open_window(core)
    # As the application does once its window lives: what was loaded is not searched for waste again.
    gc.freeze()
    window.show_panel("strategies")
    panel = window.docks["strategies"].panel
    assert isinstance(panel, StrategiesPanel)
    await until(lambda: panel.live)
    return panel


def type_into(panel: StrategiesPanel, name: str, text: str) -> None:
    form = panel.view.editor.form
    assert form is not None
    editor = form.editor(name)
    assert isinstance(editor, LineEditor)
    editor.setFocus()
    editor.clear()
    QTest.keyClicks(editor, text)


def press(panel: StrategiesPanel, text: str) -> None:
    """Click what the newest notice offers."""
    toast = panel.window().findChildren(Toast)[-1]
    next(each for each in toast.findChildren(QPushButton) if each.text() == text).click()


def rewrite(file: Path, text: str) -> None:
    """Save a file as an editor does; {before} is what stood in it."""
    before = file.read_text(encoding="utf-8")
    file.write_text(text.replace("{before}", before), encoding="utf-8")


def names(panel: StrategiesPanel) -> list[str]:
    rows = panel.view.saved.rows
    return [rows.row(place).name for place in range(rows.rowCount())]


def chart_of(panel: StrategiesPanel) -> tuple[ChartPanel, Signals]:
    window = panel.window()
    assert isinstance(window, Window)
    chart = window.docks["chart"].panel
    assert isinstance(chart, ChartPanel)
    part = chart.active.part("signals")
    assert isinstance(part, Signals)
    return chart, part


def marks_of(panel: StrategiesPanel) -> Marks:
    chart, _ = chart_of(panel)
    return chart.chart.marks._sets[Signals.key]


async def test_the_library_shows_every_kind_and_an_empty_panel_says_what_to_do(
    core: Core, open_window: OpenWindow
) -> None:
    panel = await open_panel(open_window, core)
    view = panel.view
    assert view.saved.states.phase is Phase.EMPTY
    assert view.saved.states._button.text() == "Open library"
    view.saved.states._button.click()
    assert (panel.page, view.page) == ("library", "library")
    assert list(view.kinds.keys()) == list_strategies()
    view.kinds.select(["momentum"])
    assert "Short window: 2 to 5,000, usually 20" in view.about.text()
    assert not view.source.isVisibleTo(panel)


async def test_a_strategy_is_made_from_its_kind_with_what_does_not_fit_said_beside_the_field(
    core: Core, open_window: OpenWindow
) -> None:
    panel = await open_panel(open_window, core)
    panel.view.kinds.select(["momentum"])
    panel.view.configure.click()
    form = panel.view.editor.form
    assert form is not None
    assert panel.page == "mine"
    values = form.values()
    assert values is not None
    assert (values[".name"], values[".symbols"], values["short_window"]) == ("Momentum on SPY", ["SPY"], 20)
    type_into(panel, "short_window", "1")
    form.submit()
    assert "at least 2" in form.errors["short_window"]
    type_into(panel, "short_window", "60")
    form.submit()
    await until(lambda: "shorter than the long window" in form.errors.get("short_window", ""))
    type_into(panel, "short_window", "5")
    QTest.keyClick(form.editor("short_window"), Qt.Key.Key_Return)
    await until(lambda: names(panel) == ["Momentum on SPY"])
    [saved] = await core.strategies.all()
    assert (saved.parameters["short_window"], saved.symbols, saved.interval) == (5, ("SPY",), "1d")
    assert panel.chosen == saved


async def test_a_strategy_is_renamed_copied_deleted_and_brought_back(
    core: Core, open_window: OpenWindow
) -> None:
    await core.strategies.create("Fast", "momentum", ("SPY",), parameters={"short_window": 5})
    panel = await open_panel(open_window, core)
    view = panel.view
    assert names(panel) == ["Fast"]
    view.saved.select(view.saved.keys())
    type_into(panel, ".name", "Faster")
    assert view.editor.form is not None
    view.editor.form.submit()
    await until(lambda: names(panel) == ["Faster"])
    view.duplicate.click()
    await until(lambda: names(panel) == ["Faster", "Faster copy"])
    view.saved.setFocus()
    QTest.keyClick(view.saved, Qt.Key.Key_Delete)
    await until(lambda: names(panel) == ["Faster"])
    press(panel, "Undo")
    await until(lambda: names(panel) == ["Faster", "Faster copy"])
    assert [each.parameters["short_window"] for each in await core.strategies.all()] == [5, 5]


async def test_escape_takes_back_what_was_typed(core: Core, open_window: OpenWindow) -> None:
    saved = await core.strategies.create("A", "momentum", ("SPY",))
    panel = await open_panel(open_window, core)
    panel.view.saved.select([saved.id])
    type_into(panel, "short_window", "7")
    form = panel.view.editor.form
    assert form is not None
    QTest.keyClick(form.editor("short_window"), Qt.Key.Key_Escape)
    again = panel.view.editor.form
    assert again is not None
    assert again is not form
    assert (again.values() or {})["short_window"] == 20
    assert not panel.view.editor.dirty
    assert panel.view.saved.hasFocus()


async def test_changes_that_were_left_are_offered_to_be_saved(core: Core, open_window: OpenWindow) -> None:
    first = await core.strategies.create("A", "momentum", ("SPY",))
    second = await core.strategies.create("B", "momentum", ("SPY",))
    panel = await open_panel(open_window, core)
    panel.view.saved.select([first.id])
    type_into(panel, "short_window", "7")
    panel.view.saved.select([second.id])
    press(panel, "Save them")
    await until(lambda: panel._saved[first.id].version == 2)
    assert (await core.strategies.show("A")).parameters["short_window"] == 7


async def test_signals_stand_on_the_chart_where_the_strategy_turns_and_go_with_one_click(
    core: Core, open_window: OpenWindow
) -> None:
    saved = await core.strategies.create("Fast", "momentum", ("QQQ",), parameters={"short_window": 5})
    panel = await open_panel(open_window, core)
    panel.view.saved.select([saved.id])
    panel.view.signals.click()
    assert panel.session.selection.symbol == "QQQ"
    chart, part = chart_of(panel)
    await until(lambda: part.count > 0)
    assert part.button.isVisibleTo(chart)
    # A screenful comes first, all of history after it.
    await until(lambda: len(chart.active.bars) > 2_000)
    bars = chart.active.bars
    closed = bars[: len(bars) - 1]
    said = await core.strategies.decided(saved, {"QQQ": closed}, "QQQ")
    turns = closed.time[np.flatnonzero(np.diff(np.sign(said.signal), prepend=0))].tolist()
    await until(lambda: marks_of(panel).times_us.tolist() == turns)
    marks = marks_of(panel)
    assert "Fast: long" in marks.texts[-1] or "Fast: short" in marks.texts[-1]
    # Another symbol is another question; coming back brings the answer back.
    panel.session.selection.choose("SPY")
    await until(lambda: part.count == 0)
    panel.session.selection.choose("QQQ")
    await until(lambda: part.count > 0)
    part.button.click()
    assert part.count == 0
    assert Signals.key not in chart.chart.marks._sets
    assert not panel.view.signals.isChecked()


async def test_in_the_least_window_every_act_on_a_strategy_is_read_whole(
    core: Core, open_window: OpenWindow
) -> None:
    made = await core.strategies.create("Mine", "momentum", ("SPY",))
    panel = await open_panel(open_window, core)
    window = panel.window()
    assert isinstance(window, Window)
    window.open_workspace("research")
    window.reset_workspace()
    window.show_panel("strategies")
    window.resize(1024, 700)
    panel.turn_to("mine")
    await until(lambda: made.id in panel._saved)
    panel.view.saved.select([made.id])
    await until(panel.view.activate.isVisible)
    acts = (panel.view.signals, panel.view.backtest, panel.view.activate)
    await until(lambda: all(each.width() > 0 for each in acts))
    assert [each.text() for each in acts if each.width() < each.sizeHint().width()] == []


async def test_in_a_replay_only_what_was_said_by_then_is_seen(core: Core, open_window: OpenWindow) -> None:
    saved = await core.strategies.create("Fast", "momentum", ("SPY",), parameters={"short_window": 5})
    panel = await open_panel(open_window, core)
    panel.view.saved.select([saved.id])
    panel.show_signals()
    chart, part = chart_of(panel)
    await until(lambda: part.count > 0)
    everything = set(marks_of(panel).times_us.tolist())
    place = len(chart.active.bars) - 200
    chart.replay.choose()
    chart.replay.pick(chart.active, place)
    await until(lambda: chart.replay.on and 0 < part.count < len(everything))
    present = chart.present.us
    assert present is not None
    seen = set(marks_of(panel).times_us.tolist())
    assert max(seen) < present
    begun = int(chart.active.bars.time[-1])
    assert {each for each in everything if each < begun} == {each for each in seen if each < begun}


async def test_the_chosen_strategy_is_handed_to_whoever_tests_it(core: Core, open_window: OpenWindow) -> None:
    saved = await core.strategies.create("Fast", "momentum", ("SPY",))
    panel = await open_panel(open_window, core)
    panel.view.saved.select([saved.id])
    panel.view.backtest.click()
    assert panel.session.shared(StrategyToTest).saved == saved
    assert panel.session.shared(ShownSignals).saved is None
    window = panel.window()
    assert isinstance(window, Window)
    await until(lambda: window.docks["backtest"].panel.live)


async def test_an_own_file_appears_by_itself_is_read_trusted_and_used(
    core: Core, open_window: OpenWindow, paths: Paths, clock: FixedClock, tmp_path: Path
) -> None:
    panel = await open_panel(open_window, core)
    view, canary = panel.view, tmp_path / "canary"
    made = await core.strategies.new_file("idea")
    file = Path(made.path)
    rewrite(file, f"open({str(canary)!r}, 'w').close()\n{{before}}")
    panel.turn_to("library")
    clock.advance(3)
    await until(lambda: "own:idea" in view.kinds.rows.keys)
    view.kinds.select(["own:idea"])
    await until(lambda: "canary" in view.source.text.toPlainText())
    assert view.source.trust.isVisibleTo(panel)
    assert not view.configure.isEnabled()
    view.source.trust.click()
    window = panel.window()
    await until(lambda: bool(window.findChildren(Question)))
    [question] = window.findChildren(Question)
    said = question.accessibleDescription()
    digest = (await core.strategies.source("idea")).digest
    assert str(file) in said
    assert digest in said.replace(" ", "")
    assert not canary.exists()
    next(each for each in question.findChildren(QPushButton) if each.text() == "Trust it").click()
    await until(view.configure.isEnabled)
    assert canary.exists()
    await until(lambda: not view.source.trust.isVisibleTo(panel))

    # A fault is shown on its line as soon as the changed file is trusted.
    rewrite(file, "import numpy\n\nx = 1 / 0\n")
    clock.advance(3)
    await until(lambda: view.source.trust.isVisibleTo(panel))
    await core.strategies.trust("idea", (await core.strategies.source("idea")).digest)
    await until(lambda: view.source.marked_line == 3)
    assert "line 3: ZeroDivisionError" in view.source.said.text()


async def test_what_was_chosen_comes_back_with_the_next_start(core: Core, open_window: OpenWindow) -> None:
    panel = await open_panel(open_window, core)
    panel.turn_to("library")
    kept = panel.choices()
    panel.turn_to("mine")
    panel.restore(kept, {})
    assert panel.page == "library"
    assert panel.session.selection.interval is Interval.D1


async def test_signals_of_a_strategy_that_weighs_symbols_are_what_its_symbol_gets(
    core: Core, open_window: OpenWindow
) -> None:
    saved = await core.strategies.create("Rotation", "dual_momentum", ("SPY", "QQQ", "GLD"))
    panel = await open_panel(open_window, core)
    panel.view.saved.select([saved.id])
    panel.show_signals()
    chart, part = chart_of(panel)
    # Twenty years of months among three symbols: it came and went often.
    await until(lambda: len(chart.active.bars) > 2_000 and part.count > 10)
    titles = {style.title for style in marks_of(panel).styles}
    assert "Rotation: out" in titles
    assert {0, 2} == set(marks_of(panel).style.tolist())


async def test_the_menu_of_new_strategies_names_every_kind_by_where_it_comes_from(
    core: Core, open_window: OpenWindow
) -> None:
    panel = await open_panel(open_window, core)
    panel.add.click()
    [menu] = panel.findChildren(Menu)
    shown = [each.text() for each in menu.actions() if each.text()]
    assert shown[0] == "Built-in"
    assert shown[-1] == "New file of your own…"
    assert "60/40 rebalanced" in shown
    next(each for each in menu.actions() if each.text() == "MACD").trigger()
    menu.close()
    assert panel.view.editor.kind is not None
    assert panel.view.editor.kind.name == "macd"
    form = panel.view.editor.form
    assert form is not None
    form.cancelled.emit()
    assert not panel.view.detail.isVisibleTo(panel)


LAST = """import numpy as np
from puffling.puffin.strategies.base import Signals, Strategy


class Last(Strategy):
    def decide(self, bars):
        signal = np.zeros(len(bars))
        signal[-1] = 1.0
        return Signals(signal, signal)
"""


async def test_nothing_is_said_of_a_bar_before_its_close_nor_of_one_to_come(
    core: Core, open_window: OpenWindow, clock: FixedClock
) -> None:
    made = await core.strategies.new_file("last")
    rewrite(Path(made.path), LAST)
    await core.strategies.trust("last", (await core.strategies.source("last")).digest)
    saved = await core.strategies.create("Last", "own:last", ("SPY",))
    panel = await open_panel(open_window, core)
    panel.view.saved.select([saved.id])
    panel.show_signals()
    chart, part = chart_of(panel)
    # It is noon: the bar of today still moves.
    await until(lambda: len(chart.active.bars) > 2_000)
    await until(lambda: part.count == 1 and marks_of(panel).times_us[0] == chart.active.bars.time[-2])
    chart.replay.choose()
    chart.replay.pick(chart.active, len(chart.active.bars) - 100)
    await until(lambda: chart.replay.on)

    def said() -> bool:
        clock.advance(1)
        present = chart.present.us
        assert present is not None
        bars, marks = chart.active.bars, chart.chart.marks._sets.get(Signals.key)
        closed = bars[: closed_before(bars, Interval.D1, present)]
        return marks is not None and marks.times_us.tolist() == [int(closed.time[-1])]

    await until(said)
