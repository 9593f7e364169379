"""The Optimization panel's view: the form beside its pages, one at a time where there is no room for both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QMenu, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from puffling.automation.research.search.values import SearchLine
from puffling.desktop.optimization.lists import search_columns
from puffling.desktop.optimization.result import SearchResult
from puffling.desktop.optimization.setup import SearchForm
from puffling.desktop.states import States
from puffling.desktop.tables import Table
from puffling.runtime.text import tr

RESULT, ALL = "result", "all"
WIDTH = 310
NARROW = 640


class OptimizationView(QWidget):
    """Arranges form, result and the list of searches."""

    changed = Signal()
    run_wanted = Signal()
    open_wanted = Signal(str)
    delete_wanted = Signal(list)
    resume_wanted = Signal(str)

    def __init__(self, time: Callable[[datetime], str]) -> None:
        super().__init__()
        self._time = time
        self._page = RESULT
        self._form_open = True
        self._form_in_front = True
        self._sized = False
        self._furnished = False
        self.narrow = False
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setHandleWidth(8)
        self.split.setChildrenCollapsible(False)
        self.stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.split)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.run_wanted)

    def furnish(self, kept: Mapping[str, Any]) -> Iterator[None]:
        """Make the parts, a few at a step: each of them takes a while, and so does dressing it."""
        self.form = SearchForm()
        yield
        self.split.addWidget(self.form)
        self.form.show()
        self.form.run_wanted.connect(self.run_wanted)
        yield
        self.result = SearchResult(str(kept.get("result_page") or ""))
        yield
        yield from self.result.furnish()
        self.stack.addWidget(self.result)
        yield
        self.searches: Table[SearchLine] = Table(
            search_columns(self._time), title=tr("Searches"), removable=True
        )
        self.searches.key_activated.connect(self.open_wanted)
        self.searches.keys_removed.connect(self.delete_wanted)
        self.searches.menu_opening.connect(self._extend_menu)
        self.searches.when_empty(
            tr("No searches yet"), tr("Every search is kept here, with all it tried."), icon="grid"
        )
        self.searches.restore_state(kept.get("searches", {}))
        self.stack.addWidget(self.searches)
        yield
        self.split.addWidget(self.stack)
        self.stack.show()
        self.split.setStretchFactor(0, 0)
        self.split.setStretchFactor(1, 1)
        self.states = States(self.result)
        self._form_open = kept.get("form") is not False
        self._page = ALL if kept.get("page") == ALL else RESULT
        self._furnished = True
        self._fit(self.width())
        self._settle()

    @property
    def page(self) -> str:
        """Give the page that is open."""
        return self._page

    @property
    def form_seen(self) -> bool:
        """Tell whether the form can be seen."""
        return self._form_in_front if self.narrow else self._form_open

    def open_page(self, page: str) -> None:
        """Turn to a page."""
        self._page = page
        self._form_in_front = False
        self._settle()

    def show_form(self, wanted: bool) -> None:
        """Show the form, or leave all the room to the pages."""
        if self.narrow:
            self._form_in_front = wanted
        else:
            self._form_open = wanted
        self._settle()

    def keep(self) -> dict[str, Any]:
        """Give how it is arranged."""
        return {
            "form": self._form_open,
            "page": self._page,
            "result_page": self.result.page,
            "searches": self.searches.save_state(),
        }

    def show_searches(self, lines: Sequence[SearchLine]) -> None:
        """Show these searches, the newest first."""
        self.searches.set_rows({line.id: line for line in lines})

    def say_nothing_yet(self, act: Callable[[], object] | None = None) -> None:
        """Say what comes here, and what brings it; without an act there is something to search already."""
        self.states.empty(
            tr("Which parameters would have been best?"),
            tr(
                "A search tries many sets of parameters on the same history. The best of them comes with "
                "what is to be thought of it: whatever is chosen looks better than it is."
            ),
            icon="grid",
            action=tr("Search") if act is None else tr("Fill the Backtest form"),
            act=self.run_wanted.emit if act is None else act,
        )

    def take_focus(self) -> None:
        """Put the keyboard where one starts."""
        if self.form_seen:
            first = next((row.on for row in self.form.axes.rows.values()), None)
            (first or self.form.change).setFocus()
        elif self._page == ALL:
            self.searches.setFocus()
        else:
            self.result.map.field.setFocus()

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 240)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._furnished:
            self._fit(event.size().width())

    def _extend_menu(self, menu: QMenu, keys: Sequence[str]) -> None:
        if len(keys) == 1:
            menu.addAction(tr("Open"), lambda: self.open_wanted.emit(keys[0]))
            line = self.searches.rows.row_of(keys[0])
            if line is not None and line.state not in ("done", "running"):
                menu.addAction(tr("Go on"), lambda: self.resume_wanted.emit(keys[0]))
        if keys:
            title = tr("Delete") if len(keys) == 1 else tr("Delete {count} searches", count=len(keys))
            menu.addAction(title, lambda: self.delete_wanted.emit(list(keys)))

    def _fit(self, width: int) -> None:
        narrow = width < NARROW
        if narrow != self.narrow:
            self.narrow = narrow
            self._settle()
        if not self._sized and not narrow:
            self._sized = True
            self.split.setSizes([WIDTH, max(width - WIDTH, 300)])

    def _settle(self) -> None:
        self.stack.setCurrentWidget(self.searches if self._page == ALL else self.result)
        self.form.setVisible(self.form_seen)
        self.stack.setVisible(not (self.narrow and self._form_in_front))
        self.changed.emit()
