"""Scenes of strategies: configured ones with signals on the chart, the library, a file that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from puffling.core.core import Core
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
    panel = panel_of(window)
    panel.turn_to("mine")
    panel.view.saved.select([next(id for id, each in panel._saved.items() if each.strategy == "momentum")])
    panel.show_signals()


def library(window: Window) -> None:
    """What there is to choose from."""
    panel = panel_of(window)
    panel.turn_to("library")
    panel.view.kinds.select(["mean_reversion"])


def wrong(window: Window) -> None:
    """A file of the person's own with its fault."""
    panel = panel_of(window)
    panel.turn_to("library")
    panel.view.kinds.select(["own:crowd"])


def waiting(window: Window) -> None:
    """A file that is not trusted yet, and the question about it."""
    panel = panel_of(window)
    panel.turn_to("library")
    panel.view.kinds.select(["own:my_idea"])


def ended(window: Window) -> None:
    """No signals any more."""
    window.session.shared(ShownSignals).choose(None)


SCENES: dict[str, Callable[[Window], None]] = {
    "strategies-mine": mine,
    "strategies-library": library,
    "strategies-wrong": wrong,
    "strategies-waiting": waiting,
}
