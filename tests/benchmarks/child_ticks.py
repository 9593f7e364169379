"""The real window under a stream of ticks: how late the loop runs, and whether the last price is shown."""

from __future__ import annotations

import asyncio
import sys

from PySide6.QtWidgets import QApplication

from puffling.__main__ import open_window
from puffling.desktop.dispatch import PERSON
from puffling.desktop.panels.watchlist import WatchlistPanel
from puffling.desktop.window import Window
from puffling.runtime.actor import calling_as
from puffling.runtime.paths import Paths
from tests.benchmarks.storm import tell_and_end, weathered

SETTLING_SECONDS = 1.0
LOOKS = 20

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

    told = await weathered(core, symbols, seconds)
    missing = set(symbols)
    # The market goes on: what moved a moment ago is shown a moment later.
    for _ in range(LOOKS):
        await asyncio.sleep(SETTLING_SECONDS / LOOKS)
        missing -= {symbol for symbol in missing if _is_shown(panel, symbol, core.market.price(symbol).price)}
    tell_and_end({**told, "symbols": len(symbols), "shown": len(symbols) - len(missing)})


def _is_shown(panel: WatchlistPanel, symbol: str, price: float) -> bool:
    row = panel.table.rows.row_of(symbol)
    return row is not None and row.price is not None and row.price.price == price


def _begin(milestone: str) -> None:
    if milestone == "live":
        storm = asyncio.get_running_loop().create_task(_storm(float(sys.argv[1])))
        _tasks.append(storm)


if __name__ == "__main__":
    sys.exit(open_window(Paths.discover(), reached=_begin))
