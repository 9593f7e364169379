"""Copies of the database, made and brought back."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from puffling.frozen import frozen
from puffling.market.market import Market
from puffling.market.own_prices import OwnShelf
from puffling.market.own_values import OwnSeries
from puffling.runtime.actor import current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.errors import NotFound
from puffling.runtime.gate import Effect
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.runtime.text import tr
from puffling.settings.live import LiveSettings
from puffling.store.database import Store
from puffling.store.values import Backup

SOURCE = "files"


@frozen
class DataState:
    """Whether the records can be trusted, and what to do when they cannot."""

    trustworthy: bool
    message: str
    hint: str


class Backups(Controller):
    """Copies of everything Puffling keeps, except prices that can be fetched again."""

    def __init__(
        self, store: Store, settings: LiveSettings, market: Market, paths: Paths, port: Port
    ) -> None:
        self._store = store
        self._settings = settings
        self._market = market
        self._prices = OwnShelf(paths.data)
        self._port = port

    @capability(title="List backups", verb="list", effect=Effect.READ, http="GET /api/backups")
    async def all(self) -> tuple[Backup, ...]:
        """Show the copies that can be restored, the newest first."""
        return await self._store.backups()

    @capability(title="Back up now", effect=Effect.WRITE, http="POST /api/backups", menu="Data")
    async def create(self) -> Backup:
        """Keep a copy of all records, imported prices and own strategies, and let go of the oldest ones."""
        return await self._store.backup(keep=self._settings.now.upkeep.keep_backups)

    @capability(title="Restore backup", effect=Effect.GUARD)
    async def restore(
        self, name: Annotated[str, Field(description="Name of the backup.", min_length=1, max_length=200)]
    ) -> DataState:
        """Put a backup in the place of the present records, which are copied first."""
        for backup in await self._store.backups():
            if backup.name == name:
                before = await self._port.thread(self._prices.all)
                await self._store.restore(backup, keep=self._settings.now.upkeep.keep_backups)
                # Here and not only where strategies run: in a terminal nothing may run them.
                from puffling.automation.runner.activation import switch_off_after_restore

                await self._store.run(current_caller().user, switch_off_after_restore)
                await self._tell_prices(before)
                return data_state(self._store)
        raise NotFound(tr("There is no backup called {name}.", name=name), hint=tr("List them first."))

    @capability(title="Accept records", effect=Effect.GUARD)
    async def accept(self) -> DataState:
        """Go on with the records as they are, after damage or a change from outside was looked at."""
        await self._store.accept()
        return data_state(self._store)

    @capability(title="Show state of records", effect=Effect.READ, http="GET /api/backups/state")
    async def state(self) -> DataState:
        """Say whether the records can be trusted as they were found at start."""
        return data_state(self._store)

    async def _tell_prices(self, before: tuple[OwnSeries, ...]) -> None:
        """Let charts and panels know of imported prices that a backup brought back."""
        if any(state.source == SOURCE for state in self._market.feed_states()):
            after = await self._port.thread(self._prices.all)
            for symbol in sorted({each.symbol for each in set(before) ^ set(after)}):
                await self._market.renew(SOURCE, symbol)


def data_state(store: Store) -> DataState:
    """Say in plain words what was met when the records were opened."""
    report = store.report
    if report.trustworthy:
        return DataState(True, tr("The records are whole."), "")
    if report.recovered_from is not None:
        return DataState(
            False,
            tr("The database was damaged and was moved aside to {file}.", file=report.recovered_from),
            tr("Restore a backup, or accept the new, empty records. Trading is halted until then."),
        )
    return DataState(
        False,
        tr("The database is not the one that was closed last."),
        tr("Look through your records, then accept them or restore a backup. Trading is halted until then."),
    )
