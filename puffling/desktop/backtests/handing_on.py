"""What one goes on to do with the strategy of a result: let it run by itself, or live through the past."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from puffling.desktop.session import Session

if TYPE_CHECKING:
    from puffling.automation.values import SavedStrategy
    from puffling.desktop.backtests.view import BacktestView


class HandingOn:
    """Finds the saved strategy of the shown result; one that is not saved yet is saved first."""

    def __init__(
        self,
        session: Session,
        view: BacktestView,
        save: Callable[[Callable[[SavedStrategy], None]], None],
    ) -> None:
        self._session = session
        self._view = view
        self._save = save
        # Of results that were saved as strategies since, under which id.
        self._saved: dict[str, str] = {}

    def activate(self) -> None:
        """Let the strategy of the shown result run by itself."""
        self._with_strategy(self.activate_this)

    def rehearse(self) -> None:
        """Let the strategy of the shown result live through the past."""
        self._with_strategy(self._rehearse)

    def show_rehearsals(self) -> None:
        """Show what rehearsals came to."""

        async def look() -> None:
            from puffling.desktop.rehearsals.rehearsing import show_rehearsals

            await show_rehearsals(self._session, self._view)

        self._session.dispatch.run(look, name="show rehearsals", owner=self._view)

    def activate_this(self, saved: SavedStrategy) -> None:
        """Let this strategy run by itself."""

        async def ask() -> None:
            from puffling.desktop.strategies.activating import ask_to_activate

            await ask_to_activate(self._session, self._view, saved)

        self._session.dispatch.run(ask, name="activate strategy", owner=self._view)

    def note(self, result_id: str, saved: SavedStrategy) -> None:
        """Take note as which strategy a result was saved."""
        self._saved[result_id] = saved.id

    def _rehearse(self, saved: SavedStrategy) -> None:
        async def ask() -> None:
            from puffling.desktop.rehearsals.rehearsing import ask_to_rehearse

            await ask_to_rehearse(self._session, self._view, saved)

        self._session.dispatch.run(ask, name="rehearse strategy", owner=self._view)

    def _with_strategy(self, go_on: Callable[[SavedStrategy], None]) -> None:
        report = self._view.report.report
        id = None if report is None else report.request.get("strategy_id")
        if report is not None and not id:
            id = self._saved.get(report.summary.id)

        async def find() -> SavedStrategy | None:
            return next((each for each in await self._session.core.strategies.all() if each.id == id), None)

        def found(saved: SavedStrategy | None) -> None:
            if saved is not None:
                go_on(saved)
            else:
                self._save(go_on)

        self._session.dispatch.run(find, name="find strategy", then=found, owner=self._view)
