"""A year of daily decisions on paper makes the fills of the backtest: same strategy, bars, costs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from puffling.market.ranges import warmed_up_from
from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.engine import Backtester, BacktestResult
from puffling.puffin.backtest.panel import Panel
from puffling.puffin.backtest.targets import targets_of
from puffling.puffin.data.bars import Span
from puffling.puffin.data.instants import to_us
from puffling.puffin.data.interval import Interval
from tests.automation.runner.rooms import ACCOUNT, COMMISSION, MONDAY, SLIPPAGE, RunnerRoom, open_room

YEAR = 252
Made = tuple[str, str, str, float, float, float]


async def looked_at(
    room: RunnerRoom, name: str, symbols: tuple[str, ...], parameters: dict[str, Any]
) -> tuple[Any, Panel, int]:
    """A strategy, the bars that it looked at, and the first of them that it could have traded on."""
    recipe, settled = await room.shelf.recipe(name, parameters)
    since_us = to_us(MONDAY)
    early_us = warmed_up_from(Span(since_us, since_us), settled.bars_needed, Interval.D1)
    series = {}
    for symbol in symbols:
        history = await room.market.bars(symbol, Interval.D1, early_us, to_us(room.clock.now()))
        series[symbol] = history.bars
    panel = Panel.of(series)
    return recipe.make(), panel, int((panel.time < since_us).sum()) - 1


def fills_of(result: BacktestResult) -> list[Made]:
    """The fills of a backtest, the oldest first."""
    return [
        (fill.timestamp.date().isoformat(), fill.symbol, fill.side, fill.qty, fill.price, fill.commission)
        for fill in result.fills
    ]


async def in_backtest(
    room: RunnerRoom, name: str, symbols: tuple[str, ...], parameters: dict[str, Any]
) -> list[Made]:
    """The fills of the backtest on the bars that the strategy looked at."""
    strategy, panel, first = await looked_at(room, name, symbols, parameters)
    targets = targets_of(strategy, panel).part(first, len(panel))
    terms = Terms(capital=20_000.0, slippage=SLIPPAGE, commission=COMMISSION)
    return fills_of(Backtester(terms=terms).hold(targets, panel.part(first, len(panel))))


async def on_paper(room: RunnerRoom) -> list[Made]:
    """The fills of the account, the oldest first."""
    fills = await room.read(lambda unit: unit.fills.of(ACCOUNT))
    return [
        (fill.filled_at.date().isoformat(), fill.symbol, fill.side.value, float(fill.quantity),
         float(fill.price), float(fill.fees))
        for fill in fills
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "symbols", "parameters", "days", "least"),
    [
        ("momentum", ("AMZN",), {"short_window": 5, "long_window": 15}, YEAR, 10),
        # Turns positions round: what is held is left first, and the other side opened after that has filled.
        ("macd", ("TSLA", "AMZN"), {"fast": 3, "slow": 7, "smoothing": 3}, 50, 20),
        ("balanced", ("AMZN", "GLD"), {"every": "month"}, 70, 4),
    ],
)
async def test_a_strategy_on_paper_fills_exactly_as_its_backtest(
    tmp_path: Path, name: str, symbols: tuple[str, ...], parameters: dict[str, Any], days: int, least: int
) -> None:
    async with open_room(tmp_path) as room:
        config = await room.activated(name, symbols, parameters=parameters)
        for _ in range(days):
            await room.close_of_day(config.id)
            await room.open_of_day(config.id, symbols)
        room.clock.set(room.clock.now() + timedelta(hours=7))
        made = await on_paper(room)
        wanted = await in_backtest(room, name, symbols, parameters)
        assert len(wanted) >= least
        # Within a day what need not wait for another order of its symbol goes before what has to.
        assert sorted(made) == sorted(wanted)
        trades = await room.read(lambda unit: unit.trades.of(ACCOUNT))
        assert {trade.strategy_id for trade in trades} == {config.id}
        states = {decision.state.value for decision in await room.decisions(config.id)}
        assert states == {"done"}
        assert (room.failures, room.alarms) == ([], [])
