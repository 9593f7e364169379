"""A storm of ticks through the door a feed uses, and a probe that sees how late the loop runs meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, TypeVar

import psutil

from puffling.market.values import Tick
from tests.benchmarks.measure import Row, in_milliseconds, percentile

if TYPE_CHECKING:
    from puffling.core.core import Core

TICKS_PER_SECOND = 20_000
PULSE_SECONDS = 0.005
PROBE_SECONDS = 0.002
CALM_SECONDS = 5.0

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Delays:
    """What a probe saw: seconds the loop came back late, and seconds of processor time it used meanwhile."""

    late: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)


async def send(core: Core, symbols: Sequence[str], seconds: float) -> int:
    """Sends ticks of these symbols in turn; gives how many."""
    board = core.market._board
    dice = random.Random(7)
    order = cycle(symbols)
    prices = {symbol: core.market.price(symbol).price for symbol in symbols}
    started = time.perf_counter()
    sent = 0
    while (elapsed := time.perf_counter() - started) < seconds:
        due = int(elapsed * TICKS_PER_SECOND) - sent
        now_us = time.time_ns() // 1000
        batch = []
        for symbol in islice(order, due):
            prices[symbol] *= 1 + dice.gauss(0, 0.00002)
            batch.append(Tick(symbol, prices[symbol], 1.0, now_us))
        board.ticks("demo", batch)
        sent += due
        await asyncio.sleep(PULSE_SECONDS)
    return sent


async def weathered(core: Core, symbols: Sequence[str], seconds: float) -> dict[str, float]:
    """What a storm of these symbols does to the loop, beside a calm before it."""
    calm, storm = Delays(), Delays()
    await probed(calm, asyncio.sleep(CALM_SECONDS))
    process = psutil.Process()
    memory_before, used_before = process.memory_info().rss, time.thread_time()
    sent = await probed(storm, send(core, symbols, seconds))
    used, memory_after = time.thread_time() - used_before, process.memory_info().rss
    return {
        "ticks": sent,
        "late": percentile(storm.late, 0.99),
        "busy": percentile(storm.busy, 0.99),
        "calm_late": percentile(calm.late, 0.99),
        "calm_busy": percentile(calm.busy, 0.99),
        "processor": used / seconds,
        "grown_mebibytes": (memory_after - memory_before) / 2**20,
    }


def tell_and_end(told: Mapping[str, float]) -> None:
    """Says what was measured, and ends the window this runs in."""
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGTERM)


def rows_of(told: Mapping[str, float], storm: str, shown: str) -> Iterator[Row]:
    """The lines of the table about one storm."""
    for what, key in (
        ("how late the loop runs (p99)", "late"),
        ("how long it works without a pause (p99, processor time)", "busy"),
    ):
        ours, calm = told[key], told[f"calm_{key}"]
        beside = f"without the storm {in_milliseconds(calm)}"
        yield Row(f"{storm}: {what}", in_milliseconds(ours), beside, f"{ours / calm:.2f}", "16 ms")
    yield Row(
        f"{storm}: processor share of the loop, growth of memory, last prices shown",
        f"{told['processor']:.0%}, {told['grown_mebibytes']:+.1f} MiB, {shown}",
        "", "", "flat memory, all shown",
    )  # fmt: skip


async def probed(delays: Delays, work: Coroutine[Any, Any, R]) -> R:
    """Gives what the work gives, and notes meanwhile how late the loop runs."""
    probe = asyncio.get_running_loop().create_task(_probe(delays))
    try:
        return await work
    finally:
        probe.cancel()


async def _probe(delays: Delays) -> None:
    """Looks every few milliseconds how late the loop comes back and how long it worked meanwhile."""
    while True:
        asked, used = time.perf_counter(), time.thread_time()
        await asyncio.sleep(PROBE_SECONDS)
        delays.late.append(max(0.0, time.perf_counter() - asked - PROBE_SECONDS))
        delays.busy.append(time.thread_time() - used)
