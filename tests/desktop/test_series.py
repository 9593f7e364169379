"""A series gives the same lowest and highest as its values, however it grew, from few points."""

from __future__ import annotations

import numpy as np
import pytest

from puffling.desktop.charts.series import Series


def grown(count: int) -> tuple[Series, list[float]]:
    chance = np.random.default_rng(count)
    values = chance.normal(size=count).cumsum()
    values[: count // 5] = np.nan
    series, known = Series(values), values.tolist()
    for number in range(150):
        if number % 3:
            series.append(number * 0.1)
            known.append(number * 0.1)
        else:
            series.set_last(-number * 0.2)
            known[-1:] = [-number * 0.2]
    return series, known if count else known[1:]


@pytest.mark.parametrize("count", [1, 15, 16, 17, 1000, 70_000])
def test_any_stretch_has_the_lowest_and_highest_of_its_values(count: int) -> None:
    series, known = grown(count)
    values = np.array(known)
    chance = np.random.default_rng(1)
    assert len(series) == len(values)
    for _ in range(100):
        first, last = sorted(chance.integers(-5, len(values) + 5, 2).tolist())
        seen = values[max(first, 0) : max(last + 1, 0)]
        seen = seen[np.isfinite(seen)]
        expected = (seen.min(), seen.max()) if len(seen) else None
        assert series.low_and_high(first, last) == expected
        strip = series.strip(first, last, 90)
        for place, (low, high) in enumerate(zip(strip.low, strip.high, strict=True)):
            part = values[strip.first + place * strip.span : strip.first + (place + 1) * strip.span]
            part = part[np.isfinite(part)]
            assert not len(part) or (low, high) == (part.min(), part.max())


@pytest.mark.parametrize("count", [100, 5_000, 300_000])
@pytest.mark.parametrize("pixels", [50.0, 700.0, 3000.0])
def test_a_strip_never_takes_more_than_two_points_a_pixel(count: int, pixels: float) -> None:
    series = Series(np.arange(count, dtype=np.float64))
    for first, last in ((0, count), (count * 0.3, count * 0.9), (count - 40, count + 2), (-50, count * 3)):
        strip = series.strip(first, last, pixels)
        points = len(strip.low) * (2 if strip.span > 1 else 1)
        assert 0 < points <= 2 * pixels + 8


def test_a_tick_touches_only_what_it_is_part_of() -> None:
    series = Series(np.zeros(100_000))
    for number in range(2_000):
        series.set_last(float(number))
        if number % 4 == 0:
            series.append(0.0)
    assert series.builds == 1
    assert series.low_and_high(0, 99_000) == (0.0, 0.0)
    assert series.newest == 1999.0
