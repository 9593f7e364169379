"""Fundamentals: what the company everybody looks at earns, owns and owes, and since when that is known."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from puffling.desktop.actions import Action
from puffling.desktop.card import spacer
from puffling.desktop.later import later
from puffling.desktop.loading import load
from puffling.desktop.pages import Pages
from puffling.desktop.panel import Area, ViewPanel, panel
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.puffin.data.instants import us_to_day
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr
from puffling.store.events import SettingChanged

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.company.view import CompanyView
    from puffling.puffin.data.reported import FilingList, RatioReport, StatementTable

FOLLOW_MILLISECONDS = 250
MOST_PERIODS = 24
PERIODS = {"annual": "Years", "quarterly": "Quarters"}
PREFERENCES = "window.preferences"


@panel(id="fundamentals", title="Fundamentals", icon="fundamentals", area=Area.RIGHT, order=12)
class FundamentalsPanel(ViewPanel["CompanyView"]):
    """Shows the reports of the selected symbol."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._symbol = ""
        self._choices: Kept = {}
        self._periods = Pages("fundamentals", PERIODS)
        self._periods.turned.connect(self._period_chosen)
        self._header = [spacer(), self._periods.in_a_row()]
        self._follow = later(self, self._fetch, FOLLOW_MILLISECONDS)

    def make_view(self) -> CompanyView:
        from puffling.desktop.company.view import CompanyView

        made = CompanyView(str(self._choices.get("page", "")))
        made.page_wanted.connect(self._fetch)
        return made

    @property
    def period(self) -> str:
        """Give the length of the periods that are shown: annual or quarterly."""
        return self._periods.page

    def header(self) -> list[QWidget]:
        return self._header

    def acts(self) -> Iterable[Action]:
        group = tr("Fundamentals")
        yield Action(
            "window.fundamentals-period",
            tr("Years or quarters"),
            self._switch_period,
            group,
            tr("Show the statements by years or by quarters."),
        )
        yield Action(
            "window.fundamentals-copy",
            tr("Copy statement as CSV"),
            self._copy_csv,
            group,
            tr("Put the statement on the clipboard with every digit."),
        )

    def restore(self, choices: Kept, content: Kept) -> None:
        self._choices = choices
        self._periods.open(str(choices.get("period", "")))

    def choices(self) -> Kept:
        if self._view is None:
            return {**self._choices, "period": self.period}
        return {"page": self._view.page, "period": self.period}

    def wake(self, core: Core) -> None:
        self.hear_selection(self._fetch)
        self.hear_present(self._present_moved)
        self.hear(SettingChanged, self._setting_changed)
        self._fetch()

    def sleep(self) -> None:
        self._follow.stop()

    def focus_view(self, view: CompanyView) -> None:
        view.take_focus()

    def _switch_period(self) -> None:
        self._periods.open("quarterly" if self.period == "annual" else "annual")

    def _copy_csv(self) -> None:
        self.view.copy_csv()

    def _period_chosen(self) -> None:
        if self.awake:
            self._fetch()

    def _setting_changed(self, event: SettingChanged) -> None:
        if event.key.startswith("fundamentals."):
            self._fetch()

    def _present_moved(self) -> None:
        # A replay may play faster than anybody reads reports.
        if not self._follow.isActive():
            self._follow.start()

    @property
    def _as_of(self) -> date | None:
        """Give the last day that is over in a replay: what was filed after it is not known there."""
        present_us = self.session.selection.present_us
        return None if present_us is None else us_to_day(present_us) - timedelta(days=1)

    def _fetch(self) -> None:
        symbol = self.session.selection.symbol
        if symbol != self._symbol:
            self.states.loading()
        self.session.dispatch.run(
            lambda: self._load(symbol),
            name="fetch fundamentals",
            newest="fundamentals.fetch",
            then=lambda found: self._show(symbol, *found),
            failed=lambda error: self._say_failed(symbol, error),
            owner=self,
        )

    async def _load(self, symbol: str) -> tuple[StatementTable, RatioReport, FilingList]:
        from puffling.puffin.data.statement_lines import Period, Statement

        await load("puffling.desktop.company.view")
        reported = self.session.core.fundamentals
        page = self.view.page
        await asyncio.sleep(0)
        statement = Statement(page) if page in set(Statement) else Statement.INCOME
        as_of = self._as_of
        table = await reported.show(symbol, statement, Period(self.period), limit=MOST_PERIODS, as_of=as_of)
        await asyncio.sleep(0)
        ratios = await reported.ratios(symbol, as_of=as_of)
        await asyncio.sleep(0)
        filed = await reported.filings(symbol, as_of=as_of)
        await asyncio.sleep(0)
        return table, ratios, filed

    def _show(self, symbol: str, table: StatementTable, ratios: RatioReport, filed: FilingList) -> None:
        self._symbol = symbol
        self.mark_live()
        origin = table.origin
        if origin.filed is None:
            self.states.empty(
                tr("{symbol} has no statements", symbol=symbol), origin.note, icon="fundamentals"
            )
            return
        self.view.show_origin(origin, self.session.time(origin.fetched_at))
        self.view.show_ratios(ratios)
        self.view.show_statement(table)
        self.view.show_filings(filed)
        self.states.content()

    def _say_failed(self, symbol: str, error: PufflingError) -> None:
        self._symbol = symbol
        self.mark_live()
        settings = self.session.core.settings_now.fundamentals
        if "edgar" in settings.sources and not settings.sec_contact:
            self.states.error(
                error.message,
                error.hint,
                action=tr("Open preferences"),
                act=lambda: self.session.actions.run(PREFERENCES),
            )
        else:
            self.states.error(error.message, error.hint, act=self._fetch)
