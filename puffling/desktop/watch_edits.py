"""Changes of watchlists: shown when they are stored, not before; what was taken away can come back."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from puffling.desktop.moving import moves
from puffling.desktop.session import Session
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr
from puffling.store.values import Watchlist

if TYPE_CHECKING:
    from puffling.core.core import Core

MOST_NAMED = 6
Then = Callable[[Watchlist], None]


class WatchEdits:
    """Makes changes: `stored` hears what a list is now, `gone` which one is deleted, `refused` of none."""

    def __init__(self, session: Session, *, stored: Then, gone: Then, refused: Callable[[], None]) -> None:
        self._session = session
        self._stored = stored
        self._gone = gone
        self._refused = refused

    def add(self, shown: Watchlist, symbol: str, then: Then) -> None:
        """Put a symbol at the end of a list."""
        self._store(lambda core: core.watchlists.add(shown.id, symbol), then)

    def create(self, name: str, then: Then) -> None:
        """Make one more list."""
        self._store(lambda core: core.watchlists.create(name), then)

    def rename(self, shown: Watchlist, name: str) -> None:
        """Call a list by another name."""
        self._store(lambda core: core.watchlists.rename(shown.id, name))

    def remove(self, shown: Watchlist, symbols: list[str]) -> None:
        """Take symbols out of a list, and offer to bring them back to their places."""
        places = {symbol: shown.symbols.index(symbol) for symbol in symbols if symbol in shown.symbols}

        async def remove(core: Core) -> Watchlist:
            left = shown
            for symbol in places:
                left = await core.watchlists.remove(shown.id, symbol)
            return left

        async def bring_back(core: Core) -> Watchlist:
            back = shown
            for symbol, place in sorted(places.items(), key=lambda item: item[1]):
                back = await core.watchlists.add(shown.id, symbol, place)
            return back

        gone = ", ".join(places) if len(places) <= MOST_NAMED else tr("{count} symbols", count=len(places))
        said = tr("{symbols} removed from {name}.", symbols=gone, name=shown.name)
        self._store(remove, lambda _: self._offer_undo(said, lambda: self._store(bring_back)))

    def reorder(self, shown: Watchlist, order: list[str]) -> None:
        """Put the symbols of a list in this order."""

        async def move(core: Core) -> Watchlist:
            now = shown
            for symbol, place in moves(shown.symbols, order):
                now = await core.watchlists.move(shown.id, symbol, place)
            return now

        self._store(move)

    def delete(self, shown: Watchlist, then_back: Then) -> None:
        """Delete a list, and offer to bring it back."""

        def deleted(gone: Watchlist) -> None:
            self._gone(gone)
            self._offer_undo(tr("{name} deleted.", name=gone.name), lambda: self._restore(gone, then_back))

        core = self._session.core
        self._session.dispatch.run(lambda: core.watchlists.delete(shown.id), name="delete list", then=deleted)

    def _restore(self, gone: Watchlist, then: Then) -> None:
        self._store(
            lambda core: core.watchlists.restore(gone.id, gone.name, gone.symbols, gone.position), then
        )

    def _offer_undo(self, said: str, undo: Callable[[], None]) -> None:
        self._session.notices.tell(said, action=tr("Undo"), act=undo)

    def _store(
        self, work: Callable[[Core], Coroutine[Any, Any, Watchlist]], then: Then = lambda _: None
    ) -> None:
        core = self._session.core

        def stored(changed: Watchlist) -> None:
            self._stored(changed)
            then(changed)

        def failed(error: PufflingError) -> None:
            self._session.tell_error(error)
            self._refused()

        self._session.dispatch.run(lambda: work(core), name="change watchlist", then=stored, failed=failed)
