"""What was deleted and can be brought back for a while: the last few of each person, until Puffling ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from puffling.runtime.actor import UserId
from puffling.runtime.errors import NotFound
from puffling.runtime.text import tr
from puffling.store.database import Store, Unit

Thing = TypeVar("Thing")
Head = TypeVar("Head")


class Removed(Generic[Thing]):
    """Takes things out of the store and puts them back."""

    def __init__(self, store: Store, most: int, kind: str) -> None:
        self._store = store
        self._most = most
        self._kind = kind
        self._things: dict[tuple[UserId, str], Thing] = {}

    async def remove(self, user: UserId, id: str, take: Callable[[Unit, str], Thing]) -> Thing:
        """Take one out, and keep it here."""
        removed = await self._store.run(user, take, id)
        self._things[user, id] = removed
        for oldest in [*self._things][: -self._most]:
            del self._things[oldest]
        return removed

    async def bring_back(self, user: UserId, id: str, put: Callable[[Unit, Thing], Head]) -> Head:
        """Put one back as it was."""
        removed = self._things.get((user, id))
        if removed is None:
            raise NotFound(
                tr("There is no removed {kind} {id}.", kind=tr(self._kind), id=id),
                hint=tr("What was removed before Puffling was started is gone; a backup may have it."),
            )
        head = await self._store.run(user, put, removed)
        self._things.pop((user, id), None)
        return head
