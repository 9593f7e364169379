"""Figures of many runs over stretches of their bars: the definitions of `metrics`, for all runs at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.metrics import drawdowns, per_bar
from puffling.puffin.backtest.panel import Floats, Ints, Mask
from puffling.puffin.backtest.simulation import Simulated
from puffling.puffin.backtest.trades import round_trips
from puffling.puffin.errors import InvalidValue

# By these a search may choose; more is better in each of them.
OBJECTIVES = (
    "sharpe_ratio",
    "sortino_ratio",
    "annualized_return",
    "calmar_ratio",
    "max_drawdown",
    "profit_factor",
    "total_return",
    "win_rate",
)
FIGURES = (*OBJECTIVES, "annualized_volatility", "total_trades")
# Without trades they say nothing.
_OF_TRADES = frozenset({"profit_factor", "win_rate"})


@frozen
class Stretch:
    """The returns of bars from one up to another; the first of them is that of the second bar."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first


@frozen(eq=False)
class Closed:
    """The round trips of many runs: whose each is, the bar on which it ended, and what it brought."""

    run: Ints
    bar: Ints
    profit: Floats

    def of_runs(self, first: int, last: int) -> Closed:
        """Give those of the runs from one up to another, counted from the first of them."""
        here: Mask = (self.run >= first) & (self.run < last)
        return Closed(self.run[here] - first, self.bar[here], self.profit[here])


def closed_of(simulated: Simulated) -> Closed:
    """Pair the fills of every run."""
    fills, offsets = simulated.fill_columns, simulated.fill_offsets
    runs = len(offsets) - 1
    if simulated.held.shape[1] > 1:
        return _paired(simulated, range(runs))
    run = np.repeat(np.arange(runs), np.diff(offsets))
    exits = np.flatnonzero((np.arange(len(fills)) - offsets[run]) % 2 == 1)
    entries = exits - 1
    # Runs that only ever enter and leave in full need no lots: each second fill undoes the one before it.
    odd = np.unique(run[exits[fills.quantity[exits] != -fills.quantity[entries]]])
    profit = fills.quantity[entries] * (fills.price[exits] - fills.price[entries]) - (
        fills.commission[entries] + fills.commission[exits]
    )
    even = ~np.isin(run[exits], odd)
    rest = _paired(simulated, odd.tolist())
    return Closed(
        np.concatenate((run[exits][even], rest.run)),
        np.concatenate((fills.bar[exits][even], rest.bar)),
        np.concatenate((profit[even], rest.profit)),
    )


