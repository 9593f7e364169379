"""A search through the whole house: how it grows with days, symbols and sets, and how soon it is stopped."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median

import psutil

from puffling.core.core import Core
from puffling.market.values import AssetClass
from puffling.runtime.actor import Actor, Caller, calling_as
from puffling.runtime.clock import SystemClock
from puffling.runtime.jobs import JobChanged
from puffling.runtime.paths import Paths
from tests.benchmarks.measure import Row, benchmark, fresh_home, in_milliseconds
from tests.fakes.alpaca_wander import hasty

PERSON = Caller(Actor.PERSON, present=True)
# The demo market begins with 2000: 8,313 days later it is 2033.
NOW = datetime(2033, 3, 1, 21, tzinfo=UTC)
FIRST, HALF_WAY, LAST = date(2000, 1, 3), date(2016, 7, 11), date(2033, 1, 25)
SYMBOLS, STRETCHES = 20, 5
SHORT, LONG = "short_window=5..53:2", "long_window=60..250:10"
HALF_LONG = "long_window=60..150:10"
# How long each search that is stopped is let run: whatever it is about then has to end.
MOMENTS_SECONDS = (0.5, 1.5, 2.5, 3.5)


@benchmark
def searching() -> Iterator[Row]:
    """Five hundred pairs on twenty symbols over the longest history, and half of each beside it."""
    with fresh_home() as home:
        yield from asyncio.run(_measure(home))


async def _measure(home: Path) -> list[Row]:
    clock = SystemClock(wall=hasty(time.monotonic(), NOW, 1.0))
    core = await Core.open(Paths.under(home), clock=clock, environment={})
    try:
        with calling_as(PERSON):
            return await _rows(core)
    finally:
        await core.close()


async def _rows(core: Core) -> list[Row]:
    found = await core.data.symbols("", limit=100)
    symbols = [each.symbol for each in found if each.asset_class is not AssetClass.CRYPTO][:SYMBOLS]
    # What is measured is the search: the prices are there.
    await _search(core, symbols, LAST, "long_window=60")
    whole, busy, first = await _search(core, symbols, LAST, LONG)
    days, _, _ = await _search(core, symbols, HALF_WAY, LONG)
    few, _, _ = await _search(core, symbols[: SYMBOLS // 2], LAST, LONG)
    sets, _, _ = await _search(core, symbols, LAST, HALF_LONG)
    stopped = [await _stop(core, symbols, seconds) for seconds in MOMENTS_SECONDS]
    halves = " / ".join(in_milliseconds(half) for half in (days, few, sets))
    return [
        Row(
            f"A search of 500 pairs on {SYMBOLS} symbols x 8,313 days, {STRETCHES} stretches walked forward,"
            f" kept and judged ({busy:.1f} processors busy, progress after {in_milliseconds(first)})",
            in_milliseconds(whole), f"half the days / symbols / pairs {halves}",
            " / ".join(f"{whole / half:.2f}" for half in (days, few, sets)), "2: linear in each",
        ),
        Row(
            f"Cancelling it (worst {in_milliseconds(max(stopped))})",
            in_milliseconds(median(stopped)), "", "", "200 ms",
        ),
    ]  # fmt: skip


async def _search(core: Core, symbols: Sequence[str], last: date, long: str) -> tuple[float, float, float]:
    """Search, and give how long it took, how many processors were busy, and when first progress was told."""
    told: list[float] = []

    def note(news: JobChanged) -> None:
        if news.job.fraction:
            told.append(time.perf_counter())

    unsubscribe = core.bus.on(JobChanged, note)
    began, worked = time.perf_counter(), _worked()
    await core.optimization.run("momentum", tuple(symbols), (SHORT, long), FIRST, last, stretches=STRETCHES)
    took = time.perf_counter() - began
    unsubscribe()
    return took, (_worked() - worked) / took, told[0] - began


async def _stop(core: Core, symbols: Sequence[str], seconds: float) -> float:
    began = time.perf_counter()
    try:
        async with asyncio.timeout(seconds):
            await _search(core, symbols, LAST, LONG)
    except TimeoutError:
        return time.perf_counter() - began - seconds
    raise RuntimeError(f"The search was over within {seconds} seconds")


def _worked() -> float:
    """Give the processor seconds of this process and of all that work for it."""
    gone = os.times()
    now = sum(each.cpu_times().user + each.cpu_times().system for each in psutil.Process().children(True))
    return gone.user + gone.system + gone.children_user + gone.children_system + now
