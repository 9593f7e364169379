"""The rooms of the Backtest panel: the question at the left, its answer or all kept ones beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from puffling.desktop.backtests.compare import CompareView
from puffling.desktop.backtests.history import HistoryView
from puffling.desktop.backtests.performance import FIRST_ON
from puffling.desktop.backtests.question import read_question
from puffling.desktop.backtests.report import ReportView
from puffling.desktop.backtests.setup import WIDTH, SetupForm
from puffling.desktop.session import Session
from puffling.desktop.states import States
from puffling.runtime.text import tr

RESULT, HISTORY, COMPARE = "result", "history", "compare"
NARROW = 620


class BacktestView(QWidget):
    """Arranges form and pages: beside each other where there is room, one at a time where there is none."""

    changed = Signal()
    run_wanted = Signal()

    def __init__(self, session: Session, time: Callable[[datetime], str]) -> None:
        super().__init__()
        self._session = session
        self._time = time
        self._page = RESULT
        self._setup_open = True
        self._setup_in_front = True
        self._sized = False
        self._furnished = False
        self.narrow = False
        self.stack = QStackedWidget()
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setHandleWidth(8)
        self.split.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.split)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.run_wanted)

    def furnish(self, kept: Mapping[str, Any]) -> Iterator[None]:
        """Make the parts, a few at a step: each of them takes a while, and so does dressing it."""
        on = kept.get("on")
        self.setup = SetupForm(self._session)
        yield
        self.split.addWidget(self.setup)
        self.setup.show()
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
        self._pages: dict[str, QWidget] = {
            RESULT: self.report,
            HISTORY: self.history,
            COMPARE: self.compare,
        }
        self.split.addWidget(self.stack)
        self.stack.show()
        self.split.setStretchFactor(0, 0)
        self.split.setStretchFactor(1, 1)
        self.states = States(self.report)
        self.compare.left.connect(lambda: self.open_page(HISTORY))
        self.setup.run_wanted.connect(self.run_wanted)
        self._furnished = True
        self._fit(self.width())

    @property
    def page(self) -> str:
        """Give the page that is open."""
        return self._page

    @property
    def setup_open(self) -> bool:
        """Tell whether the form is wanted beside the pages."""
        return self._setup_open

    @property
    def setup_seen(self) -> bool:
        """Tell whether the form can be seen."""
        return self._setup_in_front if self.narrow else self._setup_open

    def open_page(self, page: str) -> None:
        """Turn to a page."""
        self._page = page
        self._setup_in_front = False
        self._settle()

    def show_setup(self, wanted: bool) -> None:
        """Show the form, or leave all the room to the pages."""
        if self.narrow:
            self._setup_in_front = wanted
        else:
            self._setup_open = wanted
        self._settle()

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Arrange it as it was left."""
        self._setup_open = kept.get("setup") is not False
        self._page = HISTORY if kept.get("page") == HISTORY else RESULT
        sizes = kept.get("sizes")
        if isinstance(sizes, list) and len(sizes) == 2 and all(isinstance(each, int) for each in sizes):
            self.split.setSizes(sizes)
            self._sized = True
        self.history.table.restore_state(kept.get("history", {}))
        self._settle()

    def keep(self) -> dict[str, Any]:
        """Give how it is arranged."""
        return {
            "setup": self._setup_open,
            "page": self._page,
            "sizes": self.split.sizes() if all(self.split.sizes()) else [],
            "history": self.history.table.save_state(),
            "report_page": self.report.page,
            "on": self.report.on,
        }

    def take_focus(self) -> None:
        """Put the keyboard where one starts."""
        if self.setup_seen:
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

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 240)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._furnished:
            self._fit(event.size().width())

    def _fit(self, width: int) -> None:
        narrow = width < NARROW
        if narrow != self.narrow:
            self.narrow = narrow
            self._settle()
        if not self._sized and not narrow:
            self._sized = True
            self.split.setSizes([WIDTH, max(width - WIDTH, 300)])

    def _settle(self) -> None:
        self.stack.setCurrentWidget(self._pages[self._page])
        self.setup.setVisible(self.setup_seen)
        self.stack.setVisible(not (self.narrow and self._setup_in_front))
        self.changed.emit()
