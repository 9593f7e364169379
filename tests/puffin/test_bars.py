"""Bars, intervals and spans."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from puffling.puffin.data.bars import Bars, Span, bars_from_rows, merge_spans, missing_spans
from puffling.puffin.data.interval import Interval
from puffling.puffin.errors import InvalidValue


def series(*times: int, close: float = 2.0) -> Bars:
    return bars_from_rows([(time, 2.0, 3.0, 1.0, close, 10.0) for time in times])


def test_a_series_cannot_be_changed() -> None:
    bars = series(1, 2)
    with pytest.raises(ValueError, match="read-only"):
        bars.close[0] = 5.0


def test_freezing_a_series_leaves_the_callers_array_his_own() -> None:
    prices = np.array([1.0, 2.0])
    Bars(np.array([1, 2]), prices, prices, prices, prices, prices)
    prices[0] = 7.0
    assert prices[0] == 7.0


@pytest.mark.parametrize("times", [(2, 1), (1, 1)])
def test_times_that_do_not_rise_are_refused(times: tuple[int, int]) -> None:
    with pytest.raises(InvalidValue, match="rise"):
        series(*times)


def test_columns_of_unequal_length_are_refused() -> None:
    one = np.array([1.0])
    with pytest.raises(InvalidValue, match="close"):
        Bars(np.array([1]), one, one, one, np.array([1.0, 2.0]), one)


def test_slices_share_memory_and_windows_exclude_their_end() -> None:
    bars = series(10, 20, 30, 40)
    window = bars.between(20, 40)
    assert window.time.tolist() == [20, 30]
    assert window == bars[1:3]
    assert np.shares_memory(window.close, bars.close)


def test_joined_parts_are_in_order_and_the_later_part_wins() -> None:
    joined = Bars.join([series(30, 40), series(10, 20), series(20, 30, close=2.5)])
    assert joined.time.tolist() == [10, 20, 30, 40]
    assert joined.close.tolist() == [2.0, 2.5, 2.5, 2.0]


def test_joining_nothing_gives_an_empty_series() -> None:
    assert Bars.join([]) == Bars.empty()
    assert not Bars.empty()


def test_a_frame_and_back_is_the_same_series() -> None:
    bars = series(1_700_000_000_000_000, 1_700_000_060_000_001)
    frame = bars.to_frame()
    assert list(frame.columns) == ["Open", "High", "Low", "Close", "Volume"]
    assert frame.index.name == "Date"
    assert Bars.from_frame(frame) == bars
    assert Bars.from_frame(frame.tz_localize("UTC").tz_convert("Asia/Tokyo")) == bars


def test_a_frame_without_prices_says_which_column_is_missing() -> None:
    with pytest.raises(InvalidValue, match="Close"):
        Bars.from_frame(series(1).to_frame().drop(columns="Close"))


def test_the_market_does_not_load_pandas() -> None:
    code = "import sys, puffling.market.market; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("1m", Interval.M1),
        ("1M", Interval.MO1),
        ("1H", Interval.H1),
        ("1wk", Interval.W1),
        (" 1d ", Interval.D1),
    ],
)
def test_intervals_are_read_as_people_write_them(text: str, interval: Interval) -> None:
    assert Interval.parse(text) is interval


def test_an_unknown_interval_names_the_known_ones() -> None:
    with pytest.raises(InvalidValue, match="1m, 5m"):
        Interval.parse("2d")


def test_missing_spans_are_exactly_what_is_not_covered() -> None:
    covered = [Span(40, 50), Span(10, 20), Span(15, 30), Span(7, 7)]
    assert merge_spans(covered) == (Span(10, 30), Span(40, 50))
    assert missing_spans(Span(0, 60), covered) == (Span(0, 10), Span(30, 40), Span(50, 60))
    assert missing_spans(Span(12, 28), covered) == ()
