"""Studies on a chart: drawn from few points, in step with the prices, with room of their own."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from puffling.desktop import numbers
from puffling.desktop.charts.chart import ChartView
from puffling.desktop.charts.series import Series
from puffling.desktop.charts.study import Band, Dots, Histogram, Line, Study
from puffling.desktop.theme import colours
from tests.desktop.conftest import CHART_WIDTH
from tests.desktop.test_chart import count_of, fill, picture


def average(close: np.ndarray, key: str = "average", shift: float = 0.0) -> Study:
    values = close + shift
    values[:20] = np.nan
    return Study(key, "Average", (Line("line", "Line", 0),), overlay=True, series={"line": Series(values)})


def oscillator(close: np.ndarray, key: str = "oscillator") -> Study:
    wave = np.sin(np.arange(len(close)) / 7.0)
    plots = (
        Line("wave", "Wave", 2),
        Histogram("bars", "Bars"),
        Band(Line("up", "Up", 3), Line("low", "Low", 3)),
    )
    columns = {"wave": wave * 50, "bars": wave * 10, "up": wave + 60, "low": wave - 60}
    series = {name: Series(column) for name, column in columns.items()}
    return Study(
        key, "Wave", (*plots, Dots("wave", "Dot", 4)), overlay=False, levels=(-30.0, 30.0), series=series
    )


@pytest.mark.parametrize("count", [1, 5, 150, 1601, 5000, 200_000])
def test_no_study_takes_more_than_two_points_a_pixel(chart: ChartView, count: int) -> None:
    close = fill(chart, count)
    chart.add_study(average(close))
    chart.add_study(oscillator(close))
    for act in (chart.fit, lambda: chart.zoom(3.0), lambda: chart.zoom(0.2), lambda: chart.pan(-0.3)):
        act()
        chart.panes.plotter.most_points = 0
        picture(chart)
        assert 0 < chart.panes.plotter.most_points <= 2 * CHART_WIDTH + 8


def test_a_study_is_drawn_in_its_colour_until_it_is_hidden_or_removed(chart: ChartView) -> None:
    close = fill(chart, 150)
    ink = colours(dark=True).series[2]
    study = oscillator(close)
    chart.add_study(study)
    assert count_of(picture(chart), ink) > 10
    study.visible = False
    chart.refresh_now()
    assert count_of(picture(chart), ink) == 0
    study.visible = True
    chart.refresh_now()
    assert count_of(picture(chart), ink) > 10
    chart.remove_study(study)
    assert count_of(picture(chart), ink) == 0


def test_prices_make_room_for_what_lies_over_them_but_are_not_flattened(chart: ChartView) -> None:
    close = fill(chart, 500)
    before = chart.price_range
    assert before is not None
    near = average(close, shift=3.0)
    chart.add_study(near)
    after = chart.price_range
    assert after is not None
    assert after[1] > before[1] + 1
    chart.remove_study(near)
    assert chart.price_range == pytest.approx(before)
    chart.add_study(average(close, shift=1e6))
    flat = chart.price_range
    assert flat is not None
    assert flat[1] - flat[0] < 3 * (before[1] - before[0])


def test_a_pane_takes_its_height_from_the_prices_and_gives_it_back(chart: ChartView) -> None:
    close = fill(chart, 300)
    whole = chart.box.geometry().height()
    studies = [oscillator(close, str(number)) for number in range(6)]
    for study in studies:
        chart.add_study(study)
    assert chart.box.geometry().height() >= whole / 3 - 6
    for study in studies:
        chart.remove_study(study)
    assert chart.box.geometry().height() == whole


def test_dragging_the_border_of_a_pane_makes_it_higher(chart: ChartView) -> None:
    close = fill(chart, 300)
    study = oscillator(close)
    chart.add_study(study)
    share, (top,) = study.share, chart.panes.tops
    canvas = chart.childAt(300, 200)
    assert isinstance(canvas, QWidget)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, round(top)))
    QTest.mouseMove(canvas, QPoint(300, round(top) - 60))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, round(top) - 60))
    assert study.share > share + 0.1
    assert chart.panes.tops[0] == pytest.approx(top - 60, abs=2)


def test_one_crosshair_reads_out_every_pane(chart: ChartView) -> None:
    close = fill(chart, 300)
    over, below = chart.add_study(average(close)), chart.add_study(oscillator(close))
    newest = (over.words, below.words)
    chart.point_at(200)
    assert f"{close[200]:.2f}" in over.words
    assert numbers.fixed(np.sin(200 / 7.0) * 50, 1) in below.words
    chart.point_at(10)
    assert over.words == "Average  –"
    chart.point_at(None)
    assert (over.words, below.words) == newest


def test_prices_are_read_out_in_full_and_large_sums_shortened(chart: ChartView) -> None:
    close = fill(chart, 100)
    series = {"line": Series(close * 0 + 1_234_567.891)}
    plots = (Line("line", "Line", 0),)
    over = chart.add_study(Study("over", "Over", plots, overlay=True, series=series))
    below = chart.add_study(Study("below", "Below", plots, overlay=False, series=series))
    assert (over.words, below.words) == ("Over  1,234,567.89", "Below  1.2M")


def test_the_pointer_in_a_pane_keeps_the_prices_free_of_its_line(chart: ChartView) -> None:
    close = fill(chart, 300)
    chart.add_study(oscillator(close))
    canvas = chart.childAt(300, 200)
    assert isinstance(canvas, QWidget)
    QTest.mouseMove(canvas, QPoint(300, round(chart.panes.tops[0]) + 40))
    pane = chart.panes.panes[0]
    assert pane.crosshair_y == pytest.approx(40, abs=1)
    QTest.mouseMove(canvas, QPoint(300, 100))
    assert pane.crosshair_y is None


def test_a_line_of_words_can_be_used_with_the_keyboard_alone(chart: ChartView, qtbot: QtBot) -> None:
    close = fill(chart, 300)
    readout = chart.add_study(average(close))
    asked: list[str] = []
    readout.edit_asked.connect(lambda: asked.append("edit"))
    readout.hide_asked.connect(lambda: asked.append("hide"))
    readout.remove_asked.connect(lambda: asked.append("remove"))
    assert not readout.edit.isVisible()
    readout.setFocus()
    qtbot.waitUntil(readout.edit.isVisible)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Delete):
        QTest.keyClick(readout, key)
    assert asked == ["edit", "hide", "remove"]
    below = chart.add_study(oscillator(close))
    share, top = below.study.share, chart.panes.tops[0]
    QTest.keyClick(below, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert below.study.share > share
    assert chart.panes.tops[0] < top
    assert readout.remove.accessibleName() == "Remove: Average"
