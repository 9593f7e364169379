"""Optimization: search the parameters of a strategy, and see how far the best of them can be trusted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from puffling.desktop.actions import Action
from puffling.desktop.backtests.asked import QuestionToSearch
from puffling.desktop.card import spacer
from puffling.desktop.loading import load
from puffling.desktop.panel import Area, Panel, panel
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.squeezing import Squeezed
from puffling.desktop.states import States
from puffling.desktop.theme import set_role
from puffling.runtime.jobs import JobChanged
from puffling.runtime.text import tr
from puffling.store.events import DatabaseRestored, SearchesChanged

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.optimization.room import SearchRoom

# Loaded one after the other: all at once would hold everything else up.
_PIECES = (
    "backtests.figures",
    "backtests.question",
    "backtests.verdict",
    "backtests.running",
    "optimization.axes",
    "optimization.asked",
    "optimization.lists",
    "optimization.map",
    "optimization.result",
    "optimization.setup",
    "optimization.view",
    "optimization.room",
)


@panel(id="optimization", title="Optimization", icon="grid", area=Area.CENTRE, order=27)
class OptimizationPanel(Panel):
    """Asks for searches, shows them, and keeps them."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._choices: Kept = {}
        self._room: SearchRoom | None = None
        self._furnishing = False
        self._waiting: list[Callable[[SearchRoom], None]] = []
        self._to_search = session.shared(QuestionToSearch)
        self._to_search.on_change(self._take_question)
        self.form_switch = _switch("form", tr("Setup"))
        self.result_switch = _switch("result", tr("Result"))
        self.all_switch = _switch("all", tr("All searches"))
        self.form_switch.clicked.connect(
            lambda: self._with_room(lambda room: room.view.show_form(not room.view.form_seen))
        )
        self.result_switch.clicked.connect(lambda: self._open_page("result"))
        self.all_switch.clicked.connect(lambda: self._open_page("all"))
        self._pages = Squeezed(tr("Pages"))
        self._pages.one.setText(tr("Results"))
        for made in (self.result_switch, self.all_switch):
            self._pages.hold(made)
        self._header = [self.form_switch, spacer(), self._pages]
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.states = States(self)
        self.states.loading()
        self.setMinimumSize(330, 240)

    @property
    def room(self) -> SearchRoom | None:
        """Give view and works, None before the panel was first looked at."""
        return self._room

    def header(self) -> list[QWidget]:
        return self._header

    def acts(self) -> Iterable[Action]:
        group, place = tr("Optimization"), "Research"
        for name, title, act in (
            ("start", tr("Search what the Optimization form asks for"), lambda room: room.run()),
            ("searches", tr("All searches for parameters"), lambda room: room.view.open_page("all")),
        ):
            yield Action(
                f"window.optimization-{name}", title, partial(self._with_room, act), group, menu=place
            )

    def restore(self, choices: Kept, content: Kept) -> None:
        self._choices = choices

    def choices(self) -> Kept:
        room = self._room
        if room is None:
            return self._choices
        return {**room.view.keep(), "asked": room.view.form.asked.keep(), "search": room.search}

    def wake(self, core: Core) -> None:
        self.hear(JobChanged, self._take_job)
        self.hear(SearchesChanged, lambda _: self._with_awake(lambda room: room.list_searches()))
        self.hear(DatabaseRestored, lambda _: self._with_awake(lambda room: room.wake()))
        if self._room is not None:
            self._room.wake()
        elif not self._furnishing:
            self._furnishing = True
            self.session.dispatch.run(self._furnish, name="open the searches", owner=self)

    def sleep(self) -> None:
        if self._room is not None:
            self._room.sleep()

    def take_focus(self) -> None:
        self._with_room(lambda room: room.view.take_focus())

    async def _furnish(self) -> None:
        """Make the view piece by piece: everything else gets its turn in between."""
        await asyncio.sleep(0)
        if not self.awake:
            # A workspace that is being arranged shows for a moment what then stands behind another panel.
            self._furnishing = False
            return
        await load(*(f"puffling.desktop.{piece}" for piece in _PIECES))
        from puffling.desktop.optimization.asked import read_asked
        from puffling.desktop.optimization.room import SearchRoom
        from puffling.desktop.optimization.view import OptimizationView

        view = OptimizationView(self.session.time)
        self._column.addWidget(view)
        view.show()
        for _ in view.furnish(self._choices):
            await asyncio.sleep(0)
        view.changed.connect(self._show_switches)
        asked = read_asked(self._choices.get("asked") or {})
        self._room = room = SearchRoom(self.session, view, asked, str(self._choices.get("search") or ""))
        self.states.content()
        self._show_switches()
        await asyncio.sleep(0)
        if self.awake:
            room.wake()
        self.mark_live()
        waiting, self._waiting = self._waiting, []
        for act in waiting:
            act(room)

    def _with_room(self, act: Callable[[SearchRoom], None]) -> None:
        """Do it now, or as soon as there is something to do it with."""
        if self._room is not None:
            act(self._room)
        else:
            self._waiting.append(act)

    def _with_awake(self, act: Callable[[SearchRoom], None]) -> None:
        if self._room is not None:
            act(self._room)

    def _take_job(self, event: JobChanged) -> None:
        if self._room is not None:
            self._room.take_job(event)

    def _take_question(self) -> None:
        question = self._to_search.question
        if question is not None:
            self._with_room(lambda room: room.take_question(question))

    def _open_page(self, page: str) -> None:
        self._with_room(lambda room: room.view.open_page(page))

    def _show_switches(self) -> None:
        if self._room is None:
            return
        view = self._room.view
        self.form_switch.setChecked(view.form_seen)
        pages_seen = not (view.narrow and view.form_seen)
        self.result_switch.setChecked(pages_seen and view.page == "result")
        self.all_switch.setChecked(pages_seen and view.page != "result")


def _switch(name: str, title: str) -> QPushButton:
    made = QPushButton(title)
    made.setObjectName(f"optimization.show-{name}")
    made.setCheckable(True)
    set_role(made, kind="quiet", narrow=True)
    return made
