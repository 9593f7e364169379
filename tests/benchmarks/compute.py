"""From the wish to compute to its first progress, and from the wish to stop to the end."""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from puffling.runtime.clock import SystemClock
from tests.benchmarks.measure import Row, benchmark, in_milliseconds
from tests.runtime import work
from tests.runtime.conftest import Room, build_room

ROUNDS = 9


@benchmark
def compute() -> Iterator[Row]:
    """First progress of a computation and the end of a cancelled one, beside a plain spawned process."""
    spawned = median(_first_word_of_a_spawned_process() for _ in range(ROUNDS))
    cold = asyncio.run(_measure(warm=False))
    warm = asyncio.run(_measure(warm=True))
    beside = f"spawned process {in_milliseconds(spawned)}"
    for words, runs in (("with no process ready", cold), ("with one ready", warm)):
        first = median(run[0] for run in runs)
        yield Row(
            f"A computation's first progress, {words} (worst {in_milliseconds(max(run[0] for run in runs))})",
            in_milliseconds(first), beside, f"{first / spawned:.2f}", "500 ms",
        )  # fmt: skip
    stops = [run[1] for run in (*cold, *warm)]
    yield Row(
        f"Cancel to the end of its process (worst {in_milliseconds(max(stops))})",
        in_milliseconds(median(stops)), "", "", "200 ms",
    )  # fmt: skip


async def _measure(*, warm: bool) -> list[tuple[float, float]]:
    room = build_room(SystemClock())
    with tempfile.TemporaryDirectory(prefix="puffling-benchmark-") as folder:
        if warm:
            await room.compute.warm()
        runs = []
        for _ in range(ROUNDS):
            # The next process gets ready while nobody waits, as it does in a window.
            await asyncio.sleep(1 if warm else 0)
            runs.append(await _one(room, str(Path(folder) / "started")))
    await room.close()
    return runs


async def _one(room: Room, started: str) -> tuple[float, float]:
    asked = time.perf_counter()
    job = room.start(work.for_ever, started)
    await room.moving(job)
    moved = time.perf_counter()
    await asyncio.sleep(0.1)
    stopped = time.perf_counter()
    room.board.cancel(job.id)
    await job.finished()
    return moved - asked, time.perf_counter() - stopped


def _first_word_of_a_spawned_process() -> float:
    context = multiprocessing.get_context("spawn")
    started = time.perf_counter()
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_say, args=(there,))
    process.start()
    here.recv()
    seconds = time.perf_counter() - started
    process.join()
    return seconds


def _say(there: Connection) -> None:
    there.send("first")
