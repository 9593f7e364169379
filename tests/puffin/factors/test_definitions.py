"""Indicators TA-Lib lacks, against their published definitions written out bar by bar."""

from __future__ import annotations

import numpy as np
import pytest

from puffling.puffin.data.bars import Bars, bars_from_rows
from puffling.puffin.data.instants import US_PER_DAY, US_PER_MINUTE
from puffling.puffin.data.sessions import Sessions
from puffling.puffin.factors.declaration import Setting
from puffling.puffin.factors.indicator import find_indicator
from tests.puffin.factors.series import real, walk

SERIES = {
    "a share": lambda: real("AAPL"),
    "another": lambda: real("IBM")[:900],
    "minutes": lambda: walk(4_000),
}
each_series = pytest.mark.parametrize("name", SERIES)
NAN = float("nan")


def assert_equal(id: str, bars: Bars, expected: dict[str, list[float]], **parameters: Setting) -> None:
    outputs = find_indicator(id).compute(bars, **parameters)
    assert outputs.keys() == expected.keys()
    for name, column in expected.items():
        np.testing.assert_allclose(outputs[name], column, rtol=1e-9, atol=1e-9, err_msg=name)


def rows(bars: Bars) -> list[tuple[float, float, float, float, float]]:
    return list(zip(*(column.tolist() for column in bars.columns()), strict=True))


def wilder_ranges(bars: Bars, period: int) -> list[float]:
    """Wilder, New Concepts in Technical Trading Systems (1978): the true range from the second bar on, the
    mean of the first `period` of them, then (before * (period - 1) + new) / period.
    """
    given, ranges, average = [], [], NAN
    for number, (_, high, low, _, _) in enumerate(rows(bars)):
        if number:
            before = float(bars.close[number - 1])
            ranges.append(max(high - low, abs(high - before), abs(low - before)))
            if len(ranges) == period:
                average = sum(ranges) / period
            elif len(ranges) > period:
                average = (average * (period - 1) + ranges[-1]) / period
        given.append(average)
    return given


@each_series
def test_session_vwap(name: str) -> None:
    """StockCharts ChartSchool, "Volume-Weighted Average Price": cumulative (H + L + C) / 3 times volume over
    cumulative volume, begun anew every day.
    """
    bars, expected, money, volume = SERIES[name](), [], 0.0, 0.0
    for number, (_, high, low, close, shares) in enumerate(rows(bars)):
        if number and bars.time[number] // US_PER_DAY != bars.time[number - 1] // US_PER_DAY:
            money = volume = 0.0
        money += (high + low + close) / 3 * shares
        volume += shares
        expected.append(money / volume if volume else NAN)
    assert_equal("vwap", bars, {"vwap": expected})


@each_series
def test_rolling_vwap(name: str) -> None:
    """The same quotient over the last bars."""
    bars, expected = SERIES[name](), []
    for number in range(len(bars)):
        window = rows(bars[max(number - 11, 0) : number + 1])
        volume = sum(row[4] for row in window)
        money = sum((high + low + close) / 3 * shares for _, high, low, close, shares in window)
        expected.append(money / volume if len(window) == 12 and volume else NAN)
    assert_equal("rolling_vwap", bars, {"vwap": expected}, period=12)


def test_a_vwap_by_hand_begins_with_the_session_that_is_given_and_says_nothing_without_volume() -> None:
    opens = 23 * 60 * US_PER_MINUTE
    sessions = Sessions(np.array([0, US_PER_DAY]), np.array([opens, opens + US_PER_DAY]), np.array([0, 0]))
    times = (opens, opens + 90 * US_PER_MINUTE, opens + US_PER_DAY, opens + US_PER_DAY + US_PER_MINUTE)
    prices = ((12, 6, 9, 100), (24, 18, 21, 300), (5, 3, 4, 0), (6, 3, 3, 7))
    bars = bars_from_rows(
        [
            (time, low, high, low, close, volume)
            for time, (high, low, close, volume) in zip(times, prices, strict=True)
        ]
    )
    vwap = find_indicator("vwap").compute(bars, sessions)["vwap"]
    assert vwap.tolist() == pytest.approx([9.0, (9 * 100 + 21 * 300) / 400, NAN, 4.0], nan_ok=True)
    live = find_indicator("vwap").start(bars[:0], sessions)
    assert np.isnan(live.newest["vwap"])


@each_series
def test_keltner(name: str) -> None:
    """StockCharts ChartSchool, "Keltner Channels" (Raschke's): the exponential average of the close, k being
    2 / (n + 1), begun with the simple one, and two average true ranges of 10 bars on either side.
    """
    bars, average, closes = SERIES[name](), NAN, []
    expected: dict[str, list[float]] = {"upper": [], "middle": [], "lower": []}
    for close, reach in zip(bars.close.tolist(), wilder_ranges(bars, 10), strict=True):
        closes.append(close)
        if len(closes) == 20:
            average = sum(closes) / 20
        elif len(closes) > 20:
            average = (close - average) * 2 / 21 + average
        for band, side in (("upper", 2), ("middle", 0), ("lower", -2)):
            expected[band].append(average + side * reach if side else average)
    assert_equal("keltner", bars, expected)


