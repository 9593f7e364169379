"""The real window under a stream of ticks: how late the loop runs, and whether the last price is shown."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any, TypeVar

import psutil
from PySide6.QtWidgets import QApplication

from puffling.desktop.application import main
from puffling.desktop.dispatch import PERSON
from puffling.desktop.panels.watchlist import WatchlistPanel
from puffling.desktop.window import Window
from puffling.market.values import Tick
from puffling.runtime.actor import calling_as
from puffling.runtime.paths import Paths
from tests.benchmarks.measure import percentile

TICKS_PER_SECOND = 20_000
PULSE_SECONDS = 0.005
PROBE_SECONDS = 0.002
SETTLING_SECONDS = 1.0
CALM_SECONDS = 5.0

R = TypeVar("R")

_tasks: list[asyncio.Task[None]] = []


@dataclass(frozen=True, slots=True)
class Delays:
    """What a probe saw: seconds the loop came back late, and seconds of processor time it used meanwhile."""

    late: list[float]
    busy: list[float]


async def _storm(seconds: float) -> None:
    (window,) = (widget for widget in QApplication.topLevelWidgets() if isinstance(widget, Window))
    panel = window.docks["watchlist"].panel
    assert isinstance(panel, WatchlistPanel)
    core = window.session.core
    symbols = tuple(found.symbol for found in core.market.search(limit=100))
    with calling_as(PERSON):
        everything = await core.watchlists.create("Everything", symbols)
    panel.choose_list(everything.id)
    await asyncio.sleep(SETTLING_SECONDS)

    calm = Delays([], [])
    await _probed(calm, asyncio.sleep(CALM_SECONDS))
    # The same door a feed uses.
    board = core.market._board
    dice = random.Random(7)
    order = cycle(symbols)
    prices = {symbol: core.market.price(symbol).price for symbol in symbols}
    process = psutil.Process()
    memory_before, used_before = process.memory_info().rss, time.thread_time()
    started = time.perf_counter()

    async def send() -> int:
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

    storm = Delays([], [])
    sent = await _probed(storm, send())
    used = time.thread_time() - used_before
    memory_after = process.memory_info().rss
    await asyncio.sleep(SETTLING_SECONDS)
    rows = panel.table.rows
    shown = sum(
        row.price is not None and row.price.price == core.market.price(symbol).price
        for symbol in symbols
        if (row := rows.row_of(symbol)) is not None
    )
    told = {
        "symbols": len(symbols),
        "ticks": sent,
        "late": percentile(storm.late, 0.99),
        "busy": percentile(storm.busy, 0.99),
        "calm_late": percentile(calm.late, 0.99),
        "calm_busy": percentile(calm.busy, 0.99),
        "processor": used / seconds,
        "grown_mebibytes": (memory_after - memory_before) / 2**20,
        "shown": shown,
    }
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGTERM)


async def _probed(delays: Delays, work: Coroutine[Any, Any, R]) -> R:
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


def _begin(milestone: str) -> None:
    if milestone == "live":
        storm = asyncio.get_running_loop().create_task(_storm(float(sys.argv[1])))
        _tasks.append(storm)


if __name__ == "__main__":
    sys.exit(main(Paths.discover(), [], reached=_begin))
