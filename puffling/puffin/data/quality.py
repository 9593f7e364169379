"""What is wrong with a series of bars, in plain words: nothing is repaired, nothing is hidden.

A faulty bar stays where it is for the eye, and is kept away from whatever decides. Repairing it (filling,
clipping, averaging) would invent a price nobody paid; leaving it out only makes the series a bar shorter.
Where levels are not comparable (a split nobody stated, a thousandfold change of unit) or a whole page of
bars is missing, what lies before is kept away too: an average across such a place means nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from puffling.frozen import frozen
from puffling.puffin.data.bars import COLUMNS, Bars
from puffling.puffin.data.holes import Hole
from puffling.puffin.data.instants import FIRST_US, LAST_US, from_us
from puffling.puffin.data.jumps import find_jumps, may_jump
from puffling.puffin.data.raw import Columns


class Fault(StrEnum):
    """Kinds of fault."""

    NOT_A_NUMBER = "not_a_number"
    NOT_POSITIVE = "not_positive"
    OUTSIDE_RANGE = "outside_range"
    NEGATIVE_VOLUME = "negative_volume"
    OUT_OF_ORDER = "out_of_order"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    SPIKE = "spike"
    UNCONFIRMED = "unconfirmed"
    BREAK = "break"
    GAP = "gap"
    STALE = "stale"
    FUTURE = "future"


@frozen
class Flag:
    """One fault of one bar, or of `count` neighbours from `time_us` to `until_us`, in plain words.

    The bars of a gap are those that are missing; a stale series has its flag at its last bar.
    """

    fault: Fault
    time_us: int
    until_us: int
    count: int
    message: str


@frozen
class Mark:
    """A fault that only shows while bars arrive, kept with them."""

    time_us: int
    fault: Fault


@frozen(eq=False)
class Received:
    """What came from a source, in order, with what could be seen on arrival alone."""

    bars: Bars
    marks: tuple[Mark, ...] = ()


@frozen(eq=False)
class Inspection:
    """The faults of a series, and beside each bar whether it is kept away from whatever decides."""

    flags: tuple[Flag, ...]
    kept_away: NDArray[np.bool_]

    @classmethod
    def clean(cls, count: int) -> Inspection:
        """Give the inspection that found nothing."""
        return cls((), np.zeros(count, np.bool_))


_WORDS = {
    Fault.NOT_A_NUMBER: "A price or volume is not a number",
    Fault.NOT_POSITIVE: "A price is zero or less",
    Fault.OUTSIDE_RANGE: "Open or close lies outside high and low",
    Fault.NEGATIVE_VOLUME: "A volume is negative",
    Fault.OUT_OF_ORDER: "The bar came out of order",
    Fault.DUPLICATE: "The bar came twice, both times the same",
    Fault.CONFLICT: "The bar came twice with different prices",
    Fault.SPIKE: "The price jumps away and comes back",
    Fault.UNCONFIRMED: "The price jumps; the next bars will show whether that is true",
    Fault.BREAK: "The price level changes and nobody states a split; what lies before is not comparable",
    Fault.GAP: "Bars are missing",
    Fault.STALE: "The history ends too early",
    Fault.FUTURE: "Bars lie in the future",
}


def describe(fault: Fault) -> str:
    """Give a fault in plain words."""
    return _WORDS[fault]


# The copy is gone and the bar that is left is true.
_HARMLESS = frozenset({Fault.DUPLICATE})


def received(columns: Columns) -> Received:
    """Put columns as a source sent them in order; a time that came twice keeps what came last."""
    time = np.asarray(columns.time, dtype=np.int64)
    if len(time) and (int(time.min()) < FIRST_US or int(time.max()) > LAST_US):
        # A time in another unit lies beyond every calendar: it stays there as one that can be told.
        time = np.clip(time, FIRST_US, LAST_US)
    elif isinstance(columns, Bars):
        return Received(columns)
    steps = np.diff(time)
    if len(time) > 1 and bool((steps < 0).all()):
        # Some sources send the newest first: that is an order, too.
        backwards = slice(None, None, -1)
        prices = (np.ascontiguousarray(getattr(columns, name)[backwards]) for name in COLUMNS)
        return Received(Bars(np.ascontiguousarray(time[backwards]), *prices))
    if bool((steps > 0).all()):
        return Received(Bars(time, *(getattr(columns, name) for name in COLUMNS)))
    highest = np.maximum.accumulate(time)
    marks = {int(each): Fault.OUT_OF_ORDER for each in time[1:][time[1:] < highest[:-1]]}
    order = np.argsort(time, kind="stable")
    rows = np.stack([np.asarray(getattr(columns, name), np.float64)[order] for name in COLUMNS])
    ordered = time[order]
    same = ordered[1:] == ordered[:-1]
    equal = ((rows[:, 1:] == rows[:, :-1]) | (np.isnan(rows[:, 1:]) & np.isnan(rows[:, :-1]))).all(axis=0)
    for each in ordered[1:][same & equal].tolist():
        marks.setdefault(each, Fault.DUPLICATE)
    marks |= dict.fromkeys(ordered[1:][same & ~equal].tolist(), Fault.CONFLICT)
    last = np.append(~same, True)
    bars = Bars(ordered[last], *(np.ascontiguousarray(row[last]) for row in rows))
    return Received(bars, tuple(Mark(time_us, fault) for time_us, fault in sorted(marks.items())))


def is_sound(bars: Bars) -> bool:
    """Tell without a closer look whether no bar of a series is faulty; NaN makes every comparison false."""
    if not len(bars):
        return True
    return (
        float(bars.low.min()) > 0.0
        and float(bars.high.max()) < np.inf
        and bool((bars.high >= bars.open).all())
        and bool((bars.high >= bars.close).all())
        and bool((bars.low <= bars.open).all())
        and bool((bars.low <= bars.close).all())
        and float(bars.volume.min()) >= 0.0
        and float(bars.volume.max()) < np.inf
        and not may_jump(bars.open, bars.high, bars.low, bars.close)
    )


def inspect_bars(
    bars: Bars,
    *,
    marks: Iterable[Mark] = (),
    holes: Iterable[Hole] = (),
    page: int = 5,
    now_us: int | None = None,
) -> Inspection:
    """Give every fault of a series and the bars it keeps away; a hole of `page` bars parts the series."""
    marks, holes = tuple(marks), tuple(holes)
    in_future = now_us is not None and len(bars) > 0 and int(bars.time[-1]) > now_us
    if not marks and not holes and not in_future and is_sound(bars):
        return Inspection.clean(len(bars))
    found = dict(_broken(bars))
    for fault in (Fault.OUT_OF_ORDER, Fault.DUPLICATE, Fault.CONFLICT):
        marked = np.array([mark.time_us for mark in marks if mark.fault is fault], dtype=np.int64)
        found[fault] = np.isin(bars.time, marked)
    found[Fault.FUTURE] = bars.time > (now_us if now_us is not None else np.iinfo(np.int64).max)
    kept_away = np.zeros(len(bars), np.bool_)
    for fault, where in found.items():
        if fault not in _HARMLESS:
            kept_away |= where
    sound = np.flatnonzero(~kept_away)
    jumps = find_jumps(*(column[sound] for column in bars.columns()[:4]))
    found[Fault.SPIKE] = _beside(bars, sound[jumps.spikes])
    found[Fault.UNCONFIRMED] = _beside(bars, sound[jumps.unconfirmed])
    kept_away |= found[Fault.SPIKE] | found[Fault.UNCONFIRMED]
    flags = [flag for fault, where in found.items() for flag in _flags(fault, bars.time, where)]
    absent = [mark for mark in marks if not len(bars) or not bool((bars.time == mark.time_us).any())]
    flags += [_flag(mark.fault, mark.time_us, mark.time_us, 1) for mark in absent]
    for place in jumps.breaks:
        first = int(sound[place])
        time_us = int(bars.time[first])
        flags.append(_flag(Fault.BREAK, time_us, time_us, 1))
        kept_away[:first] = True
    for hole in holes:
        flags.append(_flag(Fault.GAP, hole.start_us, hole.end_us, hole.count))
        if hole.count >= page:
            kept_away[bars.time < hole.end_us] = True
    return Inspection(tuple(sorted(flags, key=lambda flag: flag.time_us)), kept_away)


def stale_flag(last_us: int, missing: int) -> Flag:
    """Give the flag of a series that ends before it should."""
    return _flag(Fault.STALE, last_us, last_us, missing)


def _broken(bars: Bars) -> Iterator[tuple[Fault, NDArray[np.bool_]]]:
    opening, high, low, close, volume = bars.columns()
    usable = np.ones(len(bars), np.bool_)
    positive = np.ones(len(bars), np.bool_)
    for column in (opening, high, low, close):
        usable &= np.isfinite(column)
        positive &= column > 0.0
    usable &= np.isfinite(volume)
    yield Fault.NOT_A_NUMBER, ~usable
    # Each fault is counted once, under its own name.
    yield Fault.NOT_POSITIVE, usable & ~positive
    outside = (high < low) | (np.maximum(opening, close) > high) | (np.minimum(opening, close) < low)
    yield Fault.OUTSIDE_RANGE, usable & positive & outside
    yield Fault.NEGATIVE_VOLUME, volume < 0.0


def _beside(bars: Bars, places: NDArray[np.int64]) -> NDArray[np.bool_]:
    where = np.zeros(len(bars), np.bool_)
    where[places] = True
    return where


def _flags(fault: Fault, time: NDArray[np.int64], where: NDArray[np.bool_]) -> Iterator[Flag]:
    """Give one flag for every run of neighbours with the same fault."""
    places = np.flatnonzero(where)
    if not len(places):
        return
    for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1):
        yield _flag(fault, int(time[run[0]]), int(time[run[-1]]), len(run))


def _flag(fault: Fault, time_us: int, until_us: int, count: int) -> Flag:
    return Flag(fault, time_us, until_us, count, _message(fault, time_us, count))


def _message(fault: Fault, time_us: int, count: int) -> str:
    moment = from_us(time_us)
    when = f"{moment:%Y-%m-%d}" if (moment.hour, moment.minute) == (0, 0) else f"{moment:%Y-%m-%d %H:%M} UTC"
    if fault is Fault.STALE:
        bars = "bar" if count == 1 else "bars"
        return f"{_WORDS[fault]}: the last bar is of {when}, {count} {bars} should follow"
    return f"{_WORDS[fault]}: {when}" if count == 1 else f"{_WORDS[fault]}: {count} bars from {when}"
