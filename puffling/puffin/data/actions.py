"""Splits and dividends, and history corrected for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from puffling.frozen import frozen
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import day_to_us
from puffling.puffin.errors import InvalidValue


@frozen
class CorporateAction:
    """A split, a cash dividend or both, effective from the start of its day."""

    day: date
    split_ratio: float = 1.0
    dividend: float = 0.0
    # What a price of an earlier day is multiplied by to compare with prices from this day on.
    price_factor: float = 1.0


@frozen(eq=False)
class Adjustment:
    """Factors that make old prices comparable with new ones: each holds from its start to the next one's."""

    starts_us: NDArray[np.int64]
    prices: NDArray[np.float64]
    volumes: NDArray[np.float64]

    def __post_init__(self) -> None:
        if not len(self.starts_us) == len(self.prices) == len(self.volumes):
            raise InvalidValue("Every start of an adjustment needs both its factors", field="starts_us")

    @classmethod
    def none(cls) -> Adjustment:
        """Give the adjustment that changes nothing."""
        return cls(np.empty(0, np.int64), np.empty(0), np.empty(0))

    @classmethod
    def of(cls, actions: Sequence[CorporateAction], as_of: date) -> Adjustment:
        """Correct for every action that has happened by a day, and for none of its future."""
        happened = [action for action in sorted(actions, key=lambda each: each.day) if action.day <= as_of]
        if not happened:
            return cls.none()
        starts = [np.iinfo(np.int64).min, *(day_to_us(action.day) for action in happened)]
        # From the newest back: a price carries the product of everything that happened after it.
        prices = [1.0, *(action.price_factor for action in reversed(happened))]
        volumes = [1.0, *(action.split_ratio for action in reversed(happened))]
        return cls(np.array(starts, dtype=np.int64), _products(prices), _products(volumes))

    def apply(self, bars: Bars) -> Bars:
        """Give the bars with prices and volumes corrected."""
        if not len(self.starts_us) or not len(bars):
            return bars
        prices, volumes = self.factors(bars.time)
        return Bars(
            bars.time,
            bars.open * prices,
            bars.high * prices,
            bars.low * prices,
            bars.close * prices,
            bars.volume * volumes,
        )

    def factors(self, time: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give what the prices and the volume at each of some rising times are multiplied by."""
        if not len(self.starts_us):
            return np.ones(len(time)), np.ones(len(time))
        # Times before the first start take its factors too. Few starts are looked up in many times, not the
        # other way round.
        ends = np.append(np.searchsorted(time, self.starts_us[1:]), len(time))
        counts = np.diff(ends, prepend=0)
        return np.repeat(self.prices, counts), np.repeat(self.volumes, counts)


def _products(factors: list[float]) -> NDArray[np.float64]:
    running: NDArray[np.float64] = np.multiply.accumulate(np.array(factors, dtype=np.float64))
    return running[::-1]
