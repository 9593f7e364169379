"""One run of the real window on a clock that stands still, photographed part by part."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from puffling.core.core import Core
from puffling.desktop.crash import CrashDesk
from puffling.desktop.dispatch import PERSON
from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.snapshot import Snapshot
from puffling.desktop.theme import Appearance, Scheme, look
from puffling.desktop.window import Window
from puffling.desktop.workspaces import WORKSPACES
from puffling.runtime.actor import calling_as
from puffling.runtime.clock import FixedClock
from puffling.runtime.paths import Paths
from tests.shots import (
    alerts,
    backtests,
    desks,
    drawings,
    histories,
    imports,
    optimizations,
    portfolios,
    quotes,
    room,
    strategies,
)
from tests.shots.looks import SCENES, plain

# A Friday afternoon in New York with the market open.
MOMENT = datetime(2026, 3, 6, 19, 30, tzinfo=UTC)
PANEL_SIZE = (720, 460)
LONGEST_WAIT_SECONDS = 20.0
SETTLING_SECONDS = 0.6


async def photograph(out: Path, size_name: str, size: tuple[int, int], names: list[str]) -> None:
    """Opens the house, takes every picture that was asked for, and closes it again."""

    def wanted(name: str) -> bool:
        return not names or name in names

    def file(name: str, scheme: Scheme) -> Path:
        return out / f"{name}-{scheme.value}-{size_name}.png"

    with tempfile.TemporaryDirectory(prefix="puffling-shots-") as folder:
        paths = Paths.under(Path(folder))
        core = await Core.open(paths, clock=FixedClock(MOMENT), environment={})
        if strategies.SCENES.keys() & set(names):
            with calling_as(PERSON):
                await strategies.prepare(core)
        if any(map(wanted, backtests.SCENES)):
            with calling_as(PERSON):
                await backtests.prepare(core)
        if optimizations.SCENES.keys() & set(names):
            with calling_as(PERSON):
                await optimizations.prepare(core)
        if portfolios.SCENES.keys() & set(names):
            with calling_as(PERSON):
                await portfolios.prepare(core)
        if desks.SCENES.keys() & set(names):
            with calling_as(PERSON):
                await desks.prepare(core)
        if alerts.SCENES.keys() & set(names):
            with calling_as(PERSON):
                await alerts.prepare(core)
        for scheme in (Scheme.LIGHT, Scheme.DARK):
            # As the application does it: the look comes before the first widget.
            look().wear(Appearance(scheme=scheme, reduced_motion=True))
            with calling_as(PERSON):
                await core.settings.put("appearance.theme", scheme.value)
                await core.settings.put("appearance.reduced_motion", True)
                await core.settings.put("window.welcomed", False)
            if wanted("welcome"):
                async with open_window(core, paths, size) as window:
                    await take(window.grab, file("welcome", scheme))
            with calling_as(PERSON):
                await core.settings.put("window.welcomed", True)
            async with open_window(core, paths, size) as window:
                if any(map(wanted, backtests.SCENES)):
                    await backtests.furnished(window)
                if optimizations.SCENES.keys() & set(names):
                    await optimizations.furnished(window)
                for workspace in WORKSPACES:
                    if wanted(workspace.id):
                        window.open_workspace(workspace.id)
                        window.reset_workspace()
                        window.resize(*size)
                        await take(window.grab, file(f"workspace-{workspace.id}", scheme))
                for panel_id, dock in window.docks.items():
                    if wanted(panel_id):
                        window.show_panel(panel_id)
                        dock.setFloating(True)
                        dock.resize(*PANEL_SIZE)
                        await take(dock.grab, file(f"panel-{panel_id}", scheme))
                        dock.setFloating(False)
                for name, prepare in {
                    **SCENES,
                    **drawings.SCENES,
                    **room.SCENES,
                    **quotes.SCENES,
                    **imports.SCENES,
                    **histories.SCENES,
                    **(strategies.SCENES if strategies.SCENES.keys() & set(names) else {}),
                    **backtests.SCENES,
                    **(optimizations.SCENES if optimizations.SCENES.keys() & set(names) else {}),
                    **(portfolios.SCENES if portfolios.SCENES.keys() & set(names) else {}),
                    **(desks.SCENES if desks.SCENES.keys() & set(names) else {}),
                    **(alerts.SCENES if alerts.SCENES.keys() & set(names) else {}),
                }.items():
                    if wanted(name):
                        window.open_workspace(WORKSPACES[0].id)
                        prepare(window)
                        await take(window.grab, file(name, scheme))
                        plain(window)
                        drawings.bare(window)
                        room.alone(window)
                        quotes.away(window)
                        imports.closed(window)
                        histories.closed(window)
                        backtests.closed(window)
                        optimizations.closed(window)
                        strategies.ended(window)
                        portfolios.closed(window)
                        desks.closed(window)
                        alerts.closed(window)
                if wanted("indicators"):
                    window.open_workspace(WORKSPACES[0].id)
                    add_indicators(window)
                    await take(window.grab, file("indicators", scheme))
                if wanted("company"):
                    window.open_workspace(WORKSPACES[1].id)
                    window.session.selection.choose("AAPL")
                    window.show_panel("fundamentals")
                    await take(window.grab, file("company", scheme))
                    window.reset_workspace()
        await core.close()


def add_indicators(window: Window) -> None:
    """Puts the usual ones on the chart."""
    panel = window.docks["chart"].panel
    assert isinstance(panel, ChartPanel)
    board = panel.indicators.board
    assert board is not None
    for indicator, period in (("sma", 20), ("sma", 50), ("bollinger", 20), ("rsi", 14)):
        board.add(indicator, {"period": period})
    board.add("macd")


@asynccontextmanager
async def open_window(core: Core, paths: Paths, size: tuple[int, int]) -> AsyncIterator[Window]:
    """A window with live content, closed again."""
    window = Window(Snapshot(), CrashDesk(paths.logs))
    window.resize(*size)
    window.show()
    live = asyncio.Event()
    window.became_live.connect(live.set)
    window.connect_core(core)
    await asyncio.wait_for(live.wait(), LONGEST_WAIT_SECONDS)
    whole = asyncio.Event()
    window.became_whole.connect(whole.set)
    if not window.whole:
        await asyncio.wait_for(whole.wait(), LONGEST_WAIT_SECONDS)
    yield window
    await window.disconnect_core()
    await window.session.dispatch.close()
    window.let_close()


async def take(grab: Callable[[], QPixmap], file: Path) -> None:
    """Waits until what is shown has settled and keeps a picture of it."""
    await asyncio.sleep(SETTLING_SECONDS)
    grab().save(str(file))
    sys.stdout.write(f"{file}\n")


def main() -> None:
    """Runs on the window's own kind of loop."""
    out, size_name, size, *names = sys.argv[1:]
    width, _, height = size.partition("x")
    application = QApplication(["puffling"])
    application.setQuitOnLastWindowClosed(False)
    with asyncio.Runner(loop_factory=lambda: QEventLoop(application)) as runner:
        runner.run(photograph(Path(out), size_name, (int(width), int(height)), names))


if __name__ == "__main__":
    main()
