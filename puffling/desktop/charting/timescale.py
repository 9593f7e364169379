"""From places in a chart to moments and back, so that charts of different series can move together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from puffling.puffin.data.interval import Interval

Times = NDArray[np.int64]


def moment_at(times: Times, interval: Interval, place: float) -> float:
    """Give the moment at a place counted in bars; before and after the bars time runs on at their width."""
    last = len(times) - 1
    if place <= 0:
        return float(times[0]) + place * interval.us
    if place >= last:
        return float(times[last]) + (place - last) * interval.us
    before = int(place)
    begun = int(times[before])
    return begun + (place - before) * (int(times[before + 1]) - begun)


def place_at(times: Times, interval: Interval, moment_us: float) -> float:
    """Give the place of a moment, counted in bars."""
    last = len(times) - 1
    if moment_us <= times[0]:
        return (moment_us - int(times[0])) / interval.us
    if moment_us >= times[last]:
        return last + (moment_us - int(times[last])) / interval.us
    before = int(np.searchsorted(times, moment_us, side="right")) - 1
    begun = int(times[before])
    return before + (moment_us - begun) / (int(times[before + 1]) - begun)


def bar_at(times: Times, begun_us: int, *, from_wider: bool) -> int | None:
    """Give the bar that belongs to one of another chart which began then; None where there is none.

    A finer chart answers a wider bar with the first of its own in it, a wider chart with the one it lies in.
    """
    if not len(times):
        return None
    place = int(np.searchsorted(times, begun_us, side="left" if from_wider else "right"))
    place -= 0 if from_wider else 1
    return place if 0 <= place < len(times) else None
