from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from puffling.desktop.charts.candles import body_pixels
from puffling.desktop.charts.chart import ChartView
from puffling.desktop.charts.ticks import price_ticks, time_ticks
from puffling.desktop.states import Phase
from puffling.desktop.theme import Appearance, Scheme, colours, look
from tests.desktop.conftest import CHART_WIDTH

MINUTE_US = 60_000_000
DAY_US = 86_400_000_000


def fill(chart: ChartView, count: int, step_us: int = DAY_US) -> NDArray[np.float64]:
    chance = np.random.default_rng(7)
    close = 100 + chance.normal(0, 1, count).cumsum() * 0.1
    open_ = np.roll(close, 1)
    open_[0] = 100.0
    high, low = np.maximum(open_, close) + 0.5, np.minimum(open_, close) - 0.5
    start = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1e6)
    times = start + np.arange(count, dtype=np.int64) * step_us
    chart.set_bars(times, open_, high, low, close, np.full(count, 1000.0))
    return close


def picture(chart: ChartView) -> QImage:
    return chart.grab().toImage()


def count_of(image: QImage, colour: QColor) -> int:
    wanted = colour.rgb()
    return sum(image.pixel(x, y) == wanted for x in range(image.width()) for y in range(0, image.height(), 3))


@pytest.mark.parametrize("count", [1, 2, 150, 1601, 5000, 200_000])
def test_a_chart_never_draws_more_than_two_candles_per_pixel(chart: ChartView, count: int) -> None:
    fill(chart, count)
    for act in (chart.fit, lambda: chart.zoom(3.0), lambda: chart.zoom(0.2), lambda: chart.pan(-0.3)):
        act()
        picture(chart)
        assert 0 < chart.candles_drawn <= 2 * CHART_WIDTH + 2


def test_every_bar_that_is_seen_is_drawn_while_there_is_room(chart: ChartView) -> None:
    fill(chart, 150)
    chart.fit()
    picture(chart)
    assert chart.candles_drawn == 150


@pytest.mark.parametrize(
    ("slot", "body"), [(1.0, 1), (2.9, 1), (3.1, 3), (3.9, 3), (5.0, 3), (6.0, 5), (10.0, 7)]
)
def test_a_candle_has_a_body_as_long_as_there_is_room_for_one(slot: float, body: int) -> None:
    assert body_pixels(slot, 1, 1.0) == body


def test_a_chart_opens_on_the_newest_bars(chart: ChartView) -> None:
    fill(chart, 1000)
    first, last = chart.visible_range
    assert last > 999
    assert 145 < last - first < 160


def test_prices_fit_what_is_seen(chart: ChartView) -> None:
    close = fill(chart, 2000)
    chart.pan(-3)
    first, last = chart.visible_range
    seen = close[int(np.ceil(first)) : int(last) + 1]
    found = chart.price_range
    assert found is not None
    assert found[0] < seen.min() - 0.5
    assert found[1] > seen.max() + 0.5
    assert found[1] - found[0] < 2.5 * (seen.max() - seen.min() + 1)


@pytest.mark.parametrize("height", [60, 90, 140, 400])
def test_prices_have_most_of_a_chart_however_low_it_is(chart: ChartView, height: int) -> None:
    close = fill(chart, 150)
    chart.resize(CHART_WIDTH, height)
    found = chart.price_range
    assert found is not None
    assert (close.max() - close.min()) / (found[1] - found[0]) > 0.45


def test_prices_stretched_by_hand_stay_until_they_are_let_go(chart: ChartView) -> None:
    fill(chart, 2000)
    chart.zoom_prices(2.0)
    by_hand = chart.price_range
    chart.pan(-2)
    assert chart.price_range == by_hand
    chart.fit_prices()
    assert chart.price_range != by_hand


def test_keys_move_zoom_and_fit(chart: ChartView) -> None:
    fill(chart, 1000)
    spans, lasts = [], []
    for key in (
        Qt.Key.Key_Plus,
        Qt.Key.Key_Minus,
        Qt.Key.Key_Left,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
        Qt.Key.Key_0,
    ):
        QTest.keyClick(chart, key)
        first, last = chart.visible_range
        spans.append(last - first)
        lasts.append(last)
    assert spans[0] < spans[1]
    assert lasts[2] < lasts[1]
    assert lasts[3] < 200
    assert lasts[4] > 999
    assert spans[5] > 1000


