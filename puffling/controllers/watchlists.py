"""Lists of symbols to keep an eye on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from puffling.market.market import Market
from puffling.market.parameters import Symbol, parted
from puffling.runtime.actor import current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.gate import Effect
from puffling.store.database import Store
from puffling.store.values import Watchlist

Which = Annotated[str, Field(description="Name of the list, or its id.", min_length=1, max_length=80)]
Name = Annotated[str, Field(description="A name for the list.", min_length=1, max_length=80)]
Symbols = Annotated[tuple[Symbol, ...], Field(description="The symbols, in order.", max_length=500), parted]
Place = Annotated[int | None, Field(description="Where to put it, counted from 0; empty means last.", ge=0)]


class Watchlists(Controller):
    """The person's watchlists, in the person's order."""

    def __init__(self, store: Store, market: Market) -> None:
        self._store = store
        self._market = market

    @capability(
        title="List watchlists",
        verb="list",
        effect=Effect.READ,
        http="GET /api/watchlists",
        tool="list_watchlists",
    )
    async def all(self) -> tuple[Watchlist, ...]:
        """Show every watchlist with its symbols."""
        return await self._store.read(current_caller().user, lambda unit: unit.watchlists.all())

    @capability(title="Show watchlist", effect=Effect.READ, http="GET /api/watchlists/{watchlist}")
    async def show(self, watchlist: Which) -> Watchlist:
        """Show one watchlist with its symbols."""
        return await self._store.read(current_caller().user, lambda unit: unit.watchlists.get(watchlist))

    @capability(title="New watchlist", effect=Effect.WRITE, http="POST /api/watchlists", menu="Watchlist")
    async def create(self, name: Name, symbols: Symbols = ()) -> Watchlist:
        """Make a new watchlist, empty or with these symbols."""
        for symbol in symbols:
            await self._market.learn(symbol)
        return await self._store.run(
            current_caller().user, lambda unit: unit.watchlists.create(name, symbols)
        )

    @capability(title="Rename watchlist", effect=Effect.WRITE, http="PUT /api/watchlists/{watchlist}/name")
    async def rename(self, watchlist: Which, name: Name) -> Watchlist:
        """Give a watchlist another name."""
        return await self._store.run(
            current_caller().user, lambda unit: unit.watchlists.rename(watchlist, name)
        )

    @capability(title="Delete watchlist", effect=Effect.WRITE, http="DELETE /api/watchlists/{watchlist}")
    async def delete(self, watchlist: Which) -> Watchlist:
        """Remove a watchlist; the answer is all it takes to restore it."""
        return await self._store.run(current_caller().user, lambda unit: unit.watchlists.delete(watchlist))

    @capability(title="Restore watchlist", effect=Effect.WRITE, http="POST /api/watchlists/restore")
    async def restore(
        self,
        watchlist_id: Annotated[str, Field(description="The id that it had.", min_length=1, max_length=64)],
        name: Name,
        symbols: Symbols = (),
        position: Annotated[int, Field(description="Its place, counted from 0.", ge=0)] = 0,
    ) -> Watchlist:
        """Bring a deleted watchlist back to its place among the others."""
        deleted = Watchlist(watchlist_id, name, symbols, position)
        return await self._store.run(current_caller().user, lambda unit: unit.watchlists.restore(deleted))

    @capability(title="Move watchlist", effect=Effect.WRITE, http="PUT /api/watchlists/{watchlist}/position")
    async def move_list(
        self,
        watchlist: Which,
        position: Annotated[int, Field(description="Its new place, counted from 0.", ge=0)],
    ) -> Watchlist:
        """Put a watchlist at another place among the others."""
        return await self._store.run(
            current_caller().user, lambda unit: unit.watchlists.place(watchlist, position)
        )

    @capability(
        title="Add to watchlist", effect=Effect.WRITE, http="POST /api/watchlists/{watchlist}/symbols"
    )
    async def add(self, watchlist: Which, symbol: Symbol, position: Place = None) -> Watchlist:
        """Put a symbol on a watchlist; one that is there already keeps its place."""
        await self._market.learn(symbol)
        return await self._store.run(
            current_caller().user, lambda unit: unit.watchlists.add(watchlist, symbol, position)
        )

    @capability(
        title="Remove from watchlist",
        effect=Effect.WRITE,
        http="DELETE /api/watchlists/{watchlist}/symbols/{symbol:path}",
    )
    async def remove(self, watchlist: Which, symbol: Symbol) -> Watchlist:
        """Take a symbol off a watchlist."""
        return await self._store.run(
            current_caller().user, lambda unit: unit.watchlists.remove(watchlist, symbol)
        )

    @capability(
        title="Move in watchlist",
        effect=Effect.WRITE,
        http="PUT /api/watchlists/{watchlist}/symbols/{symbol:path}",
    )
    async def move(
        self,
        watchlist: Which,
        symbol: Symbol,
        position: Annotated[int, Field(description="Its new place, counted from 0.", ge=0)],
    ) -> Watchlist:
        """Put a symbol at another place of its watchlist."""
        return await self._store.run(
            current_caller().user, lambda unit: unit.watchlists.move(watchlist, symbol, position)
        )
