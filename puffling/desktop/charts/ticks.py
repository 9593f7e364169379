"""Where the labels of an axis stand and what they say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from puffling.desktop import numbers

DAY_US = 86_400_000_000
LEAST_PRICE_GAP = 44
LEAST_TIME_GAP = 76
_MOST_DECIMALS = 8
_SAMPLES = 64
_MINUTES = (1, 5, 15, 30, 60, 120, 240, 360, 720)
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 3, 6)
_YEARS = (1, 2, 5, 10, 20, 50)


class PriceTicks(NamedTuple):
    """Round prices and the decimals it takes to write them."""

    values: tuple[float, ...]
    decimals: int


class TimeTick(NamedTuple):
    """A bar that begins something, and what: a strong one begins something bigger than its neighbours."""

    place: int
    text: str
    strong: bool


def price_ticks(low: float, high: float, pixels: float) -> PriceTicks:
    """Give round prices, as many as fit without crowding."""
    span = high - low
    if not (math.isfinite(span) and span > 0 and pixels > 0):
        return PriceTicks((), 2)
    rough = span * LEAST_PRICE_GAP / pixels
    power = math.floor(math.log10(rough))
    step = next(nice * 10.0**power for nice in (1, 2, 2.5, 5, 10) if nice * 10.0**power >= rough * 0.999)
    first, last = math.ceil(low / step), math.floor(high / step)
    decimals = 0
    while decimals < _MOST_DECIMALS and abs(round(step, decimals) - step) > step * 1e-6:
        decimals += 1
    return PriceTicks(tuple(number * step for number in range(first, last + 1)), decimals)


def time_ticks(
    times_us: NDArray[np.int64], first: float, last: float, pixels: float, zone: tzinfo = UTC
) -> list[TimeTick]:
    """Give labels for the bars between two indices: years, months, days or minutes, as fits."""
    begin, end = max(int(first), 0), min(int(last) + 1, len(times_us))
    if end - begin < 2 or pixels <= 0 or last <= first:
        return []
    per_pixel = (last - first) / pixels
    start, stop = int(times_us[begin]), int(times_us[end - 1])
    # The usual distance of two bars, not the average: nights and weekends take no room.
    sample = times_us[begin : end : max((end - begin) // _SAMPLES, 1)]
    neighbours = times_us[np.searchsorted(times_us, sample[:-1]) + 1] - sample[:-1]
    # Sorted by hand: NumPy's median takes ten times as long for so few.
    rough_us = float(np.sort(neighbours)[len(neighbours) // 2]) * per_pixel * LEAST_TIME_GAP
    chosen: dict[int, tuple[int, datetime]] = {}
    for moment in _boundaries(datetime.fromtimestamp(start / 1e6, zone), stop, rough_us):
        moment_us = round(moment.timestamp() * 1e6)
        found = begin + int(np.searchsorted(times_us[begin:end], moment_us))
        if found == end or int(times_us[found - 1] if found else moment_us - 1) >= moment_us:
            continue
        if found or int(times_us[0]) == moment_us:
            at = datetime.fromtimestamp(int(times_us[found]) / 1e6, zone)
            before = datetime.fromtimestamp(int(times_us[found - 1]) / 1e6, zone) if found else None
            chosen.setdefault(found, (_rank(at, before), at))
    return _spread(chosen, per_pixel)


def describe_time(time_us: int, zone: tzinfo, *, whole_days: bool) -> str:
    """Give the time of one bar for the crosshair."""
    at = datetime.fromtimestamp(time_us / 1e6, zone)
    date = f"{numbers.day(at)} {at.year}"
    return date if whole_days else f"{date}  {at:%H:%M}"


def _spread(chosen: dict[int, tuple[int, datetime]], per_pixel: float) -> list[TimeTick]:
    kept: list[int] = []
    gap = LEAST_TIME_GAP * 0.8 * per_pixel
    for index in sorted(chosen, key=lambda index: (-chosen[index][0], index)):
        if all(abs(index - other) >= gap for other in kept):
            kept.append(index)
    ranks = [chosen[index][0] for index in kept]
    common = min(ranks, default=0)
    return [
        TimeTick(index, _write(*chosen[index]), chosen[index][0] > common and chosen[index][0] > 0)
        for index in sorted(kept)
    ]


def _rank(at: datetime, before: datetime | None) -> int:
    if before is None:
        return 1 if (at.hour, at.minute) == (0, 0) else 0
    if at.year != before.year:
        return 3
    if at.month != before.month:
        return 2
    return 1 if at.date() != before.date() else 0


def _write(rank: int, at: datetime) -> str:
    if rank == 3:
        return str(at.year)
    if rank == 2:
        return numbers.month(at.month)
    return numbers.day(at) if rank == 1 else f"{at:%H:%M}"


def _boundaries(start: datetime, stop_us: int, rough_us: float) -> Iterator[datetime]:
    """Give the beginnings of minutes, days, months or years from the first bar to the last."""
    stop = datetime.fromtimestamp(stop_us / 1e6, start.tzinfo)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    if rough_us <= _MINUTES[-1] * 60e6:
        step = next(minutes for minutes in _MINUTES if minutes * 60e6 >= rough_us * 0.999)
        day = midnight
        while day <= stop:
            yield from (day.replace(hour=m // 60, minute=m % 60) for m in range(0, 1440, step))
            day = (day + timedelta(days=1)).replace(hour=0)
    elif rough_us <= _DAYS[-1] * DAY_US:
        days = next(days for days in _DAYS if days * DAY_US >= rough_us * 0.999)
        day = midnight
        while day <= stop:
            if days == 1 or day.day == 1 or (day.day % days == 1 and day.day < 29):
                yield day
            day = (day + timedelta(days=1)).replace(hour=0)
    else:
        months = rough_us / (30.4 * DAY_US)
        steps = (*_MONTHS, *(12 * years for years in _YEARS))
        step = next((step for step in steps if step >= months * 0.999), steps[-1])
        month = (start.year * 12 + start.month - 1) // step * step
        while month <= stop.year * 12 + stop.month - 1:
            yield midnight.replace(year=month // 12, month=month % 12 + 1, day=1)
            month += step
