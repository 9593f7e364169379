"""Which stretch of time is meant when a person names days, or names none."""

from __future__ import annotations

from datetime import date, datetime

from puffling.puffin.data.bars import Span
from puffling.puffin.data.instants import US_PER_DAY, day_to_us, to_us
from puffling.puffin.data.interval import Interval
from puffling.runtime.errors import InvalidInput
from puffling.runtime.text import tr

# Without a range a history reaches back this far: enough to see where a price comes from.
_USUAL_DAYS = {
    Interval.M1: 5,
    Interval.M5: 10,
    Interval.M15: 30,
    Interval.M30: 60,
    Interval.H1: 90,
    Interval.D1: 366,
    Interval.W1: 5 * 366,
    Interval.MO1: 20 * 366,
}


def span_of(interval: Interval, start: date | None, end: date | None, now: datetime) -> Span:
    """Give the stretch from the start of one day to the end of another, or the usual one up to now."""
    # Counted in microseconds: the first and the last day that there is have no day before and after.
    until_us = day_to_us(end) + US_PER_DAY if end else to_us(now)
    since_us = day_to_us(start) if start else until_us - _USUAL_DAYS[interval] * US_PER_DAY
    if since_us >= until_us:
        raise InvalidInput(
            tr(
                "The range is empty: it starts at {start} and ends at {end}.",
                start=start,
                end=end or now.date(),
            ),
            field="start",
            hint=tr("Choose a start before the end."),
        )
    return Span(since_us, until_us)


def warmed_up_from(span: Span, bars: int, interval: Interval) -> int:
    """Give from when to read, so that what needs this many bars has warmed up where the span begins."""
    # As much again as was asked for, too: what fades out slowly is then the same whatever the range.
    return span.start_us - max(span.end_us - span.start_us, _time_for(bars, interval))


def _time_for(bars: int, interval: Interval) -> int:
    """Give a stretch of time in which an exchange surely makes this many bars."""
    # Nights, weekends and holidays: an exchange is open for a fifth of the hours and two days of three.
    closed = 7 if interval.is_intraday else 2
    return bars * closed * interval.us + 10 * US_PER_DAY
