"""Dashboard: what there is, what today brought, and the last trades as they happen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtWidgets import QWidget

from puffling.desktop.amounts import Amounts
from puffling.desktop.card import button, tool_button
from puffling.desktop.icons import set_icon
from puffling.desktop.loading import load
from puffling.desktop.panel import Area, ViewPanel, panel
from puffling.desktop.refetching import Refetching
from puffling.desktop.repricing import Repricing
from puffling.desktop.session import Session
from puffling.desktop.squeezing import ElidedLabel
from puffling.desktop.theme import set_role
from puffling.runtime.text import tr
from puffling.store.events import (
    AlertRaised,
    CashFlowsChanged,
    DatabaseRestored,
    StrategiesChanged,
    StrategyDecided,
    TradesChanged,
    WorthMarked,
)
from puffling.store.values import AlertNote
from puffling.trading.events import AccountChanged, ChosenAccountChanged, LineChanged

if TYPE_CHECKING:
    from puffling.automation.runner.values import ActiveStrategy
    from puffling.core.core import Core
    from puffling.desktop.dashboard.view import DashboardView
    from puffling.trading.portfolio.values import Portfolio, TradeLine

    Found: TypeAlias = tuple[
        Portfolio, tuple[TradeLine, ...], tuple[AlertNote, ...], tuple[ActiveStrategy, ...]
    ]

LAST_TRADES = 10
LATEST_ALERTS = 5
CONNECT, HIDE = "window.connect-broker", "window.hide-amounts"


@panel(id="dashboard", title="Dashboard", icon="dashboard", area=Area.BOTTOM, order=0)
class DashboardPanel(ViewPanel["DashboardView"]):
    """Shows the account that orders go to, live; at a start it waits until the prices stand there."""

    least_size = (300, 130)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._amounts = session.shared(Amounts)
        self._trades: tuple[TradeLine, ...] = ()
        self._alerts: tuple[AlertNote, ...] = ()
        self.account = ElidedLabel()
        self.account.setProperty("grows", True)
        set_role(self.account, tone="muted")
        self.connect_ = button(tr("Connect a broker…"), kind="quiet")
        self.connect_.setObjectName("dashboard.connect")
        self.connect_.clicked.connect(self._connect)
        self.connect_.hide()
        self.hide_ = tool_button("eye", tr("Hide or show amounts"))
        self.hide_.setObjectName("dashboard.hide-amounts")
        self.hide_.clicked.connect(lambda: self.session.actions.run(HIDE))
        self._refetching = Refetching(self, self._load, self._show, self.states)
        self._repricing = Repricing(self, lambda: self.view)

    def make_view(self) -> DashboardView:
        from puffling.desktop.dashboard.view import DashboardView

        made = DashboardView(self._amounts, self.session.time)
        made.trades.key_activated.connect(lambda _: self.session.show_panel("trades"))
        made.trades.keys_selected.connect(self._look_at)
        made.alerts.key_activated.connect(lambda _: self.session.show_panel("alerts"))
        made.alerts.keys_selected.connect(self._look_at_alert)
        made.active.clicked.connect(lambda: self.session.show_panel("strategies"))
        return made

    def header(self) -> list[QWidget]:
        return [self.account, self.connect_, self.hide_]

    def wake(self, core: Core) -> None:
        self._repricing.listen()
        for event in (TradesChanged, CashFlowsChanged, WorthMarked, AccountChanged, LineChanged):
            self.hear(event, self._refetching.on_news)
        self.hear(ChosenAccountChanged, self._refetching.on_news)
        self.hear(AlertRaised, self._refetching.on_news)
        self.hear(StrategiesChanged, self._refetching.on_news)
        self.hear(StrategyDecided, self._refetching.on_news)
        self.hear(DatabaseRestored, self._refetching.on_news)
        self._ears.append(self._amounts.on_change(self._rewrite))
        set_icon(self.hide_, "eye-off" if self._amounts.hidden else "eye")
        self._refetching.fetch()

    def sleep(self) -> None:
        self._refetching.stop()
        self._repricing.stop()

    def focus_view(self, view: DashboardView) -> None:
        view.trades.setFocus()

    def _connect(self) -> None:
        self.session.actions.run(CONNECT)

    def _rewrite(self) -> None:
        set_icon(self.hide_, "eye-off" if self._amounts.hidden else "eye")
        if self._view is not None:
            self._view.rewrite(self._trades)

    async def _load(self) -> Found:
        # Prices come first at a start: nobody misses figures of an account before its broker has answered.
        self.mark_live()
        await self.session.until_filled()
        await load(
            "puffling.trading.portfolio.reading",
            "puffling.desktop.portfolio.rows",
            "puffling.desktop.portfolio.trades",
            "puffling.desktop.strategies.live",
            "puffling.desktop.dashboard.view",
        )
        core = self.session.core
        shown = await core.portfolio.show()
        trades = await core.monitor.trades(LAST_TRADES, shown.account) if shown.account else ()
        alerts = await core.alerts.history(LATEST_ALERTS)
        active = await core.live_strategies.active()
        if shown.account:
            # Made and filled in turns: at once would hold the loop.
            _ = self.view
        await asyncio.sleep(0)
        return shown, trades, alerts, active

    def _show(self, found: Found) -> None:
        shown, self._trades, self._alerts, active = found
        self.account.setText(shown.label)
        # A market or an account of this program's own: a real one is yet to be connected.
        self.connect_.setVisible(not shown.account or shown.mode == "DEMO")
        if not shown.account:
            self._repricing.watch(())
            self.states.empty(
                tr("Broker not connected"),
                tr("What you have, and what today brought, stands here once an account is there."),
                icon="dashboard",
                action=tr("Connect a broker…"),
                act=self._connect,
            )
        else:
            self.view.show_portfolio(shown)
            self.view.show_trades(self._trades)
            self.view.show_alerts(self._alerts)
            self.view.show_active(active)
            self._repricing.watch(tuple(each.symbol for each in shown.positions))
            if shown.connected:
                self.states.content()
            else:
                self.states.stale(tr("Broker not connected"))
                self.states.setToolTip(shown.reason)

    def _look_at_alert(self, keys: list[str]) -> None:
        for each in self._alerts:
            if keys == [each.id] and each.symbol:
                self.session.selection.choose(each.symbol)

    def _look_at(self, keys: list[str]) -> None:
        for each in self._trades:
            if keys == [each.id]:
                self.session.selection.choose(each.symbol)
