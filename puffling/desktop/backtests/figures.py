"""The figures of a result: what each is called, how it reads, what it means, and whether more is better."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from puffling.desktop import numbers
from puffling.desktop.theme import Tone
from puffling.puffin.backtest.report import Number
from puffling.runtime.text import tr


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: `reads` is gain, share, ratio, count or money; `better` is 1, -1, or 0 for neither."""

    id: str
    title: str
    reads: str
    meaning: str
    better: int = 1

    def write(self, value: Number) -> str:
        """Give the figure as people read it."""
        if self.reads == "gain":
            return numbers.percent(value)
        if self.reads == "share":
            return numbers.percent(value, signed=False)
        if self.reads == "money":
            return numbers.money(value, decimals=0 if value is not None and abs(value) >= 10_000 else 2)
        return numbers.fixed(value, 0 if self.reads == "count" else 2)

    def tone(self, value: Number) -> Tone:
        """Give the tone of the figure: only gains and losses have one."""
        if value is None:
            return Tone.MUTED
        if self.reads != "gain" or not value:
            return Tone.TEXT
        return Tone.UP if value > 0 else Tone.DOWN


FIGURES = (
    Figure("total_return", "Return", "gain", "What all of it came to, costs paid: end over beginning."),
    Figure(
        "annualized_return",
        "A year",
        "gain",
        "The rate at which each year would have come to the same: compound annual growth.",
    ),
    Figure("benchmark_return", "Benchmark", "gain", "What holding the benchmark came to meanwhile.", 0),
    Figure(
        "sharpe_ratio",
        "Sharpe",
        "ratio",
        "Mean return above the risk-free rate for each unit of its deviation, for a year.",
    ),
    Figure(
        "sortino_ratio",
        "Sortino",
        "ratio",
        "Like Sharpe, but only falling short of the risk-free rate counts as risk.",
    ),
    Figure("max_drawdown", "Deepest fall", "gain", "The deepest fall from a high to a low after it."),
    Figure("calmar_ratio", "Calmar", "ratio", "Return of a year for each unit of the deepest fall."),
    Figure(
        "annualized_volatility", "Volatility", "share", "Standard deviation of the returns, for a year.", -1
    ),
    Figure("win_rate", "Win rate", "share", "Share of the trades that made money, costs paid."),
    Figure(
        "profit_factor",
        "Profit factor",
        "ratio",
        "What the winners made for each unit the losers lost; a dash when nothing was lost.",
    ),
    Figure("total_trades", "Trades", "count", "Round trips: bought and sold, or the other way round.", 0),
    Figure("exposure", "In the market", "share", "Share of the bars on which something was held.", 0),
    Figure(
        "alpha", "Alpha", "gain", "Return of a year that moving along with the benchmark does not explain."
    ),
    Figure("beta", "Beta", "ratio", "How far it moved when the benchmark moved by one.", 0),
    Figure("omega_ratio", "Omega", "ratio", "What lies above the risk-free rate for each unit below it."),
    Figure("tail_ratio", "Tail ratio", "ratio", "The 95th percentile of returns for each unit of the 5th."),
    Figure("stability", "Stability", "ratio", "How straight the equity grows: r² of a line through its log."),
    Figure("value_at_risk", "Value at risk", "gain", "One bar in twenty is worse than this."),
    Figure(
        "conditional_value_at_risk",
        "Expected shortfall",
        "gain",
        "Mean of the worst bars, one in twenty.",
    ),
    Figure("skewness", "Skew", "ratio", "Above nothing: rare large gains; below: rare large losses."),
    Figure("kurtosis", "Kurtosis", "ratio", "How much heavier the tails are than those of a bell.", -1),
    Figure("max_drawdown_bars", "Longest fall", "count", "Bars until the longest fall was made good.", -1),
    Figure("average_trade", "Average trade", "money", "What a trade made on average."),
    Figure("average_win", "Average win", "money", "What a trade that won made on average."),
    Figure("average_loss", "Average loss", "money", "What a trade that lost cost on average."),
    Figure("best_trade", "Best trade", "money", "The trade that made most."),
    Figure("worst_trade", "Worst trade", "money", "The trade that cost most."),
    Figure("average_bars_held", "Bars held", "ratio", "How long a trade lasted on average.", 0),
    Figure("commission_paid", "Commissions", "money", "What the broker took.", -1),
)
BY_ID: Mapping[str, Figure] = {figure.id: figure for figure in FIGURES}
HEADLINES = (
    "total_return",
    "annualized_return",
    "sharpe_ratio",
    "max_drawdown",
    "benchmark_return",
    "win_rate",
    "profit_factor",
    "total_trades",
)

