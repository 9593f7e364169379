"""The figures of a result: what each is called, how it reads, what it means, and whether more is better."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from puffling.desktop import numbers
from puffling.desktop.theme import Tone
from puffling.frozen import frozen
from puffling.puffin.backtest.glossary import FIGURES as GLOSSARY
from puffling.puffin.backtest.glossary import GRADES
from puffling.puffin.backtest.report import Number
from puffling.runtime.text import tr


@frozen
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
        if self.reads != "gain" or not self.better or not value:
            return Tone.TEXT
        return Tone.UP if value > 0 else Tone.DOWN


FIGURES = tuple(
    Figure(name, title, reads, GLOSSARY[name].help, better)
    for name, title, reads, better in (
        ("total_return", "Return", "gain", 1),
        ("annualized_return", "A year", "gain", 1),
        ("benchmark_return", "Benchmark", "gain", 0),
        ("sharpe_ratio", "Sharpe", "ratio", 1),
        ("sortino_ratio", "Sortino", "ratio", 1),
        ("max_drawdown", "Deepest fall", "gain", 1),
        ("calmar_ratio", "Calmar", "ratio", 1),
        ("annualized_volatility", "Volatility", "share", -1),
        ("win_rate", "Won", "share", 1),
        ("profit_factor", "Profit factor", "ratio", 1),
        ("total_trades", "Trades", "count", 0),
        ("exposure", "In the market", "share", 0),
        ("alpha", "Alpha", "gain", 1),
        ("beta", "Beta", "ratio", 0),
        ("omega_ratio", "Omega", "ratio", 1),
        ("tail_ratio", "Tail ratio", "ratio", 1),
        ("stability", "Stability", "ratio", 1),
        ("value_at_risk", "Value at risk", "gain", 1),
        ("conditional_value_at_risk", "Expected shortfall", "gain", 1),
        ("skewness", "Skewness", "ratio", 1),
        ("kurtosis", "Kurtosis", "ratio", -1),
        ("max_drawdown_bars", "Longest fall, bars", "count", -1),
        ("average_trade", "Average trade", "money", 1),
        ("average_win", "Average win", "money", 1),
        ("average_loss", "Average loss", "money", 1),
        ("best_trade", "Best trade", "money", 1),
        ("worst_trade", "Worst trade", "money", 1),
        ("average_bars_held", "Bars held", "ratio", 0),
        ("commission_paid", "Commissions", "money", -1),
    )
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
    Figure("random_entries_p", "Random entries", "share", "How often they brought as much as its own.", -1),
    Figure("random_entries", "Random entries drawn", "count", "All holdings kept, begun at random.", 0),
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
    Figure("drawdown_low", "Fall, deep", "gain", "One shuffle of the trades in twenty falls deeper."),
    Figure("drawdown_high", "Fall, shallow", "gain", "One shuffle of the trades in twenty falls less."),
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
    return tr(GRADES.get(grade, "Nobody looked how far this can be trusted"))


def grade_tone(grade: str) -> Tone:
    """Give the colour of a grade; the letter says the same."""
    tones = {"A": Tone.UP, "B": Tone.UP, "C": Tone.WARN, "D": Tone.DOWN, "F": Tone.DANGER}
    return tones.get(grade, Tone.MUTED)


CHECKS = {
    "examined": (
        "Examined",
        "What nobody has examined may be anything; it counts as the worst until it is run again.",
    ),
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
    "fortune": ("More than a lucky draw", "What the same trades, drawn anew, could have come to as well."),
    "timing": (
        "Better than random entries",
        "Where entries at random bring as much, the moments it chose earned nothing.",
    ),
    "attempts": (
        "More than luck",
        "Whoever tries often enough finds something that looks good; every attempt by anyone counts.",
    ),
    "deflated": (
        "Better than the luckiest",
        "The best of many attempts looks good even where none of them knows anything.",
    ),
    "unseen": (
        "Works where it was not chosen",
        "What was only chosen for the past earns nothing in the part that nobody looked at.",
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
