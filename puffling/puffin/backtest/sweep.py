"""Many parameter sets of one strategy as one run: what they share is computed once, all trade together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import NamedTuple

import numpy as np

from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.engine import Backtester, bars_a_year
from puffling.puffin.backtest.metrics import Sweep, sweep
from puffling.puffin.backtest.panel import Floats, Panel
from puffling.puffin.backtest.simulation import simulate
from puffling.puffin.backtest.targets import spread
from puffling.puffin.data.bars import Bars
from puffling.puffin.factors.declaration import Setting
from puffling.puffin.strategies.base import Strategy
from puffling.puffin.strategies.trading import TradingStrategy

# Targets of so many bars, symbols and runs fill some 80 MB.
_MOST_TARGETS = 10_000_000


class Part(NamedTuple):
    """The figures of a stretch of the parameter sets."""

    first: int
    last: int
    figures: Sweep


def sweep_parameters(
    kind: type[Strategy],
    parameters: Sequence[Mapping[str, Setting]],
    panel: Panel,
    terms: Terms,
    *,
    risk_free_rate: float = 0.05,
) -> Iterator[Part]:
    """Test parameter sets, as many together as memory allows; a pause between two parts is a place to stop.

    The fills of each are those of a single run with these parameters, to the last bit. Strategies that send
    their own orders are run one by one.
    """
    made = [kind.made_of(each) for each in parameters]
    if issubclass(kind, TradingStrategy):
        yield from _one_by_one(made, panel, terms, risk_free_rate)
        return
    step = max(_MOST_TARGETS // max(panel.close.size, 1), 1)
    series = [panel.bars(symbol) for symbol in panel.symbols]
    for first in range(0, len(made), step):
        some = made[first : first + step]
        done = simulate(panel, _targets(kind, some, panel, series), terms)
        told = sweep(done, risk_free_rate=risk_free_rate, bars_a_year=bars_a_year(panel))
        yield Part(first, first + len(some), told)


def _one_by_one(
    made: Sequence[Strategy], panel: Panel, terms: Terms, risk_free_rate: float
) -> Iterator[Part]:
    tester = Backtester(terms=terms)
    for place, each in enumerate(made):
        told = tester.run(each, panel).metrics(risk_free_rate)
        columns = {field.name: np.array([told[field.name]]) for field in fields(Sweep)}
        yield Part(place, place + 1, Sweep(**columns))


def targets_of_many(
    kind: type[Strategy], parameters: Sequence[Mapping[str, Setting]], panel: Panel
) -> Floats:
    """Give the targets of parameter sets, (sets, bars, symbols)."""
    series = [panel.bars(symbol) for symbol in panel.symbols]
    return _targets(kind, [kind.made_of(each) for each in parameters], panel, series)


def _targets(kind: type[Strategy], made: Sequence[Strategy], panel: Panel, series: Sequence[Bars]) -> Floats:
    targets = np.empty((len(made), *panel.close.shape))
    for place, bars in enumerate(series):
        targets[:, :, place] = spread(panel, place, kind.signals_of_many(bars, made))
    if len(series) > 1:
        targets /= len(series)
    return targets