class Part:
    """Runs over one stretch of their bars; each figure is worked out when it is first asked for."""

    def __init__(
        self, equity: Floats, returns: Floats, closed: Closed, stretch: Stretch, terms: tuple[float, float]
    ) -> None:
        if len(stretch) < 2:
            raise InvalidValue("A stretch needs at least two bars", field="holdout")
        self._risk_free_rate, self._bars_a_year = terms
        self._root = float(np.sqrt(self._bars_a_year))
        self._equity = equity[:, stretch.first : stretch.last + 1]
        self._closed, self._stretch = closed, stretch
        self.returns: Floats = returns[:, stretch.first : stretch.last]

    def figures(self) -> dict[str, Floats]:
        """Give every figure, (runs,) each; what cannot be told is not a number."""
        return {name: getattr(self, name) for name in FIGURES}

    def scores(self, objective: str) -> Floats:
        """Give how good runs are by one figure; not a number for one that did nothing or has none."""
        found: Floats = getattr(self, objective)
        idle: Mask = (self.returns == self.returns[:, :1]).all(axis=1)
        if objective in _OF_TRADES:
            idle |= self.total_trades == 0.0
        return np.where(idle | ~np.isfinite(found), np.nan, found)

    @cached_property
    def total_return(self) -> Floats:
        """What all of it came to."""
        told: Floats = np.prod(1.0 + self.returns, axis=1) - 1.0
        return told

    @cached_property
    def annualized_return(self) -> Floats:
        """The rate at which a year would have come to the same."""
        grown = np.maximum(1.0 + self.total_return, 0.0)
        told: Floats = grown ** (self._bars_a_year / len(self._stretch)) - 1.0
        return told

    @cached_property
    def annualized_volatility(self) -> Floats:
        """The standard deviation, scaled to a year."""
        return self._deviation * self._root

    @cached_property
    def sharpe_ratio(self) -> Floats:
        """The mean excess for each unit of its deviation, for a year."""
        return _ratio(np.mean(self._excess, axis=1), self._deviation) * self._root

    @cached_property
    def sortino_ratio(self) -> Floats:
        """The mean excess for each unit of shortfall, for a year."""
        short = np.sqrt(np.mean(np.square(np.minimum(self._excess, 0.0)), axis=1))
        return _ratio(np.mean(self._excess, axis=1) * self._bars_a_year, short * self._root)

    @cached_property
    def calmar_ratio(self) -> Floats:
        """The return a year for each unit of the deepest fall."""
        return _ratio(self.annualized_return, -self.max_drawdown)

    @cached_property
    def max_drawdown(self) -> Floats:
        """The deepest fall from a high of the stretch, 0 or less."""
        told: Floats = drawdowns(self._equity).min(axis=1)
        return told

    @cached_property
    def total_trades(self) -> Floats:
        """How many trades ended in it."""
        return np.bincount(self._inside.run, minlength=len(self.returns)).astype(np.float64)

    @cached_property
    def win_rate(self) -> Floats:
        """Share of trades that brought something; 0 without trades."""
        won = self._inside.run[self._inside.profit > 0.0]
        count = np.bincount(won, minlength=len(self.returns)).astype(np.float64)
        return np.divide(count, self.total_trades, out=np.zeros(len(count)), where=self.total_trades > 0.0)

    @cached_property
    def profit_factor(self) -> Floats:
        """Money gained for each unit lost; infinite where none was lost, 0 without trades."""
        run, profit = self._inside.run, self._inside.profit
        won: Mask = profit > 0.0
        gained, lost = (_sums(run[which], np.abs(profit[which]), len(self.returns)) for which in (won, ~won))
        return np.divide(gained, lost, out=np.where(gained > 0.0, np.inf, 0.0), where=lost > 0.0)

    @cached_property
    def shape(self) -> tuple[Floats, Floats, Floats]:
        """The Sharpe ratio for a bar, without any rate, the skewness and the kurtosis."""
        centred = self.returns - np.mean(self.returns, axis=1, keepdims=True)
        squared = centred * centred
        variance = np.mean(squared, axis=1)
        bars = self.returns.shape[1]
        moves: Mask = variance > 0.0
        safe = np.where(moves, variance, 1.0)
        ratio = np.mean(self.returns, axis=1) / np.sqrt(safe * bars / (bars - 1))
        skewness = np.mean(squared * centred, axis=1) / safe**1.5
        kurtosis = np.mean(squared * squared, axis=1) / safe**2
        return np.where(moves, ratio, np.nan), skewness, kurtosis

    @cached_property
    def _excess(self) -> Floats:
        return self.returns - per_bar(self._risk_free_rate, self._bars_a_year)

    @cached_property
    def _deviation(self) -> Floats:
        told: Floats = np.std(self._excess, axis=1, ddof=1)
        return told

    @cached_property
    def _inside(self) -> Closed:
        closed = self._closed
        here: Mask = (closed.bar > self._stretch.first) & (closed.bar <= self._stretch.last)
        return Closed(closed.run[here], closed.bar[here], closed.profit[here])


def best_of(found: Sequence[float | None]) -> int:
    """Give the place of the highest score, the first of equals; -1 where there is none."""
    best = -1
    for place, score in enumerate(found):
        if score is not None and score == score and (best < 0 or score > (found[best] or 0.0)):
            best = place
    return best


def _paired(simulated: Simulated, runs: Sequence[int] | range) -> Closed:
    trades = [round_trips(simulated.fills(run)) for run in runs]
    nothing = np.empty(0, dtype=np.int64)
    return Closed(
        np.repeat(np.asarray(list(runs), dtype=np.int64), [len(each) for each in trades]),
        np.concatenate([nothing, *(each.exit_bar for each in trades)]),
        np.concatenate([np.empty(0), *(each.profit for each in trades)]),
    )


def _sums(run: Ints, amounts: Floats, runs: int) -> Floats:
    # Without any amount numpy counts in whole numbers.
    told: Floats = np.bincount(run, weights=amounts, minlength=runs).astype(np.float64)
    return told


def _ratio(over: Floats, under: Floats) -> Floats:
    told: Floats = np.divide(over, under, out=np.full(over.shape, np.nan), where=under > 0.0)
    return told
