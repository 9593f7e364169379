"""The dashboard in the real window: there on a fresh start, live, honest about what is not connected."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from puffling.desktop.amounts import HIDDEN
from puffling.desktop.brokers.wizard import BrokerWizard
from puffling.desktop.notices import Level
from puffling.desktop.panels.dashboard import DashboardPanel
from puffling.desktop.trade_news import TradeNews
from puffling.puffin.orders import Side
from puffling.store.values import AlertNote
from tests.controllers.test_safety import connected, wish
from tests.desktop.conftest import OpenWindow, until
from tests.desktop.test_approvals_panel import ask

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.window import Window

pytestmark = pytest.mark.usefixtures("as_person")


async def filled(core: Core, open_window: OpenWindow) -> tuple[Window, DashboardPanel]:
    """A window whose dashboard shows the account."""
    window = await open_window(core)
    panel = window.docks["dashboard"].panel
    assert isinstance(panel, DashboardPanel)
    await until(lambda: panel.awake and panel.account.text() != "")
    return window, panel


async def buy(core: Core) -> None:
    """Buy one SPY on the account that is always there."""
    await core.desk.compared(core.desk.chosen)
    shown = await core.broker.order("SPY", Side.BUY, Decimal(1))
    await core.broker.confirm(shown.token)


async def test_a_fresh_start_shows_what_there_is(core: Core, open_window: OpenWindow) -> None:
    _, panel = await filled(core, open_window)
    values = panel.view.strip.values
    await until(lambda: values["equity"].text() == "$100,000.00")
    assert values["cash"].text() == "$100,000.00"
    assert values["equity"].property("kind") == "figure"
    assert panel.view.trades.keys() == ()


@pytest.mark.parametrize("width", [420, 900])
async def test_figures_keep_their_height_where_there_is_little(
    core: Core, open_window: OpenWindow, width: int
) -> None:
    _, panel = await filled(core, open_window)
    view = panel.view
    view.show_alerts((AlertNote("a", "Support", core.clock.now(), "SPY rose", "SPY", "info", {}),))
    view.setFixedSize(width, 190)
    await until(lambda: view.alerts.isVisible() and view.size() == QSize(width, 190))
    for value in view.strip.values.values():
        assert value.height() >= value.sizeHint().height()


async def test_a_fill_is_among_the_last_trades_and_in_a_notice(core: Core, open_window: OpenWindow) -> None:
    window, panel = await filled(core, open_window)
    await buy(core)
    await until(lambda: len(panel.view.trades.keys()) == 1)
    await until(lambda: any("Bought 1 SPY at" in each.text for each in window.notices.shown))
    await until(lambda: panel.view.strip.values["cash"].text() != "$100,000.00")


async def test_amounts_are_hidden_everywhere_by_one_action_and_stay_so(
    core: Core, open_window: OpenWindow
) -> None:
    window, panel = await filled(core, open_window)
    window.session.actions.run("window.hide-amounts")
    await until(lambda: core.settings_now.window.hide_amounts)
    assert panel.view.strip.values["equity"].text() == HIDDEN
    await core.settings.put("window.hide_amounts", False)
    await until(lambda: panel.view.strip.values["equity"].text() != HIDDEN)


async def test_a_question_from_elsewhere_is_told_and_counted_until_it_is_answered(
    core: Core, open_window: OpenWindow
) -> None:
    window, _ = await filled(core, open_window)
    await until(window.top.account.isVisible)
    await connected(core)
    assert not window.top.approvals.isVisible()
    id = await ask(core)
    await until(lambda: window.top.approvals.text() == "1 approval" and window.top.approvals.isVisible())
    [told] = [each for each in window.notices.shown if each.level is Level.WARN]
    assert told.text == "Buy 5 SPY at the market?"
    assert "Strategy (trend)" in told.hint
    QTest.mouseClick(window.top.approvals, Qt.MouseButton.LeftButton)
    await until(lambda: window.docks["approvals"].panel.awake)
    await core.approvals.decline(id)
    await until(window.top.approvals.isHidden)


async def test_a_rejection_is_told_in_the_window_and_on_the_desktop(
    core: Core, open_window: OpenWindow
) -> None:
    window, _ = await filled(core, open_window)
    broker = await connected(core)
    said: list[str] = []
    assert window.live is not None
    news = TradeNews(window, core, lambda text, _hint: said.append(text))
    broker.fault("submit_order", "no_money")
    # Messages on the desktop are for when another program is in front.
    window.hide()
    await core.desk.place(wish(core))
    await until(lambda: said == ["SPY: the order was rejected"])
    news.stop()


async def test_the_account_that_orders_go_to_stands_in_the_top_line(
    core: Core, open_window: OpenWindow
) -> None:
    window, _ = await filled(core, open_window)
    await until(window.top.account.isVisible)
    assert window.top.account.text().endswith("▾")


async def test_a_broker_is_chosen_and_tested_step_by_step(core: Core, open_window: OpenWindow) -> None:
    window, panel = await filled(core, open_window)
    QTest.mouseClick(panel.connect_, Qt.MouseButton.LeftButton)
    wizard = window.sheet.body
    assert isinstance(wizard, BrokerWizard)
    await until(lambda: set(wizard.choices) == {"alpaca-paper", "alpaca-live"})
    assert not wizard.test.isVisible()
    QTest.mouseClick(wizard.choices["alpaca-paper"], Qt.MouseButton.LeftButton)
    await until(lambda: set(wizard.lines) == {"ALPACA_API_KEY", "ALPACA_SECRET_KEY"})
    assert not wizard.live.isVisible()
    QTest.mouseClick(wizard.test, Qt.MouseButton.LeftButton)
    await until(lambda: "1 missing" in wizard.answer.text())
    assert not wizard.connect_.isVisible()
    QTest.mouseClick(wizard.choices["alpaca-live"], Qt.MouseButton.LeftButton)
    await until(lambda: "ALPACA_LIVE_API_KEY" in wizard.lines)
    assert wizard.live.isVisible()
    assert not wizard.lines["ALPACA_API_KEY"].isVisible()


async def test_the_wizard_is_reached_from_the_preferences(core: Core, open_window: OpenWindow) -> None:
    window, _ = await filled(core, open_window)
    window.show_preferences()
    offer = window.sheet.findChild(QPushButton, "preferences.connect-broker")
    assert isinstance(offer, QPushButton)
    await until(offer.isVisible)
    offer.click()
    await until(lambda: isinstance(window.sheet.body, BrokerWizard))
