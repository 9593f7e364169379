"""Figures about returns, by the definitions of empyrical (the library that quantopian's users know).

Returns are simple returns per bar. A rate for a year becomes one for a bar by the same power that makes a
bar's return one for a year. Standard deviations are of a sample. What cannot be told from the data (a ratio
over nothing) is not a number, and the faces show a dash for it.
"""

from __future__ import annotations

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.panel import Floats, Ints
from puffling.puffin.backtest.simulation import Simulated
from puffling.puffin.backtest.trades import TradeColumns, tally

DAYS_A_YEAR = 252.0


@frozen
class Drawdown:
    """A fall from a high: where it began, where it was deepest, where it was made good (None: not yet)."""

    begin: int
    bottom: int
    end: int | None
    depth: float


def returns_of(equity: Floats) -> Floats:
    """Give the return of every bar after the first, along the last axis; from nothing nothing is made."""
    before = equity[..., :-1]
    change = np.zeros_like(before)
    np.divide(equity[..., 1:], before, out=change, where=before > 0.0)
    return np.where(before > 0.0, change - 1.0, 0.0)


def total_return(returns: Floats) -> float:
    """Give what all of it came to."""
    return float(np.prod(1.0 + returns) - 1.0) if len(returns) else 0.0


def annual_return(returns: Floats, bars_a_year: float = DAYS_A_YEAR) -> float:
    """Give the rate at which a year would have come to the same."""
    if not len(returns):
        return float("nan")
    grown = float(np.prod(1.0 + returns))
    return float(grown ** (bars_a_year / len(returns)) - 1.0) if grown > 0.0 else -1.0


def annual_volatility(returns: Floats, bars_a_year: float = DAYS_A_YEAR) -> float:
    """Give the standard deviation, scaled to a year."""
    return float(np.std(returns, ddof=1) * np.sqrt(bars_a_year)) if len(returns) > 1 else float("nan")


def sharpe_ratio(returns: Floats, risk_free: float = 0.0, bars_a_year: float = DAYS_A_YEAR) -> float:
    """Give the mean excess over the risk-free rate of a bar for each unit of its deviation, for a year."""
    if len(returns) < 2:
        return float("nan")
    excess = returns - risk_free
    return _ratio(float(np.mean(excess)), float(np.std(excess, ddof=1))) * float(np.sqrt(bars_a_year))


def sortino_ratio(returns: Floats, required: float = 0.0, bars_a_year: float = DAYS_A_YEAR) -> float:
    """Give the mean excess over what is required for each unit of shortfall, for a year."""
    if len(returns) < 2:
        return float("nan")
    excess = returns - required
    downside = float(np.sqrt(np.mean(np.square(np.minimum(excess, 0.0))))) * float(np.sqrt(bars_a_year))
    return _ratio(float(np.mean(excess)) * bars_a_year, downside)


def drawdowns(equity: Floats) -> Floats:
    """Give how far below its highest value so far the equity stands, 0 or less, along the last axis."""
    highest = np.maximum.accumulate(equity, axis=-1)
    return np.divide(equity, highest, out=np.ones_like(equity), where=highest > 0.0) - 1.0


def max_drawdown(equity: Floats) -> float:
    """Give the deepest fall from a high, 0 or less."""
    return float(drawdowns(equity).min()) if len(equity) else 0.0


def worst_drawdowns(equity: Floats, count: int = 5) -> tuple[Drawdown, ...]:
    """Give the deepest falls, none overlapping another, the deepest first."""
    below = drawdowns(equity) < 0.0
    edges = np.diff(below.astype(np.int8), prepend=0, append=0)
    falls = drawdowns(equity)
    found = []
    for begin, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        bottom = int(begin + np.argmin(falls[begin:end]))
        healed = int(end) if end < len(equity) else None
        found.append(Drawdown(int(begin) - 1, bottom, healed, float(falls[bottom])))
    return tuple(sorted(found, key=lambda each: each.depth)[:count])


