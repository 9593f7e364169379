"""Scenes of searches for parameters: nothing yet, the map, sets, reasons, the walk, all, wrong bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from puffling.automation.research.search.parameters import Objective
from puffling.core.core import Core
from puffling.desktop.backtests.question import Question
from puffling.desktop.optimization.asked import Asked
from puffling.desktop.optimization.room import SearchRoom
from puffling.desktop.panels.optimization import OptimizationPanel
from puffling.desktop.window import Window
from puffling.store.research import SearchState

_SEARCHES: list[str] = []
FIRST_DAY = date(2014, 1, 1)
MONEY = Question(
    strategy="momentum",
    parameters={"short_window": 20, "long_window": 50},
    symbols=("SPY", "QQQ"),
    reach="10y",
)

_WANTED: tuple[tuple[str, tuple[str, ...], tuple[str, ...], Objective], ...] = (
    ("bracket_breakout", ("GLD",), ("window=10..60:10",), "profit_factor"),
    ("mean_reversion", ("KO", "AAPL"), ("window=10..40:5", "zscore_entry=-3..-1:0.25"), "calmar_ratio"),
    ("momentum", ("SPY", "QQQ"), ("short_window=5..50:5", "long_window=40..200:20"), "sharpe_ratio"),
)


async def prepare(core: Core) -> None:
    """Searches to show, the newest last; one of them stopped on its way."""
    run = core.optimization.run
    for strategy, symbols, vary, objective in _WANTED:
        told = await run(strategy, symbols, vary, start=FIRST_DAY, objective=objective)
        _SEARCHES.append(told.summary.id)
    await core.store.run(
        core.user,
        lambda unit: unit.searches.end(_SEARCHES[0], SearchState.CANCELLED, best=None, judged=None),
    )
    # Judged once, so that its picture need not wait.
    await core.optimization.show(_SEARCHES[0])


def panel_of(window: Window) -> OptimizationPanel:
    """The panel, in front in the research workspace."""
    window.open_workspace("research")
    window.reset_workspace()
    window.show_panel("optimization")
    panel = window.docks["optimization"].panel
    assert isinstance(panel, OptimizationPanel)
    return panel


async def furnished(window: Window) -> None:
    """Wait until the panel, which is made when it is first looked at, is there."""
    panel = panel_of(window)
    while panel.room is None or not panel.room.view.form.kinds:  # noqa: ASYNC110  it tells nobody
        await asyncio.sleep(0.02)


def _with(act: Callable[[SearchRoom], None]) -> Callable[[Window], None]:
    def show(window: Window) -> None:
        panel_of(window)._with_room(act)

    return show


def _page(page: str, search: int = -1) -> Callable[[Window], None]:
    def show(room: SearchRoom) -> None:
        room.take_question(MONEY)
        room.open(_SEARCHES[search])
        room.view.result.open_page(page)

    return _with(show)


def _first(room: SearchRoom) -> None:
    room.shown = ""
    room.take_question(MONEY)
    room.view.say_nothing_yet()
    room.view.open_page("result")


def _all(room: SearchRoom) -> None:
    room.view.open_page("all")


def _wrong(room: SearchRoom) -> None:
    room.take_question(MONEY)
    room.open(_SEARCHES[-1])
    room.view.form.say_wrong(
        "short_window", "Short window goes from 50 up to 5: the first is the larger.", "Choose other values."
    )


def _running(room: SearchRoom) -> None:
    room.open(_SEARCHES[-1])
    long = replace(MONEY, strategy="bracket_breakout", parameters={}, reach="20y")
    room.view.form.show_asked(Asked(question=long, vary={"window": "5..500:1"}))
    room.run()


SCENES: dict[str, Callable[[Window], None]] = {
    "optimization-first": _with(_first),
    "optimization-map": _page("map"),
    "optimization-sets": _page("sets"),
    "optimization-trust": _page("reasons"),
    "optimization-walk": _page("walk"),
    "optimization-stopped": _page("map", 0),
    "optimization-all": _with(_all),
    "optimization-running": _with(_running),
    "optimization-wrong": _with(_wrong),
}


def closed(window: Window) -> None:
    """The panel as it begins."""
    panel = window.docks["optimization"].panel
    assert isinstance(panel, OptimizationPanel)
    if panel.room is not None:
        panel.room.view.form.clear_errors()
        for job in [*panel.room.view.form.running.rows]:
            panel.room.view.form.running.stop_wanted.emit(job)
        panel.room.view.open_page("result")