_TRUST = (
    Figure("deflated_sharpe", "Deflated Sharpe", "share", "How sure one may be of skill after all attempts."),
    Figure("deflated_p", "Luck alone", "share", "How often luck shows as much after so many attempts.", -1),
    Figure("trials", "Attempts", "count", "How often anything was tried on this data, by anyone.", 0),
    Figure("timing_p", "Other moments", "share", "How often the same positions did as well elsewhere.", -1),
    Figure("walk_forward_won", "Stretches won", "share", "Share of the following stretches that made money."),
    Figure(
        "walk_forward_efficiency",
        "Walk-forward",
        "ratio",
        "Return out of sample for each unit in it.",
    ),
    Figure("overfitting_probability", "Overfitting", "share", "How often the best choice is poor later.", -1),
    Figure("neighbours_sharpe", "Neighbours' Sharpe", "ratio", "The middle one of nearby parameters."),
    Figure("return_at_double_costs", "At twice the costs", "gain", "Return when everything costs double."),
    Figure("return_one_bar_later", "One bar later", "gain", "Return when every order comes a bar late."),
    Figure("return_low", "Return, low", "gain", "One shuffle of the trades in twenty ends below this."),
    Figure("return_high", "Return, high", "gain", "One shuffle of the trades in twenty ends above this."),
    Figure("worst_drawdown_likely", "Fall, likely worst", "gain", "One shuffle in twenty falls deeper."),
    Figure("warm_up_differing", "Signals that differ", "share", "When history begins elsewhere.", -1),
)
TRUST: Mapping[str, Figure] = {figure.id: figure for figure in _TRUST}


def known_figures(metrics: Mapping[str, Number]) -> Iterator[tuple[Figure, Number]]:
    """Give the figures a result has, in the order one reads them."""
    for figure in FIGURES:
        if figure.id in metrics:
            yield figure, metrics[figure.id]


def as_text(metrics: Mapping[str, Number]) -> str:
    """Give all figures as a spreadsheet takes them, with every digit."""
    lines = [f"{tr('Figure')}\t{tr('Value')}"]
    lines += [
        f"{tr(figure.title)}\t{'' if value is None else repr(value)}"
        for figure, value in known_figures(metrics)
    ]
    return "\n".join(lines) + "\n"


def grade_words(grade: str) -> str:
    """Say what a grade means."""
    said = {
        "A": tr("Stands up to every check"),
        "B": tr("Holds, with a doubt or two"),
        "C": tr("Doubtful: read why before you rely on it"),
        "D": tr("Do not rely on this"),
        "F": tr("Worthless: it condemns itself"),
    }
    return said.get(grade, tr("Nobody looked how far this can be trusted"))


def grade_tone(grade: str) -> Tone:
    """Give the colour of a grade; the letter says the same."""
    tones = {"A": Tone.UP, "B": Tone.UP, "C": Tone.WARN, "D": Tone.DOWN, "F": Tone.DANGER}
    return tones.get(grade, Tone.MUTED)


CHECKS = {
    "foresight": (
        "Sees only the past",
        "A strategy that peeks at what came later wins in every test and nowhere else.",
    ),
    "warm_up": (
        "Enough history to begin",
        "Signals that depend on where history happens to begin are not the ones you would have had.",
    ),
    "trades": ("Enough trades", "With few trades, luck and skill look the same."),
    "costs": ("Stands higher costs", "Real costs are rarely lower than expected."),
    "delay": ("Stands a late order", "An edge that is gone a bar later is hard to catch."),
    "walk_forward": (
        "Goes on working later",
        "Parameters chosen on one stretch must earn in the stretch that follows.",
    ),
    "timing": ("Timing matters", "Doing as well at random moments means the timing earned nothing."),
    "attempts": (
        "More than luck",
        "Whoever tries often enough finds something that looks good; every attempt by anyone counts.",
    ),
    "plateau": ("Neighbours work too", "A lonely peak among the parameters is chance that was looked for."),
    "overfitting": (
        "Not fitted to the past",
        "How often the choice that was best in one part of history is a poor one in the rest.",
    ),
}


def check_words(check: str) -> tuple[str, str]:
    """Give the name of a check and why it matters."""
    title, why = CHECKS.get(check, (check.replace("_", " ").capitalize(), ""))
    return tr(title), tr(why) if why else ""
