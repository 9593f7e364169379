"""Strategies that run by themselves, in the window: activated by hand, seen at work, stopped again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

# Loaded when its panel is first looked at; here that would count against the first test that does.
import puffling.automation.rehearsal.rehearsing
import puffling.automation.rehearsal.task
import puffling.automation.runner.runner
import puffling.automation.runner.terms
import puffling.desktop.backtests.room
import puffling.desktop.backtests.view
import puffling.desktop.rehearsals.rehearsing
import puffling.desktop.strategies.activating  # noqa: F401
from puffling.desktop.ask import Question
from puffling.desktop.forms import Form
from puffling.desktop.panels.backtest import BacktestPanel
from puffling.desktop.panels.dashboard import DashboardPanel
from puffling.desktop.panels.strategies import StrategiesPanel
from puffling.desktop.rehearsals.view import RehearsalsView
from puffling.desktop.strategies.live import LiveBoard
from puffling.desktop.window import Window
from puffling.puffin.data.interval import Interval
from puffling.store.decisions import StrategyMode
from tests.desktop.conftest import OpenWindow, until
from tests.desktop.test_backtest_panel import opened, run_one
from tests.desktop.test_strategies_panel import open_panel

if TYPE_CHECKING:
    from puffling.automation.runner.values import ActiveStrategy
    from puffling.core.core import Core
    from puffling.runtime.clock import FixedClock

pytestmark = pytest.mark.usefixtures("as_person")


async def chosen(core: Core, open_window: OpenWindow) -> StrategiesPanel:
    """The panel with one strategy on bars of a minute, chosen."""
    await core.open_accounts()
    made = await core.strategies.create("Mine", "buy_and_hold", ("SPY",), Interval.M1)
    panel = await open_panel(open_window, core)
    await until(lambda: made.id in panel._saved)
    panel.view.saved.select([made.id])
    await until(panel.view.activate.isVisible)
    return panel


async def answer(panel: StrategiesPanel | BacktestPanel, title: str, **values: object) -> None:
    """Fill in a question and agree."""

    def asked() -> list[Question]:
        found = panel.window().findChildren(Question)
        return [each for each in found if each.accessibleName().startswith(title)]

    await until(lambda: bool(asked()))
    [question] = asked()
    for form in question.findChildren(Form):
        form.set_values({**(form.values() or {}), **values})
        form.submit()
        return
    word = title.partition(" ")[0]
    act = next(each for each in question.findChildren(QPushButton) if each.text() == word)
    act.click()


async def test_activated_by_hand_it_trades_and_is_seen_at_work(
    core: Core, open_window: OpenWindow, clock: FixedClock
) -> None:
    panel = await chosen(core, open_window)
    view = panel.view
    view.activate.click()
    await answer(panel, "Activate Mine", mode="auto-trade")
    await answer(panel, "Let Mine trade on Demo account", money=900.0)
    await until(lambda: view.live.title.text() == "It trades by itself on Demo account")
    assert not view.editor.isVisible()
    assert not view.delete.isVisible()
    assert "100% of $900.00" in view.live.said.text()
    await until(lambda: view.saved.rows.row(0).mode == StrategyMode.AUTO_TRADE.value)
    for _ in range(50):
        await core.port.thread(int)
    clock.advance(63)
    await until(lambda: len(view.live.decisions.keys()) == 1)
    decisions = view.live.decisions.rows
    await until(lambda: bool(decisions.row(0).orders) and decisions.row(0).state.value == "done")
    [active] = await core.live_strategies.active()
    assert active.activation.capital == 900.0
    window = panel.window()
    assert isinstance(window, Window)
    window.show_panel("dashboard")
    dashboard = window.docks["dashboard"].panel
    assert isinstance(dashboard, DashboardPanel)
    await until(lambda: dashboard._view is not None and dashboard.view.active.isVisible())
    await until(lambda: dashboard.view.active.words.startswith("Mine: SPY +1: ordered"))
    view.activate.click()
    await answer(panel, "Deactivate Mine?")
    await until(lambda: view.editor.isVisible() and not view.live.isVisible())
    assert await core.live_strategies.active() == ()
    await until(lambda: not dashboard.view.active.isVisible())


async def test_to_alert_takes_one_question(core: Core, open_window: OpenWindow) -> None:
    panel = await chosen(core, open_window)
    panel.view.activate.click()
    await answer(panel, "Activate Mine", mode="alert")
    await until(lambda: panel.view.live.title.text() == "It tells you when it changes its mind")
    [active] = await core.live_strategies.active()
    assert active.activation.mode is StrategyMode.ALERT


async def test_who_thinks_better_of_it_has_activated_nothing(core: Core, open_window: OpenWindow) -> None:
    panel = await chosen(core, open_window)
    panel.view.activate.click()
    await answer(panel, "Activate Mine", mode="auto-trade")
    await until(lambda: bool(panel.window().findChildren(Question)))
    for question in panel.window().findChildren(Question):
        question.answered.emit(None)
    await until(lambda: not panel.window().findChildren(Question))
    assert await core.live_strategies.active() == ()


async def test_what_cannot_be_activated_is_said(core: Core, open_window: OpenWindow) -> None:
    made = await core.strategies.create("Empty", "momentum")
    panel = await open_panel(open_window, core)
    await until(lambda: made.id in panel._saved)
    panel.view.saved.select([made.id])
    panel.activate()
    window = panel.window()
    assert isinstance(window, Window)
    await until(lambda: any("Empty has no symbols" in each.text for each in window.notices.shown))
    assert not panel.window().findChildren(Question)


async def test_a_result_is_activated_once_it_is_saved_as_a_strategy(
    core: Core, open_window: OpenWindow
) -> None:
    panel, room = await opened(open_window, core)
    await run_one(room)
    room.hand_on.activate()
    await answer(panel, "Save as strategy", text="My trend")
    await answer(panel, "Activate My trend", mode="monitor")

    def active() -> bool:
        return "My trend" in {each.name for each in shown}

    shown: list[ActiveStrategy] = []
    while not active():
        shown[:] = await core.live_strategies.active()
        await core.port.thread(int)
    assert shown[0].symbols == ("SPY",)


async def test_who_thought_better_of_activating_only_saves_the_next_time(
    core: Core, open_window: OpenWindow
) -> None:
    panel, room = await opened(open_window, core)
    await run_one(room)
    window = panel.window()
    assert isinstance(window, Window)
    room.hand_on.activate()
    await until(lambda: bool(window.findChildren(Question)))
    window.findChildren(Question)[0].dismiss()
    await until(lambda: not window.findChildren(Question))
    room.save_strategy()
    await answer(panel, "Save as strategy", text="My trend")
    await until(lambda: any(each.text == "My trend saved." for each in window.notices.shown))
    assert not window.findChildren(Question)


async def test_a_strategy_is_rehearsed_and_the_result_is_shown_and_kept(
    core: Core, open_window: OpenWindow
) -> None:
    made = await core.strategies.create(
        "Mine", "momentum", ("AMZN",), Interval.D1, {"short_window": 3, "long_window": 8}
    )
    panel, room = await opened(open_window, core)
    room.take_strategy(next(each for each in await core.strategies.all() if each.id == made.id))
    await run_one(room, replace(room.view.setup.draft, reach="1y"))
    room.hand_on.rehearse()
    await answer(panel, "Rehearse Mine", start="2026-01-05", end="2026-02-20", money=8_000.0)
    window = panel.window()
    assert isinstance(window, Window)

    def shown() -> list[RehearsalsView]:
        return [each for each in window.findChildren(RehearsalsView) if each.isVisible()]

    await until(lambda: bool(shown()) and shown()[0].worth.text() != "")
    view = shown()[0]
    [line] = await core.rehearsals.all()
    assert view.list.keys() == (line.id,)
    assert view.worth.text().endswith(f"its backtest: ${line.tested:,.2f}")
    [pane] = view.curves.panes
    assert [each.name for each in pane.lines] == ["Rehearsed", "Backtest"]
    assert len(view.orders.keys()) == len((await core.rehearsals.show(line.id)).made) > 0
    window.sheet.close_sheet()


def test_of_another_strategy_nothing_is_said_before_it_is_known_how_it_runs(qtbot: QtBot) -> None:
    board = LiveBoard(lambda at: f"{at:%H:%M}", 8)
    qtbot.addWidget(board)
    board.turn_to("one")
    assert board.decisions.isHidden()
    board.title.setText("It trades by itself")
    board.decisions.show()
    board.turn_to("one")
    assert (board.title.text(), board.decisions.isHidden()) == ("It trades by itself", False)
    board.turn_to("other")
    assert (board.title.text(), board.said.text(), board.decisions.isHidden()) == ("", "", True)
