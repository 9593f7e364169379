"""What one does with what is computed and kept, from a view to the core and back."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from PySide6.QtCore import QObject

from puffling.desktop.ask import ask_text
from puffling.desktop.backtests.figures import grade_words
from puffling.desktop.research.desk import Desk
from puffling.desktop.research.view import RESULT, ResearchView
from puffling.desktop.session import Session
from puffling.puffin.data.interval import Interval
from puffling.puffin.factors.declaration import Setting
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.automation.values import SavedStrategy

R = TypeVar("R")
AnyView = TypeVar("AnyView", bound=ResearchView)


class Kept(Protocol):
    """One thing of those that are kept."""

    @property
    def id(self) -> str:
        """Tell which it is."""
        ...

    @property
    def name(self) -> str:
        """Give what people call it."""
        ...


class ResearchRoom(Generic[AnyView], QObject):
    """Joins view and core while the panel is awake; what it began goes on while the panel sleeps."""

    abilities: ClassVar[tuple[str, ...]]
    """The abilities whose jobs belong here."""
    words: ClassVar[Mapping[str, str]]
    """How people are told of several that were deleted, and of the page of all."""

    def __init__(self, session: Session, view: AnyView, shown: str) -> None:
        super().__init__(view)
        self.session = session
        self.view = view
        self.shown = shown
        self.desk = Desk(session, self, *self.abilities)
        self._awake = False
        self._listed = False
        view.run_wanted.connect(self.run)
        view.form.running.stop_wanted.connect(self.desk.stop)
        self.desk.changed.connect(self._show_running)
        self.desk.finished.connect(lambda result: self.open(self.id_of(result)))
        self.desk.failed.connect(self._say_failed)

    @abstractmethod
    def id_of(self, result: Any) -> str:
        """Give the id of what a job made."""

    @abstractmethod
    def run(self) -> None:
        """Compute what the form asks."""

    @abstractmethod
    def fetch_kinds(self) -> None:
        """Fetch what the form offers."""

    @abstractmethod
    def list_kept(self) -> None:
        """Fetch what is kept."""

    @abstractmethod
    async def read(self, id: str) -> Callable[[], None]:
        """Read what is kept under an id, and give what shows it."""

    @abstractmethod
    async def remove(self, id: str) -> Kept:
        """Delete one."""

    @abstractmethod
    async def bring_back(self, id: str) -> Kept:
        """Undo that."""

    @abstractmethod
    def forget(self) -> None:
        """Show nothing of what is gone."""

    def keep(self) -> dict[str, Any]:
        """Give what the next start shows again."""
        return {**self.view.keep(), "shown": self.shown}

    def wake(self) -> None:
        """Fetch what is shown."""
        self._awake = True
        self.fetch_kinds()
        self._do(self.session.core.jobs.all, "fetch jobs", self.desk.catch_up, newest=self._named("jobs"))
        self.list_kept()

    def sleep(self) -> None:
        """Stop timing."""
        self._awake = False

    def open(self, id: str) -> None:
        """Show what is kept under an id."""
        if self.shown != id:
            self.view.states.loading()
        self.shown = id
        self.view.open_page(RESULT)

        async def read() -> Callable[[], None]:
            show = await self.read(id)
            # Drawing it takes a while too: everything else gets its turn in between.
            await asyncio.sleep(0)
            return show

        def draw(show: Callable[[], None]) -> None:
            if self.shown == id:
                show()
                self.view.states.content()

        self._do(read, "open", draw, self._say_gone, newest=self._named("open"))

    def delete(self, ids: Sequence[str]) -> None:
        """Delete what is kept, and offer it back."""
        shown = self.shown if self.shown in ids else ""

        async def remove() -> list[Kept]:
            return [await self.remove(id) for id in ids]

        async def bring_back() -> None:
            for id in ids:
                await self.bring_back(id)

        def reopen(_nothing: None) -> None:
            if shown and not self.shown:
                self._open_behind(shown)

        def offer(gone: list[Kept]) -> None:
            if shown and self.shown == shown:
                self.shown = ""
                self.forget()
                self.view.say_nothing_yet()
            said = (
                tr("{name} deleted.", name=gone[0].name)
                if len(gone) == 1
                else tr(self.words["deleted"], count=len(gone))
            )
            undo = tr("Undo")
            self.session.notices.tell(
                said, action=undo, act=lambda: self._do(bring_back, "bring back", reopen)
            )

        self._do(remove, "delete", offer)

    def _keep_strategy(
        self,
        strategy: str,
        parameters: Mapping[str, Setting],
        symbols: Sequence[str],
        interval: Interval,
        text: str,
        then: Callable[[SavedStrategy], None],
    ) -> None:
        """Ask for a name and keep a strategy with these parameters under it."""
        core, title = self.session.core, strategy.rpartition(":")[2].replace("_", " ").capitalize()

        async def keep() -> SavedStrategy | None:
            name = await ask_text(
                self.view,
                tr("Save as strategy"),
                tr("Name"),
                act=tr("Save"),
                value=f"{title} {' '.join(symbols[:3])}"[:80].strip(),
                text=text,
            )
            if name is None:
                return None
            return await core.strategies.create(
                name, strategy, symbols=tuple(symbols), interval=interval, parameters=dict(parameters)
            )

        self._do(keep, "save strategy", lambda saved: None if saved is None else then(saved))

    def _first_listed(self) -> None:
        """Show again what was shown last, once it is known what there is."""
        if self._listed:
            return
        self._listed = True
        if self.shown:
            self._open_behind(self.shown)
        else:
            self.view.say_nothing_yet()

    def _open_behind(self, id: str) -> None:
        """Show something without turning the person's pages."""
        page, form = self.view.page, self.view.form_seen
        self.open(id)
        self.view.open_page(page)
        self.view.show_form(form)

    def _say_gone(self, error: PufflingError) -> None:
        self.shown = ""
        self.view.states.error(
            error.message,
            error.hint,
            action=tr(self.words["all"]),
            act=lambda: self.view.open_page(self.view.kept_page),
        )

    def _say_failed(self, error: Mapping[str, str]) -> None:
        self.view.show_form(True)
        self.view.form.say_wrong(error.get("field", ""), error.get("message", ""), error.get("hint", ""))

    def _show_running(self) -> None:
        if self._awake:
            self.view.form.running.show_jobs(self.desk.jobs, self.desk.names)

    def _named(self, what: str) -> str:
        return f"{self.abilities[0]}.{what}"

    def _do(
        self,
        work: Callable[[], Coroutine[Any, Any, R]],
        name: str,
        then: Callable[[R], None] | None = None,
        failed: Callable[[PufflingError], None] | None = None,
        *,
        newest: str | None = None,
    ) -> None:
        self.session.dispatch.run(
            work,
            name=f"{name} ({self.abilities[0]})",
            then=then,
            failed=failed or self.session.tell_error,
            newest=newest,
            owner=self,
        )


def grade_said(grade: str) -> str:
    """Give a grade with what it means, empty where nothing was judged."""
    return f"{grade}: {grade_words(grade)}." if grade else ""
