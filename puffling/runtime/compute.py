"""Work for the processor leaves this process: `await job.compute(fn, ...)` runs it elsewhere.

It runs in a child process, or on a cluster. One child serves one call and is gone, so a call can be
stopped, crash or be killed without taking anything along. Starting one takes a tenth of a second or two;
after `warm()` one is always kept ready.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec

from puffling.runtime.child import (
    ComputationStopped,
    Report,
    Take,
    checkpoint,
    hand_over,
    keep_pauses_short,
)
from puffling.runtime.cluster import compute_on_cluster
from puffling.runtime.port import Port
from puffling.runtime.process import Call, ComputingProcess
from puffling.runtime.text import tr

__all__ = ["ComputationStopped", "Compute", "checkpoint", "hand_over", "keep_pauses_short"]

P = ParamSpec("P")

_CLUSTER = "distributed"


class Compute:
    """Where `job.compute` takes place: child processes of this one, or the cluster at an address."""

    def __init__(
        self,
        port: Port,
        *,
        address: str | None = None,
        at_once: int | None = None,
        grace_seconds: float = 2.0,
    ) -> None:
        self.address = address
        """The scheduler of a Dask cluster, such as tcp://10.0.0.5:8786; None computes on this computer."""
        self._port = port
        self._places = asyncio.Semaphore(at_once or os.cpu_count() or 1)
        self._grace_seconds = grace_seconds
        self._spare: ComputingProcess | None = None
        self._keep_spare = False
        self._preparing = threading.Lock()

    async def warm(self) -> None:
        """Keep a process ready from now on, so that the next computation starts at once."""
        self._keep_spare = True
        await self._port.thread(self._prepare_spare)

    async def prepare(self, module: str) -> None:
        """Start a process that loads this module, for a computation that comes soon; not for a cluster."""
        if self.address is None and self._spare is None:
            await self._port.thread(self._prepare_for, module)

    async def run(
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        progress: Report,
        take: Take = lambda _: None,
    ) -> Any:
        """Run the function elsewhere; when this is cancelled, the function is, and this waits for its end.

        `take` gets what the function hands over on its way, all of it before this comes to its end.
        """
        report, take = _on_this_loop(progress), _on_this_loop(take)
        if self.address is not None:
            # The cluster's library stays out of this process: a child is its client, and obeys in our stead.
            call = Call(compute_on_cluster, (self.address, self._grace_seconds, Call(fn, args, kwargs)))
            return await self._converse(self._take_process(), call, report, take)
        if self._places.locked():
            progress(0, 0, tr("Waits for a free processor"))
        async with self._places:
            return await self._converse(self._take_process(), Call(fn, args, kwargs), report, take)

    async def close(self) -> None:
        """End the process that is kept ready."""
        self._keep_spare = False
        await self._port.thread(self._discard_spare)

    async def _converse(self, process: ComputingProcess, call: Call, report: Report, take: Take) -> Any:
        lane = self._port.lane("compute")
        answer = lane.begin(self._serve, process, call, report, take)
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            process.stop()
            while not answer.done():
                try:
                    await asyncio.wait([answer])
                except asyncio.CancelledError:
                    # Asked twice: whoever waits here has no more patience.
                    process.kill()
            # Looked at, or the loop complains that nobody did.
            answer.exception()
            raise
        finally:
            await lane.close()

    def _serve(self, process: ComputingProcess, call: Call, report: Report, take: Take) -> Any:
        def report_and_prepare(done: float, total: float, note: str) -> None:
            report(done, total, note)
            # The next process is started when this one is well under way, not while somebody waits for it.
            self._prepare_spare()

        try:
            return process.converse(call, report_and_prepare, take)
        finally:
            self._prepare_spare()

    def _take_process(self) -> ComputingProcess:
        spare = self._spare
        if spare is None or not self._fits(spare):
            return self._new_process()
        self._spare = None
        return spare

    def _fits(self, spare: ComputingProcess) -> bool:
        """A client of the cluster is of no use here, and the other way round."""
        return (spare.preload == _CLUSTER) == (self._preload == _CLUSTER)

    def _prepare_for(self, module: str) -> None:
        with self._preparing:
            if self._spare is None:
                self._spare = ComputingProcess(grace_seconds=self._grace_seconds, preload=module)
                self._spare.start()

    def _prepare_spare(self) -> None:
        with self._preparing:
            spare = self._spare
            if not self._keep_spare or (spare is not None and self._fits(spare)):
                return
            self._spare = self._new_process()
            self._spare.start()
        if spare is not None:
            spare.end()

    def _new_process(self) -> ComputingProcess:
        if self.address is None:
            return ComputingProcess(grace_seconds=self._grace_seconds)
        # The worker's process has its own grace period, and the client must see the end of it.
        return ComputingProcess(grace_seconds=self._grace_seconds + 3, preload=self._preload)

    @property
    def _preload(self) -> str:
        return "numpy" if self.address is None else _CLUSTER

    def _discard_spare(self) -> None:
        with self._preparing:
            spare, self._spare = self._spare, None
        if spare is not None:
            spare.end()


def _on_this_loop(heard: Callable[P, None]) -> Callable[P, None]:
    loop = asyncio.get_running_loop()

    def hear(*args: P.args, **kwargs: P.kwargs) -> None:
        loop.call_soon_threadsafe(partial(heard, *args, **kwargs))

    return hear
