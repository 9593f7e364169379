"""What the backtest says of the same bars, and where the rehearsal differs from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import numpy as np

from puffling.automation.rehearsal.task import RehearsalTask
from puffling.automation.rehearsal.values import RehearsedOrder
from puffling.market.calendar import calendar
from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.days import ExchangeDays
from puffling.puffin.backtest.engine import Backtester, bars_a_year
from puffling.puffin.backtest.orders import Sizing
from puffling.puffin.backtest.own_sizes import Rule
from puffling.puffin.backtest.sizing import sized, terms_for
from puffling.puffin.backtest.targets import Tested, panel_of, targets_of, trader_of
from puffling.puffin.data.instants import to_us
from puffling.runtime.text import tr

_MOST_TOLD = 50


class Trade(NamedTuple):
    """A fill as both know it: on which day, what, and how."""

    day: str
    symbol: str
    side: str
    quantity: float
    price: float


def tested_by(
    task: RehearsalTask, first_bar: datetime, bars: int
) -> tuple[tuple[float, ...], tuple[Trade, ...]]:
    """Give the equity of the backtest at each of so many closes from a bar on, and its fills."""
    panel = panel_of(task.series)
    strategy = task.recipe.make()
    terms = Terms(
        capital=task.capital,
        slippage=task.slippage,
        commission=task.commission,
        size=task.size,
        lot=task.lot,
    )
    sizing = Sizing(task.sizing)
    first = int(np.searchsorted(panel.time, to_us(first_bar)))
    last = min(first + bars, len(panel))
    sessions = calendar(task.hours).sessions
    tester = Backtester(
        terms=terms_for(sizing, terms),
        day_of=ExchangeDays(dict.fromkeys(panel.symbols, sessions)),
        rule=Rule(sizing, task.size),
        steps=task.steps,
    )
    trader = trader_of(strategy)
    if trader is not None:
        done = tester.trade(trader, panel.until(last), since=first)
    else:
        assert isinstance(strategy, Tested)
        told = targets_of(strategy, panel)
        targets = sized(told, panel, terms, sizing, bars_a_year=bars_a_year(panel))
        done = tester.hold(targets.part(first, last), panel.part(first, last))
    fills = tuple(
        Trade(f"{fill.timestamp:%Y-%m-%d}", fill.symbol, fill.side, fill.qty, round(fill.price, 8))
        for fill in done.fills
    )
    return tuple(float(each) for each in done.equity), fills


def differences_of(made: Iterable[RehearsedOrder], tested: Iterable[Trade]) -> tuple[str, ...]:
    """Say which fills only one of the two has."""
    mine = Counter(
        Trade(f"{each.at:%Y-%m-%d}", each.symbol, each.side, each.quantity, round(each.price, 8))
        for each in made
        if each.price is not None
    )
    theirs = Counter(tested)
    told = [tr("Only rehearsed: {trade}", trade=_words(each)) for each in sorted((mine - theirs).elements())]
    told += [tr("Only tested: {trade}", trade=_words(each)) for each in sorted((theirs - mine).elements())]
    return tuple(told[:_MOST_TOLD])


def _words(trade: Trade) -> str:
    return tr(
        "{day} {side} {quantity} {symbol} at {price}",
        day=trade.day,
        side=trade.side,
        quantity=f"{trade.quantity:g}",
        symbol=trade.symbol,
        price=f"{trade.price:,.4f}",
    )
