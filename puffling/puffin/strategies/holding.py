"""From moments to states: what was entered is held until it is left, what was decided until decided anew."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.factors.windows import Column

Mask = NDArray[np.bool_]


def held(entering: Mask, leaving: Mask) -> Mask:
    """Give where one is in: from each bar that enters to the one before it leaves; entering wins."""
    # What holds at a bar was settled by the newest bar so far that entered or left.
    settled = np.maximum.accumulate(np.where(entering | leaving, np.arange(len(entering)), -1))
    inside: Mask = (settled >= 0) & entering[np.maximum(settled, 0)]
    return inside


def since(deciding: Mask, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give at every bar the values, on the first axis, of the newest bar that decides; 0 before the first."""
    newest = np.maximum.accumulate(np.where(deciding, np.arange(len(deciding)), -1))
    kept = values[np.maximum(newest, 0)]
    kept[newest < 0] = 0.0
    return kept


def new_months(time: NDArray[np.int64]) -> Mask:
    """Give where a bar is the first of its month; which one is the last is known only when it is over."""
    months = (time // US_PER_DAY).astype("datetime64[D]").astype("datetime64[M]")
    first = np.ones(len(time), dtype=bool)
    first[1:] = months[1:] != months[:-1]
    return first


def before(values: Column, bars: int = 1) -> Column:
    """Give what stood some bars earlier, not a number where there was none."""
    earlier = np.full(len(values), np.nan)
    if bars < len(values):
        earlier[bars:] = values[: len(values) - bars]
    return earlier
