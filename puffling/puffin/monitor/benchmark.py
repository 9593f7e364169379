"""A strategy beside its benchmark: figures by the definitions of the backtests, rolling, and as a picture."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from puffling.puffin.backtest.metrics import (
    DAYS_A_YEAR,
    alpha,
    annual_return,
    annual_volatility,
    beta,
    max_drawdown,
    sharpe_ratio,
    total_return,
)
from puffling.puffin.backtest.panel import Floats, Mask
from puffling.puffin.errors import InvalidValue, NotOffered

if TYPE_CHECKING:
    import pandas as pd

Returns = Any


class BenchmarkComparison:
    """Compares daily returns with those of a benchmark, on the days that both have."""

    def compare(self, strategy_returns: Returns, benchmark_returns: Returns) -> dict[str, float]:
        """Give the figures of both, and what they have to do with each other."""
        mine, other = _together(strategy_returns, benchmark_returns)
        apart = mine - other
        error = annual_volatility(apart)
        lead = annual_return(mine) - annual_return(other)
        up, down = other > 0.0, other < 0.0
        return {
            "strategy_return": total_return(mine),
            "benchmark_return": total_return(other),
            "excess_return": total_return(mine) - total_return(other),
            "strategy_annualized": annual_return(mine),
            "benchmark_annualized": annual_return(other),
            "strategy_volatility": annual_volatility(mine),
            "benchmark_volatility": annual_volatility(other),
            "strategy_sharpe": sharpe_ratio(mine),
            "benchmark_sharpe": sharpe_ratio(other),
            "strategy_max_drawdown": max_drawdown(_grown(mine)),
            "benchmark_max_drawdown": max_drawdown(_grown(other)),
            "alpha": alpha(mine, other),
            "beta": beta(mine, other),
            "correlation": _correlation(mine, other),
            "tracking_error": error,
            "information_ratio": lead / error if error > 0.0 else float("nan"),
            "up_capture": _captured(mine, other, up),
            "down_capture": _captured(mine, other, down),
        }

    def rolling_metrics(
        self, strategy_returns: Returns, benchmark_returns: Returns, window: int = 60
    ) -> pd.DataFrame:
        """Give alpha, beta, correlation, tracking error and both Sharpe ratios of every window of days."""
        import pandas as pd

        if window < 2:
            raise InvalidValue("A window needs two days at least", field="window")
        index = _index(strategy_returns, benchmark_returns)
        mine, other = _together(strategy_returns, benchmark_returns)
        rows = [
            (
                alpha(mine[end - window : end], other[end - window : end]),
                beta(mine[end - window : end], other[end - window : end]),
                _correlation(mine[end - window : end], other[end - window : end]),
                annual_volatility(mine[end - window : end] - other[end - window : end]),
                sharpe_ratio(mine[end - window : end]),
                sharpe_ratio(other[end - window : end]),
            )
            for end in range(window, len(mine) + 1)
        ]
        names = ["alpha", "beta", "correlation", "tracking_error", "strategy_sharpe", "benchmark_sharpe"]
        kept = None if index is None else index[window - 1 :]
        return pd.DataFrame(rows, columns=names, index=kept)

    def plot_comparison(
        self, strategy_returns: Returns, benchmark_returns: Returns, figsize: tuple[float, float] = (12, 8)
    ) -> Any:
        """Draw both curves and what they fell; needs matplotlib, which is not installed with Puffling."""
        try:
            pyplot = importlib.import_module("matplotlib.pyplot")
        except ImportError as error:
            raise NotOffered("Pictures need matplotlib: install it beside Puffling") from error
        index = _index(strategy_returns, benchmark_returns)
        mine, other = (_grown(each) for each in _together(strategy_returns, benchmark_returns))
        along = range(len(mine)) if index is None else [index[0], *index]
        figure, (above, below) = pyplot.subplots(2, 1, figsize=figsize, sharex=True)
        for name, curve in (("Strategy", mine), ("Benchmark", other)):
            above.plot(along, curve, label=name)
            below.plot(along, curve / np.maximum.accumulate(curve) - 1.0, label=name)
        above.set_ylabel("Growth of 1")
        below.set_ylabel("Drawdown")
        above.legend()
        return figure


def _together(one: Returns, two: Returns) -> tuple[Floats, Floats]:
    """Give the returns of the days both have; without an index, all of them."""
    index = _index(one, two)
    if index is not None:
        one, two = one.reindex(index), two.reindex(index)
    mine, other = np.asarray(one, np.float64), np.asarray(two, np.float64)
    if len(mine) != len(other):
        raise InvalidValue("Returns without dates have to be as many", field="benchmark_returns")
    return mine, other


def _index(one: Returns, two: Returns) -> Any:
    if not (hasattr(one, "dropna") and hasattr(two, "dropna")):
        return None
    return one.dropna().index.intersection(two.dropna().index)


def _grown(returns: Floats) -> Floats:
    return np.concatenate((np.ones(1), np.cumprod(1.0 + returns)))


def _correlation(one: Floats, two: Floats) -> float:
    if len(one) < 2 or not one.std() or not two.std():
        return float("nan")
    return float(np.corrcoef(one, two)[0, 1])


def _captured(mine: Floats, other: Floats, days: Mask) -> float:
    """Give what was taken of the days on which the benchmark went this way, for a year."""
    whole = annual_return(other[days], DAYS_A_YEAR)
    return annual_return(mine[days], DAYS_A_YEAR) / whole if whole else float("nan")
