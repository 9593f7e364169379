"""A panel that asks for something to be computed: made when it is first looked at, piece by piece."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from puffling.desktop.actions import Action
from puffling.desktop.card import spacer
from puffling.desktop.loading import load
from puffling.desktop.panel import Panel
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.squeezing import Squeezed
from puffling.desktop.states import States
from puffling.desktop.theme import set_role
from puffling.runtime.jobs import JobChanged
from puffling.runtime.text import tr
from puffling.store.events import DatabaseRestored

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.research.room import ResearchRoom
    from puffling.desktop.research.view import ResearchView

AnyView = TypeVar("AnyView", bound="ResearchView")
AnyRoom = TypeVar("AnyRoom", bound="ResearchRoom[Any]")


class ResearchPanel(Generic[AnyView, AnyRoom], Panel):
    """Holds a view and the room that works with it; what comes before both are there waits for them."""

    pieces: ClassVar[tuple[str, ...]]
    """The modules of the view, loaded one after the other: all at once would hold everything else up."""
    titles: ClassVar[Mapping[str, str]]
    """The switches in the title line: the form, the result, and all that is kept."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._kept: Kept = {}
        self._room: AnyRoom | None = None
        self._furnishing = False
        self._waiting: list[Callable[[AnyRoom], None]] = []
        self.switches = {name: self._switch(name, tr(title)) for name, title in self.titles.items()}
        self._form, *pages = self.switches
        self._pages = Squeezed(tr("Pages"))
        self._pages.one.setText(tr("Results"))
        self.switches[self._form].clicked.connect(self._switch_form)
        for page in pages:
            self.switches[page].clicked.connect(partial(self._open_page, page))
            self._pages.hold(self.switches[page])
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.states = States(self)
        self.states.loading()
        self.setMinimumSize(330, 240)

    @abstractmethod
    def make_view(self) -> AnyView:
        """Make the view, whose parts come later."""

    @abstractmethod
    def make_room(self, view: AnyView) -> AnyRoom:
        """Make what works with the view, once it is whole."""

    @property
    def room(self) -> AnyRoom | None:
        """Give view and works, None before the panel was first looked at."""
        return self._room

    def header(self) -> list[QWidget]:
        return [self.switches[self._form], spacer(), self._pages]

    def restore(self, choices: Kept, content: Kept) -> None:
        self._kept = choices

    def choices(self) -> Kept:
        return self._kept if self._room is None else self._room.keep()

    def wake(self, core: Core) -> None:
        self.hear(JobChanged, lambda news: self._if_there(lambda room: room.desk.take(news)))
        self.hear(DatabaseRestored, lambda _: self._if_there(lambda room: room.wake()))
        if self._room is not None:
            self._room.wake()
        elif not self._furnishing:
            self._furnishing = True
            self.session.dispatch.run(self._furnish, name=f"open {self.kind.id}", owner=self)

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
        await load(*(f"puffling.desktop.{piece}" for piece in self.pieces))
        view = self.make_view()
        self._column.addWidget(view)
        view.show()
        for _ in view.furnish(self._kept):
            await asyncio.sleep(0)
        view.changed.connect(self._show_switches)
        await asyncio.sleep(0)
        self._room = room = self.make_room(view)
        view.restore(self._kept)
        self.states.content()
        await asyncio.sleep(0)
        if self.awake:
            room.wake()
        self.mark_live()
        waiting, self._waiting = self._waiting, []
        for act in waiting:
            act(room)

    def _action(
        self, name: str, title: str, act: Callable[[AnyRoom], None], summary: str = "", icon: str = ""
    ) -> Action:
        """Give an act that waits until there is something to do it with."""
        doing, group = partial(self._with_room, act), tr(self.kind.title)
        id = f"window.{self.kind.id}-{name}"
        return Action(id, title, doing, group, summary, menu="Research", icon=icon)

    def _with_room(self, act: Callable[[AnyRoom], None]) -> None:
        """Do it now, or as soon as there is something to do it with."""
        if self._room is not None:
            act(self._room)
        else:
            self._waiting.append(act)

    def _if_there(self, act: Callable[[AnyRoom], None]) -> None:
        """Do it now or not at all: whoever wakes later fetches everything."""
        if self._room is not None:
            act(self._room)

    def _open_page(self, page: str) -> None:
        self._with_room(lambda room: room.view.open_page(page))

    def _switch_form(self) -> None:
        self._with_room(lambda room: room.view.show_form(not room.view.form_seen))

    def _show_switches(self) -> None:
        if self._room is None:
            return
        view, (form, result, everything) = self._room.view, self.switches.values()
        form.setChecked(view.form_seen)
        pages_seen = not (view.narrow and view.form_seen)
        result.setChecked(pages_seen and view.page == "result")
        everything.setChecked(pages_seen and view.page != "result")

    def _switch(self, name: str, title: str) -> QPushButton:
        made = QPushButton(title)
        made.setObjectName(f"{self.kind.id}.show-{name}")
        made.setCheckable(True)
        set_role(made, kind="quiet", narrow=True)
        return made
