"""The one entry into threads: it holds simulated time until the answer is back, and names every thread.

Threads are for input and output only. Python work in a thread starves the loop; it goes to `compute`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import Context, copy_context
from typing import TypeVar, TypeVarTuple

from puffling.runtime.clock import Clock

R = TypeVar("R")
Ts = TypeVarTuple("Ts")

_log = logging.getLogger(__name__)


class Lane:
    """A few threads with a name, entered from the loop; with one thread, calls run in the order of asking."""

    def __init__(self, clock: Clock, name: str, *, threads: int = 1) -> None:
        self.name = name
        self._clock = clock
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"puffling-{name}")
        self._outstanding = 0
        self._all_back: asyncio.Future[None] | None = None
        self._closed = False

    async def run(
        self,
        fn: Callable[[*Ts], R],
        *args: *Ts,
        then: Callable[[R], None] | None = None,
    ) -> R:
        """Run the function in this lane and give its result.

        When the function has returned, `then` is called with the result on the loop, exactly once, before
        the awaiting task goes on, and also when that task was cancelled meanwhile. A call that was still
        waiting for its turn when its task was cancelled does not run at all.
        """
        return await self.begin(fn, *args, then=then)

    def begin(
        self,
        fn: Callable[[*Ts], R],
        *args: *Ts,
        then: Callable[[R], None] | None = None,
    ) -> asyncio.Future[R]:
        """Start the function in this lane and give the future of its result."""
        if self._closed:
            raise RuntimeError(f"the lane {self.name} is closed")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[R] = loop.create_future()
        hold = ExitStack()
        hold.enter_context(self._clock.working())
        self._outstanding += 1

        def back(done: Future[R]) -> None:
            try:
                loop.call_soon_threadsafe(arrive, done)
            except RuntimeError:
                # Only a loop that is closed refuses; then nobody is left to be told.
                _log.warning("A call in the lane %s came back after its loop had ended", self.name)

        def arrive(done: Future[R]) -> None:
            try:
                if not done.cancelled():
                    _deliver(done, answer, then)
            finally:
                self._outstanding -= 1
                hold.close()
                if self._outstanding == 0 and self._all_back is not None and not self._all_back.done():
                    self._all_back.set_result(None)

        context = copy_context()

        def work() -> R:
            return context.run(fn, *args)

        call = self._pool.submit(work)
        call.add_done_callback(back)
        # Cancels the call too, as long as it has not begun; a running one cannot be taken back.
        answer.add_done_callback(lambda settled: call.cancel() if settled.cancelled() else None)
        return answer

    async def close(self) -> None:
        """Take no new calls, and wait for those that are under way."""
        self._closed = True
        while self._outstanding:
            if self._all_back is None or self._all_back.done():
                self._all_back = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._all_back)
        # Nothing runs any more, so the threads end at once and this does not hold the loop up.
        self._pool.shutdown(wait=True)


class Port:
    """All lanes of one core: the shared one for short input and output, and named ones with a thread each."""

    def __init__(self, clock: Clock, *, threads: int = 4) -> None:
        self._clock = clock
        self._shared = Lane(clock, "io", threads=threads)
        self._lanes: list[Lane] = []

    async def thread(self, fn: Callable[[*Ts], R], *args: *Ts) -> R:
        """Run a blocking function in one of the shared threads and give its result."""
        return await self._shared.run(fn, *args)

    def lane(self, name: str, *, threads: int = 1) -> Lane:
        """Make a lane with threads of its own; it ends with `lane.close()` or with the port."""
        lane = Lane(self._clock, name, threads=threads)
        self._lanes = [known for known in self._lanes if not known._closed]
        self._lanes.append(lane)
        return lane

    async def close(self) -> None:
        """Close every lane, and wait for the calls that are under way."""
        for lane in (*self._lanes, self._shared):
            await lane.close()


def _deliver(done: Future[R], answer: asyncio.Future[R], then: Callable[[R], None] | None) -> None:
    failure = done.exception()
    if failure is not None:
        if not answer.done():
            # A future cannot carry StopIteration, and a call that raised it must not hang its caller.
            carried = RuntimeError("a call ended with StopIteration")
            answer.set_exception(carried if isinstance(failure, StopIteration) else failure)
        elif isinstance(failure, Exception):
            _log.warning("A call failed after its caller had gone: %s", failure)
        return
    if then is not None:
        try:
            # In an empty context: what follows from the call is nobody's call.
            Context().run(then, done.result())
        except Exception:  # noqa: BLE001  the edge: the caller's result must arrive whatever follows from it
            _log.exception("What should follow a call in a thread failed")
    if not answer.done():
        answer.set_result(done.result())
