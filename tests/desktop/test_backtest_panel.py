"""The Backtest panel asks, runs and shows real tests of the demo market, and loses nothing on the way."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

# A first test loads the engine on the way; here that would count against whichever runs first.
import puffling.automation.research.task  # noqa: F401
from puffling.desktop.ask import Question as Card
from puffling.desktop.backtests.question import Question, Rules
from puffling.desktop.backtests.room import Room
from puffling.desktop.backtests.shown import ShownTrades
from puffling.desktop.charting.pane import ChartPane
from puffling.desktop.forms import Form
from puffling.desktop.panels.backtest import BacktestPanel
from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.states import Phase
from puffling.desktop.window import Window
from puffling.puffin.data.interval import Interval
from tests.desktop.conftest import OpenWindow, close_window, until

if TYPE_CHECKING:
    from puffling.core.core import Core

ONE, OTHER = "Momentum, SPY · 1 year", "Momentum, QQQ · 1 year"
QUICK = Question(strategy="momentum", symbols=("SPY",), reach="1y")


async def shown(window: Window) -> BacktestPanel:
    # As the application does once its window lives: what was loaded is not searched for waste again.
    gc.freeze()
    window.show_panel("backtest")
    panel = window.docks["backtest"].panel
    assert isinstance(panel, BacktestPanel)
    await until(lambda: panel.room is not None and panel.room.view.setup.offered)
    return panel


async def opened(open_window: OpenWindow, core: Core) -> tuple[BacktestPanel, Room]:
    panel = await shown(await open_window(core))
    assert panel.room is not None
    return panel, panel.room


def ask(room: Room, question: Question) -> None:
    """Fill the form and press Run, as a person does."""
    room.view.setup.show_question(question)
    QTest.mouseClick(room.view.setup.run, Qt.MouseButton.LeftButton)


async def run_one(room: Room, question: Question | None = None) -> str:
    before = room.shown
    ask(room, question or QUICK)
    await until(lambda: room.shown != before)
    await until(lambda: has_report(room))
    return room.shown


def phase_of(room: Room) -> Phase:
    return room.view.states.phase


def has_report(room: Room) -> bool:
    report = room.view.report.report
    return report is not None and report.summary.id == room.shown


async def test_a_test_begins_with_how_far_it_can_be_trusted(core: Core, open_window: OpenWindow) -> None:
    panel, room = await opened(open_window, core)
    assert phase_of(room) is Phase.EMPTY
    await run_one(room)
    report = room.view.report
    assert report.report is not None
    assert phase_of(room) is Phase.CONTENT
    assert report.verdict.badge.grade == report.report.summary.grade != ""
    assert report.data_label.text() == "Demo data"
    assert report.tiles.values["total_return"].text().endswith("%")
    curves = report.performance.chart.panes
    assert [pane.id for pane in curves] == ["equity", "drawdown"]
    assert [line.name for line in curves[0].lines] == ["Equity", "SPY"]
    report.open_page("trades")
    assert report.trades.rows.rowCount() == len(report.report.trades) > 0
    assert panel.live


async def test_ctrl_enter_runs_from_any_field_and_what_was_typed_counts(
    core: Core, open_window: OpenWindow
) -> None:
    panel, room = await opened(open_window, core)
    window = panel.window()
    window.activateWindow()
    room.view.setup.show_question(replace(QUICK, symbols=()))
    field = room.view.setup.symbols.field
    field.setFocus()
    QTest.keyClicks(field, "qqq")
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    await until(lambda: has_report(room))
    assert room.view.report.report is not None
    assert room.view.report.report.summary.symbols == ("QQQ",)


async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(
    core: Core, open_window: OpenWindow, as_person: None
) -> None:
    _, room = await opened(open_window, core)
    setup = room.view.setup
    ask(room, replace(QUICK, symbols=()))
    await until(lambda: bool(setup.symbols.error.text()))
    ask(room, replace(QUICK, symbols=("NOSUCHTHING",)))
    await until(lambda: "NOSUCHTHING" in setup.symbols.error.text())
    setup.show_question(QUICK)
    setup.parameters.editor("short_window").write(1_000_000)
    setup.run.click()
    assert "short_window" in setup.parameters.errors
    setup.show_question(replace(QUICK, reach="dates"))
    setup.since.setText("2025-13-77")
    setup.run.click()
    assert setup.day_error.text() == "Write it like 2026-03-11."
    setup.since.setText("2025-06-01")
    setup.until.setText("2024-06-01")
    setup.run.click()
    await until(lambda: bool(setup.day_error.text()))
    setup.show_question(QUICK)
    setup.money.editor("capital").write(-5)
    setup.run.click()
    assert "capital" in setup.money.errors
    assert await core.backtests.all() == ()
    assert not room.desk.jobs


async def test_a_strategy_with_orders_of_its_own_is_tested_like_any_other(
    core: Core, open_window: OpenWindow
) -> None:
    _, room = await opened(open_window, core)
    setup, orders = room.view.setup, replace(QUICK, strategy="bracket_breakout", parameters={"window": 10})
    ask(room, replace(orders, rules=Rules(stop_loss=0.1)))
    forms = setup.details.forms
    await until(lambda: any("its own orders" in form.errors.get("stop_loss", "") for form in forms))
    assert setup.unfold.isChecked()
    await run_one(room, orders)
    report = room.view.report.report
    assert report is not None
    assert report.summary.grade != ""
    assert {"stop loss", "take profit"} & {trade.reason for trade in report.trades}


async def test_two_tests_run_at_once_and_both_are_kept(
    core: Core, open_window: OpenWindow, as_person: None
) -> None:
    _, room = await opened(open_window, core)
    ask(room, QUICK)
    ask(room, replace(QUICK, symbols=("QQQ",)))
    rows = room.view.setup.running.rows
    await until(lambda: len(rows) == 2)
    await until(lambda: {row.name.text() for row in rows.values()} == {ONE, OTHER} or not rows)
    assert not room.view.setup.running.isHidden()
    await until(lambda: not room.desk.jobs)
    await until(lambda: room.view.history.table.rows.rowCount() == 2)
    assert {line.symbols for line in await core.backtests.all()} == {("SPY",), ("QQQ",)}
    assert room.view.setup.running.isHidden()


async def test_a_test_that_is_cancelled_leaves_nothing(
    core: Core, open_window: OpenWindow, as_person: None
) -> None:
    _, room = await opened(open_window, core)
    ask(room, replace(QUICK, reach="20y", symbols=("SPY", "QQQ", "IWM")))
    await until(lambda: bool(room.view.setup.running.rows))
    (row,) = room.view.setup.running.rows.values()
    QTest.mouseClick(row.stop, Qt.MouseButton.LeftButton)
    await until(lambda: not room.desk.jobs)
    assert await core.backtests.all() == ()
    assert room.view.states.phase is Phase.EMPTY


async def test_a_hidden_panel_hears_nothing_and_catches_up(
    core: Core, open_window: OpenWindow, as_person: None
) -> None:
    panel, room = await opened(open_window, core)
    window = panel.window()
    assert isinstance(window, Window)
    ask(room, QUICK)
    await until(lambda: bool(room.desk.jobs))
    window.docks["backtest"].hide()
    await until(lambda: not panel.awake)
    assert not panel._ears
    await core.backtests.run("momentum", ("QQQ",), name="Elsewhere")
    assert room.view.history.table.rows.rowCount() == 0
    window.show_panel("backtest")
    await until(lambda: has_report(room))
    await until(lambda: room.view.history.table.rows.rowCount() == 2)
    assert room.view.report.report is not None
    assert room.view.report.report.summary.symbols == ("SPY",)


async def test_form_and_result_survive_a_restart(core: Core, open_window: OpenWindow) -> None:
    panel, room = await opened(open_window, core)
    question = replace(QUICK, parameters={"short_window": 7, "long_window": 30}, symbols=("QQQ", "SPY"))
    id = await run_one(room, question)
    room.view.report.open_page("months")
    window = panel.window()
    assert isinstance(window, Window)
    snapshot = await close_window(window)
    panel = await shown(await open_window(core, snapshot))
    assert panel.room is not None
    again = panel.room
    await until(lambda: has_report(again))
    assert again.shown == id
    assert again.view.report.page == "months"
    draft = again.view.setup.draft
    assert draft.symbols == ("QQQ", "SPY")
    assert draft.parameters["short_window"] == 7


async def test_a_chosen_trade_stands_on_the_chart(core: Core, open_window: OpenWindow) -> None:
    panel, room = await opened(open_window, core)
    window = panel.window()
    assert isinstance(window, Window)
    await run_one(room, replace(QUICK, symbols=("QQQ",)))
    room.view.report.open_page("trades")
    trades = room.view.report.trades
    trades.setFocus()
    trades.select(["0"])
    assert window.session.selection.symbol == "QQQ"
    QTest.keyClick(trades, Qt.Key.Key_Return)
    chart = window.docks["chart"].panel
    assert isinstance(chart, ChartPanel)
    await until(lambda: on_chart(chart.active) > 0)
    report = room.view.report.report
    assert report is not None
    assert on_chart(chart.active) >= 2
    window.session.shared(ShownTrades).clear()
    assert on_chart(chart.active) == 0


def on_chart(pane: ChartPane) -> int:
    from puffling.desktop.backtests.part import TestedTrades

    return next(part for part in pane.parts if isinstance(part, TestedTrades)).count


async def test_results_are_compared_and_what_differs_comes_first(core: Core, open_window: OpenWindow) -> None:
    _, room = await opened(open_window, core)
    first = await run_one(room, replace(QUICK, parameters={"short_window": 5, "long_window": 20}))
    second = await run_one(room, replace(QUICK, parameters={"short_window": 9, "long_window": 20}))
    await until(lambda: room.view.history.table.rows.rowCount() == 2)
    room.view.open_page("history")
    room.view.history.table.select([first, second])
    QTest.mouseClick(room.view.history.compare, Qt.MouseButton.LeftButton)
    await until(lambda: room.view.page == "compare")
    compared = room.view.compare
    assert len(compared.chart.panes[0].lines) == 2
    rows = [compared.figures.rows.row(place) for place in range(compared.figures.rows.rowCount())]
    asked = rows[[row.title for row in rows].index("Short window") :]
    assert asked[0].texts in (("5", "9"), ("9", "5"))
    assert [row.differs for row in asked] == sorted((row.differs for row in asked), reverse=True)


async def test_notes_and_tags_are_kept_and_a_deleted_result_comes_back(
    core: Core, open_window: OpenWindow, as_person: None
) -> None:
    panel, room = await opened(open_window, core)
    id = await run_one(room)
    room.view.open_page("history")
    history = room.view.history
    await until(lambda: history.table.rows.rowCount() == 1)
    history.table.select([id])
    history.tags.setText("first, trend, first")
    history.notes.setPlainText("Too good?")
    history.keep_notes()

    def noted() -> bool:
        line = history.table.rows.row_of(id)
        return line is not None and (line.tags, line.notes) == (("first", "trend"), "Too good?")

    await until(noted)
    history.search.setText("trend")
    history.table.setFocus()
    QTest.keyClick(history.table, Qt.Key.Key_Delete)
    await until(lambda: history.table.rows.rowCount() == 0)
    assert await core.backtests.all() == ()
    assert phase_of(room) is Phase.EMPTY
    undo = next(each for each in panel.window().findChildren(QPushButton) if each.text() == "Undo")
    undo.click()
    await until(lambda: history.table.rows.rowCount() == 1)
    await until(lambda: phase_of(room) is Phase.CONTENT)
    assert room.shown == id
    assert noted()


async def test_a_result_is_taken_elsewhere(core: Core, open_window: OpenWindow, tmp_path: Path) -> None:
    _, room = await opened(open_window, core)
    id = await run_one(room)
    for suffix in ("html", "pdf", "csv"):
        file = tmp_path / f"report.{suffix}"
        room.write(id, file)
        await until(file.exists)
    assert b"<html" in (tmp_path / "report.html").read_bytes()
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert "symbol,side" in (tmp_path / "report.csv").read_text(encoding="utf-8")


async def test_a_result_is_run_again_and_is_the_same_to_the_last_bit(
    core: Core, open_window: OpenWindow
) -> None:
    _, room = await opened(open_window, core)
    await run_one(room)
    room.verify()
    origin = room.view.report.origin
    await until(lambda: origin.verify.isEnabled() and "same" in origin.verdict.text())
    assert origin.verdict.text().startswith("✓")


async def test_a_result_becomes_a_strategy_under_a_name(
    core: Core, open_window: OpenWindow, as_person: None
) -> None:
    panel, room = await opened(open_window, core)
    await run_one(room, replace(QUICK, parameters={"short_window": 5, "long_window": 20}))
    room.save_strategy()
    await until(lambda: bool(panel.window().findChildren(Card)))
    (form,) = panel.window().findChildren(Card)[0].findChildren(Form)
    form.set_values({"text": "My trend"})
    form.submit()
    await until(lambda: room.view.setup.strategy.itemText(0) == "My trend")
    (saved,) = await core.strategies.all()
    assert saved.parameters["short_window"] == 5
    assert saved.symbols == ("SPY",)


async def test_a_strategy_somebody_wants_tested_fills_the_form(
    core: Core, open_window: OpenWindow, as_person: None
) -> None:
    from puffling.desktop.strategies.shared import StrategyToTest

    window = await open_window(core)
    saved = await core.strategies.create(
        "Weekly", "momentum", symbols=("IWM",), interval=Interval.W1, parameters={"short_window": 4}
    )
    window.session.shared(StrategyToTest).choose(saved)
    panel = await shown(window)
    assert panel.room is not None
    setup = panel.room.view.setup
    await until(lambda: setup.strategy.currentText() == "Weekly")
    assert setup.draft.symbols == ("IWM",)
    assert setup.draft.interval is Interval.W1
    assert setup.draft.arguments(core.clock.now().date())["strategy"] == saved.id


async def test_news_of_strategies_wipe_nothing_that_was_typed(
    core: Core, open_window: OpenWindow, as_person: None
) -> None:
    _, room = await opened(open_window, core)
    setup = room.view.setup
    setup.symbols.add("GLD")
    setup.parameters.editor("short_window").write(13)
    setup.money.editor("capital").write(777)
    await core.strategies.create("Another", "momentum")
    await until(lambda: setup.strategy.itemText(0) == "Another")
    assert setup.symbols.symbols == ("SPY", "GLD")
    assert setup.draft.parameters["short_window"] == 13
    assert setup.draft.capital == 777
    assert setup.strategy.currentText() == "Momentum"


async def test_a_narrow_panel_shows_form_or_result(core: Core, open_window: OpenWindow) -> None:
    panel, room = await opened(open_window, core)
    await run_one(room)
    room.view.resize(420, 700)
    assert room.view.narrow
    assert room.view.setup.isHidden() is not room.view.stack.isHidden()
    room.view.show_form(True)
    assert room.view.stack.isHidden()
    room.view.open_page("history")
    assert room.view.setup.isHidden()
    assert panel.switches["history"].isChecked()


async def test_the_ability_leads_to_the_form_and_the_action_runs_it(
    core: Core, open_window: OpenWindow
) -> None:
    window = await open_window(core)
    gc.freeze()
    window.actions_.run("backtest.run")
    panel = window.docks["backtest"].panel
    assert isinstance(panel, BacktestPanel)
    await until(lambda: panel.awake and panel.room is not None and panel.room.view.setup.offered)
    assert window.sheet.body is None
    window.actions_.run("window.backtest-start")
    room = panel.room
    assert room is not None
    await until(lambda: has_report(room))
    assert room.view.report.report is not None
    assert room.view.report.report.summary.symbols == (window.session.selection.symbol,)


async def test_a_panel_nobody_looked_at_has_made_nothing(core: Core, open_window: OpenWindow) -> None:
    window = await open_window(core)
    panel = window.docks["backtest"].panel
    assert isinstance(panel, BacktestPanel)
    assert panel.room is None
    assert not panel._ears
