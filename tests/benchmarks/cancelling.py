"""From the wish to stop a large backtest to the end of its process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from statistics import median

from puffling.automation.research.task import ENGINE, Task, run_task
from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.fills import Intrabar
from puffling.puffin.backtest.waiting import Protection
from puffling.puffin.strategies.recipe import Recipe
from puffling.runtime.clock import SystemClock
from tests.benchmarks.backtests import market
from tests.benchmarks.measure import Row, benchmark, in_milliseconds
from tests.runtime.conftest import Room, build_room

SYMBOLS, DAYS = 20, 8_313
STRATEGIES = ("momentum", "stat_arb", "market_making", "bracket_breakout")
# How long each is let run: whatever it is about then has to end.
MOMENTS_SECONDS = (0.3, 0.9, 1.7, 2.6)


@benchmark
def cancelling() -> Iterator[Row]:
    """Cancelling tests of many symbols in the middle of whatever they are about."""
    took = asyncio.run(_measure())
    yield Row(
        f"Cancelling a backtest of {SYMBOLS} symbols x {DAYS:,} days (worst {in_milliseconds(max(took))})",
        in_milliseconds(median(took)), "", "", "200 ms",
    )  # fmt: skip


async def _measure() -> list[float]:
    panel = market(DAYS)
    series = {symbol: panel.bars(symbol) for symbol in panel.symbols}
    room = build_room(SystemClock())
    took = []
    for strategy in STRATEGIES:
        task = Task(
            recipe=Recipe(strategy),
            bars_needed=60,
            series=series,
            since_us=int(panel.time[300]),
            interval="1d",
            terms=Terms(),
            protection=Protection(),
            intrabar=Intrabar.PESSIMISTIC,
            risk_free_rate=0.05,
            seed=0,
        )
        took += [await _one(room, task, seconds) for seconds in MOMENTS_SECONDS]
    await room.close()
    return took


async def _one(room: Room, task: Task, seconds: float) -> float:
    await room.compute.prepare(ENGINE)
    job = room.start(run_task, task)
    await room.moving(job)
    await asyncio.sleep(seconds)
    stopped = time.perf_counter()
    room.board.cancel(job.id)
    await job.finished()
    return time.perf_counter() - stopped
