"""An engine room for each test, with nothing in it left out, and closed when the test ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from puffling.runtime.actor import Actor, Caller
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock, SystemClock
from puffling.runtime.compute import Compute
from puffling.runtime.jobs import Job, JobBoard, JobChanged, JobRecord
from puffling.runtime.port import Port
from puffling.runtime.tasks import TaskScope

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
PERSON = Caller(Actor.PERSON)


@dataclass
class Room:
    """The parts of one engine room, and what its jobs have told."""

    clock: Clock
    bus: Bus
    scope: TaskScope
    port: Port
    compute: Compute
    board: JobBoard
    told: list[JobRecord] = field(default_factory=list)

    def start(self, fn: Callable[..., Any], *args: Any) -> Job:
        """Start a job that computes this function."""

        async def body() -> Any:
            return await Job.current().compute(fn, *args)

        return self.board.start(fn.__name__, body, caller=PERSON)

    async def moving(self, job: Job) -> None:
        """Come back when the job has told of progress."""
        moved = asyncio.Event()
        unsubscribe = self.bus.on(JobChanged, lambda news: moved.set() if news.job.fraction else None)
        if not job.fraction:
            await moved.wait()
        unsubscribe()

    async def close(self) -> None:
        """End everything, in the order in which a core does."""
        await self.board.close()
        await self.scope.close()
        await self.port.close()


def build_room(clock: Clock, *, address: str | None = None, grace_seconds: float = 2.0, **board: Any) -> Room:
    """Put an engine room together on this clock."""
    bus, scope, port = Bus(), TaskScope("test"), Port(clock)
    compute = Compute(port, address=address, grace_seconds=grace_seconds)
    room = Room(clock, bus, scope, port, compute, JobBoard(clock, bus, scope, compute=compute, **board))
    bus.on(JobChanged, lambda news: room.told.append(news.job))
    return room


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    """An engine room on real time."""
    room = build_room(SystemClock())
    yield room
    await room.close()
