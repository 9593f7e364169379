"""What lies on a chart besides its prices: marks, lines to be moved, shaded spans, other series."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from puffling.desktop.charts.chart import ChartView
from puffling.desktop.charts.compared import LABEL_GAP, Compared, End, aligned, spread
from puffling.desktop.charts.marks import SPACING, Marks, Place, Shape, Style
from puffling.desktop.charts.price_lines import TAG_HEIGHT, PriceLine
from puffling.desktop.charts.scale import Scale
from puffling.desktop.theme import Tone, look
from tests.desktop.conftest import CHART_HEIGHT, CHART_WIDTH

MINUTE_US = 60_000_000
DAY_US = 86_400_000_000
START_US = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1e6)
BUY = Style("Buys", Shape.UP, Tone.UP, Place.BELOW)
SELL = Style("Sells", Shape.DOWN, Tone.DOWN, Place.ABOVE)
PAID = Style("Dividends", Shape.BADGE, Tone.ACCENT, Place.FOOT, "D")
AT = Style("Fills", Shape.CIRCLE, Tone.WARN, Place.PRICE)


def times(count: int, step_us: int = DAY_US) -> NDArray[np.int64]:
    return START_US + np.arange(count, dtype=np.int64) * step_us


def closes(count: int) -> NDArray[np.float64]:
    found: NDArray[np.float64] = 100 * np.exp(np.random.default_rng(3).normal(0, 0.01, count).cumsum())
    return found


def fill(chart: ChartView, count: int, step_us: int = DAY_US) -> NDArray[np.float64]:
    close = closes(count)
    chart.set_bars(times(count, step_us), close, close * 1.01, close * 0.99, close, np.ones(count))
    return close


@pytest.fixture
def chart(chart: ChartView) -> ChartView:
    fill(chart, 1000)
    return chart


def marks_at(places: list[int], style: Style = BUY, prices: list[float] | None = None) -> Marks:
    return Marks(
        (style,),
        [START_US + place * DAY_US for place in places],
        [0] * len(places),
        [f"mark {place}" for place in places],
        prices,
    )


def test_marks_stand_beside_their_bars(chart: ChartView) -> None:
    chart.show_last(50)
    chart.marks.put("buys", marks_at([980, 990]))
    chart.marks.put("sells", marks_at([990], SELL))
    chart.grab()
    bought, _, sold = chart.marks.glyphs
    assert bought.at.x() < sold.at.x()
    assert sold.at.y() < chart.marks.glyphs[1].at.y()
    assert sold.at.x() == chart.marks.glyphs[1].at.x()


def test_a_mark_between_two_bars_belongs_to_the_one_that_had_begun(chart: ChartView) -> None:
    chart.show_last(50)
    chart.marks.put("buys", marks_at([990]))
    chart.marks.put("fills", Marks((AT,), [START_US + 990 * DAY_US + 3_600_000_000], [0], ["x"], [100.0]))
    chart.marks.put("old", marks_at([-5]))
    chart.grab()
    assert len({glyph.at.x() for glyph in chart.marks.glyphs}) == 1


def test_marks_too_close_become_one_that_counts_them_and_none_is_lost(chart: ChartView) -> None:
    chart.marks.put("buys", marks_at(list(range(1000))))
    for count in (20, 200, 1000):
        chart.show_last(count)
        chart.grab()
        places = sorted(glyph.at.x() for glyph in chart.marks.glyphs)
        assert np.diff(places).min() > SPACING * 0.45
        assert sum(len(glyph.rows) for glyph in chart.marks.glyphs) >= count
    chart.grab()
    most = max(chart.marks.glyphs, key=lambda glyph: len(glyph.rows))
    text = chart.marks.text_at(most.at.x(), most.at.y())
    assert text.startswith(f"mark {most.rows[0]}\n")
    assert text.endswith(f"and {len(most.rows) - 6} more: Buys")


def test_ten_thousands_of_marks_draw_no_more_than_there_is_room_for(chart: ChartView) -> None:
    fill(chart, 100_000)
    chart.marks.put("buys", marks_at(list(range(0, 100_000, 2))))
    chart.marks.put("sells", marks_at(list(range(1, 100_000, 2)), SELL))
    chart.fit()
    chart.grab()
    assert 20 < len(chart.marks.glyphs) <= 2 * (2 * CHART_WIDTH / SPACING + 2)
    assert sum(len(glyph.rows) for glyph in chart.marks.glyphs) == 100_000


def test_panning_keeps_marks_together_that_were_together(chart: ChartView) -> None:
    chart.marks.put("buys", marks_at(list(range(1000))))
    chart.look_at(100, 700)
    chart.grab()
    before = {glyph.rows[0]: len(glyph.rows) for glyph in chart.marks.glyphs[2:-2]}
    chart.pan(0.01)
    chart.grab()
    after = {glyph.rows[0]: len(glyph.rows) for glyph in chart.marks.glyphs}
    assert all(after.get(row) == count for row, count in before.items())


def test_marks_of_several_styles_at_one_bar_do_not_hide_each_other(chart: ChartView) -> None:
    chart.show_last(50)
    other = Style("Others", Shape.CIRCLE, Tone.WARN, Place.BELOW)
    marks = Marks((BUY, other), [START_US + 990 * DAY_US] * 2, [0, 1], ["one", "two"])
    chart.marks.put("both", marks)
    chart.marks.put("paid", marks_at([990], PAID))
    chart.grab()
    one, two, paid = sorted(chart.marks.glyphs, key=lambda glyph: glyph.at.y())
    assert two.at.y() - one.at.y() > one.reach + two.reach
    assert paid.at.y() > CHART_HEIGHT * 0.85
    assert chart.marks.text_at(two.at.x(), two.at.y()) == "two"
    chart.marks.remove("both")
    chart.grab()
    assert [glyph.style for glyph in chart.marks.glyphs] == [PAID]


def test_everyday_marks_are_left_out_where_they_stand_all_along(chart: ChartView) -> None:
    paid = Style("Dividends", Shape.BADGE, Tone.ACCENT, Place.FOOT, "D", everyday=True)
    chart.marks.put("paid", marks_at(list(range(0, 1000, 20)), paid))
    chart.show_last(100)
    chart.grab()
    assert len(chart.marks.glyphs) == 5
    chart.fit()
    chart.grab()
    assert chart.marks.glyphs == []


def test_the_crosshair_goes_from_bar_to_bar_by_keyboard_and_reads_the_marks(chart: ChartView) -> None:
    chart.show_last(50)
    chart.marks.put("paid", marks_at([998], PAID))
    told: list[int | None] = []
    chart.bar_pointed.connect(told.append)
    for _ in range(2):
        QTest.keyClick(chart, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert told == [999, 998]
    assert chart.marks.text_on(998) == "mark 998"
    assert chart.marks.text_on(990) == ""
    for _ in range(60):
        QTest.keyClick(chart, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert chart.visible_range[0] < (told[-1] or 0) < chart.visible_range[1]


def canvas_of(chart: ChartView) -> QWidget:
    canvas = chart.childAt(200, 200)
    assert isinstance(canvas, QWidget)
    return canvas


def line_on(chart: ChartView, **more: Any) -> tuple[PriceLine, list[tuple[str, float]]]:
    """A line in the middle of what is seen, and what is told about it."""
    told: list[tuple[str, float]] = []
    low, high = chart.price_range or (0.0, 1.0)
    line = PriceLine(
        round((low + high) / 2, 2),
        "Alert",
        moved=lambda price: told.append(("moved", price)),
        released=lambda price: told.append(("released", price)),
        **more,
    )
    chart.lines.add(line)
    chart.grab()
    return line, told


def test_a_line_is_dragged_and_tells_where_it_was_let_go(chart: ChartView) -> None:
    line, told = line_on(chart, movable=True)
    before, seen = line.price, chart.visible_range
    y = chart.lines.tag(line).geometry().center().y()
    canvas = canvas_of(chart)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, y))
    QTest.mouseMove(canvas, QPoint(300, y - 60))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, y - 60))
    assert line.price > before
    assert [what for what, _ in told] == ["moved", "released"]
    assert told[-1][1] == line.price == round(line.price, 2)
    assert chart.visible_range == seen


def test_no_label_on_the_axis_hides_another_or_the_last_price(chart: ChartView) -> None:
    line_on(chart)
    bars = chart.lines.shared.bars
    viewport = chart.lines.shared.viewport
    assert bars is not None
    assert viewport is not None
    last = bars.bar(len(bars) - 1).close
    for step in (0.0, 0.0, 0.1, -0.1):
        chart.lines.add(PriceLine(last + step, "Limit", Tone.ACCENT))
    middles = [tag.geometry().center().y() for tag in chart.lines._tags.values() if not tag.isHidden()]
    middles.append(round(viewport.y(last)))
    assert len(middles) == 6
    middles.sort()
    assert min(after - before for before, after in pairwise(middles)) >= TAG_HEIGHT - 1


def test_escape_puts_a_dragged_line_back_and_tells_no_release(chart: ChartView) -> None:
    line, told = line_on(chart, movable=True)
    before = line.price
    tag = chart.lines.tag(line)
    y = tag.geometry().center().y()
    canvas = canvas_of(chart)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, y))
    QTest.mouseMove(canvas, QPoint(200, y + 40))
    QTest.keyClick(tag, Qt.Key.Key_Escape)
    QTest.mouseMove(canvas, QPoint(200, y + 80))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, y + 80))
    assert line.price == before
    assert "released" not in [what for what, _ in told]


def test_a_line_is_moved_by_keyboard_and_meant_only_when_confirmed(chart: ChartView) -> None:
    removed: list[bool] = []
    line, told = line_on(chart, movable=True, step=0.5, removed=lambda: removed.append(True))
    tag = chart.lines.tag(line)
    before = line.price
    tag.setFocus()
    QTest.keyClick(tag, Qt.Key.Key_Up)
    QTest.keyClick(tag, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert line.price == pytest.approx(before + 5.5, abs=0.26)
    QTest.keyClick(tag, Qt.Key.Key_Escape)
    assert line.price == before
    QTest.keyClick(tag, Qt.Key.Key_Down)
    QTest.keyClick(tag, Qt.Key.Key_Return)
    assert [what for what, _ in told].count("released") == 1
    after = line.price
    QTest.keyClick(tag, Qt.Key.Key_Up)
    chart.setFocus()
    assert line.price == after
    QTest.keyClick(tag, Qt.Key.Key_Delete)
    assert removed == [True]


def test_a_line_that_is_not_to_be_moved_stays_and_the_chart_pans(chart: ChartView) -> None:
    line, told = line_on(chart)
    before, seen = line.price, chart.visible_range
    y = chart.lines.tag(line).geometry().center().y()
    canvas = canvas_of(chart)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, y))
    QTest.mouseMove(canvas, QPoint(300, y - 60))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, y - 60))
    assert (line.price, told) == (before, [])
    assert chart.visible_range != seen
    assert chart.lines.tag(line).focusPolicy() is Qt.FocusPolicy.NoFocus


def test_a_line_out_of_sight_has_no_label_and_one_taken_away_leaves_nothing(chart: ChartView) -> None:
    line, _ = line_on(chart, movable=True)
    tag = chart.lines.tag(line)
    assert tag.isVisible()
    line.price = 1e6
    chart.lines.place()
    assert not tag.isVisible()
    chart.lines.remove(line)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    chart.grab()
    assert not isValid(tag)


def intraday(chart: ChartView) -> None:
    """Five days, each of an hour before, six hours of session and an hour after, in minutes."""
    days = [START_US + day * DAY_US + 8 * 60 * MINUTE_US for day in range(5)]
    moments = np.concatenate([day + np.arange(480) * MINUTE_US for day in days])
    close = closes(len(moments))
    chart.set_bars(moments, close, close * 1.001, close * 0.999, close, np.ones(len(moments)))
    begins = [day + offset * 60 * MINUTE_US for day in days for offset in (0, 7)]
    ends = [begin + 60 * MINUTE_US for begin in begins]
    chart.backdrop.show_spans(begins, ends, days)


def test_hours_outside_the_session_are_shaded_and_each_day_is_set_apart(chart: ChartView) -> None:
    intraday(chart)
    chart.fit()
    chart.grab()
    assert (chart.backdrop.shaded, chart.backdrop.lines) == (10, 4)
    chart.show_last(100)
    chart.grab()
    assert chart.backdrop.shaded == 1


def test_shades_that_would_be_one_grey_field_are_left_out(chart: ChartView) -> None:
    fill(chart, 200_000, MINUTE_US)
    begins = START_US + np.arange(20_000) * 10 * MINUTE_US
    chart.backdrop.show_spans(begins, begins + MINUTE_US, begins)
    chart.fit()
    chart.grab()
    assert (chart.backdrop.shaded, chart.backdrop.lines) == (0, 0)


def test_the_last_price_known_stands_for_a_day_without_one_but_not_for_ever() -> None:
    week = times(14)
    others = np.array([week[1], week[3]])
    found = aligned(week, others, np.array([5.0, 6.0]))
    expected = [np.nan, 5, 5, *[6.0] * 6, *[np.nan] * 5]
    np.testing.assert_array_equal(found, expected)


def test_compared_series_begin_together_where_the_view_begins(chart: ChartView) -> None:
    close = closes(1000)
    twice = Compared("qqq", "QQQ", 1, times(1000), close * 2)
    half = Compared("btc", "BTC/USD", 2, times(1000), 30_000 / close)
    readout = chart.add_study(twice)
    chart.add_study(half)
    first = int(np.ceil(chart.visible_range[0]))
    assert chart.base == pytest.approx(close[first])
    assert readout.words == f"QQQ  {close[-1] / close[first] - 1:+.2%}".replace("-", "−")
    chart.pan(-1)
    first = int(np.ceil(chart.visible_range[0]))
    assert readout.words == f"QQQ  {close[-1] / close[first] - 1:+.2%}".replace("-", "−")
    low, high = chart.price_range or (0.0, 0.0)
    seen = close[first : int(chart.visible_range[1]) + 1]
    mirrored = close[first] ** 2 / seen
    assert low < min(seen.min(), mirrored.min())
    assert high > max(seen.max(), mirrored.max())
    chart.remove_study(twice)
    chart.remove_study(half)
    assert chart.base is None
    assert chart.scale is Scale.LINEAR


def test_a_compared_series_kept_up_by_ticks_equals_one_given_all_at_once(chart: ChartView) -> None:
    close = closes(1001)
    other = Compared("qqq", "QQQ", 1, times(1000), close[:1000] * 3)
    chart.add_study(other)
    chart.append(START_US + 1000 * DAY_US, 100, 100, 100, 100, 1)
    other.move(close[1000] * 3)
    renewed = Compared("new", "QQQ", 1, times(1001), close * 3)
    renewed.begin(times(1001))
    assert other.series["close"].newest == renewed.series["close"].newest
    assert other.series["close"].builds == 1


def test_a_series_without_a_price_in_sight_is_not_drawn_and_breaks_nothing(chart: ChartView) -> None:
    for number, (moments, prices) in enumerate(
        ((times(0), np.empty(0)), (times(3) - 10**15, np.ones(3)), (times(1000), np.zeros(1000)))
    ):
        chart.add_study(Compared(str(number), "None", number, moments, prices))
    chart.grab()
    chart.set_scale(Scale.LOGARITHMIC)
    chart.grab()
    assert chart.price_range is not None


def test_a_compared_line_is_named_where_it_leaves_the_view(chart: ChartView) -> None:
    other = Compared("qqq", "QQQ", 1, times(1000), closes(1000) * 3)
    chart.add_study(other)
    viewport = chart.scene.viewport
    assert viewport is not None
    end = other.end(viewport)
    assert end is not None
    assert (end.name, end.text) == ("QQQ", other.words(other.read(None, look().theme.colours)[0].value, 2))
    (there,) = chart.scene.ends
    assert there[1:] == (end.text, 1)
    chart.remove_study(other)
    assert chart.scene.ends == []


@pytest.mark.parametrize(
    "ys", [(50.0, 52.0, 54.0), (0.0, 1.0, 2.0), (398.0, 399.0, 400.0), (10.0, 200.0, 390.0)]
)
@pytest.mark.parametrize("taken", [51.0, 0.0, 400.0, 200.0])
def test_names_of_compared_lines_never_cover_each_other(ys: tuple[float, ...], taken: float) -> None:
    ends = [End(y, f"{y}", "", 0) for y in ys]
    found = spread(ends, taken, 400.0)
    places = sorted([taken, *(end.y for end in found)])
    assert all(after - before >= LABEL_GAP - 1 for before, after in pairwise(places)), places
    assert [end.name for end in sorted(found)] == [end.name for end in ends]