def value_at_risk(returns: Floats, cutoff: float = 0.05) -> float:
    """Give the return that the worst bars, this share of them, stay below."""
    return float(np.percentile(returns, 100.0 * cutoff)) if len(returns) else float("nan")


def conditional_value_at_risk(returns: Floats, cutoff: float = 0.05) -> float:
    """Give the mean of the worst bars, this share of them."""
    if not len(returns):
        return float("nan")
    count = int((len(returns) - 1) * cutoff)
    return float(np.mean(np.partition(returns, count)[: count + 1]))


def omega_ratio(returns: Floats, threshold: float = 0.0) -> float:
    """Give what lies above a return for each unit that lies below it."""
    apart = returns - threshold
    return _ratio(float(apart[apart > 0.0].sum()), -float(apart[apart < 0.0].sum()))


def tail_ratio(returns: Floats) -> float:
    """Give the 95th percentile for each unit of the 5th."""
    if not len(returns):
        return float("nan")
    return _ratio(abs(float(np.percentile(returns, 95.0))), abs(float(np.percentile(returns, 5.0))))


def stability(returns: Floats) -> float:
    """Give how straight the logarithm of the equity runs: r squared of a line through it."""
    if len(returns) < 2 or bool(np.any(returns <= -1.0)):
        return float("nan")
    line = np.cumsum(np.log1p(returns))
    with np.errstate(invalid="ignore"):
        return float(np.corrcoef(np.arange(len(line)), line)[0, 1] ** 2)


def beta(returns: Floats, benchmark: Floats) -> float:
    """Give how far returns move with those of a benchmark."""
    if len(returns) < 2:
        return float("nan")
    apart = benchmark - benchmark.mean()
    return _ratio(float(np.mean(apart * (returns - returns.mean()))), float(np.mean(np.square(apart))))


def alpha(
    returns: Floats, benchmark: Floats, risk_free: float = 0.0, bars_a_year: float = DAYS_A_YEAR
) -> float:
    """Give the yearly return that the benchmark does not explain."""
    slope = beta(returns, benchmark)
    rest = (returns - risk_free) - slope * (benchmark - risk_free)
    return float((1.0 + np.mean(rest)) ** bars_a_year - 1.0)


def per_bar(rate: float, bars_a_year: float = DAYS_A_YEAR) -> float:
    """Give the rate of a bar that comes to this rate in a year."""
    return float((1.0 + rate) ** (1.0 / bars_a_year) - 1.0)


def figures(
    equity: Floats,
    trades: TradeColumns,
    *,
    risk_free_rate: float = 0.05,
    bars_a_year: float = DAYS_A_YEAR,
    held: Floats | None = None,
    benchmark: Floats | None = None,
) -> dict[str, float]:
    """Give every figure of one run under the names Puffin's users know."""
    returns = returns_of(equity)
    free = per_bar(risk_free_rate, bars_a_year)
    yearly, deepest = annual_return(returns, bars_a_year), max_drawdown(equity)
    told = {
        "total_return": total_return(returns),
        "annualized_return": yearly,
        "annualized_volatility": annual_volatility(returns, bars_a_year),
        "sharpe_ratio": sharpe_ratio(returns, free, bars_a_year),
        "sortino_ratio": sortino_ratio(returns, free, bars_a_year),
        "calmar_ratio": _ratio(yearly, -deepest) if deepest < 0.0 else float("nan"),
        "max_drawdown": deepest,
        "max_drawdown_bars": float(_longest(drawdowns(equity) < 0.0)),
        "omega_ratio": omega_ratio(returns, free),
        "tail_ratio": tail_ratio(returns),
        "stability": stability(returns),
        "value_at_risk": value_at_risk(returns),
        "conditional_value_at_risk": conditional_value_at_risk(returns),
        **_shape(returns),
        **_of_trades(trades),
    }
    if held is not None:
        told["exposure"] = float(np.mean(np.any(held != 0.0, axis=1))) if len(held) else 0.0
    if benchmark is not None:
        other = returns_of(benchmark)
        told["benchmark_return"] = total_return(other)
        told["beta"], told["alpha"] = beta(returns, other), alpha(returns, other, free, bars_a_year)
    return told


