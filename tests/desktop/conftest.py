"""The real window on a real core, and what a person's fingers do to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

# The window loads these after its first paint; here that would count against the first test.
import puffling.desktop.drawings.board
import puffling.desktop.indicators.board  # noqa: F401
from puffling.desktop.charts.chart import ChartView
from puffling.desktop.crash import CrashDesk
from puffling.desktop.dispatch import PERSON
from puffling.desktop.panel import find_panels
from puffling.desktop.snapshot import Snapshot
from puffling.desktop.theme import Appearance, Scheme, look
from puffling.desktop.window import Window
from puffling.runtime.actor import calling_as
from puffling.runtime.paths import Paths

if TYPE_CHECKING:
    from puffling.core.core import Core

for kind in find_panels():
    import_module(kind.module)

OpenWindow = Callable[..., Awaitable[Window]]
LONGEST_WAIT_SECONDS = 20.0
CHART_WIDTH, CHART_HEIGHT = 800, 500


async def until(happened: Callable[[], bool]) -> None:
    """Come back when it has happened; never happening fails the test."""
    async with asyncio.timeout(LONGEST_WAIT_SECONDS):
        while not happened():  # noqa: ASYNC110  what is waited for is on the screen and tells nobody
            await asyncio.sleep(0.01)


async def close_window(window: Window) -> Snapshot:
    """Close the window the way the application does, and give what it leaves for the next start."""
    snapshot = window.snapshot()
    if window.session.connected:
        await window.disconnect_core()
    await window.session.dispatch.close()
    window.let_close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return snapshot


@pytest.fixture
async def open_window(paths: Paths) -> AsyncIterator[OpenWindow]:
    """Open windows, with or without a core; whatever is still open at the end is closed."""
    opened: list[Window] = []
    look().wear(Appearance(scheme=Scheme.DARK, reduced_motion=True))

    async def open_one(
        core: Core | None = None, snapshot: Snapshot | None = None, *, welcome: bool = False
    ) -> Window:
        window = Window(snapshot or Snapshot(), CrashDesk(paths.logs))
        opened.append(window)
        window.resize(1280, 800)
        window.show()
        if core is not None:
            with calling_as(PERSON):
                await core.settings.put("appearance.reduced_motion", True)
                await core.settings.put("window.welcomed", not welcome)
            live = asyncio.Event()
            window.became_live.connect(live.set)
            window.connect_core(core)
            await asyncio.wait_for(live.wait(), LONGEST_WAIT_SECONDS)
            await until(lambda: window.whole)
        return window

    yield open_one
    for window in opened:
        if _alive(window):
            await close_window(window)


@pytest.fixture
def chart(qtbot: QtBot) -> Iterator[ChartView]:
    """A chart on the screen without bars, in the dark."""
    look().wear(Appearance(Scheme.DARK))
    made = ChartView()
    qtbot.addWidget(made)
    made.resize(CHART_WIDTH, CHART_HEIGHT)
    made.show()
    yield made
    made.close()


def _alive(window: Window) -> bool:
    import shiboken6

    return bool(shiboken6.isValid(window))
