"""How the numbers of a tear sheet are written."""

from __future__ import annotations

from puffling.puffin.backtest.glossary import GRADES, Measure
from puffling.puffin.backtest.report import Number
from puffling.runtime.text import tr

DASH = "–"
_MINUS = "\N{MINUS SIGN}"


def share(value: Number, decimals: int | None = None) -> str:
    """Write a share as a percentage."""
    if value is None:
        return DASH
    percent = 100.0 * value
    if decimals is None:
        decimals = 0 if percent == round(percent) or abs(percent) >= 1_000 else 1
    return _signed(f"{percent:,.{decimals}f}%")


def money(value: Number) -> str:
    """Write an amount of money."""
    if value is None:
        return DASH
    return _signed(f"{value:,.0f}" if abs(value) >= 1_000 or value == round(value) else f"{value:,.2f}")


def number(value: Number, decimals: int = 2) -> str:
    """Write a plain number."""
    return DASH if value is None else _signed(f"{value:,.{decimals}f}")


def written(value: Number, measure: Measure) -> str:
    """Write a figure as it is measured."""
    if value is None:
        return DASH
    match measure:
        case Measure.SHARE:
            return share(value, 2)
        case Measure.MONEY:
            return money(value)
        case Measure.COUNT:
            return f"{value:,.0f}"
        case Measure.BARS:
            return f"{value:,.0f}" if value == round(value) else number(value, 1)
    return number(value)


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
OUTCOMES = {"fine": "Fine", "doubtful": "Doubtful", "bad": "Bad", "fatal": "Fatal"}
CHECKS = {
    "examined": "Not examined",
    "foresight": "Looking ahead",
    "warm_up": "Warm-up",
    "trades": "Number of trades",
    "costs": "Costs",
    "delay": "Delay",
    "walk_forward": "Walk forward",
    "fortune": "Trades drawn anew",
    "timing": "Random entries",
    "attempts": "Attempts",
    "plateau": "Plateau",
    "overfitting": "Overfitting",
}


def grade_words(grade: str) -> str:
    """Say what a grade means."""
    return tr(GRADES.get(grade, ""))


def _signed(text: str) -> str:
    # A minus as wide as a plus, and no minus before nothing.
    bare = text.lstrip("-")
    if not any(sign in "123456789" for sign in bare):
        return bare
    return f"{_MINUS}{bare}" if text.startswith("-") else text
