"""The safety console in the real window: it stops, measures, changes limits, and goes live by the word."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from puffling.desktop.ask import Question
from puffling.desktop.panels.safety import SafetyPanel
from puffling.puffin.orders import Kind
from puffling.runtime.actor import calling_as
from puffling.runtime.clock import FixedClock
from puffling.trading.values import Mode, TradingState
from tests.controllers.test_safety import REAL, connected, far_limit, wish
from tests.desktop.conftest import OpenWindow, until
from tests.fakes.own_broker import OwnBroker
from tests.fixtures.cores import PERSON

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window

pytestmark = pytest.mark.usefixtures("as_person")


@pytest.fixture
async def broker(core: Core) -> OwnBroker:
    # Its own account stands first: this one is chosen after it.
    with calling_as(PERSON):
        await core.broker.account()
    made = await connected(core)
    core.desk.chosen = "mine"
    return made


async def seen(core: Core, open_window: OpenWindow) -> tuple[Window, SafetyPanel]:
    window = await open_window(core)
    window.show_panel("safety")
    panel = window.docks["safety"].panel
    assert isinstance(panel, SafetyPanel)
    await until(lambda: panel.live)
    return window, panel


async def answer(window: Window, text: str) -> None:
    """Wait for the question and press the button that names the act."""
    await until(lambda: any(each.isVisible() for each in window.findChildren(Question)))
    [question] = [each for each in window.findChildren(Question) if each.isVisible()]
    [wanted] = [each for each in question.findChildren(QPushButton) if each.text() == text]
    QTest.mouseClick(wanted, Qt.MouseButton.LeftButton)


def click(button: QPushButton) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


async def test_the_switch_stops_trading_and_cancels_what_is_open(
    core: Core, broker: OwnBroker, open_window: OpenWindow
) -> None:
    await core.desk.place(wish(core, kind=Kind.LIMIT, limit=far_limit(core)))
    await until(lambda: len(broker.accepted()) == 1)
    window, panel = await seen(core, open_window)
    switch = panel.view.switch
    assert switch.word.text() == "Active"
    click(switch.halt)
    await until(lambda: "1 orders cancelled" in switch.outcome.text())
    assert switch.word.text() == "Halted"
    assert "By you" in switch.said.text()
    assert broker.accepted()[0]["status"] == "canceled"
    assert not switch.halt.isVisible()
    click(switch.resume)
    await answer(window, "Resume trading")
    await until(lambda: switch.word.text() == "Active")
    assert core.safety.look().trading is TradingState.ACTIVE


async def test_open_orders_stay_where_that_is_chosen(
    core: Core, broker: OwnBroker, open_window: OpenWindow
) -> None:
    await core.desk.place(wish(core, kind=Kind.LIMIT, limit=far_limit(core)))
    await until(lambda: len(broker.accepted()) == 1)
    _, panel = await seen(core, open_window)
    panel.view.switch.cancel_open.setChecked(False)
    click(panel.view.switch.halt)
    await until(lambda: panel.view.switch.word.text() == "Halted")
    assert broker.accepted()[0]["status"] != "canceled"


@pytest.mark.usefixtures("broker")
async def test_a_halt_from_elsewhere_is_shown_with_who_and_why(core: Core, open_window: OpenWindow) -> None:
    _, panel = await seen(core, open_window)
    await core.safety.reduce("Before the holidays")
    await until(lambda: panel.view.switch.word.text() == "Reducing")
    assert "Before the holidays" in panel.view.switch.said.text()


@pytest.mark.usefixtures("broker")
async def test_every_limit_stands_there_with_its_use(core: Core, open_window: OpenWindow) -> None:
    _, panel = await seen(core, open_window)
    lines = panel.view.limits.lines
    assert lines.keys() == {view.name for view in await core.safety.limits()}
    assert lines["orders_per_day"].used.text() == "0 of 10 today"
    await core.desk.place(wish(core))
    await until(lambda: lines["orders_per_day"].used.text() == "1 of 10 today")
    assert lines["orders_per_day"].bar.value() == 100


@pytest.mark.usefixtures("broker")
async def test_a_limit_is_tightened_at_once_and_loosened_after_a_question(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await seen(core, open_window)
    line = panel.view.limits.lines["orders_per_day"]
    line.wanted.emit("orders_per_day", 4)
    await until(lambda: core.settings_now.trading.orders_per_day == 4)
    line.wanted.emit("orders_per_day", 20)
    await answer(window, "Cancel")
    await until(lambda: not any(each.isVisible() for each in window.findChildren(Question)))
    assert core.settings_now.trading.orders_per_day == 4
    line.wanted.emit("orders_per_day", 20)
    await answer(window, "Loosen limit")
    await until(lambda: core.settings_now.trading.orders_per_day == 20)


@pytest.mark.usefixtures("broker")
async def test_a_value_a_limit_cannot_have_is_refused_at_its_line(
    core: Core, open_window: OpenWindow
) -> None:
    _, panel = await seen(core, open_window)
    line = panel.view.limits.lines["orders_per_day"]
    line.wanted.emit("orders_per_day", "many")
    await until(line.note.isVisible)
    assert core.settings_now.trading.orders_per_day == 10


@pytest.mark.usefixtures("broker")
async def test_the_drill_measures_and_stops_nothing(core: Core, open_window: OpenWindow) -> None:
    _, panel = await seen(core, open_window)
    click(panel.view.switch.drill)
    await until(lambda: "no order can leave" in panel.view.switch.outcome.text())
    assert core.safety.look().trading is TradingState.ACTIVE


async def test_closing_everything_is_asked_about_and_done(
    core: Core, broker: OwnBroker, open_window: OpenWindow
) -> None:
    await core.desk.place(wish(core))
    await until(lambda: len(broker.accepted()) == 1)
    window, panel = await seen(core, open_window)
    click(panel.view.switch.flatten)
    await answer(window, "Close everything")
    await until(lambda: "positions are being closed" in panel.view.switch.outcome.text())
    await until(lambda: core.safety.look().trading is TradingState.REDUCING)


async def test_going_live_takes_the_word_and_cannot_be_overlooked(
    core: Core, open_window: OpenWindow
) -> None:
    await core.broker.account()
    await core.settings.put("market.feeds", ["files"])
    # Another account of play money takes the place of the first; this one is chosen after it.
    await until(lambda: core.desk.chosen == "paper")
    real = OwnBroker(now=core.clock.now)
    real.price = Decimal(700)
    await core.desk.connect(REAL, real, live_keys=True)
    await core.desk.compared("real")
    core.desk.chosen = "real"
    window, panel = await seen(core, open_window)
    live = panel.view.going_live
    await until(live.field.isVisible)
    QTest.keyClicks(live.field, "live")
    assert not live.go.isEnabled()
    live.field.clear()
    QTest.keyClicks(live.field, "LIVE")
    click(live.go)
    await until(lambda: core.safety.look().mode is Mode.LIVE)
    await until(lambda: window.top.mode.text() == "● LIVE")
    [strip] = [each for each in window.top.findChildren(QLabel) if "real money" in each.text()]
    assert strip.isVisible()
    assert strip.width() == window.top.width()
    assert panel.view.switch.mode.text() == "LIVE: real money"
    await until(live.back.isVisible)
    click(live.back)
    await until(lambda: core.safety.look().mode is not Mode.LIVE)
    await until(strip.isHidden)


@pytest.mark.usefixtures("broker")
async def test_what_is_missing_for_real_money_is_named(core: Core, open_window: OpenWindow) -> None:
    _, panel = await seen(core, open_window)
    live = panel.view.going_live
    assert "never moves real money" in live.missing.text()
    assert not live.field.isVisible()
    assert live.connect_.isVisible()


async def test_what_the_broker_holds_is_accepted_as_it_was_shown_after_a_question(
    core: Core, broker: OwnBroker, clock: FixedClock, open_window: OpenWindow
) -> None:
    window, panel = await seen(core, open_window)
    board = panel.view.differences
    assert not board.isVisible()
    broker.book.positions["SPY"] = "3"

    def after_a_while(condition: Callable[[], bool]) -> bool:
        # The broker is asked again after a while.
        clock.advance(0.1)
        return condition()

    await asyncio.gather(core.desk.reconcile("mine"), until(lambda: after_a_while(board.isVisible)))
    cells = [each.text() for each in board.findChildren(QLabel)]
    assert [cells.count(text) for text in ("SPY", "0", "3")] == [1, 1, 1]
    assert "last agreed" in board.said.text()
    click(board.accept)
    await answer(window, "Accept")
    await until(lambda: after_a_while(lambda: not board.isVisible()))
    await until(lambda: panel.view.switch.outcome.text() == "Accepted: the account and its broker agree.")
    [holding] = await core.broker.positions("mine")
    assert (holding.symbol, holding.quantity) == ("SPY", Decimal(3))
