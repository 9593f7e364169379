"""Indicators bar by bar: the same numbers as over the whole history, and nothing known before its time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puffling.puffin.data.bars import Bars
from puffling.puffin.factors import cells, machines
from puffling.puffin.factors.indicator import Bar, Indicator, find_indicators
from puffling.puffin.factors.windows import Column
from tests.puffin.factors.series import awkward, bar_at, real, short, walk

ALL = tuple(find_indicators().values())
each_indicator = pytest.mark.parametrize("indicator", ALL, ids=[each.id for each in ALL])


def assert_same(one: dict[str, float], columns: dict[str, Column], place: int) -> None:
    expected = {name: column[place] for name, column in columns.items()}
    for name, value in one.items():
        assert value == pytest.approx(expected[name], rel=1e-9, abs=1e-9, nan_ok=True), (name, place)


@each_indicator
def test_appended_bars_give_the_numbers_of_the_whole_history(indicator: type[Indicator]) -> None:
    bars = real("AAPL")[:700]
    whole = indicator.compute(bars)
    live = indicator.start(bars[:400])
    for place in range(400, len(bars)):
        # The bar before it has closed: half as high, then at its end.
        moving = bar_at(bars, place)
        live.update(moving._replace(high=moving.high * 1.5, close=moving.low * 0.5, volume=1.0))
        assert live.update(moving) == live.newest
        assert_same(live.newest, whole, place)
        assert_same(live.append(moving), whole, place)


@settings(max_examples=30, deadline=None)
@given(bars=awkward(), share=st.floats(0.0, 1.0))
def test_they_agree_on_flat_prices_ties_gaps_and_no_volume(bars: Bars, share: float) -> None:
    start = int(share * len(bars))
    for indicator in ALL:
        parameters = short(indicator)
        whole = indicator.compute(bars, **parameters)
        live = indicator.start(bars[:start], **parameters)
        for place in range(start, len(bars)):
            assert_same(live.append(bar_at(bars, place)), whole, place)


@each_indicator
def test_what_comes_later_changes_nothing_to_the_last_bit(indicator: type[Indicator]) -> None:
    bars = walk(21_700)
    whole = indicator.compute(bars)
    for count in (0, 1, 2, 60, 127, 128, 129, 8_193, 16_500, 20_001, 21_499):
        for name, column in indicator.compute(bars[:count]).items():
            assert np.array_equal(column, whole[name][:count], equal_nan=True), (name, count)


@each_indicator
def test_a_bar_with_a_hole_gives_nothing_and_spoils_nothing(indicator: type[Indicator]) -> None:
    bars = real("IBM")[:300]
    columns = [column.copy() for column in bars.columns()]
    for column in columns:
        column[[0, 120, 250]] = np.nan
    holed = indicator.compute(Bars(bars.time, *columns))
    kept = np.isfinite(columns[0])
    clean = indicator.compute(Bars(bars.time[kept], *(column[kept] for column in columns)))
    live = indicator.start(bars[:0])
    for place in range(len(bars)):
        bar = Bar(int(bars.time[place]), *(float(column[place]) for column in columns))
        assert_same(live.append(bar), holed, place)
    for name, column in holed.items():
        assert np.isnan(column[~kept]).all()
        assert np.array_equal(column[kept], clean[name], equal_nan=True)


CELLS: dict[str, Callable[[], cells.Cell]] = {
    "sum": lambda: cells.Sum(30),
    "mean": lambda: cells.Mean(30),
    "weighted mean": lambda: cells.WeightedMean(30),
    "deviation": lambda: cells.Deviation(30),
    "exponential": lambda: cells.exponential(30),
    "wilder": lambda: cells.wilder(30),
    "wilder sum": lambda: cells.wilder_sum(30),
    "heikin-ashi": lambda: cells.Fade(1, 0.5, 0.5),
    "total": cells.Total,
    "ceiling": machines.Ceiling,
    "parabolic stop": lambda: machines.ParabolicStop(0.02, 0.2),
}


@pytest.mark.parametrize("name", CELLS)
def test_no_state_drifts_over_a_hundred_thousand_bars(name: str) -> None:
    bars = walk(100_000)
    columns: dict[str, tuple[Column, ...]] = {
        "ceiling": (bars.high[1:], bars.close[:-1]),
        "parabolic stop": (bars.high[1:], bars.low[1:], bars.high[:-1], bars.low[:-1]),
    }
    given = columns.get(name, (bars.close,))
    whole = CELLS[name]()(*given)
    cell = CELLS[name]()
    cell(*(column[:10] for column in given))
    value = np.nan
    for values in zip(*(column[10:].tolist() for column in given), strict=True):
        value = cell.step(*values)
        cell.settle()
    assert value == pytest.approx(whole[-1], rel=1e-12)
