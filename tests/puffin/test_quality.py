"""Faults of a series."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from puffling.puffin.data.bars import Bars
from puffling.puffin.data.quality import Fault, inspect_bars, inspect_columns

TIMES = np.arange(1, 7) * 60


def columns() -> dict[str, NDArray[np.float64]]:
    close = np.array([10.0, 10.5, 10.2, 10.4, 10.1, 10.3])
    return {
        "opening": close - 0.1,
        "high": close + 0.5,
        "low": close - 0.5,
        "close": close,
        "volume": np.full(6, 100.0),
    }


def test_a_sound_series_has_no_flags() -> None:
    assert inspect_columns(TIMES, *columns().values(), expected_times=TIMES, now_us=1_000) == ()


def bars_of(parts: dict[str, NDArray[np.float64]]) -> Bars:
    opening, high, low, close, volume = parts.values()
    return Bars(TIMES, opening, high, low, close, volume)


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("close", np.nan, Fault.NOT_A_NUMBER),
        ("high", np.inf, Fault.NOT_A_NUMBER),
        ("volume", np.nan, Fault.NOT_A_NUMBER),
        ("low", 0.0, Fault.NOT_POSITIVE),
        ("low", -1.0, Fault.NOT_POSITIVE),
        ("high", 9.0, Fault.OUTSIDE_RANGE),
        ("opening", 50.0, Fault.OUTSIDE_RANGE),
        ("close", 1.0, Fault.OUTSIDE_RANGE),
        ("volume", -5.0, Fault.NEGATIVE_VOLUME),
    ],
)
def test_every_kind_of_broken_bar_is_flagged_where_it_happens(
    column: str, value: float, fault: Fault
) -> None:
    broken = columns()
    broken[column][2] = value
    flags = inspect_columns(TIMES, *broken.values())
    assert [(flag.kind, flag.count, flag.time_us) for flag in flags] == [(fault, 1, int(TIMES[2]))]
    assert inspect_bars(bars_of(broken)) == flags
    assert flags[0].message.endswith(": once on 1970-01-01")


def test_a_thousandfold_jump_is_flagged_both_ways() -> None:
    broken = columns()
    for name in ("opening", "high", "low", "close"):
        broken[name][3] *= 1_000.0
    (flag,) = inspect_columns(TIMES, *broken.values())
    assert inspect_bars(bars_of(broken)) == (flag,)
    assert (flag.kind, flag.count, flag.time_us) == (Fault.SPIKE, 2, int(TIMES[3]))


def test_times_that_repeat_or_run_backwards_are_flagged() -> None:
    times = np.array([60, 120, 120, 240, 180, 300])
    flags = {flag.kind: flag.time_us for flag in inspect_columns(times, *columns().values())}
    assert flags == {Fault.DUPLICATE: 120, Fault.OUT_OF_ORDER: 180}


def test_a_missing_bar_and_a_bar_of_the_future_are_flagged() -> None:
    bars = bars_of(columns())
    holed = Bars.join([bars[:2], bars[3:]])
    assert [flag.kind for flag in inspect_bars(bars, now_us=300)] == [Fault.FUTURE]
    flags = {flag.kind: flag.time_us for flag in inspect_bars(holed, expected_times=TIMES, now_us=300)}
    assert flags == {Fault.GAP: int(TIMES[2]), Fault.FUTURE: int(TIMES[5])}
