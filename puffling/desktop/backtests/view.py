"""The Backtest panel's view: the question at the left, its answer or all kept ones beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from PySide6.QtWidgets import QWidget

from puffling.desktop.backtests.compare import CompareView
from puffling.desktop.backtests.history import HistoryView
from puffling.desktop.backtests.performance import FIRST_ON
from puffling.desktop.backtests.question import read_question
from puffling.desktop.backtests.report import ReportView
from puffling.desktop.backtests.setup import SetupForm
from puffling.desktop.research.view import RESULT, ResearchView
from puffling.desktop.session import Session
from puffling.runtime.text import tr

HISTORY, COMPARE = "history", "compare"


class BacktestView(ResearchView):
    """The question, and its answer, all kept ones, or several beside each other."""

    kept_page = HISTORY
    form_width = 290
    narrow_below = 620

    def __init__(self, session: Session, time: Callable[[datetime], str]) -> None:
        super().__init__()
        self._session = session
        self._time = time

    def furnish(self, kept: Mapping[str, Any]) -> Iterator[None]:
        """Make the parts, a few at a step: each of them takes a while, and so does dressing it."""
        on = kept.get("on")
        self.setup = SetupForm(self._session)
        yield
        self._add_form(self.setup)
        yield
        yield from self.setup.furnish(read_question(kept.get("question") or {}))
        yield
        self.report = ReportView(str(kept.get("report_page", "")), on if isinstance(on, list) else FIRST_ON)
        yield
        yield from self.report.furnish()
        yield
        self.stack.addWidget(self.report)
        self.history = HistoryView(self._time)
        yield
        self.stack.addWidget(self.history)
        self.compare = CompareView()
        self.stack.addWidget(self.compare)
        yield
        pages: dict[str, QWidget] = {RESULT: self.report, HISTORY: self.history, COMPARE: self.compare}
        self._add_pages(pages)
        self.compare.left.connect(lambda: self.open_page(HISTORY))

    @property
    def form(self) -> SetupForm:
        """Give what asks for a test."""
        return self.setup

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Arrange it as it was left."""
        self.history.table.restore_state(kept.get("history", {}))
        super().restore(kept)

    def keep(self) -> dict[str, Any]:
        """Give how it is arranged."""
        return {
            **super().keep(),
            "history": self.history.table.save_state(),
            "report_page": self.report.page,
            "on": self.report.on,
        }

    def take_focus(self) -> None:
        """Put the keyboard where one starts."""
        if self.form_seen:
            self.setup.strategy.setFocus()
        elif self._page == HISTORY:
            self.history.table.setFocus()
        elif self._page == COMPARE:
            self.compare.setFocus()
        else:
            self.report.take_focus()

    def say_nothing_yet(self) -> None:
        """Say what comes here once something was tested."""
        self.states.empty(
            tr("What would it have done?"),
            tr(
                "Choose a strategy and symbols, then run it on their history. The answer begins with "
                "how far it can be trusted."
            ),
            icon="backtest",
            action=tr("Run"),
            act=self.run_wanted.emit,
        )
