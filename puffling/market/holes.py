"""Which bars a source left out, and how many it takes to call it a page."""

from __future__ import annotations

import numpy as np

from puffling.puffin.data.bars import Bars, Span
from puffling.puffin.data.holes import Hole, bars_in, expected_before, find_holes
from puffling.puffin.data.instants import US_PER_DAY, US_PER_MINUTE
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.sessions import Sessions

_MOST_PAGES = 8
_DAYS_PAGE = 5
# Delayed sources and those of the end of the day lag behind without being stale.
_LATE_US = 60 * US_PER_MINUTE


def page_bars(interval: Interval, sessions: Sessions) -> int:
    """Give how many bars in a row are a page: a week of days, half a session of anything shorter."""
    if not interval.is_intraday:
        return _DAYS_PAGE
    return max(int(bars_in(interval, sessions)[-1]) // 2, 3)


def holes_of(bars: Bars, interval: Interval, sessions: Sessions | None) -> tuple[Hole, ...]:
    """Give the stretches in which bars are missing; what is usual for a thinly traded share is none."""
    if sessions is None:
        return ()
    holes = find_holes(bars.time, interval, sessions)
    if not holes or not interval.is_intraday:
        return holes
    # Nobody trades a small share every minute: a hole is what is far longer than its usual pauses.
    usual = float(np.quantile([hole.count for hole in holes], 0.9)) if len(holes) > 20 else 0.0
    least = max(3.0, 4.0 * usual)
    page = page_bars(interval, sessions)
    return tuple(hole for hole in holes if hole.count >= min(least, page))


def pages_missing(bars: Bars, interval: Interval, sessions: Sessions | None) -> tuple[Span, ...]:
    """Give the stretches worth asking for once more, the longest first."""
    holes = sorted(holes_of(bars, interval, sessions), key=lambda hole: -hole.count)
    return tuple(Span(hole.start_us, hole.end_us) for hole in holes[:_MOST_PAGES])


def left_out(bars: Bars, interval: Interval, sessions: Sessions | None, ask: Span) -> tuple[Span, ...]:
    """Give the parts of a span in which the source owes bars: holes, and what follows its last one."""
    if sessions is None:
        return () if len(bars) else (ask,)
    if not len(bars):
        owed = bars_due(ask.start_us, ask.end_us, interval, sessions)
        return (ask,) if owed else ()
    holes = tuple(Span(hole.start_us, hole.end_us) for hole in holes_of(bars, interval, sessions))
    after_us = int(bars.time[-1]) + 1
    if after_us < ask.end_us and bars_due(after_us, ask.end_us, interval, sessions):
        return (*holes, Span(after_us, ask.end_us))
    return holes


def bars_due(start_us: int, end_us: int, interval: Interval, sessions: Sessions) -> int:
    """Give how many bars open in [start, end)."""
    before = expected_before(np.array([start_us, end_us]), interval, sessions)
    return int(before[1] - before[0])


def overdue(last_us: int, end_us: int, now_us: int, interval: Interval, sessions: Sessions) -> int:
    """Give how many bars should have followed the last one by now; 0 when that is no more than a delay."""
    missing = bars_due(last_us + 1, max(end_us, last_us + 1), interval, sessions)
    if not missing:
        return 0
    if not interval.is_intraday:
        return missing if missing > 1 or now_us - end_us > US_PER_DAY else 0
    late = bars_due(last_us + 1, min(end_us, now_us - _LATE_US), interval, sessions)
    return missing if late > 0 else 0
