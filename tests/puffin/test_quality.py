"""Faults of a series: what is flagged, and what is kept away from whatever decides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from puffling.puffin.data.bars import Bars
from puffling.puffin.data.holes import Hole
from puffling.puffin.data.interval import Interval
from puffling.puffin.data.quality import Fault, Inspection, Mark, inspect_bars, is_sound, received, stale_flag
from puffling.puffin.data.raw import RawBars
from puffling.puffin.data.resample import resample

TIMES = np.arange(1, 7) * 60
CLOSE = np.array([10.0, 10.5, 10.2, 10.4, 10.1, 10.3])


def columns() -> dict[str, NDArray[np.float64]]:
    return {
        "opening": CLOSE - 0.1,
        "high": CLOSE + 0.5,
        "low": CLOSE - 0.5,
        "close": CLOSE.copy(),
        "volume": np.full(6, 100.0),
    }


def bars_of(parts: dict[str, NDArray[np.float64]]) -> Bars:
    opening, high, low, close, volume = parts.values()
    return Bars(TIMES, opening, high, low, close, volume)


def series(close: list[float]) -> Bars:
    prices = np.array(close)
    opening = np.append(prices[:1], prices[:-1])
    opening = np.where(np.abs(np.log(prices / opening)) > 0.3, prices, opening)
    high, low = np.maximum(opening, prices) * 1.01, np.minimum(opening, prices) * 0.99
    return Bars(60 * np.arange(1, len(close) + 1), opening, high, low, prices, np.ones(len(close)))


def told(inspection: Inspection) -> list[tuple[Fault, int, int]]:
    return [(flag.fault, flag.time_us, flag.count) for flag in inspection.flags]


def test_a_sound_series_has_no_flags() -> None:
    inspection = inspect_bars(bars_of(columns()), now_us=1_000)
    assert inspection.flags == ()
    assert inspection.kept_away.tolist() == [False] * 6


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("close", np.nan, Fault.NOT_A_NUMBER),
        ("high", np.inf, Fault.NOT_A_NUMBER),
        ("low", -np.inf, Fault.NOT_A_NUMBER),
        ("volume", np.nan, Fault.NOT_A_NUMBER),
        ("low", 0.0, Fault.NOT_POSITIVE),
        ("low", -1.0, Fault.NOT_POSITIVE),
        ("high", 9.0, Fault.OUTSIDE_RANGE),
        ("opening", 50.0, Fault.OUTSIDE_RANGE),
        ("close", 1.0, Fault.OUTSIDE_RANGE),
        ("volume", -5.0, Fault.NEGATIVE_VOLUME),
    ],
)
def test_every_kind_of_broken_bar_is_flagged_where_it_happens_and_kept_away(
    column: str, value: float, fault: Fault
) -> None:
    broken = columns()
    broken[column][2] = value
    inspection = inspect_bars(bars_of(broken))
    assert told(inspection) == [(fault, int(TIMES[2]), 1)]
    assert np.flatnonzero(inspection.kept_away).tolist() == [2]
    assert inspection.flags[0].message.endswith(": 1970-01-01")


def test_neighbours_with_the_same_fault_are_one_flag() -> None:
    broken = columns()
    broken["close"][1:4] = np.nan
    [flag] = inspect_bars(bars_of(broken)).flags
    assert (flag.time_us, flag.until_us, flag.count) == (int(TIMES[1]), int(TIMES[3]), 3)
    assert "3 bars" in flag.message


@pytest.mark.parametrize("times", [1_000.0, 0.001, 10.0, 2.5, 0.3])
def test_a_spike_that_comes_back_is_kept_away_and_its_neighbours_are_not(times: float) -> None:
    close = CLOSE.tolist()
    close[3] *= times
    inspection = inspect_bars(series(close))
    assert told(inspection) == [(Fault.SPIKE, 240, 1)]
    assert np.flatnonzero(inspection.kept_away).tolist() == [3]


def test_a_bar_that_reaches_out_and_comes_back_within_itself_is_a_spike() -> None:
    broken = columns()
    broken["low"][2] = 0.01
    assert told(inspect_bars(bars_of(broken))) == [(Fault.SPIKE, int(TIMES[2]), 1)]


@pytest.mark.parametrize("times", [96.0, 987.0, 1_000.0, 1 / 96.0, 1 / 987.0])
def test_a_page_in_another_unit_is_a_spike_however_long_it_is(times: float) -> None:
    close = [10.0] * 30 + [10.0 * times] * 60 + [10.1] * 30
    inspection = inspect_bars(series(close))
    assert told(inspection) == [(Fault.SPIKE, 31 * 60, 60)]
    assert np.flatnonzero(inspection.kept_away).tolist() == list(range(30, 90))


def test_a_share_that_doubles_and_stays_there_is_the_market() -> None:
    assert inspect_bars(series([10.0] * 10 + [23.7] * 10)).flags == ()
    assert inspect_bars(series([10.0] * 10 + [3.1] * 10)).flags == ()
    # Volkswagen in October 2008: it nearly doubled and came back within a day, and that was true.
    assert inspect_bars(series([210.0, 350.0, 520.0, 945.0, 517.0, 496.0])).flags == ()


def test_a_jump_in_the_last_bar_waits_to_be_confirmed() -> None:
    waiting = inspect_bars(series([10.0] * 10 + [25.0]))
    assert told(waiting) == [(Fault.UNCONFIRMED, 660, 1)]
    assert np.flatnonzero(waiting.kept_away).tolist() == [10]
    assert inspect_bars(series([10.0] * 10 + [23.7, 23.9])).flags == ()
    assert told(inspect_bars(series([10.0] * 10 + [25.0, 10.1]))) == [(Fault.SPIKE, 660, 1)]


@pytest.mark.parametrize("ratio", [0.5, 0.25, 10.0, 1 / 20])
def test_a_split_that_nobody_stated_parts_the_series(ratio: float) -> None:
    inspection = inspect_bars(series([100.0] * 10 + [101.0 * ratio] * 10))
    assert told(inspection) == [(Fault.BREAK, 660, 1)]
    assert np.flatnonzero(~inspection.kept_away).tolist() == list(range(10, 20))


def test_a_change_of_unit_counts_once_it_has_lasted() -> None:
    fresh = inspect_bars(series([10.0] * 50 + [10_123.0] * 5))
    assert told(fresh) == [(Fault.UNCONFIRMED, 51 * 60, 5)]
    lasting = inspect_bars(series([10.0] * 50 + [10_123.0] * 25))
    assert told(lasting) == [(Fault.BREAK, 51 * 60, 1)]
    assert np.flatnonzero(~lasting.kept_away).tolist() == list(range(50, 75))


@pytest.mark.parametrize("ahead_us", [10**18, np.iinfo(np.int64).max])
def test_a_time_beyond_every_calendar_is_one_of_the_future_that_can_be_told(ahead_us: int) -> None:
    times = np.append(TIMES[:-1], ahead_us)
    for came in (RawBars.of(times, *columns().values()), Bars(times, *columns().values())):
        arrived = received(came)
        inspection = inspect_bars(arrived.bars, marks=arrived.marks, now_us=1_000)
        assert [flag.fault for flag in inspection.flags] == [Fault.FUTURE]
        assert "9999-12-31" in inspection.flags[0].message
        assert inspection.kept_away.tolist() == [False] * 5 + [True]


@pytest.mark.parametrize("price", [1e308, 5e-324, -1e308])
def test_prices_at_the_end_of_all_numbers_are_kept_away_without_a_warning(price: float) -> None:
    changed = columns()
    for name in ("opening", "high", "low", "close"):
        changed[name][3] = price
    bars = bars_of(changed)
    kept_away = inspect_bars(bars).kept_away
    assert kept_away.tolist() == [False] * 3 + [True] + [False] * 2
    assert len(resample(bars, Interval.M1, Interval.M5)) == 1


def test_what_came_in_order_has_no_marks_newest_first_is_an_order_too() -> None:
    plain = received(RawBars.of(TIMES, *columns().values()))
    backwards = received(RawBars.of(TIMES[::-1], *(column[::-1] for column in columns().values())))
    assert plain.bars == backwards.bars == bars_of(columns())
    assert plain.marks == backwards.marks == ()
    assert len(received(RawBars.of_rows([])).bars) == 0


def test_times_that_repeat_or_run_backwards_are_marked_and_the_bars_put_in_order() -> None:
    rows = [
        (time, *row) for time, row in zip(TIMES.tolist(), zip(*columns().values(), strict=True), strict=True)
    ]
    twice = (rows[1][0], 11.0, 12.0, 10.0, 11.5, 5.0)
    came = received(RawBars.of_rows([rows[0], rows[1], twice, rows[4], rows[2], rows[3], rows[3], rows[5]]))
    assert came.bars.time.tolist() == TIMES.tolist()
    assert came.bars.close[1] == 11.5
    assert came.marks == (
        Mark(120, Fault.CONFLICT),
        Mark(180, Fault.OUT_OF_ORDER),
        Mark(240, Fault.OUT_OF_ORDER),
    )
    inspection = inspect_bars(came.bars, marks=came.marks)
    assert np.flatnonzero(inspection.kept_away).tolist() == [1, 2, 3]


def test_the_same_bar_twice_is_told_and_used_once() -> None:
    rows = [(time, 10.0, 10.5, 9.5, 10.0, 1.0) for time in (60, 120, 120, 180)]
    came = received(RawBars.of_rows(rows))
    inspection = inspect_bars(came.bars, marks=came.marks)
    assert told(inspection) == [(Fault.DUPLICATE, 120, 1)]
    assert not inspection.kept_away.any()


def test_a_bar_of_the_future_is_kept_away() -> None:
    inspection = inspect_bars(bars_of(columns()), now_us=300)
    assert told(inspection) == [(Fault.FUTURE, 360, 1)]
    assert np.flatnonzero(inspection.kept_away).tolist() == [5]


def test_a_missing_page_parts_the_series_and_a_missing_bar_does_not() -> None:
    bars = bars_of(columns())
    small = inspect_bars(bars, holes=(Hole(130, 180, 1),), page=5)
    assert told(small) == [(Fault.GAP, 130, 1)]
    assert not small.kept_away.any()
    page = inspect_bars(bars, holes=(Hole(130, 180, 5),), page=5)
    assert np.flatnonzero(~page.kept_away).tolist() == [2, 3, 4, 5]


def test_a_stale_series_says_since_when() -> None:
    flag = stale_flag(0, 3)
    assert (flag.fault, flag.count) == (Fault.STALE, 3)
    assert "1970-01-01, 3 bars should follow" in flag.message


@given(st.lists(st.floats(5.0, 6.0), min_size=2, max_size=60), st.data())
def test_the_quick_look_never_calls_sound_what_the_closer_one_flags(
    close: list[float], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(close) - 1))
    close[place] *= data.draw(st.sampled_from([1.0, 1.7, 1.9, 2.5, 40.0, 0.4, 1e4]))
    bars = series(close)
    assert not is_sound(bars) or inspect_bars(bars, marks=(Mark(-1, Fault.FUTURE),)).flags[1:] == ()