@frozen(eq=False)
class Sweep:
    """The figures by which many runs are compared, each (runs,)."""

    total_return: Floats
    annualized_return: Floats
    annualized_volatility: Floats
    sharpe_ratio: Floats
    max_drawdown: Floats
    total_trades: Ints
    win_rate: Floats
    profit_factor: Floats


def sweep(simulated: Simulated, *, risk_free_rate: float = 0.05, bars_a_year: float = DAYS_A_YEAR) -> Sweep:
    """Give the figures of every run, worked out a few runs at a time so that they stay at hand."""
    runs, free = len(simulated), per_bar(risk_free_rate, bars_a_year)
    whole, yearly, wild, sharpe, deepest = (np.empty(runs) for _ in range(5))
    for first, last in simulated.chunks():
        here = slice(first, last)
        equity = simulated.equities(first, last)
        returns = returns_of(equity)
        grown = np.prod(1.0 + returns, axis=1)
        whole[here] = grown - 1.0
        yearly[here] = np.maximum(grown, 0.0) ** (bars_a_year / max(returns.shape[1], 1)) - 1.0
        deviation = np.std(returns - free, axis=1, ddof=1)
        wild[here] = deviation * np.sqrt(bars_a_year)
        sharpe[here] = _sharpe(np.mean(returns - free, axis=1), deviation, bars_a_year)
        deepest[here] = drawdowns(equity).min(axis=1)
    trades = tally(simulated)
    return Sweep(whole, yearly, wild, sharpe, deepest, trades.count, trades.win_rate, trades.profit_factor)


def sharpe_ratios(returns: Floats, risk_free: float = 0.0, bars_a_year: float = DAYS_A_YEAR) -> Floats:
    """Give the Sharpe ratio of every run, whose returns lie along the last axis."""
    excess = returns - risk_free
    return _sharpe(np.mean(excess, axis=-1), np.std(excess, axis=-1, ddof=1), bars_a_year)


def _sharpe(mean: Floats, deviation: Floats, bars_a_year: float) -> Floats:
    ratio = np.divide(mean, deviation, out=np.full(mean.shape, np.nan), where=deviation > 0.0)
    told: Floats = ratio * np.sqrt(bars_a_year)
    return told


def _of_trades(trades: TradeColumns) -> dict[str, float]:
    profit, count = trades.profit, len(trades)
    won, lost = profit[profit > 0.0], profit[profit <= 0.0]
    gained, gone = float(won.sum()), -float(lost.sum())
    return {
        "total_trades": float(count),
        "win_rate": len(won) / count if count else 0.0,
        "profit_factor": gained / gone if gone > 0.0 else (float("inf") if gained else 0.0),
        "average_trade": float(profit.mean()) if count else 0.0,
        "best_trade": float(profit.max()) if count else 0.0,
        "worst_trade": float(profit.min()) if count else 0.0,
        "average_win": float(won.mean()) if len(won) else 0.0,
        "average_loss": float(lost.mean()) if len(lost) else 0.0,
        "average_bars_held": float((trades.exit_bar - trades.entry_bar).mean()) if count else 0.0,
        "commission_paid": float(trades.commission.sum()),
    }


def _longest(below: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> int:
    edges = np.diff(below.astype(np.int8), prepend=0, append=0)
    lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    return int(lengths.max(initial=0))


def _shape(returns: Floats) -> dict[str, float]:
    """Give how lopsided returns are, and how much heavier their tails than those of a bell."""
    deviation = float(np.std(returns)) if len(returns) else 0.0
    if not deviation:
        return {"skewness": float("nan"), "kurtosis": float("nan")}
    apart = (returns - returns.mean()) / deviation
    squared = apart * apart
    return {"skewness": float(np.mean(squared * apart)), "kurtosis": float(np.mean(squared * squared)) - 3.0}


def _ratio(over: float, under: float) -> float:
    return over / under if under else float("nan")
