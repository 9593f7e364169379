"""Fetching again what a panel shows whenever there is news of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from puffling.desktop.panel import Panel
from puffling.desktop.states import States
from puffling.runtime.errors import PufflingError

R = TypeVar("R")


class Refetching(Generic[R]):
    """Fetches what its panel shows, one fetch at a time, and says in its place why it could not.

    News that comes while a fetch is under way is looked at once that is there, all of it in one go. So a
    fetch begins where the news is heard or where one ends, never in the slot of a timer, and while the panel
    is asleep nothing is fetched and nothing shown.
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

    @property
    def idle(self) -> bool:
        """Tell whether no fetch is under way."""
        return self._under_way is None or self._under_way.done()

    def on_news(self, *_news: object) -> None:
        """Fetch again, now or as soon as the fetch under way is there."""
        if self.idle:
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
        if self._under_way is not None:
            self._under_way.cancel()
            self._under_way = None

    def _arrived(self, show: Callable[[Any], None], what: object) -> None:
        # Over already: to begin the next fetch must not cancel this one at its last step.
        news, self._under_way = self._news, None
        show(what)
        self._panel.mark_live()
        if news:
            self.on_news()

    def _say_failed(self, error: PufflingError) -> None:
        self._states.error(error.message, error.hint, act=self.fetch)
