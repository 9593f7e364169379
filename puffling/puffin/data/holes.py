"""Bars that ought to be there and are not, counted against the sessions of an exchange."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from puffling.frozen import frozen
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.sessions import Sessions


@frozen
class Hole:
    """A stretch without bars in which `count` were expected, the first of them at `start_us`."""

    start_us: int
    end_us: int
    count: int


def find_holes(time: NDArray[np.int64], interval: Interval, sessions: Sessions) -> tuple[Hole, ...]:
    """Give the stretches between rising bar times in which the sessions expect more bars."""
    if len(time) < 2 or not len(sessions):
        return ()
    # Days lie at least a day apart, and every night is a step within the day: few places need a count.
    wide = np.flatnonzero(np.diff(time) > interval.us)
    before, after = time[wide], time[wide + 1]
    missing = expected_before(after, interval, sessions) - expected_before(before + 1, interval, sessions)
    return tuple(
        Hole(_first_after(int(before[place]), interval, sessions), int(after[place]), int(missing[place]))
        for place in np.flatnonzero(missing > 0)
    )


def expected_before(time: NDArray[np.int64], interval: Interval, sessions: Sessions) -> NDArray[np.int64]:
    """Give how many bars open before each of some times, counted from the first session."""
    if not interval.is_intraday:
        return np.searchsorted(sessions.days_us, time).astype(np.int64)
    counts = bars_in(interval, sessions)
    totals = np.append(0, np.cumsum(counts))
    place = np.searchsorted(sessions.opens_us, time, side="left") - 1
    held = np.maximum(place, 0)
    within = -(-(time - sessions.opens_us[held]) // interval.us)
    expected: NDArray[np.int64] = np.where(
        place < 0, 0, totals[held] + np.clip(within, 0, counts[held])
    ).astype(np.int64)
    return expected


def bars_in(interval: Interval, sessions: Sessions) -> NDArray[np.int64]:
    """Give how many bars of a width each session holds."""
    counts: NDArray[np.int64] = -(-(sessions.closes_us - sessions.opens_us) // interval.us)
    return counts


def _first_after(time_us: int, interval: Interval, sessions: Sessions) -> int:
    """Give the time of the first bar that is expected after one."""
    if not interval.is_intraday:
        return int(sessions.days_us[np.searchsorted(sessions.days_us, time_us, side="right")])
    place = sessions.index_at(time_us)
    if place >= 0:
        opened = int(sessions.opens_us[place])
        following = opened + ((time_us - opened) // interval.us + 1) * interval.us
        if following < int(sessions.closes_us[place]):
            return following
    return int(sessions.opens_us[place + 1])
