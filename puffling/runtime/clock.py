"""Time is injected: nobody asks the machine for the time but the clock made here.

Three clocks keep one Protocol. `SystemClock` is the wall and survives sleep of the machine and a wall
clock that is put right. `FixedClock` stands still until it is set. `SimulatedClock` lives through a year
in seconds: it jumps to the next sleeper as soon as nothing else can happen.

How the simulated clock knows that nothing else can happen: the task that drives it yields once and then
looks at the loop's queue of ready callbacks. A plain asyncio loop runs that queue in order, so when the
driver's own turn comes and the queue is empty, every other task of the loop waits for something that only
time or the outside can bring. A chain of plain awaits, however long, is in that queue until it ends. The
outside (threads, processes, sockets) is what the clock cannot see; it is counted by `working()`, which
the Port enters for every call. The queue is private to asyncio, has been there since 3.4, and is checked
before it is trusted: a loop that does not use it (qasync) is refused. A rehearsal has a loop of its own.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol


class Clock(Protocol):
    """What the program may ask of time."""

    def now(self) -> datetime:
        """Give the present moment in UTC."""
        ...

    def monotonic(self) -> float:
        """Give seconds that only grow, for measuring durations."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Come back after this many seconds of this clock."""
        ...

    async def sleep_until(self, moment: datetime) -> None:
        """Come back at this moment of this clock."""
        ...

    def working(self) -> AbstractContextManager[None]:
        """Mark a stretch of work that happens where the clock cannot see it; entered on the loop only."""
        ...


def microseconds(moment: datetime) -> int:
    """Give the moment as whole microseconds since 1970, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(us: int) -> datetime:
    """Give the moment that lies this many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=us)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _wall() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  the one place that reads the machine's clock


class SystemClock:
    """The machine's time; a long sleep looks at the wall again and again, so a stepped clock is noticed."""

    def __init__(self, *, wall: Callable[[], datetime] = _wall, look_again_seconds: float = 5.0) -> None:
        self._wall = wall
        self._look_again_seconds = look_again_seconds

    def now(self) -> datetime:
        """Give the present moment in UTC."""
        return self._wall()

    def monotonic(self) -> float:
        """Give seconds that only grow."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Come back after this many seconds in which the machine was awake."""
        await asyncio.sleep(seconds)

    async def sleep_until(self, moment: datetime) -> None:
        """Come back once the wall shows this moment, soon after waking when the machine slept over it."""
        # One long timer would be wrong twice: it stands still while the machine is suspended, and it
        # does not hear that the wall clock was put right.
        while (remaining := (moment - self._wall()).total_seconds()) > 0:  # noqa: ASYNC110  no event tells it
            await asyncio.sleep(min(remaining, self._look_again_seconds))
        await asyncio.sleep(0)

    def working(self) -> AbstractContextManager[None]:
        """Mark nothing: real time waits for nobody."""
        return nullcontext()


class _Sleepers:
    """Who waits for which moment: earliest first, and in the order of asking when it is the same one."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._asked = 0

    async def wait(self, moment: datetime) -> None:
        """Come back when the sleeper of this moment is woken."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked += 1
        heapq.heappush(self._heap, (moment, self._asked, woken))
        await woken

    def next_moment(self) -> datetime | None:
        """Give the earliest moment somebody still waits for."""
        while self._heap and self._heap[0][2].done():
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def wake_one(self, now: datetime) -> bool:
        """Wake the first sleeper whose moment has come, if there is one."""
        moment = self.next_moment()
        if moment is None or moment > now:
            return False
        heapq.heappop(self._heap)[2].set_result(None)
        return True


_SMALLEST = timedelta(microseconds=1)


class _SetClock:
    """What the fixed and the simulated clock share: a moment that is set, and sleepers."""

    def __init__(self, moment: datetime) -> None:
        self._now = moment.astimezone(UTC)
        self._elapsed = timedelta()
        self._sleepers = _Sleepers()

    def now(self) -> datetime:
        """Give the moment this clock stands at, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Give the seconds this clock has moved forward since it was made."""
        return self._elapsed.total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Come back after this many seconds of this clock."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        # A sleep below the clock's resolution must still move it, or a loop of such sleeps never ends.
        await self.sleep_until(self._now + max(timedelta(seconds=seconds), _SMALLEST))

    async def sleep_until(self, moment: datetime) -> None:
        """Come back at this moment of this clock."""
        if moment <= self._now:
            await asyncio.sleep(0)
        else:
            await self._sleepers.wait(moment)

    def _move(self, moment: datetime) -> None:
        self._elapsed += max(moment - self._now, timedelta())
        self._now = moment


class FixedClock(_SetClock):
    """A clock that stands still until it is set."""

    def set(self, moment: datetime) -> None:
        """Put the clock at this moment, earlier or later, and wake those whose moment has come."""
        self._move(moment.astimezone(UTC))
        while self._sleepers.wake_one(self._now):
            pass

    def advance(self, seconds: float) -> None:
        """Put the clock forward by this many seconds."""
        self.set(self._now + timedelta(seconds=seconds))

    def working(self) -> AbstractContextManager[None]:
        """Mark nothing: this clock moves only by hand."""
        return nullcontext()


class SimulatedClock(_SetClock):
    """A clock that jumps to the next sleeper once nothing else can happen."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._outstanding = 0
        self._released: asyncio.Future[None] | None = None
        self._running = False

    @contextmanager
    def working(self) -> Iterator[None]:
        """Hold time still while work is out in a thread, in a process or on a socket."""
        self._outstanding += 1
        try:
            yield
        finally:
            self._outstanding -= 1
            if self._outstanding == 0 and self._released is not None and not self._released.done():
                self._released.set_result(None)

    async def run(self, until: datetime | asyncio.Future[Any] | None = None) -> None:
        """Live to this moment, until this future is done, or until nobody sleeps any more.

        Sleepers are woken one by one: what the first sets in motion has come to rest before the
        second wakes, so that every run of the same program happens in the same order.
        """
        if self._running:
            raise RuntimeError("this clock is being run already")
        self._running = True
        try:
            ready = _ready_queue()
            while True:
                await self._settle(ready)
                if isinstance(until, asyncio.Future) and until.done():
                    return
                moment = self._sleepers.next_moment()
                if isinstance(until, datetime) and (moment is None or moment > until):
                    self._move(max(until.astimezone(UTC), self._now))
                    return
                if moment is None:
                    if until is None:
                        return
                    raise RuntimeError("simulated time stands still: everybody waits and nobody sleeps")
                self._move(max(moment, self._now))
                self._sleepers.wake_one(self._now)
        finally:
            self._running = False

    async def advance(self, seconds: float) -> None:
        """Live through this many seconds."""
        await self.run(self._now + timedelta(seconds=seconds))

    async def _settle(self, ready: Collection[object]) -> None:
        while True:
            await asyncio.sleep(0)
            if ready:
                continue
            if not self._outstanding:
                return
            self._released = asyncio.get_running_loop().create_future()
            await self._released
            self._released = None


def _ready_queue() -> Collection[object]:
    """Give the running loop's queue of ready callbacks, or refuse a loop that does not keep one."""
    loop = asyncio.get_running_loop()
    ready: Collection[object] | None = getattr(loop, "_ready", None)
    # A loop may inherit the queue and not use it: a callback of our own must show up in it.
    before = len(ready) if ready is not None else 0
    probe = loop.call_soon(_nothing)
    if ready is None or len(ready) != before + 1:
        probe.cancel()
        raise RuntimeError("simulated time needs a plain asyncio loop of its own")
    return ready


def _nothing() -> None:
    pass
