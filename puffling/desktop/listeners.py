"""Who listens to something that parts of the window have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

P = ParamSpec("P")


class Listeners(Generic[P]):
    """Tells everybody who listens; one may come or go while it is being told."""

    def __init__(self) -> None:
        self._all: tuple[Callable[P, None], ...] = ()

    def __bool__(self) -> bool:
        return bool(self._all)

    def add(self, listener: Callable[P, None]) -> Callable[[], None]:
        """Call the listener from now on; the answer ends that."""
        self._all = (*self._all, listener)

        def leave() -> None:
            self._all = tuple(other for other in self._all if other is not listener)

        return leave

    def tell(self, *news: P.args, **more: P.kwargs) -> None:
        """Call everybody who listens."""
        for listener in self._all:
            listener(*news, **more)
