"""Scenes of backtests: the first question, every page of a result, the list, a comparison, wrong answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from puffling.core.core import Core
from puffling.desktop.backtests.performance import FIRST_ON
from puffling.desktop.backtests.room import Room
from puffling.desktop.panels.backtest import BacktestPanel
from puffling.desktop.window import Window
from puffling.puffin.data.interval import Interval

_RESULTS: list[str] = []
FIRST_DAY = date(2014, 1, 1)
LONG_NAME = "Everything that ever rose after it had fallen for a while, bought and held until it fell again"


async def prepare(core: Core) -> None:
    """Results to show, the newest last."""
    run = core.backtests.run
    for strategy, symbols, name in (
        ("rsi_reversal", ("AAPL", "MSFT", "KO"), LONG_NAME),
        ("donchian_breakout", ("SPY", "QQQ", "GLD"), "Breakout, three funds"),
        ("momentum", ("SPY", "QQQ"), "Trend, slow"),
        ("buy_and_hold", ("SPY",), "Hold"),
        ("macd", ("SPY", "QQQ"), "MACD"),
    ):
        made = await run(strategy, symbols, start=FIRST_DAY, interval=Interval.D1, name=name)
        _RESULTS.append(made.id)
    await core.backtests.annotate(
        _RESULTS[2], notes="Longer windows than last time.", tags=("trend", "to watch")
    )


def panel_of(window: Window) -> BacktestPanel:
    """The panel, in front in the research workspace."""
    window.open_workspace("research")
    window.reset_workspace()
    window.show_panel("backtest")
    panel = window.docks["backtest"].panel
    assert isinstance(panel, BacktestPanel)
    return panel


async def furnished(window: Window) -> None:
    """Wait until the panel, which is made when it is first looked at, is there."""
    panel = panel_of(window)
    while panel.room is None:  # noqa: ASYNC110  what is waited for is on the screen and tells nobody
        await asyncio.sleep(0.02)


def _with(act: Callable[[Room], None]) -> Callable[[Window], None]:
    def show(window: Window) -> None:
        panel_of(window)._with_room(act)

    return show


def _page(page: str) -> Callable[[Window], None]:
    def show(room: Room) -> None:
        room.open(_RESULTS[1])
        room.view.report.open_page(page)

    return _with(show)


def _first(room: Room) -> None:
    room.view.say_nothing_yet()
    room.view.open_page("result")


def _all_curves(room: Room) -> None:
    room.open(_RESULTS[1])
    room.view.report.open_page("performance")
    for made in room.view.report.performance.switches.values():
        made.setChecked(True)


def _history(room: Room) -> None:
    room.view.open_page("history")
    room.view.history.table.select([_RESULTS[2]])


def _compare(room: Room) -> None:
    room.compare([_RESULTS[1], _RESULTS[2], _RESULTS[3], _RESULTS[0]])


def _wrong(room: Room) -> None:
    room.open(_RESULTS[0])
    room.view.setup.unfold.setChecked(True)
    draft = room.view.setup.draft
    room.view.setup.show_question(replace(draft, symbols=("SPY", "QQQ", "BRK.B", "BTC/USD", "XYZZY")))
    room.view.setup.say_wrong("symbols", "Nobody here knows XYZZY.", "Look for it by its name.")


SCENES: dict[str, Callable[[Window], None]] = {
    "backtest-first": _with(_first),
    "backtest-performance": _page("performance"),
    "backtest-curves": _with(_all_curves),
    "backtest-trust": _page("trust"),
    "backtest-months": _page("months"),
    "backtest-trades": _page("trades"),
    "backtest-risk": _page("risk"),
    "backtest-origin": _page("origin"),
    "backtest-history": _with(_history),
    "backtest-compare": _with(_compare),
    "backtest-wrong": _with(_wrong),
}


def closed(window: Window) -> None:
    """The panel as it begins."""
    panel = window.docks["backtest"].panel
    assert isinstance(panel, BacktestPanel)
    room = panel.room
    if room is not None:
        for name, made in room.view.report.performance.switches.items():
            made.setChecked(name in FIRST_ON)
        room.view.setup.clear_errors()
        room.view.setup.unfold.setChecked(False)
        room.view.open_page("result")
