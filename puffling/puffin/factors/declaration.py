"""What an indicator says of itself: parameters (forms are made from them), outputs and how they are drawn."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from puffling.frozen import frozen
from puffling.puffin.errors import InvalidValue

Setting = int | float | str


class Placement(StrEnum):
    """Where a chart shows it: over the prices, or in a pane of its own."""

    OVERLAY = "overlay"
    PANE = "pane"


class Category(StrEnum):
    """What kind of question it answers."""

    OVERLAP = "overlap"
    MOMENTUM = "momentum"
    VOLUME = "volume"
    VOLATILITY = "volatility"


class Drawing(StrEnum):
    """How one output is drawn."""

    LINE = "line"
    HISTOGRAM = "histogram"
    BAND = "band"
    DOTS = "dots"
    CANDLES = "candles"
    HIDDEN = "hidden"


@frozen
class Output:
    """One named column.

    `pair` names the output on the other side of a band, `coloured_by` the output whose sign (+1, −1) says
    rise or fall, `shift` the parameter that says how many bars later (with a minus: earlier) it is drawn.
    The column itself is never shifted: what stands at a bar is known when that bar closes.
    """

    name: str
    title: str
    drawing: Drawing = Drawing.LINE
    pair: str = ""
    coloured_by: str = ""
    shift: str = ""


@frozen
class Whole:
    """A parameter that is a whole number between two bounds, both included."""

    name: str
    title: str
    default: int
    minimum: int
    maximum: int

    def check(self, value: Setting) -> int:
        """Give the value as a number, or say what is wrong with it."""
        if isinstance(value, str) or not _is_number(value) or value % 1 != 0:
            raise InvalidValue(f"{self.title} must be a whole number", field=self.name)
        if not self.minimum <= value <= self.maximum:
            raise _outside(self)
        return int(value)


@frozen
class Real:
    """A parameter that is a number between two bounds, both included; `step` is what one click changes."""

    name: str
    title: str
    default: float
    minimum: float
    maximum: float
    step: float

    def check(self, value: Setting) -> float:
        """Give the value as a number, or say what is wrong with it."""
        if isinstance(value, str) or not _is_number(value):
            raise InvalidValue(f"{self.title} must be a number", field=self.name)
        if not self.minimum <= value <= self.maximum:
            raise _outside(self)
        return float(value)


@frozen
class Choice:
    """A parameter that is one of a few words; `options` are (value, title)."""

    name: str
    title: str
    default: str
    options: tuple[tuple[str, str], ...]

    def check(self, value: Setting) -> str:
        """Give the value, or say which ones there are."""
        known = [option for option, _ in self.options]
        if value not in known:
            raise InvalidValue(f"{self.title} must be one of {', '.join(known)}", field=self.name)
        return str(value)


Parameter = Whole | Real | Choice


def settle_parameters(declared: tuple[Parameter, ...], given: Mapping[str, Setting]) -> dict[str, Setting]:
    """Give a value for every declared parameter: the given one where there is one, else the default."""
    names = [parameter.name for parameter in declared]
    for name in given:
        if name not in names:
            offered = ", ".join(names) or "none"
            raise InvalidValue(f"Unknown parameter {name!r}; there are: {offered}", field=name)
    return {each.name: each.check(given.get(each.name, each.default)) for each in declared}


def period(default: int, *, minimum: int = 2, name: str = "period", title: str = "Period") -> Whole:
    """Declare how many bars are looked at."""
    return Whole(name, title, default, minimum, 5_000)


def source() -> Choice:
    """Declare which price of a bar is looked at."""
    return Choice(
        "source",
        "Price",
        "close",
        (
            ("close", "Close"),
            ("open", "Open"),
            ("high", "High"),
            ("low", "Low"),
            ("hl2", "(High + Low) / 2"),
            ("hlc3", "(High + Low + Close) / 3"),
            ("ohlc4", "(Open + High + Low + Close) / 4"),
        ),
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (numbers.Real, Decimal)) and not isinstance(value, bool)


def _outside(parameter: Whole | Real) -> InvalidValue:
    allowed = f"between {parameter.minimum:g} and {parameter.maximum:g}"
    return InvalidValue(f"{parameter.title} must lie {allowed}", field=parameter.name)