@each_series
def test_donchian(name: str) -> None:
    """Donchian's four-week rule, as TradingView's "Donchian Channels" draws it: highest high and lowest low
    of the last 20 bars with the newest, and their middle.
    """
    bars = SERIES[name]()
    expected: dict[str, list[float]] = {"upper": [], "middle": [], "lower": []}
    for number in range(len(bars)):
        window = rows(bars[max(number - 19, 0) : number + 1])
        full = len(window) == 20
        upper, lower = max(row[1] for row in window), min(row[2] for row in window)
        for band, value in (("upper", upper), ("middle", (upper + lower) / 2), ("lower", lower)):
            expected[band].append(value if full else NAN)
    assert_equal("donchian", bars, expected)


@each_series
@pytest.mark.parametrize(("period", "multiplier"), [(10, 3.0), (3, 1.0)])
def test_supertrend(name: str, period: int, multiplier: float) -> None:
    """Seban's SuperTrend after the Pine Script reference of `ta.supertrend`: a band moves only towards the
    price unless the close before was beyond it; the trend turns when the close is beyond the band it is held
    by; the first bar with an average true range counts as falling.
    """
    bars = SERIES[name]()
    expected: dict[str, list[float]] = {"supertrend": [], "direction": []}
    upper = lower = before = NAN
    trend = 0
    for (_, high, low, close, _), reach in zip(rows(bars), wilder_ranges(bars, period), strict=True):
        if reach == reach:
            basic_upper = (high + low) / 2 + multiplier * reach
            basic_lower = (high + low) / 2 - multiplier * reach
            if not trend:
                upper, lower, trend = basic_upper, basic_lower, -1
            else:
                upper = basic_upper if basic_upper < upper or before > upper else upper
                lower = basic_lower if basic_lower > lower or before < lower else lower
                if trend < 0:
                    trend = 1 if close > upper else -1
                else:
                    trend = -1 if close < lower else 1
        before = close
        expected["supertrend"].append(NAN if not trend else lower if trend > 0 else upper)
        expected["direction"].append(trend or NAN)
    assert_equal("supertrend", bars, expected, period=period, multiplier=multiplier)


@each_series
def test_ichimoku(name: str) -> None:
    """StockCharts ChartSchool, "Ichimoku Cloud" (Hosoda): middles of the ranges of 9, 26 and 52 bars; span A
    is the middle of the first two. Values stand at the bar they are known at.
    """
    bars = SERIES[name]()

    def middle(number: int, width: int) -> float:
        window = rows(bars[max(number - width + 1, 0) : number + 1])
        return (
            (max(row[1] for row in window) + min(row[2] for row in window)) / 2
            if len(window) == width
            else NAN
        )

    lines = [[middle(number, width) for number in range(len(bars))] for width in (9, 26, 52)]
    expected = {
        "conversion": lines[0],
        "base": lines[1],
        "leading_b": lines[2],
        "lagging": bars.close.tolist(),
    }
    expected["leading_a"] = [(first + second) / 2 for first, second in zip(lines[0], lines[1], strict=True)]
    order = ("conversion", "base", "leading_a", "leading_b", "lagging")
    assert_equal("ichimoku", bars, {name: expected[name] for name in order})


@each_series
def test_heikin_ashi(name: str) -> None:
    """Valcu, "Using the Heikin-Ashi Technique", Stocks & Commodities 22:2 (2004); the first candle opens in
    the middle of its own body.
    """
    bars = SERIES[name]()
    expected: dict[str, list[float]] = {"open": [], "high": [], "low": [], "close": []}
    for opening, high, low, close, _ in rows(bars):
        average = (opening + high + low + close) / 4
        begun = (
            (expected["open"][-1] + expected["close"][-1]) / 2 if expected["open"] else (opening + close) / 2
        )
        candle = (begun, max(high, begun, average), min(low, begun, average), average)
        for part, value in zip(expected, candle, strict=True):
            expected[part].append(value)
    assert_equal("heikin_ashi", bars, expected)


def test_rsi_equals_the_numbers_of_a_published_table() -> None:
    """StockCharts ChartSchool, "Relative Strength Index": the worked example."""
    closes = [44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826]
    closes += (45.8931, 46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439)
    bars = bars_from_rows([(number, close, close, close, close, 1.0) for number, close in enumerate(closes)])
    rsi = find_indicator("rsi").compute(bars)["rsi"]
    assert np.isnan(rsi[:14]).all()
    assert rsi[14:].round(2).tolist() == [70.53, 66.32, 66.55, 69.41, 66.36, 57.97]
