"""Stores on a real SQLite file and on a real PostgreSQL server."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from puffling.runtime.bus import Bus
from puffling.runtime.clock import FixedClock
from puffling.runtime.paths import Paths
from puffling.runtime.port import Port
from puffling.store.bars import BarArchive
from puffling.store.database import Store
from puffling.store.migrations import SHIPPED, Schema

# A limit on the size of a file, and a user who may not write, are what only these systems have.
collect_ignore = ["test_disk.py"] if sys.platform == "win32" else []

KEPT = 7
START = datetime(2026, 3, 2, 14, 30, 0, 123456, tzinfo=UTC)


@dataclass
class Place:
    """A data folder, or a server, on which stores are opened one after the other."""

    paths: Paths
    url: str = ""
    clock: FixedClock = field(default_factory=lambda: FixedClock(START))
    bus: Bus = field(default_factory=Bus)

    @property
    def file(self) -> Path:
        """The database file."""
        return self.paths.data / "puffling.db"

    @asynccontextmanager
    async def open(self, schema: Schema = SHIPPED, *, bus: Bus | None = None) -> AsyncIterator[Store]:
        """A store that is closed again, with its threads."""
        port = Port(self.clock)
        try:
            store = await Store.open(
                self.paths, port=port, bus=bus or self.bus, clock=self.clock, url=self.url, schema=schema
            )
            try:
                yield store
            finally:
                await store.close()
        finally:
            await port.close()

    @asynccontextmanager
    async def open_bars(self) -> AsyncIterator[BarArchive]:
        """The cache of bars, closed again."""
        port = Port(self.clock)
        try:
            archive = await BarArchive.open(self.paths, port=port, bus=self.bus, clock=self.clock)
            try:
                yield archive
            finally:
                await archive.close()
        finally:
            await port.close()


@pytest.fixture
def folder(home: Path) -> Place:
    """A place with an SQLite file."""
    return Place(Paths.under(home))


# Of the session, like the server: one that starts inside a test would count as left behind by it.
@pytest.fixture(
    scope="session",
    params=[
        "sqlite",
        pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.xdist_group("postgres")]),
    ],
)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on."""
    kind: str = request.param
    if kind == "postgres":
        request.getfixturevalue("postgres_server")
    return kind


@pytest.fixture
def place(database_kind: str, home: Path, request: pytest.FixtureRequest) -> Place:
    """A place of either kind."""
    url = request.getfixturevalue("postgres_url") if database_kind == "postgres" else ""
    return Place(Paths.under(home), url)


@pytest_asyncio.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    """An open store of either kind."""
    async with place.open() as store:
        yield store
