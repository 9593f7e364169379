"""What was known of a series at some moment of the past: the bars that had closed, and the one under way.

A bar is known when it is over. Of a wide bar that was under way then, what its finer bars tell that were
over: a week on its Wednesday is made of Monday, Tuesday and Wednesday, and of nothing after them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo

import numpy as np

from puffling.market.values import History
from puffling.puffin.data.bars import Bars, bars_from_rows
from puffling.puffin.data.holes import Hole
from puffling.puffin.data.instants import US_PER_DAY, from_us, to_us
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.quality import Fault, Mark, inspect_bars

_MET_ON_ARRIVAL = frozenset({Fault.OUT_OF_ORDER, Fault.DUPLICATE, Fault.CONFLICT})


@dataclass(slots=True)
class Present:
    """The moment all charts of a replay stand at, None while they are live, and the finest bars it uses."""

    us: int | None = None
    finest: Interval = Interval.D1


def end_of(begun_us: int, interval: Interval) -> int:
    """Give the instant at which a bar that began then is over; weeks and months end by the calendar."""
    if interval is Interval.W1:
        return begun_us + 7 * US_PER_DAY
    if interval is Interval.MO1:
        return to_us((from_us(begun_us).replace(day=1) + timedelta(days=32)).replace(day=1))
    return begun_us + (interval.us if interval.is_intraday else US_PER_DAY)


def closed_before(bars: Bars, interval: Interval, present_us: int) -> int:
    """Give how many of the bars were over by then."""
    begun = int(np.searchsorted(bars.time, present_us))
    # Bars do not overlap: of those that had begun only the last may not have been over.
    return begun - 1 if begun and end_of(int(bars.time[begun - 1]), interval) > present_us else begun


def known_at(
    bars: Bars,
    interval: Interval,
    present_us: int,
    finer: Bars | None = None,
    finer_interval: Interval = Interval.D1,
) -> Bars:
    """Give the bars as they were known then; without finer bars the one under way is left out."""
    closed = closed_before(bars, interval, present_us)
    known = bars[:closed]
    if finer is None or closed == len(bars) or int(bars.time[closed]) >= present_us:
        return known
    begun_us = int(bars.time[closed])
    parts = finer.between(begun_us, present_us)
    parts = parts[: closed_before(parts, finer_interval, present_us)]
    if not len(parts):
        return known
    under_way = bars_from_rows(
        [
            (
                begun_us,
                float(parts.open[0]),
                float(parts.high.max()),
                float(parts.low.min()),
                float(parts.close[-1]),
                float(parts.volume.sum()),
            )
        ]
    )
    return Bars.join([known, under_way])


def history_at(
    whole: History, present_us: int, finer: Bars | None = None, finer_interval: Interval = Interval.D1
) -> History:
    """Give a history as it was known then, inspected then: a fault that only later bars show is none yet."""
    bars = known_at(whole.bars, whole.key.interval, present_us, finer, finer_interval)
    last_us = int(bars.time[-1]) if len(bars) else 0
    seen = [flag for flag in whole.flags if flag.until_us <= last_us]
    found = inspect_bars(
        bars,
        marks=[Mark(flag.time_us, flag.fault) for flag in seen if flag.fault in _MET_ON_ARRIVAL],
        holes=[Hole(flag.time_us, flag.until_us, flag.count) for flag in seen if flag.fault is Fault.GAP],
    )
    return replace(
        whole, bars=bars, kept_away=found.kept_away, flags=found.flags, developing=False, warnings=()
    )


def next_moment(bars: Bars, interval: Interval, present_us: int, now_us: int) -> int | None:
    """Give the moment at which one bar more will be over; None where that lies in the real future."""
    closed = closed_before(bars, interval, present_us)
    if closed == len(bars):
        return None
    moment = end_of(int(bars.time[closed]), interval)
    return moment if moment <= now_us else None


def moment_before(bars: Bars, interval: Interval, present_us: int) -> int | None:
    """Give the moment one bar earlier: a bar under way is undone first, then a whole one."""
    closed = closed_before(bars, interval, present_us)
    if (
        closed
        and end_of(int(bars.time[closed - 1]), interval) < present_us
        and (closed < len(bars) and int(bars.time[closed]) < present_us)
    ):
        return end_of(int(bars.time[closed - 1]), interval)
    return end_of(int(bars.time[closed - 2]), interval) if closed > 1 else None


def moment_of_day(day: date, interval: Interval, zone: tzinfo) -> int:
    """Give the moment to begin at when a day is named: its end, or its beginning where it has many bars."""
    if interval.is_intraday:
        # Midnight elsewhere is an evening before here, and would be called another day.
        return to_us(datetime.combine(day, time(), zone))
    return (day - date(1970, 1, 1)).days * US_PER_DAY + US_PER_DAY
