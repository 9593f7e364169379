"""Exact resampling into wider bars, on session boundaries within a day and on the calendar above it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.sessions import Sessions
from puffling.puffin.errors import InvalidValue

# 1970-01-01 was a Thursday, three days after its week began.
_MONDAY_SHIFT_US = 3 * US_PER_DAY
_US = "datetime64[us]"


def resample(bars: Bars, source: Interval, target: Interval, sessions: Sessions | None = None) -> Bars:
    """Give the same trading in wider bars; without sessions, every UTC day is one session."""
    if target.seconds < source.seconds or (source is Interval.W1 and target is Interval.MO1):
        raise InvalidValue(f"Bars of {source} cannot be split into bars of {target}", field="interval")
    if target is source or not len(bars):
        return bars
    starts = bar_starts(bars.time, source, target, sessions)
    first = np.flatnonzero(np.append(True, starts[1:] != starts[:-1]))
    last = np.append(first[1:], len(bars)) - 1
    # What is not a number among them makes the whole one none, which is right and no reason to warn.
    with np.errstate(invalid="ignore", over="ignore"):
        return Bars(
            starts[first],
            bars.open[first],
            np.maximum.reduceat(bars.high, first),
            np.minimum.reduceat(bars.low, first),
            bars.close[last],
            np.add.reduceat(bars.volume, first),
        )


def bar_starts(
    time: NDArray[np.int64], source: Interval, target: Interval, sessions: Sessions | None = None
) -> NDArray[np.int64]:
    """Give for each bar time the time of the wider bar it belongs to."""
    if source.is_intraday:
        if sessions is None:
            days = time - time % US_PER_DAY
            opens = days
        else:
            place = np.searchsorted(sessions.opens_us, time, side="right") - 1
            if len(place) and int(place.min()) < 0:
                raise InvalidValue("Some bars lie before the first known session", field="time")
            days, opens = sessions.days_us[place], sessions.opens_us[place]
        if target.is_intraday:
            starts: NDArray[np.int64] = opens + (time - opens) // target.us * target.us
            return starts
    else:
        days = time
    if target is Interval.W1:
        return days - (days + _MONDAY_SHIFT_US) % (7 * US_PER_DAY)
    if target is Interval.MO1:
        months: NDArray[np.int64] = days.view(_US).astype("datetime64[M]").astype(_US).view(np.int64)
        return months
    return days
