"""How prices become heights and words: evenly, by ratio, or in percent of where the view begins."""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from puffling.desktop import numbers
from puffling.desktop.charts.ticks import LEAST_PRICE_GAP, price_ticks
from puffling.desktop.charts.viewport import Viewport

# Below this a price is as good as none, and its logarithm says nothing any more.
LEAST_PRICE = 1e-100
_MOST_DECIMALS = 8
_STEPS = (5.0, 3.0, 2.5, 2.0, 1.0)


class Scale(StrEnum):
    """What the price axis measures in."""

    LINEAR = "linear"
    LOGARITHMIC = "log"
    PERCENT = "percent"


class PriceLabel(NamedTuple):
    """A round price and what the axis says at it."""

    price: float
    text: str


@lru_cache(maxsize=8)
def price_labels(viewport: Viewport, base: float | None) -> tuple[PriceLabel, ...]:
    """Give round prices, as many as fit; with a base they are round in percent of it."""
    if base is not None and not viewport.logarithmic:
        low, high = sorted(_share(price, base) for price in (viewport.low, viewport.high))
        ticks = price_ticks(low * 100, high * 100, viewport.height)
        return tuple(
            PriceLabel(base * (1 + value / 100), numbers.percent(value / 100, ticks.decimals))
            for value in ticks.values
        )
    if viewport.logarithmic:
        values = logarithmic_ticks(viewport.low, viewport.high, viewport.height)
        decimals = max(map(_decimals_of, values), default=0)
    else:
        values, decimals = price_ticks(viewport.low, viewport.high, viewport.height)
    return tuple(PriceLabel(value, numbers.fixed(value, decimals)) for value in values)


def write_price(price: float, base: float | None, decimals: int) -> str:
    """Give a price as the axis says it."""
    return numbers.fixed(price, decimals) if base is None else numbers.percent(_share(price, base))


def logarithmic_ticks(low: float, high: float, pixels: float) -> tuple[float, ...]:
    """Give round prices on a logarithmic scale, as many as fit without crowding."""
    if not (LEAST_PRICE < low < high < math.inf and pixels > 0):
        return ()
    least_ratio = math.exp(min(LEAST_PRICE_GAP * math.log(high / low) / pixels, 600.0))
    decades = max(math.ceil(math.log10(least_ratio) - 1e-9), 1)
    first = math.floor(math.log10(low) / decades) * decades
    found: list[float] = []
    for power in range(first, math.ceil(math.log10(high)) + 1, decades):
        found += (mantissa * 10.0**power for mantissa in _mantissas(least_ratio, high / 10.0**power))
    return tuple(value for value in found if low <= value <= high)


def _mantissas(least_ratio: float, highest: float) -> Iterator[float]:
    """Give the round numbers from 1 up to 10 of which each is so much more than the one before."""
    if least_ratio > 2:
        yield from (1.0, 3.0) if least_ratio <= 3 else (1.0,)
        return
    for begin, end in ((1.0, 2.0), (2.0, 5.0), (5.0, 10.0)):
        least = max(min(end, highest), begin) * (1 - 1 / least_ratio)
        step = end - begin
        for power in range(0, -_MOST_DECIMALS, -1):
            for nice in _STEPS:
                finer = nice * 10.0**power
                count = (end - begin) / finer
                if least <= finer < step and abs(count - round(count)) < 1e-9:
                    step = finer
        yield from (begin + number * step for number in range(round((end - begin) / step)))


def _decimals_of(value: float) -> int:
    return next(
        (count for count in range(_MOST_DECIMALS) if abs(round(value, count) - value) <= value * 1e-9),
        _MOST_DECIMALS,
    )


def _share(price: float, base: float) -> float:
    return price / base - 1
