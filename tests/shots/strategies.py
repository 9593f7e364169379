"""Scenes of strategies: configured ones with signals on the chart, the library, a file that is wrong."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

from puffling.automation.runner.timing import Slot, Timing
from puffling.core.core import Core
from puffling.desktop.ask import Question
from puffling.desktop.panels.strategies import StrategiesPanel
from puffling.desktop.rehearsals.rehearsing import show_rehearsals
from puffling.desktop.strategies.shared import ShownSignals
from puffling.desktop.window import Window
from puffling.market.calendar import calendar
from puffling.puffin.backtest.heard import Heard, Standing
from puffling.puffin.data.interval import Interval
from puffling.puffin.orders import Kind as OrderKind
from puffling.puffin.orders import Side
from puffling.store.database import Unit
from puffling.store.decisions import Aim, Decision, DecisionState, Fate, PlannedOrder, StrategyMode

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
    await _activate(core)
    rotation = next(each for each in await strategies.all() if each.name == "Trend on the index")
    await core.rehearsals.run(rotation.id, date(2025, 9, 1), date(2026, 2, 27), 8_000.0)
    await core.rehearsals.run(rotation.id, date(2025, 9, 1), date(2026, 2, 27), 30_000.0)
    breakout = await _breakout(core)
    await core.rehearsals.run(breakout, date(2025, 12, 1), date(2026, 2, 27), 8_000.0)


async def _breakout(core: Core) -> str:
    """One that sends its own orders, with what it decided in the days before."""
    made = await core.strategies.create(
        "Breakout at work", "bracket_breakout", ("TSLA",), parameters={"window": 3}
    )
    await core.live_strategies.let_trade(made.id, 20_000.0)
    stop = PlannedOrder(
        "TSLA", Side.BUY, Decimal(40), "sent", Decimal(250), Fate.ENTERED, number=1, kind=OrderKind.STOP,
        stop=Decimal("252.31"), take_profit=Decimal("260.5"), stop_loss=Decimal("247.9"),
    )  # fmt: skip
    trail = replace(stop, side=Side.SELL, kind=OrderKind.TRAILING_STOP, stop=None, trail=Decimal(5))
    leg = Standing("1.1", "TSLA", Side.BUY, OrderKind.STOP, 40.0, 40.0)
    said: tuple[tuple[DecisionState, float, tuple[PlannedOrder, ...], tuple[str, ...]], ...] = (
        (DecisionState.DUE, 0.0, (replace(stop, fate=Fate.PLANNED),), ("1.1",)),
        (DecisionState.DONE, 0.0, (stop,), ()),
        (DecisionState.DONE, 0.51, (trail,), ()),
        (DecisionState.DONE, 0.5, (), ()),
    )
    for slot, (state, held, orders, cancels) in zip(_slots(core), said, strict=False):
        heard = Heard(0, 0, 10_000.0, {"TSLA": held * 80}, (leg,))
        aims = (Aim("TSLA", held, held, False, 250.0),)
        reason = "" if orders else "Nothing changes."
        decision = Decision(
            secrets.token_hex(4), made.id, made.name, 1, StrategyMode.AUTO_TRADE, "demo", slot.closes_at,
            slot.bar_at, slot.opens_at, slot.valid_until, state, reason, aims, orders, slot.closes_at,
            slot.closes_at, heard, cancels,
        )  # fmt: skip
        await core.store.run(core.user, partial(_keep, decision))
    return made.id


async def _activate(core: Core) -> None:
    """One that trades by itself, with what it decided in the days before."""
    await core.open_accounts()
    made = await core.strategies.create("Reversal at work", "rsi_reversal", ("AAPL", "MSFT"))
    await core.live_strategies.let_trade(made.id, 20_000.0)
    for slot, (state, reason, targets, orders) in zip(_slots(core), DECIDED, strict=True):
        aims = tuple(Aim(each, target, 0.0, bool(target), 250.0) for each, target in targets.items())
        decision = Decision(
            secrets.token_hex(4), made.id, made.name, 1, StrategyMode.AUTO_TRADE, "demo", slot.closes_at,
            slot.bar_at, slot.opens_at, slot.valid_until, state, reason, aims, orders, slot.closes_at,
            slot.closes_at,
        )  # fmt: skip
        await core.store.run(core.user, partial(_keep, decision))


def _slots(core: Core) -> list[Slot]:
    """The last six bars of a day, the newest first."""
    timing = Timing(calendar("XNYS"), Interval.D1)
    found = timing.newest(core.clock.now())
    slots: list[Slot] = []
    while found is not None and len(slots) < 6:
        slots.append(found)
        found = timing.newest(found.closes_at - timedelta(microseconds=1))
    return slots


def _keep(decision: Decision, unit: Unit) -> None:
    unit.decisions.add(decision)


def _order(side: Side, quantity: int, fate: Fate, text: str = "") -> PlannedOrder:
    return PlannedOrder("AAPL", side, Decimal(quantity), "grow", Decimal(250), fate, text=text)


IN, OUT = {"AAPL": 0.5, "MSFT": 0.0}, {"AAPL": 0.0, "MSFT": 0.0}
REFUSED = "AAPL would make up 12 % of the account; most is 10 %."
DECIDED: tuple[tuple[DecisionState, str, dict[str, float], tuple[PlannedOrder, ...]], ...] = (
    (DecisionState.DUE, "", IN, ()),
    (DecisionState.DONE, "Nothing changes.", OUT, ()),
    (DecisionState.WITHHELD, "The newest bar of MSFT is not there yet.", {}, ()),
    (DecisionState.DONE, "", OUT, (_order(Side.SELL, 40, Fate.ENTERED),)),
    (DecisionState.DONE, REFUSED, IN, (_order(Side.BUY, 48, Fate.REFUSED, REFUSED),)),
    (DecisionState.DONE, "", IN, (_order(Side.BUY, 40, Fate.ASKED),)),
)


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


def at_work(window: Window) -> None:
    """One that trades by itself."""
    _once_loaded(window, partial(_choose, "Reversal at work"))


def breaking_out(window: Window) -> None:
    """One that trades by itself with orders of its own."""
    _once_loaded(window, partial(_choose, "Breakout at work"))


def _choose(name: str, panel: StrategiesPanel) -> None:
    panel.turn_to("mine")
    panel.view.saved.select([next(id for id, each in panel._saved.items() if each.name == name)])


def on_dashboard(window: Window) -> None:
    """What runs by itself, beside the figures of the account."""
    window.open_workspace("trade")
    window.reset_workspace()
    window.show_panel("dashboard")


def rehearsals(window: Window) -> None:
    """What rehearsals came to."""

    async def look() -> None:
        await show_rehearsals(window.session, window)

    window.session.dispatch.run(look, name="show rehearsals")


def activating(step: int, window: Window) -> None:
    """What is asked before a strategy runs by itself."""

    def show(panel: StrategiesPanel) -> None:
        panel.turn_to("mine")
        saved = next(id for id, each in panel._saved.items() if each.strategy == "mean_reversion")
        panel.view.saved.select([saved])
        panel.activate()
        if step == 2:
            window.session.dispatch.run(agree, name="agree")

    async def agree() -> None:
        while not window.findChildren(Question):  # noqa: ASYNC110  tells nobody
            await asyncio.sleep(0.02)
        window.findChildren(Question)[0].answered.emit({"mode": "auto-trade"})

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
    window.sheet.close_sheet()
    for question in window.findChildren(Question):
        question.answered.emit(None)


SCENES: dict[str, Callable[[Window], None]] = {
    "strategies-mine": mine,
    "strategies-library": partial(choose, "mean_reversion"),
    "strategies-orders": partial(choose, "bracket_breakout"),
    "strategies-wrong": partial(choose, "own:crowd"),
    "strategies-waiting": partial(choose, "own:my_idea"),
    "strategies-asked": asked,
    "strategies-live": at_work,
    "strategies-breakout": breaking_out,
    "strategies-dashboard": on_dashboard,
    "strategies-rehearsals": rehearsals,
    "strategies-activate": partial(activating, 1),
    "strategies-trade": partial(activating, 2),
}