def test_the_wheel_zooms_around_the_pointer(chart: ChartView) -> None:
    fill(chart, 1000)
    chart.pan(-1)
    before = chart.visible_range
    turn(chart, QPoint(0, 120))
    after = chart.visible_range
    assert after[0] > before[0]
    assert after[1] < before[1]
    turn(chart, QPoint(120, 0))
    assert chart.visible_range[0] < after[0]


def turn(chart: ChartView, angle: QPoint) -> None:
    canvas = chart.childAt(200, 200)
    assert isinstance(canvas, QWidget)
    at = QPointF(CHART_WIDTH / 2, 200)
    none = Qt.MouseButton.NoButton
    plain = Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        at,
        QPointF(canvas.mapToGlobal(at.toPoint())),
        QPoint(),
        angle,
        none,
        plain,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_dragging_pans_with_the_pointer(chart: ChartView) -> None:
    fill(chart, 1000)
    canvas = chart.childAt(200, 200)
    assert isinstance(canvas, QWidget)
    before = chart.visible_range
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    QTest.mouseMove(canvas, QPoint(300, 200))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    after = chart.visible_range
    assert after[0] < before[0] - 10
    assert after[1] - after[0] == pytest.approx(before[1] - before[0])


def test_nobody_gets_lost_beyond_the_bars(chart: ChartView) -> None:
    fill(chart, 100)
    for move, amount in ((chart.pan, -50.0), (chart.pan, 90.0), (chart.zoom, 1e9), (chart.zoom, 1e-9)):
        move(amount)
        first, last = chart.visible_range
        assert first < 100
        assert last > 0
        assert 7 < last - first < 120
        picture(chart)
        assert chart.candles_drawn > 0


def test_a_new_bar_moves_a_view_of_the_newest_along_and_leaves_others_alone(chart: ChartView) -> None:
    fill(chart, 1000)
    before = chart.visible_range
    chart.append(10**16, 100, 101, 99, 100, 1)
    assert chart.visible_range == (before[0] + 1, before[1] + 1)
    chart.pan(-2)
    before = chart.visible_range
    chart.append(10**16 + DAY_US, 100, 101, 99, 100, 1)
    assert chart.visible_range == before
    assert chart.bar_count == 1002


def test_a_history_that_goes_on_keeps_the_view_and_the_crosshair(chart: ChartView) -> None:
    close = fill(chart, 1000)
    chart.pan(-1)
    chart.point_at(900)
    before = chart.visible_range
    longer = np.append(close, [50.0, 51.0])
    longer[999] = 70.0
    times = np.arange(len(longer), dtype=np.int64) * DAY_US
    chart.go_on(times, [longer] * 5)
    assert (chart.bar_count, chart.visible_range) == (1002, before)
    told: list[object] = []
    chart.bar_pointed.connect(told.append)
    chart.point_at(900)
    assert told == []
    chart.fit()
    found = chart.price_range
    assert found is not None
    assert found[0] < 50


@pytest.mark.parametrize("grows", [False, True])
def test_the_crosshair_of_the_mouse_does_not_stay_on_a_bar_out_of_sight(
    chart: ChartView, grows: bool
) -> None:
    close = fill(chart, 300)
    chart.show_last(100)
    chart.point_at(280, 50.0)
    told: list[object] = []
    chart.bar_pointed.connect(told.append)
    if grows:
        newest = chart.newest_time_us or 0
        more = newest + np.arange(1, 201, dtype=np.int64) * DAY_US
        chart.go_on(np.append(chart.bars.times_us, more), [np.append(close, [50.0] * 200)] * 5)
    else:
        chart.pan(-1)
    assert told == [None]


def test_ticks_into_the_last_bar_are_drawn_together(chart: ChartView, qtbot: QtBot) -> None:
    fill(chart, 1000)
    before = chart.price_range
    assert before is not None
    for price in range(200, 300):
        chart.update_last(100, price, 99, price, 5)
    assert chart.price_range == before
    qtbot.waitUntil(lambda: chart.price_range != before, timeout=2000)
    assert chart.price_range is not None
    assert chart.price_range[1] > 299


def test_the_crosshair_tells_which_bar_it_is_on(chart: ChartView) -> None:
    fill(chart, 100)
    told: list[int | None] = []
    chart.bar_pointed.connect(told.append)
    canvas = chart.childAt(200, 200)
    assert isinstance(canvas, QWidget)
    QTest.mouseMove(canvas, QPoint(300, 200))
    assert len(told) == 1
    assert told[0] is not None
    before = count_of(picture(chart), colours(dark=True).text)
    chart.point_at(None)
    assert told[-1] is None
    assert count_of(picture(chart), colours(dark=True).text) < before


