"""The real window with nine live charts under a storm of ticks, each with three indicators."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from itertools import product

import psutil
from PySide6.QtWidgets import QApplication

from puffling.core.core import Core
from puffling.desktop import numbers
from puffling.desktop.application import main
from puffling.desktop.indicators.part import Indicators
from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.window import Window
from puffling.market.values import AssetClass
from puffling.puffin.data.interval import Interval
from puffling.runtime.paths import Paths
from tests.benchmarks.measure import percentile
from tests.benchmarks.storm import Delays, probed, send

CHARTS = 9
SETTLING_SECONDS = 3.0
CALM_SECONDS = 5.0
INTERVALS = (Interval.M1, Interval.M5, Interval.M15)
INDICATORS = ("sma", "rsi", "bollinger")

_tasks: list[asyncio.Task[None]] = []


async def _storm(seconds: float) -> None:
    (window,) = (widget for widget in QApplication.topLevelWidgets() if isinstance(widget, Window))
    panel = window.docks["chart"].panel
    assert isinstance(panel, ChartPanel)
    core = window.session.core
    # What trades around the clock: its newest bars move at whatever hour this is run.
    found = [each.symbol for each in core.market.search(limit=100) if each.asset_class is AssetClass.CRYPTO]
    symbols = tuple(found[: CHARTS // len(INTERVALS)])
    panel.show_charts(CHARTS)
    for pane, (symbol, interval) in zip(panel.panes, product(symbols, INTERVALS), strict=True):
        panel.activate(pane)
        window.session.selection.choose(symbol, interval)
    await asyncio.sleep(SETTLING_SECONDS)
    for pane in panel.panes:
        part = pane.part(Indicators.id)
        assert isinstance(part, Indicators)
        assert part.board is not None
        for indicator in INDICATORS:
            part.board.add(indicator)
            await asyncio.sleep(0)
    await asyncio.sleep(SETTLING_SECONDS)

    calm, storm = Delays(), Delays()
    await probed(calm, asyncio.sleep(CALM_SECONDS))
    process = psutil.Process()
    memory_before, used_before = process.memory_info().rss, time.thread_time()
    sent = await probed(storm, send(core, symbols, seconds))
    used, memory_after = time.thread_time() - used_before, process.memory_info().rss
    shown = set()
    # The market goes on: a price may be on its way to the screen at any one look.
    for _ in range(20):
        await asyncio.sleep(0.05)
        shown |= {
            place for place, pane in enumerate(panel.panes) if pane.words.last == _newest(core, pane.symbol)
        }
    told = {
        "charts": len(panel.panes),
        "ticks": sent,
        "late": percentile(storm.late, 0.99),
        "busy": percentile(storm.busy, 0.99),
        "calm_late": percentile(calm.late, 0.99),
        "calm_busy": percentile(calm.busy, 0.99),
        "processor": used / seconds,
        "grown_mebibytes": (memory_after - memory_before) / 2**20,
        "shown": len(shown),
    }
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGTERM)


def _newest(core: Core, symbol: str) -> str:
    decimals = core.data.instrument(symbol).price_decimals
    return numbers.fixed(core.market.price(symbol).price, decimals)


def _begin(milestone: str) -> None:
    if milestone == "live":
        _tasks.append(asyncio.get_running_loop().create_task(_storm(float(sys.argv[1]))))


if __name__ == "__main__":
    sys.exit(main(Paths.discover(), [], reached=_begin))
