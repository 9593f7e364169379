"""The real window under a stream of ticks: how late the loop runs, and whether the last price is shown."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time

import psutil
from PySide6.QtWidgets import QApplication

from puffling.desktop.application import main
from puffling.desktop.dispatch import PERSON
from puffling.desktop.panels.watchlist import WatchlistPanel
from puffling.desktop.window import Window
from puffling.runtime.actor import calling_as
from puffling.runtime.paths import Paths
from tests.benchmarks.measure import percentile
from tests.benchmarks.storm import Delays, probed, send

SETTLING_SECONDS = 1.0
CALM_SECONDS = 5.0

_tasks: list[asyncio.Task[None]] = []


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

    calm = Delays()
    await probed(calm, asyncio.sleep(CALM_SECONDS))
    process = psutil.Process()
    memory_before, used_before = process.memory_info().rss, time.thread_time()
    storm = Delays()
    sent = await probed(storm, send(core, symbols, seconds))
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


def _begin(milestone: str) -> None:
    if milestone == "live":
        storm = asyncio.get_running_loop().create_task(_storm(float(sys.argv[1])))
        _tasks.append(storm)


if __name__ == "__main__":
    sys.exit(main(Paths.discover(), [], reached=_begin))
