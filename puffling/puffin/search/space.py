"""The sets of parameters that a search tries: every combination of what varies, or some drawn at random."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.errors import InvalidValue
from puffling.puffin.factors.declaration import Setting
from puffling.puffin.search.axes import Axis, combinations
from puffling.puffin.strategies.asking import Trouble, settle
from puffling.puffin.strategies.recipe import Recipe

MOST_TRIALS = 5_000
# What cannot be made is drawn anew, so many times for each set that is wanted.
_DRAWS = 20


class Method(StrEnum):
    """How sets are chosen: all of them, or some drawn at random."""

    GRID = "grid"
    RANDOM = "random"


@frozen
class Plan:
    """The sets that are tried, each with all parameters and the bars it needs; some could not be made."""

    sets: tuple[dict[str, Setting], ...]
    bars_needed: tuple[int, ...]
    left_out: int


def check_axes(axes: Sequence[Axis], method: Method, most: int) -> None:
    """Make sure that something varies, nothing twice, and that all of it is not too much."""
    names = [axis.name for axis in axes]
    for name in names:
        if names.count(name) > 1:
            raise InvalidValue(f"{name} varies twice; give all its values at once", field=name)
    if combinations(axes) < 2:
        raise InvalidValue("Nothing varies: give at least one parameter several values", field="vary")
    count = combinations(axes)
    if method is Method.GRID and count > most:
        raise InvalidValue(
            f"These are {count:,} combinations, and {most:,} are the most of a search", field="vary"
        )


def planned(recipe: Recipe, axes: Sequence[Axis], method: Method, most: int, seed: int) -> Plan:
    """Give the sets to try, in the order of the axes or as they are drawn.

    What cannot be made, such as a short window longer than the long one, is left out.
    """
    check_axes(axes, method, most)
    sets: list[dict[str, Setting]] = []
    needed: list[int] = []
    left_out, trouble = 0, None
    for place in _places(combinations(axes), method, most, seed):
        varied = {**recipe.parameters, **_set_at(axes, place)}
        told = settle(recipe.with_parameters(varied))
        if isinstance(told, Trouble):
            if told.line or not told.field:
                raise InvalidValue(told.message, field=told.field or "strategy")
            left_out, trouble = left_out + 1, trouble or told
            continue
        sets.append(dict(told.parameters))
        needed.append(told.bars_needed)
        if len(sets) == most:
            break
    if not sets:
        assert trouble is not None
        raise InvalidValue(f"None of these can be made: {trouble.message}", field=trouble.field)
    return Plan(tuple(sets), tuple(needed), left_out)


def _places(count: int, method: Method, most: int, seed: int) -> Iterator[int]:
    if method is Method.GRID or count <= most:
        yield from range(count)
        return
    draw = np.random.default_rng(seed)
    seen: set[int] = set()
    for _ in range(_DRAWS * most):
        # Numbers of any size: the sets of six parameters do not fit into 64 bits.
        place = int(draw.random() * count)
        if place not in seen:
            seen.add(place)
            yield place


def _set_at(axes: Sequence[Axis], place: int) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for axis in reversed(axes):
        place, at = divmod(place, len(axis.values))
        found[axis.name] = axis.values[at]
    return found
