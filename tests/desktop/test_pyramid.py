from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puffling.desktop.charts.pyramid import Floats, Pyramid


def columns(count: int, seed: int = 1) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    chance = np.random.default_rng(seed)
    close = 100 + chance.normal(0, 1, count).cumsum()
    open_ = np.concatenate(([100.0], close[:-1]))[:count]
    high = np.maximum(open_, close) + chance.random(count)
    low = np.minimum(open_, close) - chance.random(count)
    return open_, high, low, close, chance.random(count) * 1000


def pyramid(count: int) -> Pyramid:
    return Pyramid(np.arange(count, dtype=np.int64) * 60_000_000, *columns(count))


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 700),
    first=st.integers(-20, 700),
    width=st.integers(1, 800),
    pixels=st.integers(1, 60),
)
def test_no_stretch_has_more_than_two_candles_per_pixel(
    count: int, first: int, width: int, pixels: int
) -> None:
    found = pyramid(count).stretch(first, first + width, pixels)
    # One candle may be cut by each edge.
    assert len(found.open) <= 2 * pixels + 2


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 700),
    first=st.integers(-20, 690),
    width=st.integers(1, 800),
    pixels=st.integers(1, 60),
)
def test_a_coarse_candle_is_made_of_all_its_bars(count: int, first: int, width: int, pixels: int) -> None:
    open_, high, low, close, volume = columns(count)
    found = pyramid(count).stretch(first, first + width, pixels)
    for place in range(len(found.open)):
        bars = slice(found.first + place * found.span, found.first + (place + 1) * found.span)
        assert found.open[place] == open_[bars][0]
        assert found.high[place] == high[bars].max()
        assert found.low[place] == low[bars].min()
        assert found.close[place] == close[bars][-1]
        assert found.volume[place] == pytest.approx(volume[bars].sum())


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 700), first=st.integers(-20, 700), width=st.integers(0, 800))
def test_lowest_and_highest_are_those_of_every_bar_between(count: int, first: int, width: int) -> None:
    _, high, low, _, _ = columns(count)
    inside = slice(max(first, 0), max(first + width + 1, 0))
    expected = (low[inside].min(), high[inside].max()) if len(low[inside]) else None
    assert pyramid(count).low_and_high(first, first + width) == expected


@settings(max_examples=25, deadline=None)
@given(start=st.integers(1, 70), more=st.integers(1, 200), pixels=st.integers(1, 20))
def test_bars_that_arrive_one_by_one_look_like_bars_that_came_at_once(
    start: int, more: int, pixels: int
) -> None:
    total = start + more
    every = columns(total)
    times = np.arange(total, dtype=np.int64) * 60_000_000
    grown = Pyramid(times[:start], *(column[:start] for column in every))
    for place in range(start, total):
        grown.append(int(times[place]), 1.0, 2.0, 0.5, 1.0, 0.0)
        grown.set_last(*(float(column[place]) for column in every))
    at_once = Pyramid(times, *every)
    assert grown.times_us.tolist() == times.tolist()
    for first, last in ((0, total), (start - 1, total), (total // 2, total)):
        one, other = grown.stretch(first, last, pixels), at_once.stretch(first, last, pixels)
        np.testing.assert_allclose(np.array(one[2:]), np.array(other[2:]))
        assert grown.low_and_high(first, last) == at_once.low_and_high(first, last)


def test_the_arrays_that_came_in_are_never_written() -> None:
    every = columns(100)
    for column in every:
        column.setflags(write=False)
    bars = Pyramid(np.arange(100), *every)
    bars.set_last(1, 2, 0.5, 1, 10)
    bars.append(100, 1, 2, 0.5, 1, 10)
    assert bars.bar(99).close == 1


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        Pyramid(np.arange(3), [1.0], [1.0], [1.0], [1.0], [1.0])
