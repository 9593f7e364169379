"""Portfolio: what the person holds, what it is worth at this moment, and what it earned."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtWidgets import QPushButton, QWidget

from puffling.desktop.actions import Action
from puffling.desktop.amounts import Amounts
from puffling.desktop.card import spacer
from puffling.desktop.loading import load
from puffling.desktop.menus import passing_menu
from puffling.desktop.panel import Area, ViewPanel, panel
from puffling.desktop.portfolio.pages import GAINS, LOTS, MONEY, PAGES, PERFORMANCE
from puffling.desktop.refetching import Refetching
from puffling.desktop.repricing import Repricing
from puffling.desktop.saving import ask_where, save
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.theme import set_role
from puffling.runtime.text import tr
from puffling.store.events import (
    CashFlowsChanged,
    DatabaseRestored,
    SettingChanged,
    TradesChanged,
    WorthMarked,
)
from puffling.trading.events import AccountChanged, LineChanged

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.orders.acts import OrderActs
    from puffling.desktop.portfolio.view import PortfolioView
    from puffling.trading.portfolio.values import (
        EquityCurve,
        Gains,
        MoneyFlow,
        OpenLot,
        Portfolio,
        TextFile,
        YearlyGains,
    )

R = TypeVar("R")

FLOW = "portfolio.add-flow"


@panel(id="portfolio", title="Portfolio", icon="portfolio", area=Area.BOTTOM, order=20)
class PortfolioPanel(ViewPanel["PortfolioView"]):
    """Shows one account, live."""

    least_size = (340, 180)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._amounts = session.shared(Amounts)
        self._choices: Kept = {}
        self._account = ""
        self._lots_of = ""
        self._year = 0
        self._accounts: tuple[tuple[str, str], ...] = ()
        self.accounts_button = QPushButton()
        self.accounts_button.setObjectName("portfolio.accounts")
        self.accounts_button.setAccessibleName(tr("Choose account"))
        set_role(self.accounts_button, kind="quiet")
        self.accounts_button.clicked.connect(self._open_accounts)
        self.accounts_button.hide()
        self._header = [spacer(), self.accounts_button]
        self._refetching = Refetching(self, self._load, self._show, self.states)
        self._repricing = Repricing(self, lambda: self.view)

    def make_view(self) -> PortfolioView:
        from puffling.desktop.portfolio.view import PortfolioView

        made = PortfolioView(self._amounts, self._today, str(self._choices.get("page", "")))
        made.positions.restore_state(self._choices.get("positions", {}))
        made.page_turned.connect(self._page_turned)
        made.chart_wanted.connect(self._show_chart)
        made.lots_wanted.connect(self._show_lots_of)
        made.close_wanted.connect(lambda symbol: self._acts().close(self, symbol, self._account))
        made.reverse_wanted.connect(lambda symbol: self._acts().reverse(self, symbol, self._account))
        made.flow_wanted.connect(lambda: self.session.actions.run(FLOW))
        made.flows_removed.connect(self._remove_flows)
        made.year_wanted.connect(self._show_year)
        made.export_wanted.connect(self.export_year)
        made.matching_wanted.connect(self._match)
        made.positions.keys_selected.connect(self._look_at)
        return made

    def header(self) -> list[QWidget]:
        return self._header

    def acts(self) -> Iterable[Action]:
        group = tr("Portfolio")
        for page, title in PAGES.items():
            yield Action(
                f"window.portfolio-{page}",
                tr("Portfolio: {page}", page=tr(title)),
                partial(self.open_page, page),
                group,
                tr("Turn to this page of the portfolio."),
            )
        yield Action(
            "window.portfolio-save-gains",
            tr("Save the gains of the year (CSV)"),
            self.export_year,
            group,
            tr("Write every lot that was closed in the shown year into a file."),
        )

    def restore(self, choices: Kept, content: Kept) -> None:
        self._choices = choices
        self._account = str(choices.get("account", ""))

    def choices(self) -> Kept:
        if self._view is None:
            return {**self._choices, "account": self._account}
        return {
            "page": self._view.page,
            "account": self._account,
            "positions": self._view.positions.save_state(),
        }

    def wake(self, core: Core) -> None:
        self._repricing.listen()
        for event in (TradesChanged, CashFlowsChanged, WorthMarked, AccountChanged, LineChanged):
            self.hear(event, self._refetching.on_news)
        self.hear(DatabaseRestored, self._refetching.on_news)
        self.hear(SettingChanged, self._setting_changed)
        self._ears.append(self._amounts.on_change(self._rewrite))
        self._refetching.fetch()

    def sleep(self) -> None:
        self._refetching.stop()
        self._repricing.stop()

    def focus_view(self, view: PortfolioView) -> None:
        view.take_focus()

    def open_page(self, page: str) -> None:
        """Turn to a page."""
        self.view.pages.open(page)

    def export_year(self) -> None:
        """Ask for a file and write the gains of the shown year into it."""
        year = self._year or self._today().year
        ask_where(
            self.session, self, tr("Save the gains"), f"gains-{year}", "csv", partial(self.write_year, year)
        )

    def write_year(self, year: int, file: Path) -> None:
        """Write the gains of a year into a file."""
        core = self.session.core

        async def work() -> Path:
            found: TextFile = await core.portfolio.export_yearly(year, self._account)
            return await save(core.port, file, (found.text.encode(),))

        self.session.dispatch.run(
            work,
            name="export gains",
            then=lambda saved: self.session.notices.tell(tr("Saved {file}.", file=saved.name)),
        )

    def _today(self) -> date:
        return self.session.core.portfolio.today()

    def _rewrite(self) -> None:
        if self._view is not None:
            self._view.refresh()

    def _setting_changed(self, event: SettingChanged) -> None:
        if event.key.startswith(("portfolio.", "custom.lots")):
            self._refetching.on_news()

    async def _load(self) -> tuple[Portfolio, tuple[tuple[str, str], ...]]:
        await load(
            "puffling.trading.portfolio.reading",
            "puffling.desktop.backtests.timechart",
            "puffling.desktop.portfolio.view",
        )
        core = self.session.core
        known = await core.portfolio.accounts()
        if self._account not in {each.account for each in known}:
            self._account = ""
        shown = await core.portfolio.glance(self._account)
        names = tuple((each.account, each.label) for each in await core.portfolio.accounts())
        if shown.account:
            # Made and filled in turns: at once would hold the loop.
            _ = self.view
        await asyncio.sleep(0)
        return shown, names

    def _show(self, found: tuple[Portfolio, tuple[tuple[str, str], ...]]) -> None:
        shown, self._accounts = found
        self.accounts_button.setVisible(len(self._accounts) > 1)
        self.accounts_button.setText(tr("{name} ▾", name=shown.label))
        if not shown.account:
            self._repricing.watch(())
            self.states.empty(
                tr("Broker not connected"),
                tr("What you hold, and what it earned, stands here once an account is there."),
                icon="portfolio",
            )
            return
        self.view.show_portfolio(shown)
        if shown.connected:
            self.states.content()
        else:
            self.states.stale(tr("Broker not connected"))
            self.states.setToolTip(shown.reason)
        self._repricing.watch(tuple(each.symbol for each in shown.positions))
        self._fetch_page()

    def _page_turned(self, _page: str) -> None:
        self._fetch_page()

    def _fetch_page(self) -> None:
        """Fetch what the open page shows beside the positions, which are there always."""
        page, core, account = self.view.page, self.session.core, self._account
        if page == PERFORMANCE:

            async def performance() -> tuple[EquityCurve, Gains]:
                return await core.portfolio.curve(account), await core.monitor.pnl(account)

            self._run(performance, lambda found: self.view.performance.show_performance(*found))
        elif page == LOTS:
            symbol = self._lots_of

            async def lots() -> tuple[OpenLot, ...]:
                return await core.portfolio.lots(symbol or None, account)

            self._run(lots, lambda found: self.view.show_lots(found, symbol))
        elif page == GAINS:
            year = self._year or self._today().year

            async def gains() -> YearlyGains:
                return await core.portfolio.yearly(year, account)

            self._run(gains, self.view.gains.show_year)
        elif page == MONEY:

            async def flows() -> tuple[MoneyFlow, ...]:
                return await core.portfolio.flows(account)

            self._run(flows, self.view.show_flows)

    def _run(self, work: Callable[[], Coroutine[Any, Any, R]], then: Callable[[R], None]) -> None:
        self.session.dispatch.run(
            work, name="fetch page of portfolio", newest="portfolio.page", then=then, owner=self
        )

    def _acts(self) -> OrderActs:
        from puffling.desktop.orders.acts import OrderActs

        return OrderActs(self.session)

    def _show_lots_of(self, symbol: str) -> None:
        self._lots_of = symbol
        if self.view.page == LOTS:
            self._fetch_page()
        else:
            self.open_page(LOTS)

    def _match(self, name: str) -> None:
        core = self.session.core
        self.session.dispatch.run(
            lambda: core.settings.put("portfolio.matching", name), name="match lots", owner=self
        )

    def _show_year(self, year: int) -> None:
        self._year = year
        self._fetch_page()

    def _show_chart(self, symbol: str) -> None:
        self.session.selection.choose(symbol)
        self.session.show_panel("chart")

    def _look_at(self, symbols: list[str]) -> None:
        if len(symbols) == 1:
            self.session.selection.choose(symbols[0])

    def _remove_flows(self, ids: list[str]) -> None:
        core = self.session.core

        async def remove() -> list[MoneyFlow]:
            return [await core.portfolio.remove_flow(id) for id in ids]

        async def bring_back(gone: list[MoneyFlow]) -> None:
            for each in gone:
                await core.portfolio.restore(each)

        def offer(gone: list[MoneyFlow]) -> None:
            self.session.notices.tell(
                tr("{count} removed.", count=len(gone)),
                action=tr("Undo"),
                act=lambda: self.session.dispatch.run(lambda: bring_back(gone), name="restore money"),
            )

        self.session.dispatch.run(remove, name="remove money", then=offer)

    def _open_accounts(self) -> None:
        menu = passing_menu(self)
        for name, title in self._accounts:
            item = menu.addAction(title, partial(self.choose_account, name))
            item.setCheckable(True)
            item.setChecked(name == (self._account or self._accounts[0][0]))
        menu.popup(self.accounts_button.mapToGlobal(self.accounts_button.rect().bottomLeft()))

    def choose_account(self, account: str) -> None:
        """Show another account."""
        self._account = account
        self._refetching.fetch()
