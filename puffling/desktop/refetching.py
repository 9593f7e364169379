"""Fetching again what a panel shows whenever there is news of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from puffling.desktop.panel import Panel
from puffling.desktop.states import States
from puffling.runtime.errors import PufflingError

# So long it rests after a fetch: a burst of fills would make one after the other and keep the loop busy.
REST_SECONDS = 0.12

R = TypeVar("R")


class Refetching(Generic[R]):
    """Fetches what its panel shows, one fetch at a time, and says in its place why it could not.

    The first news is looked at at once; what comes until a little after that fetch is there is looked at
    then, all of it in one go. While the panel is asleep nothing is fetched and nothing shown. The loop wakes
    it after the rest: in the slot of a timer there may be no loop to fetch on.
    """

    def __init__(
        self,
        panel: Panel,
        load: Callable[[], Coroutine[Any, Any, R]],
        show: Callable[[R], None],
        states: States,
        *,
        failed: Callable[[PufflingError], None] | None = None,
    ) -> None:
        self._panel = panel
        self._load = load
        self._show = show
        self._states = states
        self._failed = failed or self._say_failed
        self._under_way: asyncio.Task[None] | None = None
        self._news = False
        self._rest: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Tell whether no fetch is under way."""
        return self._under_way is None or self._under_way.done()

    def on_news(self, *_news: object) -> None:
        """Fetch again: now, or after the fetch under way and a rest."""
        if self.idle and self._rest is None:
            self.fetch()
        else:
            self._news = True

    def fetch(self) -> None:
        """Fetch now, whatever is under way: what was asked for is something else."""
        self.stop()
        if self._panel.awake:
            self._under_way = self._panel.session.dispatch.run(
                self._load,
                name=f"fetch {self._panel.kind.id}",
                then=lambda found: self._arrived(self._show, found),
                failed=lambda error: self._arrived(self._failed, error),
                owner=self._panel,
            )

    def stop(self) -> None:
        """Let go of the fetch under way; for a panel that falls asleep."""
        self._news = False
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        if self._under_way is not None:
            self._under_way.cancel()
            self._under_way = None

    def _arrived(self, show: Callable[[Any], None], what: object) -> None:
        # Over already: what is shown may ask for something else, and must not cancel this at its last step.
        self._under_way = None
        self._rest = asyncio.get_running_loop().call_later(REST_SECONDS, self._rested)
        show(what)
        self._panel.mark_live()

    def _rested(self) -> None:
        self._rest = None
        if self._news:
            self.fetch()

    def _say_failed(self, error: PufflingError) -> None:
        self._states.error(error.message, error.hint, act=self.fetch)
