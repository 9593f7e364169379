"""A core of a few abilities with the real machinery, so that the faces are tested without a database."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import Field, JsonValue, SecretStr

from puffling.core.policy import Attempt, Policy
from puffling.runtime.actor import ALL_SCOPES, DEFAULT_USER, Actor, Caller, Scope, UserId
from puffling.runtime.bus import Bus
from puffling.runtime.capability import Controller, Desk, capability
from puffling.runtime.clock import SystemClock
from puffling.runtime.errors import NotFound
from puffling.runtime.gate import Effect
from puffling.runtime.jobs import Job, JobBoard
from puffling.runtime.paths import Paths
from puffling.runtime.registry import Registry
from puffling.runtime.streams import Topics, stream
from puffling.runtime.tasks import TaskScope
from puffling.trading.values import TradingState


@dataclass(frozen=True, slots=True)
class Shelf:
    """Some books in order."""

    name: str
    books: tuple[str, ...]
    opened: datetime | None = None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """One line of a channel."""

    symbol: str
    price: float


@dataclass(frozen=True, slots=True)
class Said:
    """A line that is told on the bus."""

    symbol: str
    price: float


class Library(Controller):
    """Shelves of books."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.shelves: dict[str, Shelf] = {}
        self.secrets: list[str] = []
        self.cancelled = 0
        self.yielded = 0

    @capability(title="List shelves", verb="list", effect=Effect.READ, http="GET /api/library")
    async def all(self, names: tuple[str, ...] = (), limit: int | None = None) -> tuple[Shelf, ...]:
        """Show every shelf.

        With names, only those.
        """
        found = [shelf for shelf in self.shelves.values() if not names or shelf.name in names]
        return tuple(found[:limit])

    @capability(title="Show newest shelf", effect=Effect.READ, http="GET /api/library/newest")
    async def newest(self) -> Shelf:
        """Show the shelf that was made last."""
        return list(self.shelves.values())[-1]

    @capability(title="Show shelf", effect=Effect.READ, http="GET /api/library/{name}")
    async def show(self, name: str) -> Shelf:
        """Show one shelf."""
        if name not in self.shelves:
            raise NotFound(f"There is no shelf {name}.", hint="See the list of shelves.")
        return self.shelves[name]

    @capability(title="New shelf", effect=Effect.WRITE, http="POST /api/library")
    async def create(
        self,
        name: Annotated[str, Field(description="Name of the shelf.", min_length=1, max_length=80)],
        books: tuple[str, ...] = (),
        opened: datetime | None = None,
        price: Decimal | None = None,
    ) -> Shelf:
        """Make a shelf."""
        self.shelves[name] = Shelf(name, books, opened, price)
        return self.shelves[name]

    @capability(title="Add book", effect=Effect.WRITE, http="PUT /api/library/{name}/books/{book:path}")
    async def add(self, name: str, book: str, position: Annotated[int, Field(ge=0)] = 0) -> Shelf:
        """Put a book on a shelf."""
        shelf = await self.show(name)
        books = [*shelf.books]
        books.insert(position, book)
        return await self.create(name, tuple(books))

    @capability(title="Read aloud", effect=Effect.COMPUTE, http="POST /api/library/{name}/read", job=True)
    async def read(self, name: str, pages: int = 3) -> Shelf:
        """Read a shelf aloud, page by page."""
        shelf = await self.show(name)
        try:
            for page in range(pages):
                Job.current().progress(page, pages, f"Page {page}")
                await asyncio.sleep(0.02)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return shelf

    @capability(title="Stumble", effect=Effect.COMPUTE, http="POST /api/stumble", job=True)
    async def stumble(self) -> int:
        """Fail with a bug in a job."""
        raise RuntimeError("the canary sings: sk-canary-0123456789")

    @capability(title="Store secret", effect=Effect.WRITE)
    async def hide(self, name: str, secret: SecretStr) -> str:
        """Keep a secret."""
        self.secrets.append(secret.get_secret_value())
        return name

    @capability(title="Burn down", effect=Effect.GUARD)
    async def burn(self) -> int:
        """Remove every shelf."""
        count = len(self.shelves)
        self.shelves.clear()
        return count

    @capability(title="Break", effect=Effect.READ, http="GET /api/broken")
    async def break_down(self) -> int:
        """Fail with a bug."""
        raise RuntimeError("the canary sings: sk-canary-0123456789")

    @capability(title="Numbers", effect=Effect.READ, http="GET /api/numbers")
    async def numbers(self, count: int = 3) -> tuple[float, ...]:
        """Give numbers that JSON has no word for."""
        return (float("nan"), float("inf"), *(1.5 for _ in range(count)))

    @capability(title="Keep anything", effect=Effect.WRITE, http="PUT /api/anything/{key}")
    async def keep(self, key: str, value: JsonValue) -> JsonValue:
        """Give back whatever it was given."""
        return {key: value}

    @capability(title="Tell when", effect=Effect.READ, http="GET /api/when")
    async def when(self, moment: datetime = datetime(2020, 1, 1, tzinfo=UTC), loud: bool = False) -> str:
        """Tell a moment back."""
        return f"{moment.isoformat()}{'!' if loud else ''}"

    @stream(title="Lines", ws="/ws/lines")
    async def lines(self, topics: Topics) -> AsyncIterator[Note]:
        """Tell every new line of the symbols that were asked for."""
        newest: dict[str, float] = {}
        ready = asyncio.Event()

        def take(event: Said) -> None:
            if event.symbol in topics.names:
                newest[event.symbol] = event.price
                ready.set()

        def look() -> None:
            for name in sorted(topics.names):
                if name.startswith("?"):
                    topics.refuse(name, NotFound(f"There is no symbol {name}.", hint="Did you mean SPY?"))

        topics.on_change(look)
        forget = self._bus.on(Said, take)
        try:
            look()
            while True:
                await ready.wait()
                ready.clear()
                while newest:
                    symbol, price = newest.popitem()
                    self.yielded += 1
                    yield Note(symbol, price)
        finally:
            forget()


class Tokens:
    """Tokens kept in memory, by digest."""

    def __init__(self) -> None:
        self.known: dict[str, frozenset[Scope]] = {}

    def grant(self, scopes: frozenset[Scope] = ALL_SCOPES) -> str:
        token = "pfl_" + secrets.token_urlsafe(32)
        self.known[hashlib.sha256(token.encode()).hexdigest()] = scopes
        return token

    async def caller_of(self, token: str, user: UserId) -> Caller | None:
        scopes = self.known.get(hashlib.sha256(token.encode()).hexdigest())
        return None if scopes is None else Caller(Actor.HTTP, user, scopes)


@dataclass
class SmallCore:
    """What the faces need of a core."""

    paths: Paths
    library: Library
    registry: Registry
    bus: Bus
    board: JobBoard
    clock: SystemClock
    access: Tokens
    user: UserId = DEFAULT_USER
    attempts: list[Attempt] = field(default_factory=list)


@asynccontextmanager
async def small_core(home: Path) -> AsyncIterator[SmallCore]:
    """Open the small core for the length of a block."""
    paths = Paths.under(home)
    paths.prepare()
    bus, clock, scope = Bus(), SystemClock(), TaskScope("small")
    board = JobBoard(clock, bus, scope)
    library, registry = Library(bus), Registry()
    core = SmallCore(paths, library, registry, bus, board, clock, Tokens())

    async def record(attempt: Attempt) -> None:
        core.attempts.append(attempt)

    library.bind(Desk(Policy(lambda: TradingState.ACTIVE, record), board))
    registry.add(library)
    try:
        yield core
    finally:
        await board.close()
        await scope.close()
