"""Series to compute on: real ones, random walks and those a computer thinks up to be awkward."""

from __future__ import annotations

from functools import cache

import numpy as np
from hypothesis import strategies as st

from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import US_PER_DAY, US_PER_MINUTE
from puffling.puffin.data.samples import SamplesProvider
from puffling.puffin.factors.declaration import Setting, Whole
from puffling.puffin.factors.indicator import Bar, Indicator

HALF_DAY = US_PER_DAY // 2


@cache
def real(symbol: str, *, adjusted: bool = True) -> Bars:
    """Give a share's real daily history."""
    return SamplesProvider().bars(symbol, adjusted=adjusted)


def walk(count: int, seed: int = 7) -> Bars:
    """Give minutes of a random walk."""
    chance = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(chance.normal(0.0, 0.001, count)))
    opening = np.append(100.0, close[:-1])
    high = np.maximum(opening, close) * (1.0 + np.abs(chance.normal(0.0, 0.0007, count)))
    low = np.minimum(opening, close) * (1.0 - np.abs(chance.normal(0.0, 0.0007, count)))
    volume = chance.integers(0, 5_000, count).astype(np.float64)
    return Bars(np.arange(count, dtype=np.int64) * US_PER_MINUTE, opening, high, low, close, volume)


@st.composite
def awkward(draw: st.DrawFn) -> Bars:
    """Give half days with flat stretches, gaps, ties, bars without range and bars without volume."""
    stretches = draw(
        st.lists(
            st.tuples(
                st.integers(1, 12),
                st.integers(-40, 40),
                st.sampled_from([0, 0, 1, 5]),
                st.sampled_from([0, 1, 3, 100]),
            ),
            max_size=8,
        )
    )
    chance = np.random.default_rng(draw(st.integers(0, 1_000)))
    rows = []
    price = 100
    for count, gap, spread, volume in stretches:
        price = max(price + gap, 20)
        for _ in range(count):
            opening, low, high, close = (
                np.array([0, -spread, spread, 0]) + price + chance.integers(0, spread + 1, 4)
            )
            low, high = min(low, opening, close), max(high, opening, close)
            rows.append((opening, high, low, close, volume * 20 * chance.integers(0, 3)))
            price = max(int(close), 20)
    columns = np.array(rows, dtype=np.float64).reshape(-1, 5).T * 0.05
    return Bars(np.arange(len(rows), dtype=np.int64) * HALF_DAY, *columns)


def bar_at(bars: Bars, place: int) -> Bar:
    """Give one bar."""
    return Bar(int(bars.time[place]), *(float(column[place]) for column in bars.columns()))


def short(indicator: type[Indicator]) -> dict[str, Setting]:
    """Give parameters with which it is warm after a few bars."""
    return {
        each.name: each.minimum + number + 1
        for number, each in enumerate(indicator.parameters)
        if isinstance(each, Whole)
    }
