"""Scenes of strategies: configured ones with signals on the chart, the library, a file that is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

from puffling.core.core import Core
from puffling.desktop.ask import Question
from puffling.desktop.panels.strategies import StrategiesPanel
from puffling.desktop.strategies.shared import ShownSignals
from puffling.desktop.window import Window
from puffling.puffin.data.interval import Interval

FAULTY = '''"""Follows the crowd."""

from puffling.puffin.strategies.base import Signals, Strategy


class CrowdStrategy(Strategy):
    title = "Crowd"

    def decide(self, bars):
        return Signals(bars.volume

'''


async def prepare(core: Core) -> None:
    """Strategies and files to show."""
    strategies = core.strategies
    await strategies.create(
        "Trend on the index", "momentum", ("SPY", "QQQ"), Interval.D1, {"short_window": 10}
    )
    await strategies.create("Calm reversal", "mean_reversion", ("AAPL",))
    await strategies.create("Rotation", "dual_momentum", ("SPY", "AGG", "GLD"))
    await strategies.new_file("my_idea")
    crowd = await strategies.new_file("crowd")
    Path(crowd.path).write_text(FAULTY, encoding="utf-8")  # noqa: ASYNC240  nobody waits for a picture
    await strategies.trust("crowd", (await strategies.source("crowd")).digest)


def panel_of(window: Window) -> StrategiesPanel:
    """The panel, brought to the front of the research workspace."""
    window.open_workspace("research")
    window.reset_workspace()
    window.show_panel("strategies")
    panel = window.docks["strategies"].panel
    assert isinstance(panel, StrategiesPanel)
    return panel


def mine(window: Window) -> None:
    """One of the person's own, with its signals."""

    def show(panel: StrategiesPanel) -> None:
        panel.turn_to("mine")
        panel.view.saved.select(
            [next(id for id, each in panel._saved.items() if each.strategy == "momentum")]
        )
        panel.show_signals()

    _once_loaded(window, show)


def choose(kind: str, window: Window) -> None:
    """One line of the library, with what is known of it."""

    def show(panel: StrategiesPanel) -> None:
        panel.turn_to("library")
        panel.view.kinds.select([kind])

    _once_loaded(window, show)


def asked(window: Window) -> None:
    """The question whether a file may run."""
    choose("own:my_idea", window)

    async def ask() -> None:
        source = panel_of(window).view.source
        while source.file is None or source.file.name != "my_idea":  # noqa: ASYNC110  tells nobody
            await asyncio.sleep(0.02)
        source.trust.click()

    window.session.dispatch.run(ask, name="ask about a file")


def _once_loaded(window: Window, act: Callable[[StrategiesPanel], None]) -> None:
    panel = panel_of(window)

    async def show() -> None:
        while not panel._saved:  # noqa: ASYNC110  what is on the screen tells nobody
            await asyncio.sleep(0.02)
        act(panel)

    window.session.dispatch.run(show, name="show strategies")


def ended(window: Window) -> None:
    """No signals any more, and no question."""
    window.session.shared(ShownSignals).choose(None)
    for question in window.findChildren(Question):
        question.answered.emit(None)


SCENES: dict[str, Callable[[Window], None]] = {
    "strategies-mine": mine,
    "strategies-library": partial(choose, "mean_reversion"),
    "strategies-orders": partial(choose, "bracket_breakout"),
    "strategies-wrong": partial(choose, "own:crowd"),
    "strategies-waiting": partial(choose, "own:my_idea"),
    "strategies-asked": asked,
}
