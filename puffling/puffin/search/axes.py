"""Parameters that vary, with the values they take: read from words, or as they are worth a look.

axis = read_axis("short_window=5..50:5", MomentumStrategy.parameters)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import floor, log10, prod

from puffling.frozen import frozen
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Choice, Parameter, Setting, Whole

MOST_VALUES = 1_000
_USUAL_VALUES = 10
_USUAL_AXES = 2


@frozen
class Axis:
    """A parameter that varies, and the values it takes."""

    name: str
    title: str
    values: tuple[Setting, ...]

    def __str__(self) -> str:
        said = (value if isinstance(value, str) else f"{value:.12g}" for value in self.values)
        return f"{self.name}={','.join(said)}"


def read_axis(text: str, declared: Sequence[Parameter]) -> Axis:
    """Read name=from..to:step, name=from..to, or name=value,value; a value out of bounds names its field."""
    name, sign, said = (part.strip() for part in text.partition("="))
    parameter = next((each for each in declared if each.name == name), None)
    if parameter is None:
        offered = ", ".join(each.name for each in declared) or "none"
        raise InvalidValue(f"Unknown parameter {name!r}; there are: {offered}", field=name or "vary")
    if not sign or not said:
        raise InvalidValue(f"{parameter.title} needs values, such as {_example(parameter)}", field=name)
    if isinstance(parameter, Choice) or ".." not in said:
        values = [_value(parameter, each.strip()) for each in said.split(",")]
    else:
        bounds, _, step = said.partition(":")
        low, _, high = bounds.partition("..")
        first, last = _number(parameter, low), _number(parameter, high)
        values = _between(parameter, first, last, step.strip())
    return axis_of(parameter, values)


def axis_of(parameter: Parameter, values: Sequence[Setting]) -> Axis:
    """Give the axis of these values, each within the bounds of its parameter and none of them twice."""
    checked = tuple(dict.fromkeys(parameter.check(value) for value in values))
    return Axis(parameter.name, parameter.title, checked)


def usual_axes(declared: Sequence[Parameter], parameters: Mapping[str, Setting]) -> tuple[Axis, ...]:
    """Give what varies where nobody says: the first two numbers, from half of what they are to twice that."""
    numbers = [each for each in declared if not isinstance(each, Choice)]
    return tuple(usual_axis(each, parameters.get(each.name, each.default)) for each in numbers[:_USUAL_AXES])


def usual_axis(parameter: Parameter, value: Setting) -> Axis:
    """Give the values around one that are worth a look."""
    if isinstance(parameter, Choice) or isinstance(value, str):
        return axis_of(parameter, [option for option, _ in getattr(parameter, "options", ())])
    reach = sorted((value / 2.0, value * 2.0)) if value else [0.0, _USUAL_VALUES * _click(parameter)]
    low, high = (min(max(each, parameter.minimum), parameter.maximum) for each in reach)
    step = _round_step((high - low) / (_USUAL_VALUES - 1)) if high > low else _click(parameter)
    step = max(step, 1.0) if isinstance(parameter, Whole) else step
    low = max(_grid(low, step), parameter.minimum)
    return axis_of(parameter, _steps(parameter, low, high, step))


def combinations(axes: Sequence[Axis]) -> int:
    """Give how many sets there are."""
    return prod(len(axis.values) for axis in axes)


def _between(parameter: Parameter, low: float, high: float, step: str) -> list[Setting]:
    if high < low:
        raise InvalidValue(
            f"{parameter.title} goes from {low:g} up to {high:g}: the first is the larger",
            field=parameter.name,
        )
    if step:
        width = _number(parameter, step)
        if width <= 0.0:
            raise InvalidValue(f"The step of {parameter.title} must be above 0", field=parameter.name)
    else:
        width = _round_step((high - low) / (_USUAL_VALUES - 1)) or 1.0
        width = max(round(width), 1) if isinstance(parameter, Whole) else width
    return _steps(parameter, low, high, width)


def _steps(parameter: Parameter, low: float, high: float, step: float) -> list[Setting]:
    count = floor((high - low) / step + 1e-9) + 1
    if count > MOST_VALUES:
        raise InvalidValue(
            f"{parameter.title} takes {count:,} values, and {MOST_VALUES:,} are the most",
            field=parameter.name,
        )
    whole = isinstance(parameter, Whole)
    values = [float(Decimal(repr(low)) + place * Decimal(repr(step))) for place in range(count)]
    return [int(value) if whole and value == int(value) else value for value in values]


def _value(parameter: Parameter, said: str) -> Setting:
    return said if isinstance(parameter, Choice) else _number(parameter, said)


def _number(parameter: Parameter, said: str) -> float:
    try:
        value = float(said)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        given = said.strip() or "nothing"
        raise InvalidValue(
            f"{parameter.title} cannot be {given!r}; give values such as {_example(parameter)}",
            field=parameter.name,
        )
    return value


def _example(parameter: Parameter) -> str:
    if isinstance(parameter, Choice):
        return f"{parameter.name}={','.join(option for option, _ in parameter.options[:2])}"
    axis = usual_axis(parameter, parameter.default)
    first, last = axis.values[0], axis.values[-1]
    return f"{parameter.name}={first:g}..{last:g}"


def _click(parameter: Parameter) -> float:
    return 1.0 if isinstance(parameter, (Whole, Choice)) else parameter.step


def _round_step(size: float) -> float:
    """Give the round step nearest below a size: 1, 2 or 5 of its power of ten."""
    if size <= 0.0:
        return 0.0
    power = 10.0 ** floor(log10(size))
    return max(each * power for each in (1.0, 2.0, 5.0) if each * power <= size * (1.0 + 1e-9))


def _grid(value: float, step: float) -> float:
    return float(floor(Decimal(repr(value)) / Decimal(repr(step))) * Decimal(repr(step)))
