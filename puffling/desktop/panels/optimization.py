"""Optimization: search the parameters of a strategy, and see how far the best of them can be trusted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from puffling.desktop.actions import Action
from puffling.desktop.backtests.asked import QuestionToSearch
from puffling.desktop.panel import Area, panel
from puffling.desktop.research.panel import ResearchPanel
from puffling.desktop.session import Session
from puffling.runtime.text import tr
from puffling.store.events import SearchesChanged

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.desktop.optimization.room import SearchRoom
    from puffling.desktop.optimization.view import OptimizationView


@panel(id="optimization", title="Optimization", icon="grid", area=Area.CENTRE, order=27)
class OptimizationPanel(ResearchPanel["OptimizationView", "SearchRoom"]):
    """Asks for searches, shows them, and keeps them."""

    pieces = (
        "backtests.figures",
        "backtests.question",
        "backtests.verdict",
        "research.form",
        "research.result",
        "research.columns",
        "optimization.axes",
        "optimization.asked",
        "optimization.lists",
        "optimization.map",
        "optimization.result",
        "optimization.setup",
        "optimization.view",
        "optimization.room",
    )
    titles: ClassVar = {"form": "Setup", "result": "Result", "all": "All searches"}

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._to_search = session.shared(QuestionToSearch)
        self._to_search.on_change(self._take_question)

    def acts(self) -> Iterable[Action]:
        yield self._action("start", tr("Search what the Optimization form asks for"), lambda room: room.run())
        yield self._action(
            "searches", tr("All searches for parameters"), lambda room: room.view.open_page("all")
        )

    def make_view(self) -> OptimizationView:
        from puffling.desktop.optimization.view import OptimizationView

        return OptimizationView(self.session.time)

    def make_room(self, view: OptimizationView) -> SearchRoom:
        from puffling.desktop.optimization.asked import read_asked
        from puffling.desktop.optimization.room import SearchRoom

        asked = read_asked(self._kept.get("asked") or {})
        return SearchRoom(self.session, view, asked, str(self._kept.get("shown") or ""))

    def wake(self, core: Core) -> None:
        self.hear(SearchesChanged, lambda _: self._if_there(lambda room: room.list_kept()))
        super().wake(core)

    def _take_question(self) -> None:
        question = self._to_search.question
        if question is not None:
            self._with_room(lambda room: room.take_question(question))
