"""The real window with nine live charts under a storm of ticks, each with three indicators."""

from __future__ import annotations

import asyncio
import sys
from itertools import product

from PySide6.QtWidgets import QApplication

from puffling.__main__ import open_window
from puffling.core.core import Core
from puffling.desktop import numbers
from puffling.desktop.indicators.part import Indicators
from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.window import Window
from puffling.market.values import AssetClass
from puffling.puffin.data.interval import Interval
from puffling.runtime.paths import Paths
from tests.benchmarks.storm import tell_and_end, weathered

CHARTS = 9
SETTLING_SECONDS = 3.0
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

    told = await weathered(core, symbols, seconds)
    shown = set()
    # The market goes on: a price may be on its way to the screen at any one look.
    for _ in range(20):
        await asyncio.sleep(0.05)
        shown |= {
            place for place, pane in enumerate(panel.panes) if pane.words.last == _newest(core, pane.symbol)
        }
    tell_and_end({**told, "charts": len(panel.panes), "shown": len(shown)})


def _newest(core: Core, symbol: str) -> str:
    decimals = core.data.instrument(symbol).price_decimals
    return numbers.fixed(core.market.price(symbol).price, decimals)


def _begin(milestone: str) -> None:
    if milestone == "live":
        _tasks.append(asyncio.get_running_loop().create_task(_storm(float(sys.argv[1]))))


if __name__ == "__main__":
    sys.exit(open_window(Paths.discover(), reached=_begin))
