"""The Optimization panel's view: what is searched at the left, what came of it or all searches beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu

from puffling.automation.research.search.values import SearchLine
from puffling.desktop.optimization.lists import search_columns
from puffling.desktop.optimization.result import SearchResult
from puffling.desktop.optimization.setup import SearchForm
from puffling.desktop.research.view import RESULT, ResearchView
from puffling.desktop.tables import Table
from puffling.runtime.text import tr

ALL = "all"


class OptimizationView(ResearchView):
    """What is asked, and a search or the list of searches."""

    open_wanted = Signal(str)
    delete_wanted = Signal(list)
    resume_wanted = Signal(str)
    question_wanted = Signal()
    kept_page = ALL
    form_width = 310
    narrow_below = 640

    def __init__(self, time: Callable[[datetime], str]) -> None:
        super().__init__()
        self._time = time

    def furnish(self, kept: Mapping[str, Any]) -> Iterator[None]:
        """Make the parts, a few at a step: each of them takes a while, and so does dressing it."""
        self._search_form = form = SearchForm()
        yield
        self._add_form(form)
        form.question_wanted.connect(self.question_wanted)
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
        self._add_pages({RESULT: self.result, ALL: self.searches})

    @property
    def form(self) -> SearchForm:
        """Give what asks for a search."""
        return self._search_form

    def keep(self) -> dict[str, Any]:
        """Give how it is arranged."""
        return {
            **super().keep(),
            "result_page": self.result.page,
            "searches": self.searches.save_state(),
        }

    def show_searches(self, lines: Sequence[SearchLine]) -> None:
        """Show these searches, the newest first."""
        self.searches.set_rows({line.id: line for line in lines})

    def say_nothing_yet(self) -> None:
        """Say what comes here, and what brings it."""
        nothing = not self.form.asked.question.strategy
        self.states.empty(
            tr("Which parameters would have been best?"),
            tr(
                "A search tries many sets of parameters on the same history. The best of them comes with "
                "what is to be thought of it: whatever is chosen looks better than it is."
            ),
            icon="grid",
            action=tr("Fill the Backtest form") if nothing else tr("Search"),
            act=self.question_wanted.emit if nothing else self.run_wanted.emit,
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

    def _extend_menu(self, menu: QMenu, keys: Sequence[str]) -> None:
        if len(keys) == 1:
            menu.addAction(tr("Open"), lambda: self.open_wanted.emit(keys[0]))
            line = self.searches.rows.row_of(keys[0])
            if line is not None and line.state not in ("done", "running"):
                menu.addAction(tr("Go on"), lambda: self.resume_wanted.emit(keys[0]))
        if keys:
            title = tr("Delete") if len(keys) == 1 else tr("Delete {count} searches", count=len(keys))
            menu.addAction(title, lambda: self.delete_wanted.emit(list(keys)))
