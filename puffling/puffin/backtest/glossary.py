"""What the figures of a test are called and what they mean, in the order they are shown in."""

from __future__ import annotations

from enum import StrEnum

from puffling.frozen import frozen


class Measure(StrEnum):
    """How a figure is written."""

    SHARE = "share"
    RATIO = "ratio"
    MONEY = "money"
    COUNT = "count"
    BARS = "bars"


@frozen
class Figure:
    """The title of a figure, how it is written, and how it is defined."""

    title: str
    measure: Measure
    help: str


_SHARE, _RATIO, _MONEY, _COUNT, _BARS = Measure

FIGURES: dict[str, Figure] = {
    "total_return": Figure(
        "Total return", _SHARE, "What the money grew by, from the first close to the last, after all costs."
    ),
    "annualized_return": Figure(
        "Return a year", _SHARE, "The yearly rate that comes to the same when it is compounded."
    ),
    "benchmark_return": Figure(
        "Benchmark", _SHARE, "What buying and holding the benchmark would have come to, without costs."
    ),
    "annualized_volatility": Figure(
        "Volatility", _SHARE, "Standard deviation of the returns of the bars, scaled to a year."
    ),
    "sharpe_ratio": Figure(
        "Sharpe ratio",
        _RATIO,
        "Mean return above the risk-free rate for each unit of its standard deviation, for a year.",
    ),
    "sortino_ratio": Figure(
        "Sortino ratio",
        _RATIO,
        "Mean return above the risk-free rate for each unit of shortfall below it, for a year.",
    ),
    "calmar_ratio": Figure("Calmar ratio", _RATIO, "Return a year for each unit of the deepest drawdown."),
    "max_drawdown": Figure("Deepest drawdown", _SHARE, "The deepest fall from a high of the equity."),
    "max_drawdown_bars": Figure(
        "Longest drawdown", _BARS, "The most bars in a row that the equity stayed below an earlier high."
    ),
    "alpha": Figure("Alpha", _SHARE, "The yearly return that moving with the benchmark does not explain."),
    "beta": Figure("Beta", _RATIO, "How far the returns move with those of the benchmark: 1 is as far."),
    "exposure": Figure("Time in the market", _SHARE, "Share of the bars over which anything was held."),
    "total_trades": Figure("Trades", _COUNT, "Round trips that ended; what is still held is none yet."),
    "win_rate": Figure("Trades won", _SHARE, "Share of the trades that brought money after their costs."),
    "profit_factor": Figure(
        "Profit factor", _RATIO, "Money gained by the trades that won for each unit the others lost."
    ),
    "average_trade": Figure("Average trade", _MONEY, "What a trade brought on average, after its costs."),
    "average_win": Figure("Average win", _MONEY, "What a trade that won brought on average."),
    "average_loss": Figure("Average loss", _MONEY, "What a trade that lost brought on average."),
    "best_trade": Figure("Best trade", _MONEY, "What the best trade brought."),
    "worst_trade": Figure("Worst trade", _MONEY, "What the worst trade brought."),
    "average_bars_held": Figure("Bars held", _BARS, "How many bars a trade lasted on average."),
    "commission_paid": Figure("Commissions", _MONEY, "Commissions of the trades that ended."),
    "omega_ratio": Figure(
        "Omega ratio",
        _RATIO,
        "Returns above the risk-free rate added up, for each unit of those below it.",
    ),
    "tail_ratio": Figure(
        "Tail ratio", _RATIO, "The 95th percentile of the returns of the bars for each unit of the 5th."
    ),
    "stability": Figure(
        "Stability", _RATIO, "How straight the logarithm of the equity runs: r squared of a line through it."
    ),
    "value_at_risk": Figure(
        "Value at risk", _SHARE, "The return of a bar that the worst 5 % of the bars stay below."
    ),
    "conditional_value_at_risk": Figure(
        "Expected shortfall", _SHARE, "The mean return of the worst 5 % of the bars."
    ),
    "skewness": Figure(
        "Skewness", _RATIO, "How lopsided the returns are: below 0 the large ones are losses."
    ),
    "kurtosis": Figure("Kurtosis", _RATIO, "How much heavier the tails of the returns are than a bell's."),
}

# What a grade means, from the best to the worst.
GRADES = {
    "A": "Stands up to every check",
    "B": "Holds, with some doubt",
    "C": "Doubtful: read why before you rely on it",
    "D": "Do not rely on this",
    "F": "Worthless: it condemns itself",
}