def test_a_chart_follows_the_theme(chart: ChartView) -> None:
    fill(chart, 150)
    seen = []
    for scheme, blind in ((Scheme.DARK, False), (Scheme.LIGHT, False), (Scheme.LIGHT, True)):
        look().wear(Appearance(scheme, colour_blind=blind))
        image = picture(chart)
        shades = colours(dark=scheme is Scheme.DARK, colour_blind=blind)
        seen.append((count_of(image, shades.panel), count_of(image, shades.up), count_of(image, shades.down)))
    assert all(panel > 50_000 and up > 200 and down > 200 for panel, up, down in seen)


def test_an_empty_chart_can_say_so_and_bars_replace_what_it_said(chart: ChartView) -> None:
    chart.states.empty("No prices", "There is no history of this symbol.")
    phases = [chart.states.phase]
    fill(chart, 10)
    phases.append(chart.states.phase)
    assert phases == [Phase.EMPTY, Phase.CONTENT]
    chart.clear()
    picture(chart)
    assert chart.bar_count == 0


def test_the_stretch_that_was_seen_comes_back(chart: ChartView, qtbot: QtBot) -> None:
    fill(chart, 1000)
    chart.pan(-1)
    state = chart.save_state()
    before = chart.visible_range
    chart.fit()
    chart.restore_state(state)
    assert chart.visible_range == pytest.approx(before)
    chart.restore_state({"bars": "many"})
    assert chart.visible_range == pytest.approx(before)


@pytest.mark.parametrize(
    ("low", "high", "decimals"),
    [(418, 541, 0), (0.01, 0.02, 3), (67_000, 67_010, 0), (1.05, 1.35, 2), (5, 5, 2)],
)
def test_price_labels_are_round_and_do_not_crowd(low: float, high: float, decimals: int) -> None:
    ticks = price_ticks(low, high, 400)
    assert ticks.decimals == decimals
    assert len(ticks.values) <= 400 / 44 + 1
    assert all(low <= value <= high for value in ticks.values)


def times_of(start: datetime, count: int, step_us: int) -> NDArray[np.int64]:
    return int(start.timestamp() * 1e6) + np.arange(count, dtype=np.int64) * step_us


def test_daily_bars_are_labelled_by_months_and_the_new_year_by_its_number() -> None:
    times = times_of(datetime(2024, 10, 5, tzinfo=UTC), 180, DAY_US)
    ticks = time_ticks(times, 0, 180, 700)
    assert [tick.text for tick in ticks] == ["Nov", "Dec", "2025", "Feb", "Mar", "Apr"]
    assert [tick.text for tick in ticks if tick.strong] == ["2025"]


def test_minutes_are_labelled_by_the_hour_of_the_exchange() -> None:
    new_york = ZoneInfo("America/New_York")
    times = times_of(datetime(2025, 3, 7, 9, 30, tzinfo=new_york), 391, MINUTE_US)
    ticks = time_ticks(times, 0, 391, 500, new_york)
    assert [tick.text for tick in ticks] == ["10:00", "11:00", "12:00", "13:00", "14:00", "15:00", "16:00"]


def test_a_night_between_two_bars_takes_no_room_and_the_day_is_named() -> None:
    one = times_of(datetime(2025, 3, 6, 14, 30, tzinfo=UTC), 390, MINUTE_US)
    two = times_of(datetime(2025, 3, 7, 14, 30, tzinfo=UTC), 390, MINUTE_US)
    ticks = time_ticks(np.concatenate((one, two)), 0, 780, 900)
    assert [(tick.place, tick.text) for tick in ticks if tick.strong] == [(390, "7 Mar")]


@pytest.mark.parametrize("count", [50, 1000, 30_000, 1_000_000])
@pytest.mark.parametrize("step_us", [MINUTE_US, 60 * MINUTE_US, DAY_US])
def test_time_labels_never_crowd_at_any_zoom(count: int, step_us: int) -> None:
    count = min(count, 25_000) if step_us == DAY_US else count
    times = times_of(datetime(1990, 1, 1, tzinfo=UTC), count, step_us)
    ticks = time_ticks(times, 0, count, 1000)
    places = [tick.place * 1000 / count for tick in ticks]
    assert len(ticks) >= 2
    assert min(np.diff(places)) > 55
