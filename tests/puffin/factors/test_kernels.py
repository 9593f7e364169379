"""The arithmetic under the indicators."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puffling.puffin.factors import windows
from puffling.puffin.factors.machines import Ceiling, Direction, Machine, ParabolicStop, State
from puffling.puffin.factors.recurrence import fade
from tests.puffin.factors.series import real, walk

Definition = Callable[[windows.Column], windows.Column]
DEFINITIONS: dict[str, Definition] = {
    "sums": lambda rows: np.sum(rows, axis=1),
    "means": lambda rows: np.mean(rows, axis=1),
    "highs": lambda rows: np.max(rows, axis=1),
    "lows": lambda rows: np.min(rows, axis=1),
    "deviations": lambda rows: np.std(rows, axis=1),
    "mean_deviations": lambda rows: np.mean(np.abs(rows - np.mean(rows, axis=1, keepdims=True)), axis=1),
    "weighted_means": lambda rows: np.average(rows, axis=1, weights=np.arange(rows.shape[1]) + 1.0),
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_windows_of_every_width_are_what_they_are_by_definition(name: str) -> None:
    kernel: windows.Kernel = getattr(windows, name)
    values = real("IBM").close
    for width in (*range(1, 35), 100, 255, 2_000, len(values)):
        expected = DEFINITIONS[name](np.lib.stride_tricks.sliding_window_view(values, width))
        np.testing.assert_allclose(windows.over_windows(kernel, values, width), expected, rtol=1e-11)
    assert len(windows.over_windows(kernel, values, len(values) + 1)) == 0


def test_a_window_over_flat_prices_is_exactly_flat_whatever_came_before() -> None:
    values = np.concatenate([walk(5_000).close * 1e6, np.full(20_000, 0.1)])
    after = slice(5_000, None)
    assert set(windows.over_windows(windows.deviations, values, 20)[after]) == {0.0}
    assert len(set(windows.over_windows(windows.sums, values, 20)[after])) == 1


@settings(max_examples=60, deadline=None)
@given(count=st.integers(0, 40_000), factor=st.floats(0.0, 0.9999), before=st.floats(-1e6, 1e6))
def test_fading_sums_are_those_of_the_plain_loop(count: int, factor: float, before: float) -> None:
    values = walk(40_000).close[:count]
    given = fade(values, factor, before)
    assert len(given) == count
    value = before
    for place in range(min(count, 700)):
        value = factor * value + values[place]
        assert given[place] == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(given[1:], factor * given[:-1] + values[1:], rtol=1e-12)


class CountingStop(ParabolicStop):
    """Counts the bars it was asked for one by one."""

    alone = 0

    def advance(self, state: State, *values: float) -> State:
        """Count."""
        self.alone += 1
        return super().advance(state, *values)


def plain(machine: Machine, columns: tuple[windows.Column, ...]) -> list[float]:
    machine(*(column[:0] for column in columns))
    shown = []
    for values in zip(*(column.tolist() for column in columns), strict=True):
        shown.append(machine.step(*values))
        machine.settle()
    return shown


def test_states_run_side_by_side_are_to_the_last_bit_those_run_one_by_one() -> None:
    bars = walk(60_300)
    columns = (bars.high[1:], bars.low[1:], bars.high[:-1], bars.low[:-1])
    stop = CountingStop(0.02, 0.2)
    assert stop(*columns).tolist() == plain(ParabolicStop(0.02, 0.2), columns)
    assert stop.alone < 0.1 * len(bars)
    band = ((bars.high + 0.2)[1:], bars.close[:-1])
    assert Ceiling()(*band).tolist() == plain(Ceiling(), band)


@pytest.mark.parametrize("slope", [0.0, 0.01, -0.01])
def test_a_state_that_never_forgets_is_followed_one_by_one(slope: float) -> None:
    price: windows.Column = 1_000.0 + slope * np.arange(25_000, dtype=np.float64)
    columns = (price[1:] + 1.0, price[1:], price[:-1] + 1.0, price[:-1])
    assert ParabolicStop(0.02, 0.2)(*columns).tolist() == plain(ParabolicStop(0.02, 0.2), columns)


def test_a_guess_that_was_wrong_is_computed_again() -> None:
    band = 100.0 + 0.01 * np.arange(25_000, dtype=np.float64)
    close_before = np.full(25_000, 50.0)
    assert set(Ceiling()(band, close_before).tolist()) == {100.0}


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), max_size=60),
    st.integers(0, 3),
)
def test_direction_holds_between_crossings_even_where_the_bands_cross(
    values: list[tuple[int, int, int]], unknown: int
) -> None:
    columns = np.array(values, dtype=np.float64).reshape(-1, 3).T.copy()
    columns[1, :unknown] = np.nan
    whole = Direction()(*columns)
    live = Direction()
    live(*columns[:, :0])
    for place, value in enumerate(whole.tolist()):
        assert live.step(*columns[:, place].tolist()) == pytest.approx(value, nan_ok=True)
        live.settle()
