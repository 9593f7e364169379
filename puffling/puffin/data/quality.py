"""What is wrong with a series of bars, in plain words: nothing is repaired, nothing is hidden."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import from_us

SPIKE = 1_000.0


class Fault(StrEnum):
    """Kinds of fault."""

    NOT_A_NUMBER = "not_a_number"
    NOT_POSITIVE = "not_positive"
    OUTSIDE_RANGE = "outside_range"
    NEGATIVE_VOLUME = "negative_volume"
    OUT_OF_ORDER = "out_of_order"
    DUPLICATE = "duplicate"
    SPIKE = "spike"
    GAP = "gap"
    FUTURE = "future"


@dataclass(frozen=True, slots=True)
class Flag:
    """One kind of fault in a series: how many bars have it, and the time of the first."""

    kind: Fault
    count: int
    time_us: int
    message: str


_WORDS = {
    Fault.NOT_A_NUMBER: "A price or volume is not a number",
    Fault.NOT_POSITIVE: "A price is zero or less",
    Fault.OUTSIDE_RANGE: "Open or close lies outside high and low",
    Fault.NEGATIVE_VOLUME: "A volume is negative",
    Fault.OUT_OF_ORDER: "Times run backwards",
    Fault.DUPLICATE: "A time is there twice",
    Fault.SPIKE: "The price jumps a thousandfold",
    Fault.GAP: "Bars are missing",
    Fault.FUTURE: "Bars lie in the future",
}


def inspect_bars(
    bars: Bars, *, expected_times: NDArray[np.int64] | None = None, now_us: int | None = None
) -> tuple[Flag, ...]:
    """Give every kind of fault of a series; expected times find gaps, the present finds the future."""
    if expected_times is None and _is_sound(bars, now_us):
        return ()
    return inspect_columns(bars.time, *bars.columns(), expected_times=expected_times, now_us=now_us)


def inspect_columns(
    time: ArrayLike,
    opening: ArrayLike,
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    volume: ArrayLike,
    *,
    expected_times: NDArray[np.int64] | None = None,
    now_us: int | None = None,
) -> tuple[Flag, ...]:
    """Inspect columns as they came in, which may be too broken to be bars at all."""
    times = np.asarray(time, dtype=np.int64)
    prices = np.stack([np.asarray(column, dtype=np.float64) for column in (opening, high, low, close)])
    volumes = np.asarray(volume, dtype=np.float64)
    usable = np.isfinite(prices).all(axis=0) & np.isfinite(volumes)
    start, top, bottom, end = prices
    found = {Fault.NOT_A_NUMBER: times[~usable]}
    # Comparisons with NaN are false, so each fault is counted once, under its own name.
    found[Fault.NOT_POSITIVE] = times[usable & (prices <= 0.0).any(axis=0)]
    found[Fault.OUTSIDE_RANGE] = times[
        usable & ((top < bottom) | (np.maximum(start, end) > top) | (np.minimum(start, end) < bottom))
    ]
    found[Fault.NEGATIVE_VOLUME] = times[volumes < 0.0]
    steps = np.diff(times)
    found[Fault.OUT_OF_ORDER] = times[1:][steps < 0]
    found[Fault.DUPLICATE] = times[1:][steps == 0]
    sound = usable & (prices > 0.0).all(axis=0)
    found[Fault.SPIKE] = _spikes(times[sound], end[sound])
    if now_us is not None:
        found[Fault.FUTURE] = times[times > now_us]
    if expected_times is not None and len(times):
        within = expected_times[(expected_times >= times.min()) & (expected_times <= times.max())]
        found[Fault.GAP] = np.setdiff1d(within, times)
    return tuple(
        Flag(fault, len(at), int(at[0]), _message(fault, at)) for fault, at in found.items() if len(at)
    )


def _spikes(times: NDArray[np.int64], close: NDArray[np.float64]) -> NDArray[np.int64]:
    ratio = close[1:] / close[:-1]
    return times[1:][(ratio >= SPIKE) | (ratio <= 1.0 / SPIKE)]


def _is_sound(bars: Bars, now_us: int | None) -> bool:
    """Tell without copying whether a series has no fault at all; NaN makes every comparison false."""
    if not len(bars):
        return True
    lowest, highest = float(bars.low.min()), float(bars.high.max())
    return (
        lowest > 0.0
        and highest < min(SPIKE * lowest, np.inf)
        and bool((bars.high >= bars.open).all())
        and bool((bars.high >= bars.close).all())
        and bool((bars.low <= bars.open).all())
        and bool((bars.low <= bars.close).all())
        and float(bars.volume.min()) >= 0.0
        and float(bars.volume.max()) < np.inf
        and (now_us is None or int(bars.time[-1]) <= now_us)
    )


def _message(fault: Fault, at: NDArray[np.int64]) -> str:
    how_often = "once" if len(at) == 1 else f"{len(at)} times, first"
    return f"{_WORDS[fault]}: {how_often} on {from_us(int(at[0])):%Y-%m-%d}"
