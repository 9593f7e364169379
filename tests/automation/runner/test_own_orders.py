"""Strategies that send their own orders: on paper they fill exactly as in their backtest, trade by trade."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from puffling.automation.runner.runner import SETTLE
from puffling.market.calendar import EXCHANGE, calendar
from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.days import ExchangeDays
from puffling.puffin.backtest.engine import Backtester
from puffling.puffin.backtest.fills import Candle
from puffling.puffin.backtest.orders import Sizing
from puffling.puffin.backtest.own_sizes import Rule
from puffling.puffin.backtest.sizing import terms_for
from puffling.puffin.data.instants import from_us
from puffling.puffin.orders import Kind
from tests.automation.runner.rooms import COMMISSION, SLIPPAGE, RunnerRoom, day_of, open_room
from tests.automation.runner.test_year import Made, fills_of, looked_at, on_paper


async def in_backtest(
    room: RunnerRoom,
    name: str,
    symbols: tuple[str, ...],
    parameters: dict[str, Any],
    sizing: Sizing = Sizing.EQUITY,
    size: float = 1.0,
) -> list[Made]:
    """The fills of the backtest on the bars that the strategy looked at, at the prices an exchange takes."""
    strategy, panel, first = await looked_at(room, name, symbols, parameters)
    terms = Terms(capital=20_000.0, slippage=SLIPPAGE, commission=COMMISSION, size=size)
    tester = Backtester(
        terms=terms_for(sizing, terms),
        day_of=ExchangeDays(dict.fromkeys(symbols, calendar(EXCHANGE).sessions)),
        rule=Rule(sizing, size),
        steps=dict.fromkeys(symbols),
    )
    return fills_of(tester.trade(strategy, panel, since=first))


async def lived(room: RunnerRoom, id: str, symbols: tuple[str, ...], days: int) -> None:
    """Live through so many days: what is ordered meets the opening first, and then all of the day."""
    for _ in range(days):
        await one_day(room, id, symbols)
    room.clock.set(room.calendar.next_close(room.clock.now()))
    await meet_day(room, symbols)


async def one_day(room: RunnerRoom, id: str, symbols: tuple[str, ...]) -> None:
    """Let a day end, the strategy decide, and the next one open."""
    room.clock.set(room.calendar.next_close(room.clock.now()))
    await meet_day(room, symbols)
    room.clock.set(room.clock.now() + SETTLE)
    await room.runner.look(id)
    await room.open_of_day(id, symbols)


async def meet_day(room: RunnerRoom, symbols: tuple[str, ...]) -> None:
    """Let the prices of the whole day that ends pass at the broker."""
    now = room.clock.now()
    candles = {}
    for symbol in symbols:
        bars = await day_of(room.market, symbol, now)
        assert from_us(int(bars.time[-1])).date() == now.date()
        candles[symbol] = Candle(*(float(column[-1]) for column in bars.columns()))
    session = room.calendar.session_on(now.date())
    assert session is not None
    room.broker.on_bars(candles, session.opens, until=now)
    await room.port.thread(room.broker.get_account)
    await room.look_after()


@pytest.mark.parametrize(
    ("symbols", "sizing", "size", "days", "least"),
    [
        (("TSLA",), Sizing.EQUITY, 1.0, 45, 10),
        (("TSLA", "AMZN"), Sizing.FIXED, 1.0, 25, 8),
        (("TSLA",), Sizing.RISK, 0.01, 25, 5),
    ],
)
async def test_a_breakout_with_brackets_fills_exactly_as_its_backtest(
    tmp_path: Path, symbols: tuple[str, ...], sizing: Sizing, size: float, days: int, least: int
) -> None:
    parameters = {"window": 3, "risk": 0.02, "reward": 1.5}
    async with open_room(tmp_path) as room:
        config = await room.activated(
            "bracket_breakout", symbols, parameters=parameters, sizing=sizing.value, size=size
        )
        await lived(room, config.id, symbols, days)
        made = await on_paper(room)
        wanted = await in_backtest(room, "bracket_breakout", symbols, parameters, sizing, size)
        assert len(wanted) >= least
        assert sorted(made) == sorted(wanted)
        assert {decision.state.value for decision in await room.decisions(config.id)} == {"done"}
        assert (room.failures, room.alarms) == ([], [])


MIXED = """import numpy as np

from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.orders import Kind, Lasting, Side


class Mixed:
    def __init__(self, seed: int = 1):
        self.draw = np.random.default_rng(seed)
        self.order = None
        self.heard = 0
        self.sent_on = 0

    def on_bar(self, view):
        self.heard += 1
        symbol, = view.symbols
        held, price = view.position(symbol), view.close(symbol)
        waits = [each for each in view.waiting if each.parent is None or each.loose]
        if self.order is not None and self.order in view.waiting and self.heard - self.sent_on >= 3:
            view.cancel(self.order)
            return
        if waits:
            if waits[0].parent is not None and self.draw.random() < 0.3:
                view.cancel(waits[int(self.draw.integers(len(waits)))])
            return
        side = Side.SELL if held else Side.BUY
        kind = tuple(Kind)[int(self.draw.integers(len(Kind)))]
        lasting = Lasting.GTC if self.draw.random() < 0.6 else Lasting.DAY
        away = side.sign * price * self.draw.uniform(0.002, 0.02)
        limit = stop = trail = None
        if kind is Kind.LIMIT:
            limit = price - away
        elif kind is Kind.STOP:
            stop = price + away
        elif kind is Kind.STOP_LIMIT:
            stop, limit = price + away, price + 1.5 * away
        elif kind is Kind.TRAILING_STOP:
            trail = abs(away)
        bracket = not held and kind is not Kind.TRAILING_STOP and self.draw.random() < 0.5
        self.order = view.send(
            Ticket(symbol, side, held or None, kind, limit, stop, trail, lasting=lasting),
            take_profit=1.05 * price if bracket else None,
            stop_loss=0.95 * price if bracket else None,
            share=0.8,
        )
        self.sent_on = self.heard
"""


async def trusted(room: RunnerRoom, text: str, name: str) -> str:
    """Keep a file of the person's own and trust it; gives what it is known by."""
    folder = room.shelf.own.folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    found = room.shelf.own.find(f"own:{name}")
    room.shelf.own.trust(f"own:{name}", found.digest)
    return found.digest


async def test_orders_of_every_kind_recalled_and_remembered_fill_alike_through_restarts(
    tmp_path: Path,
) -> None:
    async with open_room(tmp_path) as room:
        code = await trusted(room, MIXED, "mixed")
        config = await room.activated("own:mixed", ("TSLA",), code=code)
        for _ in range(60):
            # Each day another runner: what the strategy remembers is nowhere but in what it heard.
            room.runner = room.another()
            await one_day(room, config.id, ("TSLA",))
        room.clock.set(room.calendar.next_close(room.clock.now()))
        await meet_day(room, ("TSLA",))
        made = await on_paper(room)
        wanted = await in_backtest(room, "own:mixed", ("TSLA",), {})
        decisions = await room.decisions(config.id)
        assert sorted(made) == sorted(wanted)
        assert len(wanted) >= 15
        assert {order.kind for each in decisions for order in each.orders} == set(Kind)
        assert any(each.cancels for each in decisions)
        assert (room.failures, room.alarms) == ([], [])
