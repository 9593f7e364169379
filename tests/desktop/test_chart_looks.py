"""Prices in every shape and on every scale: drawn sparingly, kept up by ticks, safe with any number."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from puffling.desktop.charts.chart import ChartView
from puffling.desktop.charts.heikin_ashi import HeikinAshi, averaged
from puffling.desktop.charts.kinds import Kind
from puffling.desktop.charts.pyramid import Bar, Pyramid
from puffling.desktop.charts.scale import Scale, logarithmic_ticks
from puffling.desktop.charts.ticks import LEAST_PRICE_GAP
from puffling.desktop.charts.viewport import Viewport, fit_prices
from puffling.desktop.theme import colours
from tests.desktop.conftest import CHART_WIDTH

DAY_US = 86_400_000_000
Columns = tuple[NDArray[np.float64], ...]


def walk(count: int, seed: int = 7) -> Columns:
    chance = np.random.default_rng(seed)
    close = 100 * np.exp(chance.normal(0, 0.01, count).cumsum())
    open_ = np.roll(close, 1)
    open_[:1] = 100.0
    high, low = np.maximum(open_, close) * 1.004, np.minimum(open_, close) * 0.996
    return open_, high, low, close, np.full(count, 1000.0)


def times(count: int) -> NDArray[np.int64]:
    return int(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1e6) + np.arange(count, dtype=np.int64) * DAY_US


@pytest.fixture
def chart(chart: ChartView) -> ChartView:
    chart.set_bars(times(3000), *walk(3000))
    return chart


def count_of(image: QImage, colour: QColor) -> int:
    wanted = colour.rgb()
    return sum(image.pixel(x, y) == wanted for x in range(image.width()) for y in range(0, image.height(), 2))


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("scale", list(Scale))
def test_every_kind_on_every_scale_takes_two_places_a_pixel_at_most(
    chart: ChartView, kind: Kind, scale: Scale
) -> None:
    chart.set_bars(times(200_000), *walk(200_000))
    chart.set_kind(kind)
    chart.set_scale(scale)
    for act in (chart.fit, lambda: chart.zoom(3.0), lambda: chart.zoom(0.2), lambda: chart.pan(-0.3)):
        act()
        chart.grab()
        assert 0 < chart.candles_drawn <= 2 * CHART_WIDTH + 4


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("values", [[0.0] * 30, [-5.0] * 30, [1e-9] * 30, [1e12] * 30, [-3.0, 0.0, 4.0] * 10])
def test_no_price_is_too_strange_for_a_logarithmic_scale(
    chart: ChartView, kind: Kind, values: list[float]
) -> None:
    chart.set_kind(kind)
    chart.set_scale(Scale.LOGARITHMIC)
    chart.set_bars(times(30), values, values, values, values, values)
    chart.grab()
    chart.zoom_prices(2.0)
    chart.set_scale(Scale.PERCENT)
    chart.grab()
    assert chart.price_range is not None


def test_hollow_candles_keep_their_inside_empty(chart: ChartView) -> None:
    chart.show_last(30)
    full = count_of(chart.grab().toImage(), colours(dark=True).up)
    chart.set_kind(Kind.HOLLOW)
    assert 0 < count_of(chart.grab().toImage(), colours(dark=True).up) < 0.8 * full


def test_a_line_leaves_candles_away_and_candles_come_back(chart: ChartView) -> None:
    before = chart.grab().toImage()
    chart.set_kind(Kind.LINE)
    line = chart.grab().toImage()
    accent = colours(dark=True).accent
    assert count_of(line, accent) > count_of(before, accent)
    chart.set_kind(Kind.CANDLES)
    assert chart.grab().toImage() == before


@pytest.mark.parametrize("count", [1, 2, 3, 64, 500])
def test_averaged_bars_equal_their_definition(count: int) -> None:
    open_, high, low, close, _ = walk(count)
    begun = (open_[0] + close[0]) / 2
    mean = (open_ + high + low + close) / 4
    found = averaged(open_, high, low, close)
    for place in range(count):
        expected = (begun, max(high[place], begun, mean[place]), min(low[place], begun, mean[place]))
        assert [column[place] for column in found[:3]] == pytest.approx(expected, rel=1e-12)
        begun = (begun + mean[place]) / 2


def test_averaged_bars_kept_up_by_ticks_equal_those_made_at_once() -> None:
    columns = walk(300)
    ticking = HeikinAshi(Pyramid(times(1), *(column[:1] for column in columns)))
    for place in range(1, 300):
        bar = Bar(int(times(300)[place]), *(float(column[place]) for column in columns))
        ticking.append(bar._replace(high=bar.high * 3, close=bar.close * 2))
        ticking.set_last(bar)
    at_once = HeikinAshi(Pyramid(times(300), *columns))
    for place in range(300):
        assert ticking.bars.bar(place) == pytest.approx(at_once.bars.bar(place), rel=1e-12)


@pytest.mark.parametrize("kind", [Kind.HEIKIN_ASHI, Kind.LINE])
def test_a_chart_kept_up_by_ticks_looks_like_one_given_all_at_once(chart: ChartView, kind: Kind) -> None:
    columns = walk(400)
    chart.set_kind(kind)
    chart.set_bars(times(400), *columns)
    chart.grab()
    at_once = chart.grab().toImage()
    chart.set_bars(times(300), *(column[:300] for column in columns))
    chart.go_on(times(400), columns)
    chart.update_last(*(float(column[-1]) for column in columns))
    chart.show_last(150)
    assert chart.grab().toImage() == at_once


@pytest.mark.parametrize(("low", "high"), [(418, 541), (1, 1000), (0.01, 5e4), (27, 31), (1e-9, 1e9)])
def test_logarithmic_labels_are_round_and_do_not_crowd(low: float, high: float) -> None:
    ticks = logarithmic_ticks(low, high, 400)
    places = np.log(ticks) / np.log(high / low) * 400
    assert len(ticks) > 3
    assert np.diff(places).min() > 0.99 * LEAST_PRICE_GAP
    assert all(low <= tick <= high for tick in ticks)


def test_equal_ratios_are_equally_high_on_a_logarithmic_scale() -> None:
    viewport = Viewport(0, 10, *fit_prices(50, 800, 500, with_volume=True, logarithmic=True), 400, 500, True)
    steps = np.diff(viewport.ys(np.array([50.0, 100.0, 200.0, 400.0, 800.0])))
    assert steps == pytest.approx(np.full(4, steps[0]))
    for price in (50.0, 123.4, 800.0):
        assert viewport.price(viewport.y(price)) == pytest.approx(price)
    assert viewport.y(0.0) > 1e4
    assert viewport.low > 0


def test_percent_begins_anew_with_the_first_bar_that_is_seen(chart: ChartView) -> None:
    chart.set_scale(Scale.PERCENT)
    close = walk(3000)[3]
    for _ in range(2):
        chart.pan(-0.4)
        first = int(np.ceil(chart.visible_range[0]))
        assert chart.base == pytest.approx(close[first])
    chart.set_scale(Scale.LINEAR)
    assert chart.base is None


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("bad", [[5, 6, 250], [299], [0], list(range(300))])
def test_bars_that_are_no_numbers_leave_a_gap_and_nothing_else(
    chart: ChartView, kind: Kind, bad: list[int]
) -> None:
    columns = tuple(column.copy() for column in walk(300))
    for column in columns:
        column[bad] = np.nan
    chart.set_kind(kind)
    low = high = np.nan
    for scale in (Scale.PERCENT, Scale.LOGARITHMIC, Scale.LINEAR):
        chart.set_scale(scale)
        chart.set_bars(times(300), *columns)
        chart.fit()
        chart.point_at(bad[-1])
        chart.grab()
        low, high = chart.price_range or (np.nan, np.nan)
        assert low < high
    if len(bad) < 300:
        assert low > 0.5 * np.nanmin(columns[2])
        assert high < 2 * np.nanmax(columns[1])


def test_a_bar_that_is_no_number_changes_nothing_for_the_averaged_ones_after_it() -> None:
    columns = tuple(column.copy() for column in walk(200))
    for column in columns:
        column[[50, 51]] = np.nan
    at_once = HeikinAshi(Pyramid(times(200), *columns))
    ticking = HeikinAshi(Pyramid(times(40), *(column[:40] for column in columns)))
    for place in range(40, 200):
        ticking.append(Bar(int(times(200)[place]), *(float(column[place]) for column in columns)))
    for place in (49, 52, 53, 199):
        assert ticking.bars.bar(place) == pytest.approx(at_once.bars.bar(place), rel=1e-12)


def test_prices_do_not_fit_outliers_while_they_are_few(chart: ChartView) -> None:
    columns = tuple(column.copy() for column in walk(300))
    columns[1][100] *= 1000
    chart.set_bars(times(300), *columns)
    chart.fit()
    assert chart.price_range is not None
    assert chart.price_range[1] > 10_000
    chart.set_outliers([100])
    chart.fit()
    assert chart.price_range[1] < 1000
    chart.show_last(100)
    assert chart.price_range[1] < 1000
