"""At which rate money grew: by the time it was there, and by how much of it was there.

Flows count at the moment they happen. A worth at the very moment of a flow includes that flow. Between two
worths, a flow takes part for the time that was left (Dietz), which is exact where the worth was looked up
when the money moved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from puffling.frozen import frozen

_YEAR = timedelta(days=365, hours=6)
# Rates for the whole time that are looked at: from a billionth left to a billion times as much.
_WIDEST = math.log(1e9)
_STEPS = 2_000


class NoRate(StrEnum):
    """Why there is no rate."""

    TOO_SHORT = "too_short"
    # Something was earned or lost while nothing was there.
    FROM_NOTHING = "from_nothing"
    NONE_FITS = "none_fits"
    SEVERAL_FIT = "several_fit"


class Worth(NamedTuple):
    """What everything was worth at a moment."""

    at: datetime
    amount: Decimal


class Flow(NamedTuple):
    """Money that came (positive) or went at a moment."""

    at: datetime
    amount: Decimal


@frozen
class Rate:
    """What money grew by in all, and for a year where it was there for one; None with the reason why not."""

    whole: float | None
    annual: float | None = None
    why_not: NoRate | None = None


def growth(
    worths: Sequence[Worth], flows: Sequence[Flow] = ()
) -> tuple[tuple[datetime, Decimal], ...] | None:
    """Give what one unit of money, there from the first worth on, has become at each of them.

    None where something was earned or lost while nothing was there.
    """
    marks = [Worth(*each) for each in sorted(dict(worths).items())]
    waiting = sorted(flow for flow in flows if marks and marks[0].at < flow.at <= marks[-1].at)
    unit, place = Decimal(1), 0
    grown = [(mark.at, unit) for mark in marks[:1]]
    for before, after in pairwise(marks):
        moved, weighed = Decimal(0), Decimal(0)
        span = after.at - before.at
        while place < len(waiting) and waiting[place].at <= after.at:
            flow = waiting[place]
            moved += flow.amount
            weighed += flow.amount * Decimal(str((after.at - flow.at) / span))
            place += 1
        invested = before.amount + weighed
        gain = after.amount - before.amount - moved
        if invested > 0:
            # Whoever has lost everything is done: what comes later is not what it grew into.
            unit *= max(1 + gain / invested, Decimal(0))
        elif gain and unit:
            return None
        grown.append((after.at, unit))
    return tuple(grown)


def time_weighted(worths: Sequence[Worth], flows: Sequence[Flow] = ()) -> Rate:
    """Give how much one unit of money grew that was there all the time, whatever came and went beside it."""
    grown = growth(worths, flows)
    if grown is None:
        return Rate(None, why_not=NoRate.FROM_NOTHING)
    if len(grown) < 2:
        return Rate(None, why_not=NoRate.TOO_SHORT)
    if not grown[-1][1]:
        return Rate(-1.0, -1.0)
    return _rate(float(grown[-1][1]), grown[-1][0] - grown[0][0])


def money_weighted(begin: Worth, end: Worth, flows: Sequence[Flow] = ()) -> Rate:
    """Give the one rate at which all money, from when it came to when it went, grew to what there is."""
    span = end.at - begin.at
    if span <= timedelta(0):
        return Rate(None, why_not=NoRate.TOO_SHORT)
    inside = [flow for flow in flows if begin.at < flow.at <= end.at]
    put = [(0.0, begin.amount), *(((flow.at - begin.at) / span, flow.amount) for flow in inside)]
    # For whoever put the money in, what came is gone, and what went and what is left come back.
    back = [(when, -float(amount)) for when, amount in put] + [(1.0, float(end.amount))]
    cash = [(when, amount) for when, amount in back if amount]
    if not any(amount < 0 for _, amount in cash):
        return Rate(None, why_not=NoRate.FROM_NOTHING)
    if not any(amount > 0 for _, amount in cash):
        return Rate(-1.0, -1.0)
    found = _roots(cash)
    if not found:
        return Rate(None, why_not=NoRate.NONE_FITS)
    if len(found) > 1:
        return Rate(None, why_not=NoRate.SEVERAL_FIT)
    return _rate(math.exp(found[0]), span)


def _rate(growth: float, span: timedelta) -> Rate:
    if span < _YEAR:
        # What a few days brought says nothing of a year.
        return Rate(growth - 1.0)
    return Rate(growth - 1.0, growth ** (_YEAR / span) - 1.0)


def _roots(cash: Sequence[tuple[float, float]]) -> list[float]:
    """Give the logarithms of growth at which the flows are worth nothing together."""

    def value(logarithm: float) -> float:
        return math.fsum(amount * math.exp(-logarithm * when) for when, amount in cash)

    marks = [_WIDEST * (2 * step / _STEPS - 1) for step in range(_STEPS + 1)]
    values = [value(mark) for mark in marks]
    found = []
    for (low, below), (high, above) in pairwise(zip(marks, values, strict=True)):
        if below == 0.0:
            found.append(low)
        elif below * above < 0.0:
            found.append(_between(value, low, high, below))
    return found


def _between(value: Callable[[float], float], low: float, high: float, below: float) -> float:
    # Until no number lies between the two.
    while low < (middle := (low + high) / 2) < high:
        if value(middle) * below > 0.0:
            low = middle
        else:
            high = middle
    return middle
