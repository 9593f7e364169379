"""Walk-forward: what a strategy did in the stretch it was chosen on, and in the one that followed."""

from __future__ import annotations

import copy
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.engine import Backtester, BacktestResult
from puffling.puffin.backtest.metrics import (
    annual_return,
    annual_volatility,
    max_drawdown,
    per_bar,
    returns_of,
    sharpe_ratio,
    total_return,
)
from puffling.puffin.backtest.panel import Floats, Panel
from puffling.puffin.backtest.splits import Actions
from puffling.puffin.backtest.targets import Targets, Tested, panel_of, targets_of, trader_of
from puffling.puffin.backtest.view import Trader
from puffling.puffin.data.instants import from_us
from puffling.puffin.errors import InvalidValue

if TYPE_CHECKING:
    import pandas as pd


@frozen
class Stretch:
    """One part of the history and how the strategy did in it, starting anew with the capital."""

    start: datetime
    end: datetime
    bars: int
    metrics: dict[str, float]


@frozen
class Split:
    """A stretch to train in and the one to test in that follows it."""

    train: Stretch
    test: Stretch


@frozen
class WalkForward:
    """All splits, in the order of time."""

    splits: tuple[Split, ...]

    @property
    def efficiency(self) -> float:
        """Yearly return of the tests for each unit in training; not a number where that brought none."""
        train, test = (
            float(np.mean([getattr(split, part).metrics["annualized_return"] for split in self.splits]))
            for part in ("train", "test")
        )
        return test / train if train > 0.0 else float("nan")

    def to_frame(self) -> pd.DataFrame:
        """Give a row for each stretch."""
        import pandas as pd

        return pd.DataFrame(
            [
                {"split": place, "part": part, "start": stretch.start, "end": stretch.end, **stretch.metrics}
                for place, split in enumerate(self.splits)
                for part, stretch in (("train", split.train), ("test", split.test))
            ]
        )


def walk_forward(
    strategy: Tested | Trader,
    data: object,
    train_ratio: float = 0.7,
    n_splits: int = 5,
    initial_capital: float = 100_000.0,
    **backtester_kwargs: Any,
) -> WalkForward:
    """Cut history into equal splits and test in the rest of each what would have been trained before it.

    The strategy is asked once about all of history: it may remember what lies before a stretch, never what
    lies behind it. Each stretch is then traded by itself, so the work grows with the bars, not their square.
    One that sends its own orders trades through all of it once, and what it came to is cut.
    """
    if not 0.0 < train_ratio < 1.0:
        raise InvalidValue("The share to train in must lie between 0 and 1", field="train_ratio")
    if n_splits < 1:
        raise InvalidValue("There must be at least one split", field="n_splits")
    backtester = Backtester(initial_capital, **backtester_kwargs)
    panel = panel_of(data)
    trader = trader_of(strategy)
    if trader is not None:
        return walk_equity(backtester.trade(copy.deepcopy(trader), panel), train_ratio, n_splits)
    assert isinstance(strategy, Tested)
    return walk_targets(targets_of(strategy, panel), panel, backtester, train_ratio, n_splits)


def walk_targets(
    targets: Targets,
    panel: Panel,
    backtester: Backtester,
    train_ratio: float = 0.7,
    n_splits: int = 5,
    *,
    actions: Actions | None = None,
) -> WalkForward:
    """Walk forward with what a strategy said already."""
    splits = []
    for first, turn, last in stretches(len(panel), train_ratio, n_splits):
        train, test = (
            _stretch(backtester.hold(targets.part(begin, end), panel.part(begin, end), actions=actions))
            for begin, end in ((first, turn), (turn, last))
        )
        splits.append(Split(train, test))
    return WalkForward(tuple(splits))


def walk_equity(result: BacktestResult, train_ratio: float = 0.7, n_splits: int = 5) -> WalkForward:
    """Walk forward through what one run came to: its figures in each stretch, without starting anew."""
    assert result.panel is not None
    time, splits = result.panel.time, []
    for first, turn, last in stretches(len(time), train_ratio, n_splits):
        train, test = (
            Stretch(
                from_us(int(time[begin])),
                from_us(int(time[end - 1])),
                end - begin,
                _of_equity(result.equity[max(begin - 1, 0) : end], result.bars_a_year),
            )
            for begin, end in ((first, turn), (turn, last))
        )
        splits.append(Split(train, test))
    return WalkForward(tuple(splits))


def stretches(bars: int, train_ratio: float, n_splits: int) -> list[tuple[int, int, int]]:
    """Give where each split begins, turns from training to testing, and ends."""
    edges = np.linspace(0, bars, n_splits + 1).astype(int).tolist()
    if min(np.diff(edges)) * min(train_ratio, 1.0 - train_ratio) < 2:
        raise InvalidValue(f"{bars} bars are too few for {n_splits} splits", field="n_splits")
    return [(first, first + round((last - first) * train_ratio), last) for first, last in pairwise(edges)]


def _of_equity(equity: Floats, bars: float) -> dict[str, float]:
    returns = returns_of(equity)
    return {
        "total_return": total_return(returns),
        "annualized_return": annual_return(returns, bars),
        "annualized_volatility": annual_volatility(returns, bars),
        "sharpe_ratio": sharpe_ratio(returns, per_bar(0.05, bars), bars),
        "max_drawdown": max_drawdown(equity),
    }


def _stretch(result: BacktestResult) -> Stretch:
    assert result.panel is not None
    time = result.panel.time
    return Stretch(from_us(int(time[0])), from_us(int(time[-1])), len(time), result.metrics())
