"""What the Backtest panel is made of says what it is given, and no more than can be known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from puffling.automation.research.values import BacktestRequest
from puffling.desktop.backtests.bins import Histogram
from puffling.desktop.backtests.compare import best_of
from puffling.desktop.backtests.details import Details
from puffling.desktop.backtests.figures import BY_ID, CHECKS, FIGURES, as_text, grade_words
from puffling.desktop.backtests.heat import HeatMap, shade
from puffling.desktop.backtests.lists import numbered, trade_columns
from puffling.desktop.backtests.painting import AXIS_WIDTH, Painting
from puffling.desktop.backtests.performance import panes_of
from puffling.desktop.backtests.plots import Line, Pane, thinned, time_ticks
from puffling.desktop.backtests.question import (
    LIKE_ALPACA,
    NO_COSTS,
    PRESETS,
    Question,
    Rules,
    Terms,
    asked_before,
    preset_of,
    read_question,
)
from puffling.desktop.backtests.timechart import TimeChart
from puffling.desktop.backtests.trade_marks import trade_marks
from puffling.desktop.backtests.verdict import VerdictHead, worst_first
from puffling.desktop.tables import Table
from puffling.desktop.theme import colours, fallback_theme
from puffling.puffin.backtest.glossary import FIGURES as GLOSSARY
from puffling.puffin.backtest.report import Bin, Curves, Finding, Trade, YearRow
from puffling.puffin.data.interval import Interval

DAY_US = 86_400_000_000
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
ASKED = Question(
    strategy="momentum",
    parameters={"short_window": 5, "ma_type": "ema"},
    symbols=("SPY", "QQQ"),
    interval=Interval.H1,
    reach="dates",
    since=date(2020, 1, 1),
    until=date(2021, 1, 1),
    capital=5_000.0,
    benchmark="-",
    terms=Terms(flat=1.0, slippage_pct=0.002, borrow_rate=0.01),
    rules=Rules(size=0.5, stop_loss=0.1, most_bars=9, seed=3),
)


def curves(count: int = 100, *, benchmark: bool = True) -> Curves:
    equity = [100.0 + place for place in range(count)]
    return Curves(
        time_us=tuple(place * DAY_US for place in range(count)),
        equity=tuple(equity),
        drawdown=tuple(-0.01 for _ in equity),
        exposure=tuple(1.0 for _ in equity),
        benchmark=tuple(equity[::-1]) if benchmark else (),
        rolling_sharpe=(None, *(1.0 for _ in equity[1:])),
        rolling_bars=20,
        bars=count,
    )


def trade(place: int = 0, *, side: str = "long", profit: float = 5.0) -> Trade:
    entered = BEGIN + timedelta(days=place)
    left = entered + timedelta(days=3)
    return Trade("SPY", side, 10.0, entered, 100.0, left, 101.0, 0.5, profit, 0.01, 3, "signal", -0.02, 0.03)


def point(chart: TimeChart, x: int) -> None:
    buttons, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    at = QPointF(x, 100)
    chart.mouseMoveEvent(QMouseEvent(QEvent.Type.MouseMove, at, at, buttons, buttons, keys))


def test_a_question_is_kept_and_read_again() -> None:
    assert read_question(ASKED.keep()) == ASKED


@pytest.mark.parametrize(
    "kept", [{}, {"symbols": 3, "terms": "x", "rules": {"size": "much"}, "interval": "9q", "capital": -1}]
)
def test_what_was_kept_badly_is_passed_over(kept: dict[str, object]) -> None:
    assert read_question(kept) == Question()


def test_a_question_is_what_the_ability_takes_and_comes_back_from_a_result() -> None:
    arguments = ASKED.arguments(date(2026, 3, 4))
    source = {"source": None, "strategy_id": None}
    request = BacktestRequest.model_validate({**arguments, **source})
    assert asked_before(request.model_dump(mode="json")) == ASKED


def test_a_range_ends_today_and_begins_whole_years_before() -> None:
    assert replace(ASKED, reach="5y").span(date(2024, 2, 29)) == (date(2019, 3, 1), None)
    assert replace(ASKED, reach="1y").span(date(2026, 3, 4)) == (date(2025, 3, 4), None)


def test_costs_are_a_preset_or_the_persons_own() -> None:
    assert {preset_of(terms) for terms in PRESETS.values()} == set(PRESETS)
    assert preset_of(replace(LIKE_ALPACA, flat=0.01)) == "own"
    assert Terms(slippage_pct=0.0) == NO_COSTS


def test_details_ask_for_shares_in_percent_and_give_them_back_exactly(qtbot: QtBot) -> None:
    details = Details()
    qtbot.addWidget(details)
    for _ in details.furnish():
        pass
    details.show_values(ASKED.terms, ASKED.rules)
    assert details.forms[0].editor("slippage_pct").read() == 0.2
    assert details.values() == (ASKED.terms, ASKED.rules)
    details.forms[2].editor("stop_loss").write(250)
    assert details.values() is None
    assert "stop_loss" in details.forms[2].errors


def test_every_figure_has_the_meaning_it_is_computed_by() -> None:
    assert {figure.id for figure in FIGURES} == set(GLOSSARY)
    assert "\t-0.25\n" in as_text({"max_drawdown": -0.25})


def test_every_check_of_a_verdict_says_why_it_matters() -> None:
    assert {
        "foresight",
        "warm_up",
        "trades",
        "costs",
        "delay",
        "walk_forward",
        "fortune",
        "timing",
        "attempts",
        "plateau",
        "overfitting",
    } <= set(CHECKS)
    assert len({grade_words(grade) for grade in ("A", "B", "C", "D", "F", "")}) == 6


def test_the_worst_reason_is_read_first(qtbot: QtBot) -> None:
    reasons = [Finding(outcome, outcome, outcome) for outcome in ("fine", "doubtful", "fatal", "bad")]
    assert [each.outcome for each in worst_first(reasons)] == ["fatal", "bad", "doubtful", "fine"]
    head = VerdictHead()
    qtbot.addWidget(head)
    head.resize(600, 80)
    head.show_verdict("F", reasons)
    assert head.badge.grade == "F"
    assert "2 bad, 1 doubtful, 1 fine" in head.meaning.toolTip()


def test_the_best_value_is_told_only_where_one_is_best() -> None:
    assert best_of(BY_ID["sharpe_ratio"], (0.5, 1.5, None)) == 1
    assert best_of(BY_ID["annualized_volatility"], (0.2, 0.1)) == 1
    assert best_of(BY_ID["max_drawdown"], (-0.5, -0.1)) == 1
    assert best_of(BY_ID["sharpe_ratio"], (1.5, 1.5)) is None
    assert best_of(BY_ID["total_trades"], (10, 20)) is None


def test_a_line_thinned_to_pixels_keeps_what_stands_out() -> None:
    x = np.linspace(0, 300, 100_000)
    y = np.sin(x)
    y[41_234], y[70_001] = 50.0, -60.0
    xs, ys = thinned(x, y, 300)
    assert len(xs) <= 4 * 301
    assert (ys.max(), ys.min()) == (50.0, -60.0)
    assert np.all(np.diff(xs) >= 0)


def test_a_value_stands_until_the_next_one() -> None:
    line = Line.of("Equity", [10, 20, 30], [1.0, 2.0, None], "accent")
    assert np.isnan(line.at(9))
    assert [line.at(10), line.at(19.5), line.at(25)] == [1.0, 1.0, 2.0]
    assert np.isnan(line.at(35))


def test_ticks_of_time_fit_from_days_to_decades() -> None:
    for days in (3, 20, 90, 400, 2_000, 9_000):
        ticks = time_ticks(BEGIN.timestamp() * 1e6, BEGIN.timestamp() * 1e6 + days * DAY_US, 600)
        assert 2 <= len(ticks) <= 9, days
        assert len({tick.text for tick in ticks}) > 1


def test_a_logarithmic_pane_leaves_out_what_has_no_logarithm() -> None:
    line = Line.of("Equity", [0, DAY_US, 2 * DAY_US], [10.0, 0.0, 1000.0], "accent")
    reach = Pane("equity", "Equity", (line,), str, logarithmic=True).reach(0, 2 * DAY_US)
    assert reach is not None
    assert 0 < reach[0] < 10 < 1000 < reach[1]


def test_panes_are_those_that_are_switched_on_and_known() -> None:
    assert [pane.id for pane in panes_of(curves(), "SPY", ["sharpe"])] == ["equity", "drawdown", "sharpe"]
    with_benchmark = panes_of(curves(), "SPY", ["benchmark", "log", "exposure"])
    assert [line.name for line in with_benchmark[0].lines] == ["Equity", "SPY"]
    assert with_benchmark[0].logarithmic
    assert len(panes_of(curves(benchmark=False), "", ["benchmark"])[0].lines) == 1


def test_one_crosshair_goes_through_all_panes(qtbot: QtBot) -> None:
    chart = TimeChart("Equity")
    qtbot.addWidget(chart)
    chart.resize(400 + AXIS_WIDTH, 300)
    chart.show_panes(panes_of(curves(), "SPY", ["benchmark"]))
    chart.show()
    chart.grab()
    told: list[float | None] = []
    chart.pointed.connect(told.append)
    point(chart, 200)
    assert told
    assert told[-1] is not None
    values = chart.values_at(told[-1])
    assert values["Equity"] + values["SPY"] == pytest.approx(299.0)
    assert values["Below the high"] == -0.01
    before = chart.paintings
    point(chart, 210)
    chart.grab()
    assert chart.paintings == before


def test_a_flat_chart_shows_fewer_panes_instead_of_slits() -> None:
    panes = tuple(panes_of(curves(), "SPY", ["sharpe", "exposure"]))
    for height, shown in ((120, 1), (160, 2), (400, 4)):
        painting = Painting(panes, (0.0, 99.0 * DAY_US), QSize(400, height), whole_days=True)
        assert [room.pane.id for room in painting.rooms] == [pane.id for pane in panes[:shown]]
        assert painting.rooms[-1].box.bottom() <= height


def test_the_wheel_looks_closer_around_the_pointer_and_zero_shows_all(qtbot: QtBot) -> None:
    chart = TimeChart("Equity")
    qtbot.addWidget(chart)
    chart.resize(400 + AXIS_WIDTH, 300)
    chart.show_panes(panes_of(curves(2_000), "", []))
    whole = chart.seen_us
    at = QPointF(100, 100)
    buttons, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(at, at, QPoint(), QPoint(0, 480), buttons, keys, Qt.ScrollPhase.NoScrollPhase, False)
    chart.wheelEvent(event)
    begin, end = chart.seen_us
    assert (end - begin) < (whole[1] - whole[0]) / 2
    assert begin + (end - begin) / 4 == pytest.approx(whole[1] / 4, rel=1e-6)
    QTest.keyClick(chart, Qt.Key.Key_0)
    assert chart.seen_us == whole
    QTest.keyClick(chart, Qt.Key.Key_Plus)
    QTest.keyClick(chart, Qt.Key.Key_End)
    assert chart.seen_us[1] == whole[1]


def test_months_stand_where_one_looks_for_them(qtbot: QtBot) -> None:
    heat = HeatMap()
    qtbot.addWidget(heat)
    months = (0.01, *(None for _ in range(11)))
    heat.show_years([YearRow(2020, months, 0.01, 0.02), YearRow(2021, months, 0.01, 0.02)])
    heat.resize(700, 300)
    heat.grab()
    found = heat.map.cell_at(QPointF(70, 30))
    assert found is not None
    assert (found[0].year, found[1]) == (2021, 0)
    assert heat.map.cell_at(QPointF(70, 5)) is None


def test_a_month_can_be_read_on_its_colour() -> None:
    def light(colour: QColor) -> float:
        parts = (colour.redF(), colour.greenF(), colour.blueF())
        linear = [
            part / 12.92 if part <= 0.03928 else float(((part + 0.055) / 1.055) ** 2.4) for part in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for dark in (True, False):
        for colour_blind in (True, False):
            shades = colours(dark=dark, colour_blind=colour_blind)
            theme = replace(fallback_theme(), dark=dark, colours=shades, colour_blind=colour_blind)
            for value in (-0.5, -0.05, -0.001, 0.001, 0.05, 0.5):
                one, other = sorted((light(shades.text), light(shade(theme, value))))
                assert (other + 0.05) / (one + 0.05) >= 4.5, (dark, colour_blind, value)


def test_a_hundred_thousand_trades_are_written_when_they_are_looked_at(qtbot: QtBot) -> None:
    table: Table[Trade] = Table(trade_columns(whole_days=True, several=True), title="Trades")
    qtbot.addWidget(table)
    table.resize(900, 400)
    table.set_rows(numbered([trade(place % 1000, profit=float(place)) for place in range(100_000)]))
    table.grab()
    assert table.rows.rowCount() == 100_000
    assert len(table.rows._cells) < 100
    table.sort("profit", falling=True)
    assert table.rows.row(0).profit == 99_999.0


def test_trades_are_marked_where_they_were_entered_and_left() -> None:
    times = np.arange(10, dtype=np.int64) * DAY_US + int(BEGIN.timestamp()) * 1_000_000
    chosen = trade(2, side="short", profit=-3.0)
    marks = trade_marks([trade(0), chosen], chosen, times)
    assert len(marks) == 6
    assert np.all(np.diff(marks.times_us) >= 0)
    assert np.count_nonzero(np.isfinite(marks.prices)) == 2
    assert any(text.startswith("Sold short 10.00 at 100.00") for text in marks.texts)


def test_a_histogram_says_how_many_trades_it_stands_on(qtbot: QtBot) -> None:
    histogram = Histogram()
    qtbot.addWidget(histogram)
    histogram.resize(300, 150)
    histogram.show_bins([Bin(-0.1, 0.0, 3), Bin(0.0, 0.1, 7)])
    histogram.grab()
    assert histogram.accessibleDescription().startswith("7 trades from 0.00% to +10.00%")
    histogram.show_bins([])
    histogram.grab()
    assert histogram.accessibleDescription() == "No trades"
